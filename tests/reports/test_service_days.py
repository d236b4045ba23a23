"""Counted days against the plain query: the same counts, and durations to within 2 %, whatever happens meanwhile."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.inbox import actions
from envoi.inbox.models import Conversation, ConversationEvent, MessageAuthor
from envoi.reports import service, service_days
from envoi.reports.models import ServiceDay, ServiceDaysCounted
from envoi.team.models import Staff, Team

pytestmark = pytest.mark.django_db

DAYS = 20
COUNTS = (
    "key", "name", "began", "answered", "closed", "quick", "late", "asked", "scored", "score", "satisfied", "written",
    "canned", "saved",
)  # fmt: skip
TIMES = ("answer_median", "answer_p90", "resolution_median")


@pytest.fixture
def shop(channel: Channel) -> Channel:
    """Three weeks of conversations as they come, among three agents and two teams, some still open today."""
    chance = random.Random(11)
    people = [
        Staff.objects.create(email=f"{name}@example.com", role="agent", name=name) for name in ("Ana", "Ben", "Eve")
    ]
    teams = [Team.objects.create(name=name) for name in ("Sales", "Service")]
    now = timezone.now()
    rows, authors = [], []
    for number in range(300):
        began = now - timedelta(days=chance.uniform(0, DAYS))
        who = chance.choice([*people, None])
        answered = who is not None and chance.random() < 0.8
        done = answered and chance.random() < 0.8
        after = lambda low, high, began=began: began + timedelta(seconds=chance.lognormvariate(low, high))  # noqa: E731
        contact = Contact.objects.create(phone=f"+336399{number:05d}", name="Zoé")
        rows.append(
            Conversation(
                contact=contact,
                id=1000 + number,
                channel=channel,
                state="closed" if done else "open",
                team=chance.choice([*teams, None]),
                assignee=who,
                first_inbound_at=began,
                first_answer_at=after(5, 2) if answered else None,
                first_answer_by=chance.choice([who, people[0]]) if answered else None,
                closed_at=after(9, 2) if done else None,
                asked_at=now if done and number % 2 else None,
                satisfaction=chance.randint(1, 5) if done and number % 3 else None,
            )
        )
        if answered:
            canned = chance.choice([None, 7])
            at = began + timedelta(days=chance.uniform(0, (now - began).total_seconds() / 86_400))
            authors.append(
                MessageAuthor(
                    contact=contact, message_id=number + 1, conversation_id=1000 + number, staff=who,
                    canned_id=canned, changed=chance.random() < 0.5, at=at,
                )
            )  # fmt: skip
    Conversation.objects.bulk_create(rows)
    MessageAuthor.objects.bulk_create(authors)
    return channel


def agrees(monkeypatch: pytest.MonkeyPatch, group: Any) -> service.Report:
    """The report from counted days says what the plain query says."""
    until = timezone.now().date()
    stretch = {"since": until - timedelta(days=DAYS + 1), "until": until, "group": group}
    counted = service.service(None, **stretch)
    with monkeypatch.context() as patched:
        patched.setattr(service, "EXACT", timedelta(days=400))
        plain = service.service(None, **stretch)
    assert not counted.exact
    assert plain.exact
    assert len(counted.rows) == len(plain.rows)
    for ours, theirs in [(counted.total, plain.total), *zip(counted.rows, plain.rows, strict=True)]:
        for name in COUNTS:
            found, wanted = getattr(ours, name), getattr(theirs, name)
            assert found == (pytest.approx(wanted) if name == "score" else wanted), (name, ours.key)
        for name in TIMES:
            found, wanted = getattr(ours, name), getattr(theirs, name)
            assert found == (None if wanted is None else pytest.approx(wanted, rel=0.02, abs=1)), (name, ours.key)
    assert counted.speeds == plain.speeds
    return counted


@pytest.mark.parametrize("is_counted", [False, True])
@pytest.mark.parametrize("group", service.GROUPS)
def test_counted_days_say_what_the_plain_query_says(
    shop: Channel, monkeypatch: pytest.MonkeyPatch, group: Any, is_counted: bool
) -> None:
    if is_counted:
        service_days.count()
        assert ServiceDay.objects.filter(grouping="all").count() >= DAYS - 2
    assert agrees(monkeypatch, group).total.began == 300


def test_today_and_yesterday_are_never_taken_from_the_table(shop: Channel) -> None:
    service_days.count()
    newest = ServiceDay.objects.order_by("-day").values_list("day", flat=True)[0]
    assert newest == timezone.now().date() - timedelta(days=2)


def test_what_has_not_changed_is_not_counted_again(shop: Channel) -> None:
    service_days.count()
    # The authors of the last minutes are looked at once more.
    MessageAuthor.objects.filter(at__gte=timezone.now() - timedelta(hours=1)).delete()
    assert service_days.count() == 0


def _close(one: Conversation, by: Staff) -> None:
    actions.close(one.contact_id, one.id, by=by)


def _hand_over(one: Conversation, by: Staff) -> None:
    actions.assign(one.contact_id, one.id, staff_id=by.pk, by=by)


def _team(one: Conversation, by: Staff) -> None:
    actions.assign(one.contact_id, one.id, team_id=Team.objects.latest("pk").pk, by=by)


@pytest.mark.parametrize("change", [_close, _hand_over, _team])
@pytest.mark.parametrize("group", ["agent", "team"])
def test_what_changes_in_an_older_day_counts_at_once_and_after_the_next_count(
    shop: Channel,
    owner: Staff,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Conversation, Staff], None],
    group: Any,
) -> None:
    service_days.count()
    old = timezone.now() - timedelta(days=5)
    for one in Conversation.objects.filter(state="open", first_inbound_at__lt=old).order_by("id")[:3]:
        change(one, owner)
    agrees(monkeypatch, group)
    assert service_days.count() > 0
    agrees(monkeypatch, group)


def test_what_leaves_no_event_counts_from_the_next_night_on(shop: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    service_days.count()
    old = timezone.now() - timedelta(days=5)
    one = Conversation.objects.filter(first_inbound_at__lt=old).order_by("id")[0]
    Conversation.objects.filter(contact_id=one.contact_id, id=one.id).delete()
    service_days.count_year()
    assert agrees(monkeypatch, "day").total.began == 299


def test_the_checkpoint_lies_before_the_look(shop: Channel) -> None:
    began = timezone.now()
    service_days.count()
    assert ServiceDaysCounted.objects.get().at <= began - service_days.MARGIN + timedelta(seconds=5)


def test_an_event_of_an_old_conversation_makes_its_day_uncounted(shop: Channel) -> None:
    service_days.count()
    one = Conversation.objects.order_by("first_inbound_at")[0]
    ServiceDay.objects.update(began=0)
    ConversationEvent.objects.create(contact_id=one.contact_id, conversation_id=one.id, what="scored", id=1)
    until = timezone.now().date()
    rows = service.service(None, since=until - timedelta(days=DAYS), until=until, group="day").rows
    assert one.first_inbound_at is not None
    assert next(row.began for row in rows if row.key == one.first_inbound_at.date().isoformat()) > 0


def test_the_page_says_that_its_times_are_rounded_only_when_they_are(
    shop: Channel, client: Client, owner: Staff
) -> None:
    client.force_login(owner)
    today = timezone.now().date()
    for days, is_said in [(3, False), (30, True)]:
        since = (today - timedelta(days=days)).isoformat()
        page = client.get(f"/reports/service/?from={since}").content.decode()
        assert ("right to within 2 %" in page) is is_said


@given(st.lists(st.floats(min_value=0, max_value=1e8), min_size=1, max_size=40), st.sampled_from([0.5, 0.9]))
def test_a_percentile_of_buckets_is_right_to_within_two_percent(times: list[float], share: float) -> None:
    buckets: dict[int, int] = {}
    for one in times:
        bucket = 0 if one < 1 else 1 + int(math.log(one) / math.log(service_days.WIDTH))
        buckets[bucket] = buckets.get(bucket, 0) + 1
    ordered, place = sorted(times), share * (len(times) - 1)
    low, high = ordered[int(place)], ordered[-int(-place // 1)]
    exact = low + (high - low) * (place - int(place))
    assert service_days.percentile(buckets, share) == pytest.approx(exact, rel=0.02, abs=1)
