"""The pages that watch over sending: uncertain messages, a channel's limits, the breaker's history."""

from __future__ import annotations

from asyncio import run
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.http import StreamingHttpResponse
from django.test import Client

from envoi.campaigns import actions, breaker
from envoi.campaigns.models import BreakerEvent, Campaign
from envoi.channels.models import Channel
from envoi.messaging import ledger
from envoi.messaging.actions import ledger_db
from envoi.messaging.ledger import Unclear
from envoi.messaging.models import Message
from envoi.team.models import Staff
from tests.campaigns.conftest import became, crowd, crowd_template, plan

__all__ = ["crowd", "crowd_template"]

LEASE = timedelta(minutes=2)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(owner: Staff) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def campaign(crowd, owner: Staff, channel: Channel) -> Campaign:
    """One that runs: of 200 people three are uncertain, two wait for tomorrow."""
    one: Campaign = crowd(200, canary="never")
    actions.launch(one.pk, by=owner)
    plan(one)
    one.refresh_from_db()
    with connection.cursor() as cursor:
        # A test is one transaction, and a message is due from the moment of its own statement.
        cursor.execute("UPDATE outbox SET due_at = now()")
    with transaction.atomic():
        from_now = ledger.claim(ledger_db(), channel.pk, room=3, lease=LEASE)
        ledger.record_unclear(ledger_db(), channel.pk, [Unclear(taken, "the sender stopped") for taken in from_now])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH later AS (
                UPDATE outbox SET due_at = now() + interval '1 day'
                 WHERE id IN (SELECT id FROM outbox WHERE state = 'queued' ORDER BY id LIMIT 2)
                RETURNING contact_id, id
            )
            INSERT INTO message_events (contact_id, message_id, what, detail)
            SELECT contact_id, id, 'waits', '{"reason": "promoted_recently"}' FROM later
            """
        )
    return one


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_uncertain_messages_are_listed_with_their_reason_and_settled(client: Client, campaign: Campaign) -> None:
    text = page(client, "/uncertain/")
    assert text.count('class="pick"') == 3
    assert "The sender stopped before the answer came." in text
    assert "Send all again" not in text, "of one campaign only"
    assert "Send all again" in page(client, f"/uncertain/?campaign={campaign.pk}")
    assert "Nothing here" in page(client, "/uncertain/?asks=1")

    one, *_ = Message.objects.filter(state="uncertain")
    answer = client.post("/uncertain/settle", {"message": f"{one.contact_id}.{one.id}", "choice": "sent"}, follow=True)
    assert "1 message is settled." in answer.content.decode()
    answer = client.post("/uncertain/settle", {"all_of": str(campaign.pk), "choice": "give_up"}, follow=True)
    assert "2 messages are settled." in answer.content.decode()
    assert "Nothing is uncertain" in page(client, "/uncertain/")


def test_a_policy_that_asks_shows_who_waits_for_a_decision(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(policy={"uncertain": "ask", "uncertain_hours": 1})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE message_events SET at = now() - interval '2 hours'")
    assert "waits for your decision" in page(client, "/uncertain/?asks=1")


def test_nonsense_and_people_without_the_right_change_nothing(client: Client, campaign: Campaign) -> None:
    for sent in ({"message": "1.x"}, {"message": "..", "choice": "sent"}, {"choice": "burn", "message": "1.1"}, {}):
        assert client.post("/uncertain/settle", sent).status_code == 422
    analyst = Client()
    analyst.force_login(Staff.objects.create(email="analyst@example.com", role=Staff.Role.ANALYST))
    assert 'class="pick"' not in page(analyst, "/uncertain/")
    assert analyst.post("/uncertain/settle", {"all_of": campaign.pk, "choice": "sent"}).status_code == 403
    agent = Client()
    agent.force_login(Staff.objects.create(email="agent@example.com", role=Staff.Role.AGENT))
    assert agent.get("/uncertain/").status_code == 403
    assert Message.objects.filter(state="uncertain").count() == 3


def test_a_channels_limits_say_what_waits_and_why(client: Client, campaign: Campaign, channel: Channel) -> None:
    text = page(client, f"/channels/{channel.pk}/limits/")
    for words in ("Winter", "195", "They had a promotion less than 24 hours ago.", "last: marketing"):
        assert words in text
    assert client.get("/channels/999/limits/").status_code == 404


def test_a_channels_limits_say_how_many_people_are_left_today(client: Client, channel: Channel) -> None:
    address = f"/channels/{channel.pk}/limits/"
    assert "has not told this business’s limit yet" in page(client, address)
    Channel.objects.update(tier="TIER_UNLIMITED")
    assert "no limit" in page(client, address)
    assert "has not told" not in page(client, address)
    Channel.objects.create(account=channel.account, name="Second", address="+33639980002", provider_id="2")
    Channel.objects.update(tier="TIER_250")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO portfolios (id) VALUES (%s)", [f"account:{channel.account_id}"])
        cursor.execute(
            "INSERT INTO portfolio_minutes (portfolio_id, minute, contacts)"
            " VALUES (%s, date_trunc('minute', now() - interval '3 hours'), 200)",
            [f"account:{channel.account_id}"],
        )
        text = page(client, address)
        assert "<strong>200</strong> of 250" in text
        assert "50 more now" in text
        assert "Shared with Second." in text
        assert "It is full" not in text
        cursor.execute("UPDATE portfolio_minutes SET contacts = 250")
        assert "It is full" in page(client, address)
    assert address in page(client, "/channels/")
    assert address in page(client, f"/channels/accounts/{channel.account_id}/")


@pytest.mark.django_db(transaction=True)
def test_a_channels_limits_stay_current(client: Client, channel: Channel) -> None:
    answer = client.get(f"/channels/{channel.pk}/limits/live")
    assert isinstance(answer, StreamingHttpResponse)

    async def first() -> bytes:
        async for part in answer:
            if b"data:" in bytes(part):
                return bytes(part)
        return b""

    assert b"channel-limits" in run(first())


def test_the_history_of_stops_tells_why_and_lets_people_go_on(client: Client, campaign: Campaign) -> None:
    assert "Nothing was stopped" in page(client, "/campaigns/breaker/")
    became(campaign, "failed", 100, code="131026")
    breaker.look(campaign.pk)
    event = BreakerEvent.objects.get()
    assert "100 of 100 messages failed" in page(client, "/campaigns/breaker/")
    assert "Stopped by the circuit breaker." in page(client, f"/campaigns/{campaign.pk}/")
    assert client.post(f"/campaigns/breaker/{event.pk}/resume").status_code == 302
    campaign.refresh_from_db()
    assert campaign.state == "running"
    assert "owner" in page(client, "/campaigns/breaker/").lower()
