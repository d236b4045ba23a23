"""What follows from a webhook: messages kept, windows opened, consent recorded, receipts settled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from envoi.contacts.models import ConsentEntry, Contact
from envoi.core import clock
from envoi.core.ids import token_of
from envoi.intake import engine
from envoi.intake import store as table
from envoi.intake.models import WebhookEvent
from envoi.message_templates.models import Template
from envoi.messaging import ledger
from envoi.messaging.actions import ledger_db
from envoi.messaging.models import Message, Outbox

from .conftest import everything, states
from .meta import CHANNEL, NOON, message, preference, said, status, value, webhook

pytestmark = pytest.mark.django_db


def test_a_customers_words_are_kept_and_open_the_window(store, channel):
    store(said("hola"))
    assert engine.step() == 1
    kept = Message.objects.get()
    assert (kept.direction, kept.kind, kept.text, kept.state, kept.channel_id) == (
        "in",
        "text",
        "hola",
        "received",
        channel.id,
    )
    contact = Contact.objects.get()
    assert (contact.phone, contact.name) == ("+33639980001", "Ana")
    assert contact.window_open_until == clock.from_unix(NOON + 1) + timedelta(hours=24)
    assert states() == [("done", "")]


@pytest.mark.parametrize("word", ["STOP", "Arrêt", "退订"])
def test_a_stop_word_withdraws_consent_with_the_message_as_proof(store, word: str):
    store(said(word))
    engine.step()
    entry = ConsentEntry.objects.get()
    assert (entry.purpose, entry.state, entry.source, entry.text, entry.proof) == (
        "marketing",
        "withdrawn",
        "keyword",
        word,
        "wamid.IN33639980001.1",
    )
    assert Contact.objects.get().marketing == "withdrawn"


def test_a_stop_inside_a_sentence_is_no_stop(store):
    store(said("please don't stop, I love these"))
    engine.step()
    assert not ConsentEntry.objects.exists()


def test_a_stop_button_counts_by_its_payload(store):
    tap = message("")
    tap["messages"][0] |= {"type": "button", "button": {"text": "No more promotions", "payload": "STOP"}}
    store(webhook("messages", value(**tap)))
    engine.step()
    assert Contact.objects.get().marketing == "withdrawn"


def test_stop_and_start_in_one_batch_leave_the_later_one(store):
    store(said("STOP", number=1), said("START", number=2))
    engine.step()
    assert Contact.objects.get().marketing == "granted"
    assert ConsentEntry.objects.count() == 2


def test_a_stop_in_whatsapp_itself_is_recorded_once(store):
    store(preference("stop"), preference("stop"))
    engine.step()
    entry = ConsentEntry.objects.get()
    assert (entry.state, entry.source, entry.text) == ("withdrawn", "provider", "User requested to stop")


def test_a_system_notice_opens_no_window(store):
    notice = message("")
    notice["messages"][0] |= {"type": "system", "system": {"body": "Ana changed her number", "type": "x"}}
    store(webhook("messages", value(**notice)))
    engine.step()
    assert Message.objects.get().text == "Ana changed her number"
    assert Contact.objects.get().window_open_until is None


def test_receipts_settle_a_message_by_our_token(store, channel):
    contact_id, message_id = outgoing(channel)
    token = token_of(contact_id, message_id)
    pricing = {"pricing_model": "PMP", "type": "regular", "category": "marketing"}
    store(
        webhook(
            "messages",
            value(statuses=[status("read", token=token, wamid="wamid.O", at=NOON + 9)]),
            value(statuses=[status("sent", token=token, wamid="wamid.O", pricing=pricing)]),
        ),
        webhook("messages", value(statuses=[status("delivered", token=token, wamid="wamid.O", at=NOON + 5)])),
    )
    engine.step()
    settled = Message.objects.get()
    assert (settled.state, settled.provider_id, settled.pricing) == ("read", "wamid.O", pricing)
    assert settled.delivered_at == clock.from_unix(NOON + 5)
    assert not Outbox.objects.exists()


def test_a_refusal_of_marketing_withdraws_consent(store, channel):
    contact_id, message_id = outgoing(channel)
    failed = status(
        "failed", token=token_of(contact_id, message_id), wamid="wamid.O", errors=[{"code": 131050, "title": "x"}]
    )
    store(webhook("messages", value(statuses=[failed])))
    engine.step()
    assert Message.objects.get().error_code == "131050"
    assert Contact.objects.get(id=contact_id).marketing == "withdrawn"


def outgoing(channel) -> tuple[int, int]:
    """A message of ours to the customer of these tests, waiting in the outbox."""
    contact = Contact.objects.create(phone="+33639980001", marketing="granted")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identities (kind, value, contact_id) VALUES ('phone', '+33639980001', %s)", [contact.id]
        )
    db = ledger_db()
    message_id = ledger.enqueue(
        db,
        contact_id=contact.id,
        channel_id=channel.id,
        lane_id=ledger.add_lane(db, channel.id, priority=2),
        recipient="+33639980001",
        kind="text",
        category="marketing",
        content={"body": "hello"},
    )
    return contact.id, message_id


def test_a_paused_template_is_paused_here(store, account):
    Template.objects.create(
        account=account, name="spring_sale", language="en_US", category="utility", state="approved", components=[]
    )
    told = {
        "event": "PAUSED",
        "message_template_id": 168,
        "message_template_name": "spring_sale",
        "message_template_language": "en-US",
        "reason": "NONE",
        "other_info": {"title": "FIRST_PAUSE"},
    }
    store(webhook("message_template_status_update", told))
    engine.step()
    template = Template.objects.get()
    assert (template.state, template.reason) == ("paused", "FIRST_PAUSE")


def test_a_channel_that_is_not_ours_is_done_with_a_note(store):
    store(said("hola", channel="4711"))
    engine.step()
    assert states() == [("done", "No channel of ours has the id 4711.")]
    assert not Message.objects.exists()


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", webhook("to_come", {"event": "DISABLED_UPDATE"})])
def test_what_nobody_understands_is_kept_and_done(store, body: bytes):
    store(body)
    engine.step()
    assert states() == [("done", "")]
    assert bytes(WebhookEvent.objects.get().body) == body


def test_the_same_webhooks_again_change_nothing(store, channel):
    contact_id, message_id = outgoing(channel)
    token = token_of(contact_id, message_id)
    bodies = [
        said("STOP"),
        said("hola", number=2, phone="33639980002"),
        preference("resume"),
        webhook("messages", value(statuses=[status("delivered", token=token, wamid="wamid.O")])),
        webhook("messages", value(statuses=[status("read", token=token, wamid="wamid.O", at=NOON + 2)])),
    ]
    store(*bodies)
    engine.step()
    before = everything()
    assert len(before["messages"]) == 3

    store(*reversed(bodies))
    assert engine.step() == 5
    assert everything() == before
    assert table.replay(WebhookEvent.objects.values_list("id", flat=True)) == 10
    assert engine.step() == 10
    assert everything() == before


def test_another_account_of_the_same_app_may_own_the_channel(store, channel):
    other = type(channel.account).objects.create(
        provider="meta", name="Other", provider_id="2", credentials=b"", hook_key="other"
    )
    WebhookEvent.objects.create(account_id=other.id, provider="meta", body=said("hola"))
    engine.step()
    assert Message.objects.get().channel_id == channel.id
    assert channel.provider_id == CHANNEL
