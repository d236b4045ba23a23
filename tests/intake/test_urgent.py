"""What a customer writes never waits for the receipts of a campaign, nor do they for it."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from envoi.channels.models import Account, Channel
from envoi.core.ids import token_of
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.messaging.models import Message

from ..gateway.rig import until
from .meta import said, status, value, webhook
from .test_engine import intake, waits
from .test_routes import outgoing

WRITES = "33639980002"  # another one than who gets the campaign


@pytest.fixture
def receive(account: Account) -> Callable[..., None]:
    """Stores webhooks marked as the gateway marks them."""

    def keep(*bodies: bytes, urgent: bool = False) -> None:
        for body in bodies:
            WebhookEvent.objects.create(account_id=account.id, provider="meta", body=body, urgent=urgent)

    return keep


def receipt(token: str, state: str) -> bytes:
    return webhook("messages", value(statuses=[status(state, token=token, wamid="wamid.O")]))


@pytest.mark.django_db
def test_what_is_urgent_is_taken_before_all_that_waited_longer(receive, channel: Channel):
    token = token_of(*outgoing(channel))
    receive(*(receipt(token, state) for state in ("sent", "delivered", "read")))
    receive(said("hola", phone=WRITES), urgent=True)
    assert engine.step(urgent=True) == 1
    assert Message.objects.get(direction="in").text == "hola"
    assert WebhookEvent.objects.filter(state="new", urgent=False).count() == 3
    assert engine.step(urgent=True) == 0
    assert engine.step(urgent=False) == 3
    assert Message.objects.get(direction="out").state == "read"


@pytest.mark.django_db
def test_an_answer_that_overtakes_the_receipts_of_what_it_answers_changes_nothing_about_them(receive, channel: Channel):
    contact_id, message_id = outgoing(channel)
    phone = Message.objects.get(id=message_id).contact.phone.removeprefix("+")
    receive(*(receipt(token_of(contact_id, message_id), state) for state in ("sent", "delivered", "read")))
    receive(said("yes please", phone=phone, number=9), urgent=True)
    assert engine.step(urgent=True) == 1
    opened = Message.objects.get(direction="in").contact
    assert engine.step(urgent=False) == 3
    assert Message.objects.get(id=message_id).state == "read"
    assert opened.pk == contact_id
    window = opened.window_open_until
    opened.refresh_from_db()
    assert opened.window_open_until == window


@pytest.mark.django_db(transaction=True)
def test_a_message_is_kept_while_receipts_can_not_get_on(receive, channel: Channel, raw_db, test_database_url: str):
    contact_id, message_id = outgoing(channel)
    with psycopg.connect(test_database_url) as holder:
        holder.execute("SELECT 1 FROM messages WHERE id = %s FOR UPDATE", [message_id])
        receive(receipt(token_of(contact_id, message_id), "delivered"))
        with intake(test_database_url):
            until(lambda: waits(raw_db), "the receipts wait")
            receive(said("hola", phone=WRITES), urgent=True)
            until(lambda: kept(raw_db) == 1, "the message is kept")
            assert waits(raw_db)
            holder.rollback()
            until(lambda: left(raw_db) == 0, "the receipts are done as well")
    assert Message.objects.get(id=message_id).state == "delivered"


def kept(db: psycopg.Connection) -> int:
    row = db.execute("SELECT count(*) FROM messages WHERE direction = 'in'").fetchone()
    return int(row[0]) if row else 0


def left(db: psycopg.Connection) -> int:
    row = db.execute("SELECT count(*) FROM webhook_events WHERE state = 'new'").fetchone()
    return int(row[0]) if row else 0
