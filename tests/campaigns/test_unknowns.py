"""Unknown outcomes whose time is over: the policy is written to the trace, once, with its time and reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from envoi.campaigns import actions, unknowns
from envoi.campaigns.models import Campaign
from envoi.channels.models import Channel
from envoi.core.events import Receipt
from envoi.core.ids import MessageKey
from envoi.messaging import ledger, settling
from envoi.messaging.actions import ledger_db
from envoi.messaging.ledger import Unclear
from envoi.messaging.models import Message, MessageEvent
from envoi.team.models import Staff
from envoi.web.told import story

from .conftest import plan

pytestmark = pytest.mark.django_db

Uncertain = Callable[..., Campaign]


@pytest.fixture
def uncertain(crowd: Callable[..., Campaign], channel: Channel, owner: Staff) -> Uncertain:
    """Make a campaign of which three messages became uncertain `hours` ago."""

    def made(hours: float, **policy: Any) -> Campaign:
        one = crowd(3, canary="never", **policy)
        actions.launch(one.pk, by=owner)
        plan(one)
        became_unknown(channel, hours)
        return one

    return made


def became_unknown(channel: Channel, hours: float) -> None:
    with connection.cursor() as cursor:
        # A test is one transaction, and a message is due from the moment of its own statement.
        cursor.execute("UPDATE outbox SET due_at = now() WHERE state = 'queued'")
    with transaction.atomic():
        claimed = ledger.claim(ledger_db(), channel.pk, room=9, lease=timedelta(minutes=2))
        ledger.record_unclear(ledger_db(), channel.pk, [Unclear(one, "the sender stopped") for one in claimed])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE message_events SET at = now() - %s * interval '1 hour' WHERE what = 'uncertain'", [hours]
        )


def lines(what: str) -> list[dict[str, Any]]:
    return [line.detail or {} for line in MessageEvent.objects.filter(what=what)]


def test_a_promotion_is_left_as_it_is_after_a_day_and_its_trace_says_so_once(uncertain: Uncertain) -> None:
    uncertain(24.1)
    assert unknowns.decide() == 3
    assert unknowns.decide() == 0
    assert lines("left_uncertain") == [{"reason": "no_receipt_in_time", "hours": 24}] * 3
    assert lines("person_asked") == []
    assert set(Message.objects.values_list("state", flat=True)) == {"uncertain"}, "nothing was moved"


def test_nothing_is_decided_before_its_time(uncertain: Uncertain) -> None:
    uncertain(23.9)
    assert unknowns.decide() == 0


def test_a_policy_of_its_own_asks_a_person_after_its_own_hours(uncertain: Uncertain) -> None:
    uncertain(2.1, uncertain="ask", uncertain_hours=2)
    assert unknowns.decide() == 3
    assert lines("person_asked") == [{"reason": "no_receipt_in_time", "hours": 2}] * 3


def test_for_a_message_of_service_a_person_is_asked(uncertain: Uncertain) -> None:
    uncertain(25)
    Message.objects.update(category="service")
    assert unknowns.decide() == 3
    assert len(lines("person_asked")) == 3


def test_what_is_sent_again_and_lost_again_is_decided_again(uncertain: Uncertain, channel: Channel) -> None:
    uncertain(25)
    unknowns.decide()
    MessageEvent.objects.filter(what="left_uncertain").update(at=MessageEvent.objects.first().at)
    settling.settle(list(Message.objects.values_list("contact_id", "id")), choice="again", by=None)
    became_unknown(channel, 24.5)
    assert unknowns.decide() == 3


def test_a_receipt_that_comes_later_still_settles_it(uncertain: Uncertain, client: Client, owner: Staff) -> None:
    campaign = uncertain(25)
    unknowns.decide()
    message = Message.objects.first()
    assert message is not None
    client.force_login(owner)
    address = f"/campaigns/{campaign.pk}/recipients/{message.contact_id}/{message.id}/"
    text = client.get(address).content.decode()
    assert "Left as it is" in text
    assert "No receipt has settled it in 24 hours." in text
    at = MessageEvent.objects.filter(what="left_uncertain").first().at + timedelta(minutes=1)
    receipt = Receipt(
        channel="1099", provider_id="wamid.1", key=MessageKey(message.contact_id, message.id), state="delivered", at=at
    )
    ledger.settle(ledger_db(), [receipt])
    message.refresh_from_db()
    assert message.state == "delivered"
    trace = MessageEvent.objects.filter(message_id=message.id)
    assert "left_uncertain" in {line["what"] for line in story(trace)}
