"""Purchases, and their sum per customer. Tables: orders, order_totals."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from ..contacts.models import Contact


class Order(models.Model):
    """One purchase. `external_id` is the shop's own number, or one derived from the row when it has none."""

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="orders", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("orders_id_seq"), function="nextval"))
    external_id = models.CharField(max_length=120)
    at = models.DateTimeField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    quantity = models.PositiveIntegerField(default=1)
    items = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "orders"
        constraints = [models.UniqueConstraint("contact", "external_id", name="order_once")]
        indexes = [models.Index(fields=["contact", "-at"], name="orders_by_time")]

    def __str__(self) -> str:
        return self.external_id


class OrderTotals(models.Model):
    """What one customer bought so far; kept by orders.actions in the same transaction as the orders."""

    contact = models.OneToOneField(Contact, primary_key=True, on_delete=models.CASCADE, related_name="order_totals")
    orders = models.PositiveIntegerField()
    spend = models.DecimalField(max_digits=16, decimal_places=2)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "order_totals"
        indexes = [models.Index("last_at", "contact", name="order_totals_by_last")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.orders}"
