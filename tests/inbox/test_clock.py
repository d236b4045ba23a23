"""The service clock: each alarm comes at its time, once, does what was set, and no crash or worker repeats it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as some

from envoi.inbox import actions, alarms, callouts, service
from envoi.inbox.clock import Level, current
from envoi.inbox.models import Conversation, ConversationEvent
from envoi.inbox.targets import Targets, Wait, due, targets_for
from envoi.message_templates.models import Template
from envoi.messaging.models import Message, Pair
from envoi.notifications.models import Notification
from envoi.team import opening, presence
from envoi.team.hours import ALWAYS, Hours, parse_spans
from envoi.team.models import Staff, Team, TeamMember

from .conftest import again

pytestmark = pytest.mark.django_db
Write = Callable[..., Conversation]
Kind = Notification.Kind


def after(one: Conversation, **time: float) -> datetime:
    assert one.waiting_since is not None
    return one.waiting_since + timedelta(**time)


def told(staff: Staff) -> list[str]:
    return list(Notification.objects.filter(staff=staff).order_by("id").values_list("kind", flat=True))


def raised(one: Conversation) -> list[int]:
    events = ConversationEvent.objects.filter(contact_id=one.contact_id, conversation_id=one.id, what="alarm")
    return [event.detail["alarm"] for event in events.order_by("id")]


def test_a_customer_who_waits_is_late_then_much_too_late_then_a_red_alert(
    write: Write, ana: Staff, owner: Staff
) -> None:
    one = write("hello")
    actions.assign(one.contact_id, one.id, staff_id=ana.pk, by=None)
    assert alarms.look(after(one, minutes=4, seconds=59)) == 0
    alarms.look(after(one, minutes=5))
    assert again(one).alarm == Level.LATE
    assert told(ana) == ["assigned", "waiting"]
    alarms.look(after(one, minutes=30))
    assert again(one).alarm == Level.BREACH
    assert told(owner) == ["waiting"]
    alarms.look(after(one, hours=2))
    assert again(one).alarm == Level.RED
    assert again(one).priority == Conversation.Priority.URGENT
    assert told(owner) == ["waiting", "red_alert"]
    assert raised(one) == [1, 2, 3]
    # Nothing is left but the window's end.
    assert again(one).look_at == one.inbound_at + timedelta(hours=23)


def test_after_a_pause_of_the_clock_one_alarm_is_enough(write: Write, owner: Staff) -> None:
    one = write("hello")
    alarms.look(after(one, hours=3))
    assert raised(one) == [3]
    assert told(owner) == ["red_alert"]
    assert alarms.look(after(one, hours=3)) == 0


def test_an_answer_ends_the_wait_and_the_next_wait_begins_anew(write: Write, ana: Staff) -> None:
    one = write("hello")
    alarms.look(after(one, minutes=31))
    actions.reply(one.contact_id, one.id, actions.What("text", {"body": "Hello!"}, text="Hello!"), by=ana)
    assert (again(one).alarm, again(one).look_at) == (0, None)
    assert alarms.look(after(one, hours=5)) == 0
    next_one = again(write("and now?"))
    assert next_one.id == one.id
    assert next_one.look_at == after(next_one, minutes=5)
    alarms.look(after(next_one, minutes=6))
    assert raised(one) == [2, 1]


def test_who_is_told_of_a_window_that_closes_is_told_once_for_each_window(write: Write, owner: Staff) -> None:
    one = write("hello")
    alarms.look(after(one, hours=3))
    assert one.inbound_at is not None
    closes = Pair.objects.get(contact_id=one.contact_id).window_open_until
    assert closes is not None
    alarms.look(closes - timedelta(minutes=61))
    assert "window_closing" not in told(owner)
    alarms.look(closes - timedelta(minutes=59))
    alarms.look(closes - timedelta(minutes=10))
    assert told(owner).count("window_closing") == 1
    [facts] = Notification.objects.filter(kind=Kind.WINDOW_CLOSING).values_list("facts", flat=True)
    assert datetime.fromisoformat(facts["until"]) == closes
    # They write again: another window, which is told of as well.
    later = closes + timedelta(hours=20)
    Pair.objects.update(window_open_until=later)
    Conversation.objects.update(inbound_at=later - timedelta(hours=24), look_at=later - timedelta(minutes=30))
    alarms.look(later - timedelta(minutes=30))
    assert told(owner).count("window_closing") == 2


def test_a_window_that_has_closed_already_is_nothing_to_be_told_of(write: Write, owner: Staff) -> None:
    one = write("hello")
    alarms.look(after(one, days=3))
    assert told(owner) == ["red_alert"]
    assert alarms.look(after(one, days=4)) == 0


def test_a_longer_window_is_told_of_at_its_own_end(write: Write, owner: Staff) -> None:
    """After a click on an ad the window is 72 hours."""
    one = write("hello")
    alarms.look(after(one, hours=3))
    Pair.objects.update(window_open_until=after(one, hours=72))
    alarms.look(after(one, hours=23, minutes=30))
    assert "window_closing" not in told(owner)
    assert again(one).look_at == after(one, hours=71)


def test_targets_count_opening_hours_and_the_red_alert_does_not_unless_it_should(write: Write, owner: Staff) -> None:
    one = write("hello")
    since = after(one)
    closed = {"zone": "UTC", "week": [""] * 7}
    service.set_hours(None, by=owner, **closed)
    alarms.look(since + timedelta(minutes=40))
    assert raised(one) == []
    alarms.look(since + timedelta(hours=2))
    assert raised(one) == [3]
    other = write("hello", phone="33639980002")
    service.set_targets(None, None, values={"red_in_hours": True}, by=owner)
    alarms.look(after(other, hours=5))
    assert raised(other) == []


def test_a_team_and_a_priority_have_targets_of_their_own(write: Write, owner: Staff) -> None:
    team = Team.objects.create(name="VIP")
    service.set_targets(team.pk, None, values={"first_seconds": 60}, by=owner)
    service.set_targets(None, Conversation.Priority.URGENT, values={"first_seconds": 120}, by=owner)
    one = write("hello")
    assert again(one).look_at == after(one, minutes=5)
    actions.assign(one.contact_id, one.id, team_id=team.pk, by=None)
    assert again(one).look_at == after(one, minutes=1)
    actions.assign(one.contact_id, one.id, team_id=None, by=None)
    actions.set_priority(one.contact_id, one.id, priority=2, by=None)
    assert again(one).look_at == after(one, minutes=2)


def test_a_changed_target_counts_for_those_who_wait_already(write: Write, owner: Staff) -> None:
    one = write("hello")
    service.set_targets(None, None, values={"breach_seconds": 600, "red_seconds": 900}, by=owner)
    alarms.look(after(one, minutes=15))
    assert raised(one) == [3]


def test_the_leads_of_a_team_are_told_and_nobody_else(write: Write, ana: Staff, ben: Staff, owner: Staff) -> None:
    team = Team.objects.create(name="Returns")
    TeamMember.objects.create(team=team, staff=ben, leads=True)
    TeamMember.objects.create(team=team, staff=ana)
    one = write("hello")
    actions.assign(one.contact_id, one.id, team_id=team.pk, by=None)
    alarms.look(after(one, hours=2))
    assert (told(ben), told(ana), told(owner)) == (["red_alert"], [], [])


def test_an_alarm_hands_over_to_somebody_who_is_there(write: Write, ana: Staff, ben: Staff, owner: Staff) -> None:
    one = write("hello")
    actions.assign(one.contact_id, one.id, staff_id=ana.pk, by=None)
    come(ben)
    alarms.look(after(one, hours=2))
    assert again(one).assignee_id == ben.pk
    assert told(ben) == ["assigned", "red_alert"]
    # Who had it learns that it was taken from them.
    assert told(ana) == ["assigned", "red_alert"]


def test_where_nobody_else_is_there_it_stays_with_whom_it_is(write: Write, ana: Staff, owner: Staff) -> None:
    one = write("hello")
    actions.assign(one.contact_id, one.id, staff_id=ana.pk, by=None)
    alarms.look(after(one, hours=2))
    assert again(one).assignee_id == ana.pk


def test_an_alarm_moves_a_conversation_to_another_team_and_somebody_there(
    write: Write, ana: Staff, ben: Staff, owner: Staff
) -> None:
    night = Team.objects.create(name="Night")
    TeamMember.objects.create(team=night, staff=ben)
    come(ana)
    come(ben)
    values = {"tell_assignee": True, "hand_over": "team", "to_team_id": night.pk, "raise_to": 1}
    service.set_alarm_rule(None, Level.BREACH, values=values, by=owner)
    one = write("hello")
    alarms.look(after(one, minutes=30))
    assert (again(one).team_id, again(one).assignee_id, again(one).priority) == (night.pk, ben.pk, 1)


def test_a_red_alert_wakes_what_was_snoozed_and_the_targets_do_not(write: Write, ana: Staff, owner: Staff) -> None:
    one = write("hello")
    actions.snooze(one.contact_id, one.id, until=after(one, days=2), by=ana)
    alarms.look(after(one, minutes=40))
    assert (again(one).state, raised(one)) == ("snoozed", [])
    alarms.look(after(one, hours=2))
    assert (again(one).state, raised(one)) == ("open", [3])


def test_a_lead_without_a_page_gets_a_template_on_their_phone_once_in_a_while(
    write: Write, owner: Staff, account: Any, channel: Any
) -> None:
    template = Template.objects.create(
        account=account,
        name="red_alert",
        language="en",
        category="utility",
        state="approved",
        components=[{"type": "BODY", "text": "A customer has waited for two hours."}],
    )
    values = {"phones": ["+33 6 39 98 77 77"], "channel_id": channel.pk, "template_id": template.pk}
    service.set_alarm_rule(None, Level.RED, values=values, by=owner)
    one = write("hello")
    alarms.look(after(one, hours=2))
    with connection.cursor() as cursor:
        cursor.execute("SELECT args->>'rule_id' FROM procrastinate_jobs WHERE task_name = 'inbox.call_out'")
        [(rule_id,)] = cursor.fetchall()
    assert callouts.send(int(rule_id)) == 1
    assert callouts.send(int(rule_id)) == 0
    [message] = Message.objects.filter(template=template)
    assert message.contact.phone == "+33639987777"


def test_a_kill_in_the_middle_raises_nothing_and_the_next_look_raises_it_once(write: Write, owner: Staff) -> None:
    one = write("hello")
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        alarms.look(after(one, hours=2))
        raise KeyboardInterrupt
    assert (raised(one), told(owner)) == ([], [])
    alarms.look(after(one, hours=2))
    assert (raised(one), told(owner)) == ([3], ["red_alert"])


def test_what_can_not_be_raised_is_tried_again_and_holds_nobody_up(write: Write, owner: Staff) -> None:
    """A fault of one conversation: its alarm hands over to a team that somebody with psql has just taken away."""
    one, two = write("hello"), write("hello", phone="33639980002")
    day, night = Team.objects.create(name="Day"), Team.objects.create(name="Night")
    Conversation.objects.filter(contact_id=one.contact_id).update(team_id=day.pk)
    service.set_alarm_rule(day.pk, Level.RED, values={"hand_over": "team", "to_team_id": night.pk}, by=owner)
    now = max(after(one, hours=2), after(two, hours=2))
    # What is set has been read; nobody says that it has changed since.
    current()
    night.delete()
    assert alarms.look(now) == 2
    assert (raised(one), raised(two)) == ([], [3])
    assert (again(one).alarm, again(one).team_id) == (Conversation.Alarm.NONE, day.pk)
    assert again(one).look_at == now + timedelta(minutes=1)
    opening.changed()
    alarms.look(now + timedelta(minutes=1))
    assert raised(one) == [3]


@pytest.mark.django_db(transaction=True)
def test_several_workers_raise_each_alarm_once(write: Write, owner: Staff) -> None:
    ones = [write("hello", phone=f"336399800{n:02}") for n in range(12)]
    now = max(after(one, hours=2) for one in ones)
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        try:
            for _ in range(6):
                alarms.look(now, limit=3)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    close_old_connections()
    while alarms.look(now):
        pass
    assert [raised(one) for one in ones] == [[3]] * 12
    assert told(owner) == ["red_alert"] * 12


def test_the_same_settings_are_read_once_and_a_change_is_seen_at_once(owner: Staff) -> None:
    first = current()
    assert current() is first
    service.set_targets(None, None, values={"first_seconds": 240}, by=owner)
    assert current().targets[0].first_seconds == 240


def come(staff: Staff) -> None:
    """Somebody opens a page."""
    presence.call(staff)


class Row:
    """A row of settings, for the arithmetic."""

    def __init__(self, team_id: int | None, priority: int | None, **values: Any) -> None:
        self.team_id, self.priority = team_id, priority
        for name in Targets.__dataclass_fields__:
            setattr(self, name, values.get(name))


def test_the_most_particular_value_counts() -> None:
    rows = [
        Row(7, 2, first_seconds=1),
        Row(7, None, first_seconds=2, next_seconds=2),
        Row(None, 2, first_seconds=3, next_seconds=3, breach_seconds=3),
        Row(None, None, first_seconds=4, next_seconds=4, breach_seconds=4, red_seconds=4),
    ]
    held = targets_for(rows, 7, 2)
    assert (held.first_seconds, held.next_seconds, held.breach_seconds, held.red_seconds) == (1, 2, 3, 4)
    other = targets_for(rows, 8, 0)
    assert (other.first_seconds, other.closing_seconds) == (4, 3600)


SECONDS = some.integers(60, 3 * 86_400)
MOMENTS = some.integers(0, 365 * 24 * 60).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n))
OFFICE = Hours("Europe/Paris", (parse_spans("9:00-12:30, 13:30-18:00"),) * 5 + ((), ()), "FR")


@settings(deadline=None)
@given(MOMENTS, some.lists(SECONDS, min_size=3, max_size=3).map(sorted), some.sampled_from([OFFICE, ALWAYS]))
def test_alarms_come_in_their_order_and_never_before_the_wait(since: datetime, times: list[int], hours: Hours) -> None:
    targets = Targets(first_seconds=times[0], breach_seconds=times[1], red_seconds=times[2], red_in_hours=True)
    wait = Wait(since, False, since + timedelta(hours=24))
    found = due(wait, targets, hours)
    assert None not in (found.late_at, found.breach_at, found.red_at)
    assert found.closing_at
    assert since < found.late_at <= found.breach_at <= found.red_at
    assert since <= found.closing_at < since + timedelta(hours=24)
