"""People are counted in groups, by the very rules that the send asks of each of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from envoi.campaigns import headcount, preflight
from envoi.campaigns.audience import audience_of
from envoi.campaigns.models import Campaign
from envoi.channels.models import Channel
from envoi.contacts.models import Contact, Identity
from envoi.messaging import ledger
from envoi.messaging.actions import ledger_db
from envoi.messaging.limit_tables import LimitSettings, MarketingBar, Pair, Place, Portfolio, PortfolioWrite
from envoi.messaging.models import Message

pytestmark = pytest.mark.django_db

ANYBODY = {"field": "language", "is": "is", "value": "fr"}
# Away from the quarters of an hour to which times are rounded for the groups.
HOURS = (None, None, -30, -23, -3, -1, 1, 5, 30, 60)


PHONES = ("+3363998", "+1415555", "+6139555", "+8210555")


def moment(draw: random.Random, now: datetime) -> datetime | None:
    hours = draw.choice(HOURS)
    return None if hours is None else now + timedelta(hours=hours, minutes=draw.randint(-9, 9))


def other_number(channel: Channel) -> Channel:
    return Channel.objects.create(account_id=channel.account_id, name="Other", address="+33639980002")


def crowd_in_any_state(channel: Channel, *, seed: int, count: int = 400) -> None:
    """People in states drawn at random: consent, place, promotions, rests, windows, pace, the day's count."""
    draw, now = random.Random(seed), timezone.now()
    for key, west, east, region in (
        ("+3363", "Europe/Paris", "Europe/Paris", "FR"),
        ("+1415", "America/Los_Angeles", "America/Los_Angeles", "US"),
        ("+6139", "Australia/Melbourne", "Australia/Melbourne", "AU"),
    ):
        Place.objects.create(key=key, west=west, east=east, region=region)
    MarketingBar.objects.create(region="US", from_at=now - timedelta(days=1), until_at=draw.choice((None, None)))
    quiet = (now - timedelta(hours=draw.randint(0, 9))).time()
    LimitSettings.objects.create(quiet_from=quiet, quiet_to=(now + timedelta(hours=draw.randint(1, 9))).time())
    Portfolio.objects.create(id=f"account:{channel.account_id}")
    made = Contact.objects.bulk_create(
        Contact(
            phone=None if number % 5 == 0 else draw.choice(PHONES) + f"{number:04}",
            name=draw.choice(("Ana", "Ana", "")),
            language="fr",
            country=draw.choice(("", "FR", "US")),
            timezone=draw.choice(("", "", "Asia/Tokyo")),
            marketing=draw.choice(("granted", "granted", "granted", "withdrawn", "unknown")),
            held_until=moment(draw, now),
        )
        for number in range(count)
    )
    # Of those without a phone most have an id in this business, a few in another one.
    Identity.objects.bulk_create(
        Identity(
            kind="user_id",
            value=f"{draw.choice(('FR', 'US', 'KR'))}.{one.pk}",
            scope=f"account:{channel.account_id}" if draw.random() < 0.8 else "business:other",
            contact=one,
        )
        for one in made
        if one.phone is None
    )
    Pair.objects.bulk_create(
        Pair(
            contact=one,
            channel=channel,
            window_open_until=moment(draw, now),
            borrowed_until=moment(draw, now),
            blocked_until=moment(draw, now),
        )
        for one in made
        if draw.random() < 0.3
    )
    # A customer's promotions count from whatever number they were.
    for number in (channel, other_number(channel)):
        Pair.objects.bulk_create(
            [Pair(contact=one, channel=number, promoted_at=moment(draw, now)) for one in made if draw.random() < 0.6],
            update_conflicts=True,
            unique_fields=["contact", "channel"],
            update_fields=["promoted_at"],
        )
    PortfolioWrite.objects.bulk_create(
        PortfolioWrite(
            contact=one,
            portfolio_id=f"account:{channel.account_id}",
            minute=now - timedelta(hours=draw.choice((1, 20, 30))),
        )
        for one in made
        if draw.random() < 0.3
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("category", ["marketing", "utility"])
def test_in_groups_everybody_is_judged_as_one_by_one(channel: Channel, seed: int, category: str) -> None:
    crowd_in_any_state(channel, seed=seed)
    wording: dict[str, Any] = {"components": [{"type": "BODY", "text": "Bonjour {{1}}"}], "category": category}
    filled = {"1": {"field": "first_name"}}
    groups = headcount.groups(ANYBODY, filled, channel_id=channel.pk, lifetime=timedelta(hours=48), **wording)

    audience = audience_of(ANYBODY, filled, channel_id=channel.pk, **wording)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() + interval '48 hours'")
        ends = cursor.fetchone()[0]
        cursor.execute(
            f"SELECT reason, count(*) FROM ({audience.sql}) a WHERE reason <> '' GROUP BY 1",
            audience.parameters,
        )
        expected = Counter({(reason, ""): people for reason, people in cursor.fetchall()})
    one_by_one = ledger.forecast(
        ledger_db(),
        channel.pk,
        audience=audience.sql,
        parameters=audience.parameters,
        promotional=category == "marketing",
        expires_at=ends,
    )
    for share in one_by_one.shares:
        expected[(share.reason, "") if share.for_good else ("", share.reason)] += share.people
    counted: Counter[tuple[str, str]] = Counter()
    for group in groups:
        counted[group.reason, group.waits] += group.people
    assert counted == expected
    assert len(counted) >= 5, "the states were too much alike to prove anything"
    unseen = sum(share.unseen for share in one_by_one.shares if not share.for_good)
    assert sum(group.unseen for group in groups if not group.reason) == unseen


def test_who_came_by_an_advertisement_and_was_answered_is_free(crowd: Callable[..., Campaign]) -> None:
    draft = Campaign.objects.select_related("template", "channel__account", "segment").get(pk=crowd(4).pk)
    now = timezone.now()
    answered, late, unanswered, _stranger = Contact.objects.order_by("pk")
    for one, asked, replied in ((answered, 60, 59), (late, 80, 40), (unanswered, 5, None)):
        Contact.objects.filter(pk=one.pk).update(last_inbound_at=now - timedelta(hours=asked))
        number = draft.channel
        Message.objects.create(
            contact=one,
            channel=number,
            direction="in",
            kind="text",
            category="service",
            state="received",
            content={"referral": {"source_id": "1"}},
            created_at=now - timedelta(hours=asked),
        )
        if replied is not None:
            Message.objects.create(
                contact=one,
                channel=number,
                direction="out",
                kind="text",
                category="service",
                state="delivered",
                accepted_at=now - timedelta(hours=replied),
            )
    [part] = preflight.forecast(draft).parts
    assert (part.people, part.free) == (4, 1)
