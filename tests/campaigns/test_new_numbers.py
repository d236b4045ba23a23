"""A number that has proven nothing sends 30 messages a minute, until a rule or a person says otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from envoi.campaigns import actions, preflight, proving
from envoi.campaigns.models import Campaign
from envoi.channels import actions as channels
from envoi.channels import checks, facts, wire
from envoi.channels import proving as pace
from envoi.channels.models import Account, Channel
from envoi.config.shop.account import PLAYED
from envoi.config.shop.setup import open_account
from envoi.core.errors import BadInput, NotAllowed
from envoi.core.events import AccountChanged, ChannelChanged
from envoi.providers.base import RemoteNumber
from envoi.team.models import AuditEntry, Staff

from .conftest import became, plan

pytestmark = pytest.mark.django_db


def brought(account: Account, **told: str) -> Channel:
    """A number as a look at its provider brings it."""
    number = RemoteNumber(provider_id="2001", address="+33639980077", **told)
    checks.record(account.pk, wire.Look(numbers=[number]), resume=False)
    return Channel.objects.get(provider_id="2001")


@pytest.mark.parametrize(
    ("told", "by", "per_minute"),
    [
        ({}, "new", 30),
        ({"tier": "TIER_250", "quality": "UNKNOWN"}, "new", 30),
        ({"tier": "TIER_NOT_SET", "quality": "NA"}, "new", 30),
        ({"tier": "TIER_250", "quality": "GREEN"}, "rated", None),
        ({"tier": "TIER_2K"}, "tier", None),
        ({"tier": "TIER_UNLIMITED"}, "tier", None),
        ({"tier": "10K Customers/24hr"}, "tier", None),
    ],
)
def test_only_a_number_without_rating_and_raised_limit_is_new(
    account: Account, told: dict[str, str], by: str, per_minute: int | None
) -> None:
    found = brought(account, **told)
    assert (found.pace_by, found.per_minute, found.pace_at is not None) == (by, per_minute, True)


def test_a_number_added_by_hand_is_new_unless_a_person_says_it_has_sent(account: Account) -> None:
    one = channels.add_channel(account.pk, name="A", address="+33639980078", provider_id="3", by=None)
    other = channels.add_channel(account.pk, name="B", address="+33639980079", provider_id="4", has_sent=True, by=None)
    assert [(one.pace_by, one.per_minute), (other.pace_by, other.per_minute)] == [("new", 30), ("person", None)]


def test_a_raised_limit_lifts_the_ceiling_at_once_however_it_is_told(account: Account) -> None:
    found = brought(account, tier="TIER_250")
    brought(account, tier="TIER_2K")
    found.refresh_from_db()
    assert (found.pace_by, found.per_minute) == ("tier", None)
    assert AuditEntry.objects.filter(verb="channel.proven").count() == 1

    Channel.objects.update(pace_by="new", per_minute=30, tier="TIER_250")
    fact = ChannelChanged(event="UPGRADE", channel="2001", address="", tier="TIER_10K")
    facts.channel_changed(fact, account_id=account.pk, provider="meta")
    found.refresh_from_db()
    assert found.pace_by == "tier"

    Channel.objects.update(pace_by="new", per_minute=30, tier="TIER_250")
    business = AccountChanged(event="CAPABILITY", account=account.provider_id, tier="TIER_2K")
    facts.account_changed(business, account_id=account.pk, provider="meta")
    found.refresh_from_db()
    assert (found.pace_by, found.tier) == ("tier", "TIER_2K")


@pytest.fixture
def new_number(crowd: Callable[..., Campaign], channel: Channel, owner: Staff) -> Campaign:
    """1,200 people, sent to from a number that is new."""
    Channel.objects.filter(pk=channel.pk).update(pace_by="new", per_minute=30)
    one = crowd(1_200, canary="never")
    actions.launch(one.pk, by=owner)
    plan(one)
    one.refresh_from_db()
    return one


def arrived(campaign: Campaign, number: int, *, on_days: int) -> None:
    """Let so many have arrived, spread over so many days."""
    became(campaign, "delivered", number)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messages SET delivered_at = now() - (contact_id %% %(days)s) * interval '1 day'"
            " WHERE state = 'delivered'",
            {"days": on_days},
        )


@pytest.mark.parametrize(
    ("delivered", "days", "failed", "quality", "lifted"),
    [
        (1_000, 7, 0, "", True),
        (1_000, 7, 100, "GREEN", True),
        (999, 7, 0, "", False),
        (1_000, 6, 0, "", False),
        (1_000, 7, 180, "", False),
        (1_000, 7, 0, "YELLOW", False),
    ],
)
def test_a_number_proves_itself_by_what_arrives(
    new_number: Campaign, channel: Channel, delivered: int, days: int, failed: int, quality: str, lifted: bool
) -> None:
    Channel.objects.update(quality=quality)
    arrived(new_number, delivered, on_days=days)
    became(new_number, "failed", failed)
    assert proving.look() == int(lifted)
    assert proving.look() == 0, "once"
    channel.refresh_from_db()
    assert (channel.per_minute, channel.pace_by) == ((None, "sent") if lifted else (30, "new"))


def test_what_is_older_than_thirty_days_proves_nothing(new_number: Campaign) -> None:
    arrived(new_number, 1_000, on_days=7)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messages SET delivered_at = delivered_at - interval '31 days'")
    assert proving.look() == 0


def test_what_a_person_sets_holds(account: Account, channel: Channel, owner: Staff) -> None:
    found = brought(account, tier="TIER_250")
    pace.set_pace(found.pk, 60, by=owner)
    brought(account, tier="TIER_10K")
    found.refresh_from_db()
    assert (found.per_minute, found.pace_by) == (60, "person")
    with pytest.raises(BadInput, match="at least 1 message a minute"):
        pace.set_pace(found.pk, 0, by=owner)
    with pytest.raises(NotAllowed):
        pace.set_pace(found.pk, 60, by=Staff.objects.create(email="m@example.com", role=Staff.Role.MARKETER))


def test_the_forecast_says_so_and_counts_with_it(crowd: Callable[..., Campaign], channel: Channel) -> None:
    Channel.objects.update(pace_by="new", per_minute=30)
    draft = Campaign.objects.select_related("template", "channel__account", "segment").get(pk=crowd(60).pk)
    made = preflight.forecast(draft)
    assert "new_number" in {one.code for one in made.warnings}
    assert 110 <= made.seconds <= 125


def test_the_channels_page_says_why_and_lets_it_be_lifted(client: Client, channel: Channel, owner: Staff) -> None:
    client.force_login(owner)
    address = f"/channels/{channel.pk}/limits/"
    Channel.objects.update(pace_by="new", per_minute=30)
    text = client.get(address).content.decode()
    assert "At most 30 messages a minute, because this number is new." in text
    assert "raises the daily limit above 250 people" in text
    assert client.post(f"/channels/{channel.pk}/pace", {"per_minute": "-1"}).status_code == 422
    assert client.post(f"/channels/{channel.pk}/pace", {"per_minute": "30", "lift": "1"}).status_code == 302
    channel.refresh_from_db()
    assert (channel.per_minute, channel.pace_by) == (None, "person")
    assert "As fast as the provider allows." in client.get(address).content.decode()
    client.post(f"/channels/{channel.pk}/pace", {"per_minute": "45"})
    assert "At most 45 messages a minute." in client.get(address).content.decode()
    client.force_login(Staff.objects.create(email="analyst@example.com", role=Staff.Role.ANALYST))
    assert client.post(f"/channels/{channel.pk}/pace", {"per_minute": "45"}).status_code == 403


@pytest.mark.parametrize("provider", sorted(PLAYED))
def test_the_demos_number_is_shown_as_proven_for_the_reason_that_is_true(
    db: None, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVOI_PROVIDER_URLS", "1")
    played = PLAYED[provider]
    _account, channel, _template = open_account(
        provider, simulator_url="http://127.0.0.1:9", throughput=80, tier=played.tier
    )
    assert (channel.per_minute, channel.pace_by) == (None, "person" if provider == "zenvia" else "tier")
