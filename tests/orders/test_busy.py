"""While a file of orders is written, nobody who is asked for an answer waits, and nobody holds customers to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest

from envoi.contacts.models import Contact
from envoi.core.errors import Busy
from envoi.orders import actions, totals
from envoi.orders.models import Order
from envoi.records import merging

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_order_is_refused_with_a_sentence_and_taken_afterwards(raw_db: psycopg.Connection) -> None:
    customer = Contact.objects.create(phone="+33639980001")
    one = actions.NewOrder(
        contact_id=customer.pk,
        external_id="A1",
        at=datetime(2026, 11, 1, tzinfo=UTC),
        amount=Decimal(10),
        currency="EUR",
    )
    with raw_db.transaction(), raw_db.cursor() as cursor:
        totals.be_alone(cursor)
        with pytest.raises(Busy, match="try again"):
            actions.add_orders([one])
    assert Order.objects.count() == 0
    assert actions.add_orders([one]) == 1


def test_two_people_are_not_merged_meanwhile(raw_db: psycopg.Connection) -> None:
    kept, gone = (Contact.objects.create(phone=f"+3363998000{n}") for n in (1, 2))
    with raw_db.transaction(), raw_db.cursor() as cursor:
        totals.be_alone(cursor)
        with pytest.raises(Busy):
            merging.merge(kept_id=kept.pk, gone_id=gone.pk, by=None)
    assert Contact.objects.count() == 2
    merging.merge(kept_id=kept.pk, gone_id=gone.pk, by=None)
    assert Contact.objects.count() == 1
