"""Purchases, and what they say of each customer. Tables: orders, order_totals, order_changes; and, small and led by
no contact: order_settings, exchange_rates, rfm_bounds.

How these figures are meant and kept: docs/decisions/0016.
"""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.db import models
from django.db.models.functions import Now
from django.utils.formats import number_format

from ..contacts.models import Contact
from ..team.changes import kept
from ..team.models import Staff


class Order(models.Model):
    """One purchase. `external_id` is the shop's own number, or one derived from the row when it has none.

    `refunded`: of `amount`, what was given back; an order that was given back whole counts as none, anywhere.
    `value`: the rest in the company's own currency (orders.worth), by the exchange rate of the order's day; NULL while
    there is no such rate. `items`: [{"sku", "name", "quantity", "amount"}], each key as far as the shop gave it.
    """

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="orders", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("orders_id_seq"), function="nextval"))
    external_id = models.CharField(max_length=120)
    at = models.DateTimeField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    refunded = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    value = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    quantity = models.PositiveIntegerField(default=1)
    items = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    created_at = models.DateTimeField(db_default=Now())
    # Which import made this order, as long as nothing else has changed it: what its undo takes away.
    import_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "orders"
        constraints = [
            models.UniqueConstraint("contact", "external_id", name="order_once"),
            models.CheckConstraint(
                condition=models.Q(refunded__gte=0, refunded__lte=models.F("amount")), name="order_refunded_within"
            ),
        ]
        indexes = [
            # The orders of a time, and who bought in it without a look at the table. One customer's: the primary key.
            models.Index("at", "contact", "id", name="orders_by_day"),
            # Who bought a product: items @> '[{"sku": "…"}]' AND items <> '[]'. Orders without items cost nothing here.
            # What came in lately, for the tags that follow segments: a few pages, and no work while orders come in.
            BrinIndex(fields=["created_at"], name="orders_by_entry", pages_per_range=32),
            models.Index("at", "contact", "id", condition=models.Q(refunded__gt=0), name="orders_refunded"),
            GinIndex(OpClass("items", "jsonb_path_ops"), name="orders_by_item", condition=~models.Q(items=[])),
        ]

    def __str__(self) -> str:
        return self.external_id


class OrderChange(models.Model):
    """What an order was before an import changed it; kept for as long as that can be undone."""

    pk = models.CompositePrimaryKey("contact_id", "order_id", "import_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    order_id = models.BigIntegerField()
    import_id = models.BigIntegerField()
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        db_table = "order_changes"

    def __str__(self) -> str:
        return f"{self.import_id}: {self.order_id}"


class OrderTotals(models.Model):
    """What one customer bought so far; kept by orders.totals in the same transaction as the orders.

    orders: all that count (see Order.refunded). spend: the sum of their values, NULL when none of them has one;
    unconverted: how many of them are not in it. orders_30, orders_90, orders_365: those of the last days, true until
    `fresh_until`, when the next of them grows too old; after that, until the worker has been there (within a minute),
    orders.features counts them itself.
    """

    contact = models.OneToOneField(Contact, primary_key=True, on_delete=models.CASCADE, related_name="order_totals")
    orders = models.PositiveIntegerField()
    spend = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    unconverted = models.PositiveIntegerField(default=0, db_default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    orders_30 = models.PositiveIntegerField(default=0, db_default=0)
    orders_90 = models.PositiveIntegerField(default=0, db_default=0)
    orders_365 = models.PositiveIntegerField(default=0, db_default=0)
    fresh_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "order_totals"
        indexes = [
            models.Index("last_at", "contact", name="order_totals_by_last"),
            models.Index("fresh_until", condition=models.Q(fresh_until__isnull=False), name="order_totals_stale"),
            models.Index("contact", condition=models.Q(unconverted__gt=0), name="order_totals_unconverted"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.orders}"


class OrderSettings(models.Model):
    """The company's own currency: that of the first orders, until somebody chooses another. One row, or none yet."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    currency = models.CharField(max_length=3)

    class Meta:
        db_table = "order_settings"
        triggers = [kept()]
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="order_settings_one_row")]

    def __str__(self) -> str:
        return self.currency


class ExchangeRate(models.Model):
    """From `day` on, and until the next one, one `currency` is worth `rate` of the company's own currency `own`."""

    currency = models.CharField(max_length=3)
    own = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.CharField(max_length=200)
    changed_at = models.DateTimeField(db_default=Now())
    changed_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        db_table = "exchange_rates"
        constraints = [
            # Also the index by which an order finds the last rate before its day.
            models.UniqueConstraint("currency", "own", "day", name="exchange_rate_once"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_positive"),
            models.CheckConstraint(condition=~models.Q(currency=models.F("own")), name="exchange_rate_of_another"),
        ]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate} {self.own}"

    @property
    def shown_rate(self) -> str:
        """The rate as it was written, without the zeros that the database adds."""
        return number_format(Decimal(f"{self.rate.normalize():f}"), use_l10n=True)


class RfmBounds(models.Model):
    """The four values that parted all buyers in five, at a time; the newest row counts, the others are history.

    A score is one more than the bounds that lie below the customer's own value (orders.features), so that equal values
    get equal scores. recency: of last_at; frequency: of orders; monetary: of spend.
    """

    at = models.DateTimeField(db_default=Now())
    people = models.IntegerField()
    recency = ArrayField(models.DateTimeField(), size=4)
    frequency = ArrayField(models.IntegerField(), size=4)
    monetary = ArrayField(models.DecimalField(max_digits=18, decimal_places=2), size=4)

    class Meta:
        db_table = "rfm_bounds"
        indexes = [models.Index("at", name="rfm_bounds_by_time")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {self.people}"
