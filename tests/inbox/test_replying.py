"""What counts as written, and what does not."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.core.errors import BadInput
from envoi.inbox import actions as inbox
from envoi.inbox.models import Conversation, MessageAuthor
from envoi.message_templates.models import Template
from envoi.messaging import ledger
from envoi.messaging.actions import ledger_db
from envoi.messaging.models import Lane, Message, Outbox, Pair
from envoi.messaging.sending import What, Words
from envoi.team.models import Staff

from .conftest import again
from .test_conversations import Write

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", ["\u200b\u200d", " \u2060 ", "\u202e"])
def test_a_text_that_nobody_can_see_is_no_answer(write: Write, ana: Staff, text: str) -> None:
    one = write("hello")
    with pytest.raises(BadInput, match="Write something first"):
        inbox.reply(one.contact_id, one.id, What("text", {"body": text}, text), by=ana)
    assert again(one).waiting_since is not None


def test_what_was_taken_back_was_not_written(write: Write, ana: Staff) -> None:
    one = write("hello")
    sent = inbox.reply(one.contact_id, one.id, What("text", {"body": "hi"}, "hi"), by=ana)
    assert inbox.take_back(one.contact_id, sent, by=ana)
    assert not MessageAuthor.objects.exists()


@pytest.fixture
def promoted(channel: Channel, ana: Staff) -> Conversation:
    """A customer who had a promotion 20 hours ago, with another one of Ana's in the queue, its five seconds over."""
    body = [{"type": "BODY", "text": "New records are in"}]
    template = Template.objects.create(
        account_id=channel.account_id,
        name="records",
        language="fr",
        category="marketing",
        state="approved",
        components=body,
    )
    customer = Contact.objects.create(phone="+33639980001", name="Zoé", language="fr", marketing="granted")
    Pair.objects.create(contact=customer, channel=channel, promoted_at=timezone.now() - timedelta(hours=20))
    one = Conversation.objects.get(id=inbox.open_with(customer.pk, channel.pk, by=None))
    inbox.reply(one.contact_id, one.id, Words(template_id=template.pk), by=ana)
    Outbox.objects.update(due_at=timezone.now() - timedelta(hours=1))
    Message.objects.update(created_at=timezone.now() - timedelta(seconds=6))
    return one


def ask_the_limits(channel: Channel) -> None:
    """What dispatch does with a message whose turn has come."""
    db = ledger_db()
    claimed = ledger.claim(db, channel.pk, room=10, lease=timedelta(seconds=60))
    # A template is no free text; Django's connection would hand its content over as text.
    _passed, refused = ledger.reserve_customers(db, [msgspec.structs.replace(one, content=None) for one in claimed])
    ledger.record_refusals(db, channel.pk, refused)


def page(one: Conversation, reader: Staff, zone: str) -> str:
    client = Client()
    client.force_login(reader)
    client.cookies["envoi_zone"] = zone
    return client.get(f"/inbox/{one.contact_id}-{one.id}/").content.decode()


def test_what_waits_says_why_and_until_when_by_the_readers_clock(
    promoted: Conversation, channel: Channel, ana: Staff, ben: Staff
) -> None:
    assert "On its way out" in page(promoted, ana, "UTC")
    assert "it waits until" not in page(promoted, ana, "UTC")
    ask_the_limits(channel)
    due: datetime = Outbox.objects.values_list("due_at", flat=True).get()
    for zone in ("Asia/Tokyo", "America/New_York"):
        with timezone.override(zone):
            clock = timezone.localtime(due).strftime("%H:%M")
        html = page(promoted, ana, zone)
        assert "Had a promotion less than 24 hours ago: it waits until " in html
        assert f"{clock}. <form" in html
        assert "On its way out" not in html
    # Its writer alone can have it back, and sees that the last word was not said.
    assert "Take it back" in page(promoted, ana, "UTC")
    assert "Take it back" not in page(promoted, ben, "UTC")
    Lane.objects.update(state="held", reason="")
    assert "What it belongs to is paused: it waits until that is over." in page(promoted, ana, "UTC")
    Lane.objects.update(state="open")
    Channel.objects.update(state="suspended")
    assert "The channel is suspended: it waits until that is over." in page(promoted, ana, "UTC")
    Channel.objects.update(state="active")
    Outbox.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert "On its way out" in page(promoted, ana, "UTC")


def test_what_waited_for_hours_is_taken_back_and_what_came_since_stays(
    promoted: Conversation, channel: Channel, ana: Staff, ben: Staff
) -> None:
    ask_the_limits(channel)
    Message.objects.update(created_at=timezone.now() - timedelta(hours=3))
    inbox.assign(promoted.contact_id, promoted.id, staff_id=ben.pk, by=ben)
    until = timezone.now() + timedelta(hours=9)
    inbox.snooze(promoted.contact_id, promoted.id, until=until, by=ben)
    message = Message.objects.get(direction="out")
    assert not inbox.take_back(promoted.contact_id, message.id, by=ben)
    client = Client()
    client.force_login(ana)
    answer = client.post(f"/inbox/{promoted.contact_id}-{promoted.id}/take-back", {"message": message.id})
    assert answer.status_code == 302
    assert Message.objects.get(id=message.id).state == "cancelled"
    assert not Outbox.objects.exists()
    now = again(promoted)
    assert (now.assignee_id, now.state, now.snoozed_until) == (ben.pk, "snoozed", until)
    assert "New records are in" not in page(promoted, ana, "UTC")
