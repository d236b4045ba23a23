"""Prices with their dates. Tables: markets, rates, provider_fees, billing, costs.

A rate is never overwritten: a new one begins on its day and ends the one before it, so that what a message cost last
month can still be told (Meta sheet, F.2).
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..channels.models import Account, Channel


class Category(models.TextChoices):
    """What a provider bills a message as. The first three are also a template's categories."""

    MARKETING = "marketing", _("Marketing")
    UTILITY = "utility", _("Utility")
    AUTHENTICATION = "authentication", _("Authentication")
    AUTHENTICATION_INTERNATIONAL = "authentication_international", _("Authentication, international")
    SERVICE = "service", _("Service")


class Market(models.Model):
    """From `valid_from` on, numbers of this country are billed as this market. A country without a row: "Other"."""

    country = models.CharField(max_length=2, help_text="ISO 3166, told from the calling code.")
    market = models.CharField(max_length=60, help_text="As Meta's rate card names it.")
    valid_from = models.DateField()

    class Meta:
        db_table = "markets"
        constraints = [models.UniqueConstraint("country", "valid_from", name="market_once")]

    def __str__(self) -> str:
        return f"{self.country} {self.market}"


class Rate(models.Model):
    """WhatsApp's price of one delivered message, for the `tier_from`-th to the `tier_to`-th of a month (both counted).

    valid_to is the first day on which it no longer holds, None while it does.
    """

    market = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    category = models.CharField(max_length=30, choices=Category.choices)
    tier_from = models.BigIntegerField(default=1)
    tier_to = models.BigIntegerField(null=True, blank=True)
    price = models.DecimalField(max_digits=14, decimal_places=6)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "rates"
        constraints = [
            models.UniqueConstraint("currency", "market", "category", "tier_from", "valid_from", name="rate_once"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="rate_not_negative"),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="rate_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.market} {self.category} {self.price} {self.currency}"


class ProviderFee(models.Model):
    """What the provider itself takes on top of WhatsApp's price."""

    provider = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    per_message = models.DecimalField(max_digits=14, decimal_places=6)
    per_failed = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    per_month = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    free_messages = models.BigIntegerField(default=0, help_text="Messages a month without the fee per message.")
    valid_from = models.DateField()
    source = models.CharField(max_length=200)

    class Meta:
        db_table = "provider_fees"
        constraints = [models.UniqueConstraint("provider", "valid_from", name="provider_fee_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.per_message} {self.currency}"


class Billing(models.Model):
    """How an account pays: its currency (fixed by Meta when the account is made), its month, and what it may spend."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE, related_name="billing")
    currency = models.CharField(max_length=3, default="USD")
    timezone = models.CharField(max_length=40, default="UTC", help_text="Its midnight begins a day and a month.")
    monthly_budget = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)

    class Meta:
        db_table = "billing"

    def __str__(self) -> str:
        return f"{self.account_id} {self.currency}"


class Cost(models.Model):
    """What one channel's messages really cost on one day, summed as they are priced; campaign_id 0: of no campaign."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    campaign_id = models.BigIntegerField()
    country = models.CharField(max_length=2)
    market = models.CharField(max_length=60)
    category = models.CharField(max_length=30)
    currency = models.CharField(max_length=3)
    messages = models.BigIntegerField()
    billed = models.BigIntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=6)

    class Meta:
        db_table = "costs"
        constraints = [
            models.UniqueConstraint(
                "channel", "day", "campaign_id", "country", "market", "category", "currency", name="cost_once"
            )
        ]
        indexes = [models.Index("campaign_id", name="costs_by_campaign")]

    def __str__(self) -> str:
        return f"{self.day} {self.amount} {self.currency}"
