"""The service report against figures worked out by hand."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.core.errors import BadInput, NotAllowed
from envoi.inbox.models import Conversation, MessageAuthor
from envoi.reports import service, service_rows
from envoi.team import opening
from envoi.team.models import Staff, Team

pytestmark = pytest.mark.django_db


class World:
    """Two agents, and conversations whose times are known."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.ana = Staff.objects.create(email="ana@example.com", role="agent", name="Ana")
        self.ben = Staff.objects.create(email="ben@example.com", role="agent", name="Ben")
        self.team = Team.objects.create(name="Sales")
        self.noon = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2, hours=-12)

    def talk(
        self,
        who: Staff | None,
        answer: float | None,
        *,
        closed: float | None = None,
        score: int | None = None,
        days: int = 0,
    ) -> Conversation:
        """One that began at noon two days ago; answered and closed after so many minutes."""
        began: datetime = self.noon - timedelta(days=days)
        contact = Contact.objects.create(phone=f"+336399{Contact.objects.count():05d}", name="Zoé")
        after = lambda minutes: None if minutes is None else began + timedelta(minutes=minutes)  # noqa: E731
        return Conversation.objects.create(
            contact=contact,
            channel=self.channel,
            state="closed" if closed is not None else "open",
            team=self.team if who == self.ana else None,
            first_inbound_at=began,
            first_answer_at=after(answer),
            first_answer_by=who if answer is not None else None,
            assignee=who,
            closed_at=after(closed),
            asked_at=after(closed) if score else None,
            satisfaction=score,
        )

    def wrote(self, who: Staff, *, canned: int | None = None, changed: bool = False) -> None:
        MessageAuthor.objects.create(
            contact_id=Contact.objects.latest("pk").pk,
            message_id=MessageAuthor.objects.count() + 1,
            staff=who,
            canned_id=canned,
            changed=changed,
            at=self.noon,
        )

    def report(self, group: Any = "agent", by: Staff | None = None) -> service.Report:
        day = self.noon.date()
        return service.service(by, since=day, until=day, group=group)


@pytest.fixture
def world(channel: Channel) -> World:
    one = World(channel)
    one.talk(one.ana, 1, closed=20, score=5)
    one.talk(one.ana, 2, closed=40, score=4)
    one.talk(one.ana, 3)
    one.talk(one.ben, 10, closed=60, score=3)
    one.talk(one.ben, 45, closed=90, score=1)
    one.talk(None, None)
    # Another day, which no figure below counts.
    one.talk(one.ben, 1, closed=2, score=1, days=1)
    for _ in range(3):
        one.wrote(one.ana, canned=7)
    one.wrote(one.ana, canned=7, changed=True)
    one.wrote(one.ben)
    return one


def test_the_figures_of_all_are_those_counted_by_hand(world: World) -> None:
    total = world.report().total
    assert (total.began, total.answered, total.closed) == (6, 5, 4)
    assert total.answer_median == 3 * 60
    # Nine of ten of 1, 2, 3, 10, 45 minutes, between the last two: 10 + 0.6 × 35.
    assert total.answer_p90 == pytest.approx(31 * 60)
    assert total.resolution_median == 50 * 60
    assert (total.quick, total.quick_share) == (3, 0.5)
    # The one answered after 45 minutes, and the one that still waits.
    assert (total.late, total.scored, total.score, total.satisfied) == (2, 4, 3.25, 2)
    assert (total.written, total.canned, total.saved) == (5, 4, 3 * 60)


def test_each_agent_has_what_they_answered(world: World) -> None:
    ana, ben, nobody = world.report().rows
    assert (ana.name, ana.began, ana.quick, ana.satisfied_share, ana.canned_share) == ("Ana", 3, 3, 1.0, 1.0)
    assert (ben.name, ben.began, ben.late, ben.answer_median) == ("Ben", 2, 1, 27.5 * 60)
    assert (nobody.name, nobody.began, nobody.answer_median) == ("", 1, None)


def test_satisfaction_is_split_by_how_long_the_answer_took(world: World) -> None:
    assert [(one.which, one.scored, one.satisfied) for one in world.report().speeds] == [
        ("quick", 2, 2),
        ("middle", 1, 0),
        ("late", 1, 0),
    ]


@pytest.mark.parametrize("group", service.GROUPS)
def test_the_lines_add_up_to_all_whatever_they_are_grouped_by(world: World, group: Any) -> None:
    found = world.report(group)
    for name in ("began", "answered", "closed", "quick", "late", "scored", "satisfied", "written", "canned", "saved"):
        assert sum(getattr(row, name) for row in found.rows) == getattr(found.total, name), name


def test_a_day_without_a_conversation_is_a_line_of_noughts(world: World) -> None:
    day = world.noon.date()
    rows = service.service(None, since=day - timedelta(days=3), until=day, group="day").rows
    assert [row.began for row in rows] == [0, 0, 1, 6]


@pytest.mark.parametrize("which", ["began", "answered", "closed", "quick", "late", "scored", "satisfied"])
def test_behind_each_number_are_as_many_rows(world: World, which: str) -> None:
    day, found = world.noon.date(), world.report()
    for line, key in [(found.total, None), *((row, row.key) for row in found.rows)]:
        page = service_rows.rows(None, since=day, until=day, which=which, group="agent", key=key)
        assert len(page.items) == getattr(line, which)


def test_the_rows_go_on_where_the_page_before_ended(world: World) -> None:
    for _ in range(60):
        world.talk(world.ana, 1)
    day, seen, after = world.noon.date(), [], None
    while True:
        page = service_rows.rows(None, since=day, until=day, which="began", group="agent", key=None, after=after)
        seen += [row.id for row in page.items]
        if (after := page.next) is None:
            break
    assert len(seen) == len(set(seen)) == 66


def test_a_wait_counts_only_while_its_team_was_there(world: World) -> None:
    """The team is there from 13:00 to 14:00, an hour after these began; everybody else around the clock."""
    opening.set_hours(world.team.pk, zone="UTC", week=["13:00-14:00"] * 7, by=None)
    day = world.noon.date() - timedelta(days=50)
    world.talk(world.ana, 62, closed=26 * 60, days=50)
    world.talk(world.ana, 59, closed=100, days=50)
    world.talk(world.ben, 62, days=50)
    world.talk(None, None, days=50)

    def lines(*, in_hours: bool) -> dict[str, tuple[Any, ...]]:
        found = service.service(None, since=day, until=day, group="agent", in_hours=in_hours)
        assert (found.in_hours, found.exact) == (in_hours, True)
        return {one.name: (one.answer_median, one.resolution_median, one.quick, one.late) for one in found.rows}

    assert lines(in_hours=False) == {
        "Ana": (60.5 * 60, 830 * 60, 0, 2),
        "Ben": (62 * 60, None, 0, 1),
        "": (None, None, 0, 1),
    }
    # Two minutes of its hour had gone, and none of it; closed after two of its hours, and after forty minutes of one.
    assert lines(in_hours=True) == {
        "Ana": (60, 80 * 60, 2, 0),
        "Ben": (62 * 60, None, 0, 1),
        "": (None, None, 0, 1),
    }
    total = service.service(None, since=day, until=day, group="agent", in_hours=True).total
    for which in ("began", "quick", "late", "closed"):
        page = service_rows.rows(None, since=day, until=day, which=which, group="agent", key=None, in_hours=True)
        assert len(page.items) == getattr(total, which), which


def test_nobody_waits_for_a_team_that_is_never_there(world: World) -> None:
    opening.set_hours(world.team.pk, zone="UTC", week=[""] * 7, by=None)
    day = world.noon.date() - timedelta(days=50)
    world.talk(world.ana, 600, days=50)
    found = service.service(None, since=day, until=day, group="team", in_hours=True)
    assert (found.total.answer_median, found.total.quick, found.total.late) == (0, 1, 0)


def test_the_switch_of_the_page_leads_to_the_same_rows_and_stretch(world: World, client: Client, owner: Staff) -> None:
    opening.set_hours(None, zone="UTC", week=["13:00-14:00"] * 7, by=None)
    day = world.noon.date() - timedelta(days=30)
    world.talk(world.ben, 61, days=30)
    client.force_login(owner)
    around = client.get(f"/reports/service/?from={day}&to={day}").content.decode()
    assert "All hours count" in around
    assert "which=late" in around
    page = client.get(f"/reports/service/?from={day}&to={day}&hours=open").content.decode()
    assert "A wait counts only while its team was there" in page
    assert f"from={day}&amp;to={day}&amp;hours=open" in page
    for hours, which, found in (("open", "quick", True), ("open", "late", False), ("", "late", True)):
        rows = client.get(f"/reports/service/rows/?from={day}&to={day}&hours={hours}&which={which}").content.decode()
        assert ("Zoé" in rows) is found, (hours, which)
    # The page shows as many days as can be counted, rather than nothing; whoever asks for more is told.
    assert client.get(f"/reports/service/?from={day - timedelta(days=300)}&to={day}&hours=open").status_code == 200
    with pytest.raises(BadInput, match="92 days"):
        service.service(None, since=day - timedelta(days=92), until=day, group="agent", in_hours=True)


def test_what_a_canned_reply_saves_is_the_companys_to_say(world: World, client: Client, owner: Staff) -> None:
    client.force_login(owner)
    assert client.post("/reports/service/canned-seconds", {"seconds": "20"}).status_code == 302
    assert world.report().total.saved == 60
    assert client.post("/reports/service/canned-seconds", {"seconds": "x"}).status_code == 422


def test_the_page_and_the_file_say_the_same(world: World, client: Client, owner: Staff) -> None:
    client.force_login(owner)
    day = world.noon.date().isoformat()
    page = client.get(f"/reports/service/?from={day}&to={day}").content.decode()
    assert "Do quick answers satisfy?" in page
    answer = client.get(f"/reports/service/export?from={day}&to={day}")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert [row[:4] for row in rows[1:]] == [["Ana", "3", "3", "2"], ["Ben", "2", "2", "2"], ["nobody", "1", "0", "0"]]


@pytest.mark.parametrize(
    "query", ["from=x", "from=9999-12-31", "to=0001-01-01", "from=2020-01-01", "group=x", "from=&to="]
)
def test_days_that_can_not_be_meant_are_a_page_all_the_same(client: Client, owner: Staff, query: str) -> None:
    client.force_login(owner)
    assert client.get(f"/reports/service/?{query}").status_code == 200


def test_a_stretch_that_can_not_be_is_refused(world: World) -> None:
    day = world.noon.date()
    with pytest.raises(BadInput):
        service.service(None, since=day, until=day - timedelta(days=1), group="agent")
    with pytest.raises(BadInput):
        service.service(None, since=day - timedelta(days=400), until=day, group="agent")
    with pytest.raises(NotAllowed):
        service.service(world.ana, since=day, until=day, group="agent")
