"""What the limits remember. Tables: pairs, portfolios, portfolio_writes, portfolio_minutes, portfolio_returns, places,
limit_settings, marketing_bars.

messaging.ledger writes the state, messaging.limit_actions what people set. Rows of customers name theirs without a
constraint in the database: one look-up for each message sent would buy nothing that Django's own delete does not do.
"""

from __future__ import annotations

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from ..channels.models import Channel
from ..contacts.models import Contact
from ..team.changes import kept


class Pair(models.Model):
    """One customer and one of our numbers: how fast it may write to them, and until when their window is open.

    borrowed_until: limits.pair. blocked_until: the provider said "too many to this person", `blocked_times` in a row.
    promoted_at: when the last promotion from this number was reserved, by message `promoted_by`. The limit asks for the
    last one from any number; it stands here because a claim writes this row anyway.
    """

    pk = models.CompositePrimaryKey("contact_id", "channel_id")
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    window_open_until = models.DateTimeField(null=True)
    borrowed_until = models.DateTimeField(null=True)
    blocked_until = models.DateTimeField(null=True)
    blocked_times = models.PositiveSmallIntegerField(default=0, db_default=0)
    promoted_at = models.DateTimeField(null=True)
    promoted_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "pairs"

    def __str__(self) -> str:
        return f"{self.contact_id}/{self.channel_id}"


class Portfolio(models.Model):
    """The business behind one or more accounts, by Meta's id of it or, where that is unknown, "account:<id>".

    Its row is what dispatchers lock while they count. promised_at, promised: limits.portfolio.Promise.
    """

    id = models.CharField(max_length=140, primary_key=True)
    promised_at = models.DateTimeField(null=True)
    promised = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "portfolios"

    def __str__(self) -> str:
        return self.id


class PortfolioWrite(models.Model):
    """A customer counts in a portfolio since `minute`, when a template last left for them outside an open window.

    counted_by: the message that made them count, null when an earlier one had: what failed is then not taken back.
    """

    pk = models.CompositePrimaryKey("contact_id", "portfolio_id")
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    minute = models.DateTimeField()
    counted_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "portfolio_writes"

    def __str__(self) -> str:
        return f"{self.contact_id} {self.minute}"


class PortfolioMinute(models.Model):
    """How many customers count in a portfolio since this minute: the sums of `portfolio_writes`, kept beside them."""

    pk = models.CompositePrimaryKey("portfolio_id", "minute")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="+", db_index=False)
    minute = models.DateTimeField()
    contacts = models.IntegerField()

    class Meta:
        db_table = "portfolio_minutes"

    def __str__(self) -> str:
        return f"{self.minute} {self.contacts}"


class PortfolioReturn(models.Model):
    """A message that reached nobody: its customer stops counting at the next count, which empties this table.

    Written without a lock on the portfolio, so that receipts wait for nobody.
    """

    pk = models.CompositePrimaryKey("contact_id", "message_id")
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    message_id = models.BigIntegerField()
    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="+", db_constraint=False)

    class Meta:
        db_table = "portfolio_returns"

    def __str__(self) -> str:
        return f"{self.contact_id} {self.message_id}"


class Place(models.Model):
    """Where a zone's name, the beginning of a phone number or a country's letters are (limits.places)."""

    key = models.CharField(max_length=40, primary_key=True)
    west = models.CharField(max_length=40)
    east = models.CharField(max_length=40)
    region = models.CharField(max_length=2)

    class Meta:
        db_table = "places"

    def __str__(self) -> str:
        return self.key


class LimitSettings(models.Model):
    """What the installation has set: one row. active_hours: "10:00-12:00", …; none: every hour that is not quiet."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    quiet_from = models.TimeField(default=time(21), db_default=time(21))
    quiet_to = models.TimeField(default=time(8), db_default=time(8))
    active_hours = ArrayField(models.CharField(max_length=11), default=list, db_default=[])
    timezone = models.CharField(max_length=40, default="UTC", db_default="UTC")
    promotion_gap_hours = models.PositiveSmallIntegerField(default=24, db_default=24)
    window_margin_seconds = models.PositiveSmallIntegerField(default=60, db_default=60)

    class Meta:
        db_table = "limit_settings"
        triggers = [kept()]
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="limit_settings_one_row"),
            models.CheckConstraint(condition=models.Q(promotion_gap_hours__gte=1), name="promotion_gap_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quiet_from}-{self.quiet_to}"


class MarketingBar(models.Model):
    """Marketing templates do not reach this region in this time; `source` says who told us (Meta sheet, E.3)."""

    region = models.CharField(max_length=2)
    from_at = models.DateTimeField(db_default=Now())
    until_at = models.DateTimeField(null=True)
    source = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "marketing_bars"
        triggers = [kept()]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until_at__isnull=True) | models.Q(until_at__gt=models.F("from_at")),
                name="marketing_bar_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.region
