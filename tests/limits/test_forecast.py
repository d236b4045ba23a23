"""What is promised before a send is what the send's own rules say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from envoi.channels.models import Channel
from envoi.messaging import ledger
from tests.messaging.helpers import people, promoted

pytestmark = pytest.mark.django_db(transaction=True)

EVERYBODY = "SELECT id AS contact_id, '' AS reason FROM contacts"


def test_an_audience_is_counted_by_what_the_limits_would_say(raw_db, channel: Channel) -> None:
    ready, told, cooling, stopped = people(raw_db, 4)
    promoted(raw_db, channel, told, ago="1 hour")
    raw_db.execute("UPDATE contacts SET held_until = now() + interval '30 hours' WHERE id = %s", [cooling])
    raw_db.execute("UPDATE contacts SET marketing = 'withdrawn' WHERE id = %s", [stopped])
    with raw_db.transaction():
        seen = ledger.forecast(raw_db, channel.pk, audience=EVERYBODY, parameters={}, promotional=True)
        shares = {share.reason: share for share in seen.shares}
        assert {reason: share.people for reason, share in shares.items()} == {
            "": 1,
            "promoted_recently": 1,
            "cooling_down": 1,
            "opted_out": 1,
        }
        assert shares["opted_out"].for_good
        assert timedelta(hours=29) < shares["cooling_down"].latest - seen.at <= timedelta(hours=30)
        assert not shares["promoted_recently"].for_good
        assert (seen.days, seen.portfolio.limit) == (1, None)
    assert ready


def test_who_would_wait_beyond_the_end_is_counted_as_skipped(raw_db, channel: Channel) -> None:
    people(raw_db, 1)
    raw_db.execute("UPDATE contacts SET held_until = now() + interval '30 hours'")
    [(ends,)] = raw_db.execute("SELECT now() + interval '5 hours'").fetchall()
    seen = ledger.forecast(raw_db, channel.pk, audience=EVERYBODY, parameters={}, promotional=True, expires_at=ends)
    assert [(share.reason, share.for_good) for share in seen.shares] == [("cooling_down", True)]


def test_a_limit_of_the_portfolio_spreads_a_campaign_over_days(raw_db, channel: Channel) -> None:
    people(raw_db, 600)
    Channel.objects.filter(pk=channel.pk).update(tier="TIER_250")
    seen = ledger.forecast(raw_db, channel.pk, audience=EVERYBODY, parameters={}, promotional=True)
    assert (seen.portfolio.limit, seen.portfolio.used, seen.days) == (250, 0, 3)
