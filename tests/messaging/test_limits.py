"""What the limits promise on a real database: never above them, whoever asks at once, and a reason for every no."""

from __future__ import annotations

import itertools
import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from envoi.channels.models import Account, Channel
from envoi.core.events import Failure
from envoi.messaging import ledger
from envoi.messaging.ledger import PutBack, Refused
from envoi.messaging.ledger.standing import in_force
from envoi.messaging.limits.customer import Asked, Person, Rules, standing
from envoi.messaging.limits.hours import rests_until
from envoi.messaging.models import LimitSettings, MarketingBar, Place
from tests.messaging.helpers import ask, claim, free_form, lane, owe, people, tier, window

pytestmark = pytest.mark.django_db(transaction=True)


# -- the SQL and the pure function say the same


def test_the_database_says_of_any_state_what_the_pure_function_says(raw_db, channel: Channel) -> None:
    Place.objects.bulk_create(
        [
            Place("Asia/Kolkata", "Asia/Kolkata", "Asia/Kolkata", ""),
            Place("+3363", "Europe/Paris", "Europe/Paris", "FR"),
            Place("+1201", "America/New_York", "America/New_York", "US"),
            Place("+1416", "America/Toronto", "America/Toronto", "CA"),
            Place("ES", "Atlantic/Canary", "Europe/Madrid", "ES"),
        ]
    )
    MarketingBar.objects.create(region="US", from_at=datetime(2025, 4, 1, tzinfo=UTC))
    MarketingBar.objects.create(region="ES", until_at=datetime(2027, 4, 1, tzinfo=UTC))
    [[utc]] = raw_db.execute("SELECT now()").fetchall()
    # Night in some of these zones and day in others, whenever this runs.
    LimitSettings.objects.create(
        quiet_from=(utc - timedelta(hours=3)).time().replace(microsecond=0, tzinfo=None),
        quiet_to=(utc + timedelta(hours=1)).time().replace(microsecond=0, tzinfo=None),
        timezone="Asia/Kathmandu",
    )
    zones = {
        ("Asia/Kolkata", "+33639980001"): ("Asia/Kolkata", "Asia/Kolkata", "FR"),
        ("no zone", "+33639980001"): ("Europe/Paris", "Europe/Paris", "FR"),
        ("", "+12015550123"): ("America/New_York", "America/New_York", "US"),
        ("", "+14165550123"): ("America/Toronto", "America/Toronto", "CA"),
        ("", None): ("Atlantic/Canary", "Europe/Madrid", "ES"),
        ("", "+99912345678"): ("Atlantic/Canary", "Europe/Madrid", None),
    }
    dice = random.Random(7)
    contacts = people(raw_db, 400)
    lane_id = lane(raw_db, channel)
    expected: dict[int, tuple[Person, Asked]] = {}
    with raw_db.transaction():
        rules = in_force(raw_db, channel.pk)
        assert rules.hours is not None
        for contact_id in contacts:
            (zone, phone), (west, east, region) = dice.choice(list(zones.items()))

            def around(*hours: float, rules: Any = rules) -> datetime | None:
                hour = dice.choice([None, *hours])
                return None if hour is None else rules.now + timedelta(hours=hour)

            rests = [
                until
                for place in (west, east)
                if (until := rests_until(rules.now.replace(second=0, microsecond=0), place, rules.hours))
            ]
            message_id = owe(raw_db, channel, lane_id, [contact_id], category=dice.choice(["marketing", "utility"]))[0]
            person = Person(
                marketing=dice.choice(["granted", "granted", "granted", "granted", "unknown", "pending", "withdrawn"]),
                service=dice.choice(["unknown", "granted", "withdrawn"]),
                promoted_at=around(-1, -23.9, -25),
                promoted_by=dice.choice([None, message_id, 1]),
                held_until=around(-1, 5),
                region=region,
                rests_until=max(rests, default=None),
                window_open_until=around(-1, 0.01, 12),
                borrowed_until=around(-1, 0.05, 0.073, 0.074, 1),
                blocked_until=around(-1, 1),
                blocked=dice.random() < 0.1,
            )
            promotional = dice.random() < 0.7
            asked = Asked(
                id=message_id,
                promotional=promotional,
                free_form=dice.random() < 0.3,
                expires_at=around(-1, 3, 48),
            )
            expected[message_id] = (person, asked)
            raw_db.execute(
                "UPDATE contacts SET marketing = %s, service = %s, held_until = %s, timezone = %s, phone = %s,"
                " country = 'ES', blocked_at = CASE WHEN %s THEN now() END WHERE id = %s",
                [
                    person.marketing,
                    person.service,
                    person.held_until,
                    zone,
                    phone,
                    person.blocked,
                    contact_id,
                ],
            )
            raw_db.execute(
                "INSERT INTO pairs (contact_id, channel_id, window_open_until, borrowed_until, blocked_until)"
                " VALUES (%s, %s, %s, %s, %s)",
                [contact_id, channel.pk, person.window_open_until, person.borrowed_until, person.blocked_until],
            )
            # The limit is the customer's: the promotion may have come from another number.
            raw_db.execute(
                "INSERT INTO pairs (contact_id, channel_id, promoted_at, promoted_by) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (contact_id, channel_id) DO UPDATE"
                " SET promoted_at = EXCLUDED.promoted_at, promoted_by = EXCLUDED.promoted_by",
                [contact_id, dice.choice([channel.pk, channel.pk + 1]), person.promoted_at, person.promoted_by],
            )
            raw_db.execute(
                "UPDATE outbox SET promotional = %s, expires_at = %s, content = %s, due_at = now() WHERE id = %s",
                [
                    promotional,
                    asked.expires_at,
                    psycopg.types.json.Jsonb({"kind": "text" if asked.free_form else "template"}),
                    message_id,
                ],
            )
        taken = ledger.claim(raw_db, channel.pk, room=1000, lease=timedelta(seconds=60))
        allowed, refused = ledger.reserve_customers(raw_db, taken)
    said = {one.id: ("", None) for one in allowed} | {one.message.id: (one.reason, one.until) for one in refused}
    measure = Rules(
        now=rules.now,
        barred={"US": None, "ES": datetime(2027, 4, 1, tzinfo=UTC)},
    )
    wanted = {
        message_id: (verdict.reason, verdict.until)
        for message_id, (person, asked) in expected.items()
        for verdict in [standing(person, asked, measure)]
        if message_id in said
    }
    assert said == wanted
    assert len(said) == 400
    assert len({reason for reason, _ in said.values()}) == 12, "every rule said no to somebody"


# -- the portfolio


def test_two_dispatchers_never_write_to_more_people_than_the_tier_allows(
    raw_db, account: Account, channel: Channel, test_database_url: str
) -> None:
    second = Channel.objects.create(account=account, name="2", address="+33639980002", provider_id="2", tier="TIER_250")
    tier(channel, "TIER_250")
    everybody = people(raw_db, 600)
    owe(raw_db, channel, lane(raw_db, channel), everybody[:400])
    owe(raw_db, second, lane(raw_db, second), everybody[200:], category="utility")
    written: list[list[int]] = [[], [], [], []]

    def send(which: int, one: Channel) -> None:
        with psycopg.connect(test_database_url, autocommit=True) as db:
            for _ in range(30):
                allowed, _refused = ask(db, one, room=20)
                written[which] += allowed

    threads = [
        threading.Thread(target=send, args=(which, one)) for which, one in enumerate([channel, channel, second, second])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(itertools.chain(*written))) == 250
    assert raw_db.execute("SELECT sum(contacts), count(*) FROM portfolio_minutes").fetchone()[0] == 250
    assert raw_db.execute("SELECT count(*) FROM portfolio_writes").fetchone() == (250,)
    assert ledger.portfolio_of(raw_db, second.pk).used == 250


def test_what_is_left_of_a_campaign_gets_its_turns_over_the_next_days(raw_db, channel: Channel) -> None:
    tier(channel, "TIER_250")
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 700))
    allowed, refused = ask(raw_db, channel)
    assert (len(allowed), refused) == (250, [("portfolio_full", True)] * 450)
    days = raw_db.execute(
        "SELECT round(extract(epoch FROM due_at - now()) / 86400)::int, count(*) FROM outbox"
        " WHERE state = 'queued' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert days == [(1, 250), (2, 200)]
    # A second campaign is planned behind the first.
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 60))
    ask(raw_db, channel)
    days = raw_db.execute(
        "SELECT round(extract(epoch FROM due_at - now()) / 86400)::int, count(*) FROM outbox"
        " WHERE state = 'queued' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert days == [(1, 250), (2, 250), (3, 10)]


def test_who_cannot_have_a_turn_before_the_end_is_skipped_with_the_reason(raw_db, channel: Channel) -> None:
    tier(channel, "TIER_250")
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 251))
    raw_db.execute("UPDATE outbox SET expires_at = now() + interval '12 hours'")
    allowed, refused = ask(raw_db, channel)
    assert (len(allowed), refused) == (250, [("portfolio_full", False)])
    assert raw_db.execute("SELECT reason FROM messages WHERE state = 'skipped'").fetchall() == [("portfolio_full",)]


def test_a_person_counts_once_and_from_the_last_template(raw_db, channel: Channel) -> None:
    tier(channel, "TIER_250")
    one, two = people(raw_db, 2)
    notices = lane(raw_db, channel, priority=1)
    owe(raw_db, channel, notices, [one], category="utility")
    ask(raw_db, channel)
    # As if that had been 23 hours ago.
    for table in ("portfolio_writes", "portfolio_minutes"):
        raw_db.execute(f"UPDATE {table} SET minute = minute - interval '23 hours'")
    owe(raw_db, channel, notices, [one, two], category="utility")
    ask(raw_db, channel)
    assert ledger.portfolio_of(raw_db, channel.pk).used == 2
    minutes = raw_db.execute(
        "SELECT now() - minute < interval '2 minutes', contacts FROM portfolio_minutes WHERE contacts > 0"
    ).fetchall()
    assert minutes == [(True, 2)], "both count from now on"


def test_an_answer_in_the_open_window_does_not_count_and_needs_no_room(raw_db, channel: Channel) -> None:
    tier(channel, "TIER_250")
    channel.refresh_from_db()
    [person] = people(raw_db, 1)
    window(raw_db, channel, person, "5 hours")
    replies = lane(raw_db, channel, priority=0)
    owe(raw_db, channel, replies, [person], category="utility")
    free_form(raw_db, channel, replies, person)
    allowed, refused = ask(raw_db, channel)
    assert (allowed, refused) == ([person, person], [])
    assert ledger.portfolio_of(raw_db, channel.pk).used == 0


def test_who_could_not_be_reached_stops_counting(raw_db, channel: Channel) -> None:
    tier(channel, "TIER_250")
    people_ = people(raw_db, 2)
    owe(raw_db, channel, lane(raw_db, channel), people_)
    with raw_db.transaction():
        taken = claim(raw_db, channel)
        ledger.reserve_customers(raw_db, taken)
    assert ledger.portfolio_of(raw_db, channel.pk).used == 2
    failure = Failure("131026", "Not on WhatsApp")
    ledger.record_failed(raw_db, channel.pk, [Refused(taken[0], failure, datetime.now(UTC))])
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 1))
    ask(raw_db, channel)
    assert ledger.portfolio_of(raw_db, channel.pk).used == 2
    assert raw_db.execute("SELECT count(*) FROM portfolio_returns").fetchone() == (0,)


def test_a_limit_that_is_lowered_in_mid_campaign_holds_at_once(raw_db, channel: Channel) -> None:
    tier(channel, "TIER_2K")
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 700))
    assert len(ask(raw_db, channel, room=300)[0]) == 300
    tier(channel, "TIER_250")
    allowed, refused = ask(raw_db, channel)
    assert (allowed, {reason for reason, _ in refused}) == ([], {"portfolio_full"})


def test_accounts_of_one_business_share_its_limit(raw_db, account: Account, channel: Channel) -> None:
    other = Account.objects.create(
        provider="meta", name="B", provider_id="2", credentials=b"", hook_key="b", portfolio="9"
    )
    Account.objects.filter(pk=account.pk).update(portfolio="9")
    second = Channel.objects.create(account=other, name="2", address="+33639980002", provider_id="2", tier="TIER_250")
    tier(channel, "TIER_250")
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 200))
    owe(raw_db, second, lane(raw_db, second), people(raw_db, 200))
    assert len(ask(raw_db, channel)[0]) == 200
    assert len(ask(raw_db, second)[0]) == 50


def test_what_accounts_counted_alone_counts_for_their_business_once_it_is_known(
    raw_db, account: Account, channel: Channel
) -> None:
    other = Account.objects.create(provider="meta", name="B", provider_id="2", credentials=b"", hook_key="b")
    second = Channel.objects.create(account=other, name="2", address="+33639980002", provider_id="2", tier="TIER_250")
    tier(channel, "TIER_250")
    crowd = people(raw_db, 300)
    owe(raw_db, channel, lane(raw_db, channel), crowd[:150])
    owe(raw_db, second, lane(raw_db, second), crowd[100:200], category="utility")
    assert (len(ask(raw_db, channel)[0]), len(ask(raw_db, second)[0])) == (150, 100)
    Account.objects.update(portfolio="9")
    assert ledger.portfolio_of(raw_db, channel.pk).used == 250, "each is counted where it was, until they are one"
    tomorrow = ledger.next_room(raw_db, second.pk)
    assert tomorrow is not None
    assert timedelta(hours=23) < tomorrow - datetime.now(UTC) < timedelta(hours=25)
    owe(raw_db, second, lane(raw_db, second), crowd[200:300])
    # Fifty of them had been written to from both numbers: as one business, that is two hundred people.
    assert len(ask(raw_db, second)[0]) == 50
    assert ledger.portfolio_of(raw_db, channel.pk).used == 250
    assert raw_db.execute("SELECT array_agg(id) FROM portfolios").fetchone() == (["9"],)


def test_a_message_that_waits_after_it_was_counted_needs_no_second_place(raw_db, channel: Channel) -> None:
    tier(channel, "TIER_250")
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 250))
    with raw_db.transaction():
        taken = claim(raw_db, channel, room=1000)
        allowed, _ = ledger.reserve_customers(raw_db, taken)
    assert len(allowed) == 250
    ledger.put_back(raw_db, channel.pk, [PutBack(one, "throttled", datetime.now(UTC)) for one in allowed])
    raw_db.execute("UPDATE outbox SET due_at = now()")
    assert len(ask(raw_db, channel)[0]) == 250
    assert ledger.portfolio_of(raw_db, channel.pk).used == 250
    # And what is cancelled after all gives its place back.
    raw_db.execute("UPDATE outbox SET state = 'queued'")
    ledger.end_waiting(raw_db, channel.pk, taken[0].lane_id, state="cancelled", limit=10)
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 20))
    assert len(ask(raw_db, channel, room=1000)[0]) >= 10
