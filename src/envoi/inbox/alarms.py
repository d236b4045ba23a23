"""Raises the alarms that are due: tells people, hands conversations over, makes them more urgent. Runs in the worker.

Each alarm is raised once for each wait, however many workers look and whatever is killed: what it does and that it was
raised are one transaction, and a conversation that somebody works on is passed over until the next look.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import DatabaseError, connection, transaction

from ..core import clock as time
from ..messaging.models import Pair
from ..notifications.actions import notify
from ..notifications.models import Notification
from ..team import presence
from ..team.models import Staff, TeamMember
from ..team.rights import may
from . import assigning, callouts, live
from .clock import Level, Service, closing_told, current
from .happenings import note_event
from .holding import change
from .models import AlarmRule, AssignmentRule, Conversation
from .steering import assign
from .words import path_of

log = logging.getLogger("envoi.inbox")

BATCH = 50
# What fails for a reason of its own is tried again after a while, and holds nobody else up.
AGAIN_SECONDS = 60

Kind = Notification.Kind
Priority = Conversation.Priority

# conversations_to_look_at gives what is due in order; the customer is held before the conversation, as everywhere, and
# whoever is held by somebody else is passed over.
DUE = """
SELECT c.contact_id, c.id
  FROM conversations c JOIN contacts p ON p.id = c.contact_id
 WHERE c.look_at <= %(now)s
 ORDER BY c.look_at
 LIMIT %(limit)s
   FOR NO KEY UPDATE OF p SKIP LOCKED
"""
LATER = """
UPDATE conversations SET look_at = %(now)s::timestamptz + %(again)s * interval '1 second'
 WHERE contact_id = %(contact_id)s AND id = %(id)s
"""
AGAIN_FOR_ALL = "UPDATE conversations SET look_at = %(now)s WHERE state <> 'closed' AND waiting_since IS NOT NULL"


@transaction.atomic
def look(now: datetime | None = None, *, limit: int = BATCH) -> int:
    """Look at the conversations that are due, raise what is due; returns how many were looked at."""
    now = now or time.service_now()
    service = current()
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now, "limit": limit})
        rows = cursor.fetchall()
    for contact_id, conversation_id in rows:
        try:
            with transaction.atomic():
                _look(contact_id, conversation_id, now, service)
        except DatabaseError:
            raise
        except Exception:
            log.exception("the alarm of conversation %s failed; again in a minute", conversation_id)
            with connection.cursor() as cursor:
                where = {"contact_id": contact_id, "id": conversation_id}
                cursor.execute(LATER, {"now": now, "again": AGAIN_SECONDS, **where})
    return len(rows)


def look_again(now: datetime | None = None) -> None:
    """Look at everybody who waits, in the caller's transaction: what is set about the service has changed."""
    with connection.cursor() as cursor:
        cursor.execute(AGAIN_FOR_ALL, {"now": now or time.service_now()})


def _look(contact_id: int, conversation_id: int, now: datetime, service: Service) -> None:
    conversation = Conversation.objects.select_for_update(of=("self",)).select_related("contact")
    one = conversation.filter(contact_id=contact_id, id=conversation_id).first()
    if one is None:
        return
    window = _window(one)
    if level := _level(one, now, service, window):
        _raise(one, level, now, service)
    if _closes(one, now, service, window):
        change(one, window_alarm_at=now)
        _raise(one, Level.CLOSING, now, service, until=window)
    change(one, look_at=service.next_look(one, window, now))


def _level(one: Conversation, now: datetime, service: Service, window: datetime | None) -> Level | None:
    """The highest alarm that is due and has not been raised for this wait: after a pause one is enough."""
    due = service.due(one, window)
    if due is None:
        return None
    snoozed = one.state == Conversation.State.SNOOZED
    times = {Level.RED: due.red_at}
    if not snoozed:
        times |= {Level.BREACH: due.breach_at, Level.LATE: due.late_at}
    for level, at in sorted(times.items(), reverse=True):
        if at is not None and at <= now:
            return level if level > one.alarm else None
    return None


def _closes(one: Conversation, now: datetime, service: Service, window: datetime | None) -> bool:
    """Whether to tell that the window closes: it is near, still open, and was not told yet."""
    due = service.due(one, window)
    if due is None or due.closing_at is None or window is None:
        return False
    return due.closing_at <= now < window and not closing_told(one, due.closing_at)


def _raise(one: Conversation, level: Level, now: datetime, service: Service, until: datetime | None = None) -> None:
    rule = service.alarm_rule(one.team_id, level)
    if level != Level.CLOSING:
        change(one, alarm=level)
    if rule.raise_to is not None and rule.raise_to > one.priority:
        detail = {"from": one.priority, "to": rule.raise_to, "why": "alarm"}
        note_event(one.contact_id, one.id, "priority", detail=detail)
        change(one, priority=rule.raise_to)
    if one.state == Conversation.State.SNOOZED:
        # What can't be put to sleep is where people look for it.
        change(one, state=Conversation.State.OPEN, snoozed_until=None)
        note_event(one.contact_id, one.id, "reopened", detail={"why": "alarm"})
    had = one.assignee_id
    note_event(one.contact_id, one.id, "alarm", detail={"alarm": int(level)})
    facts = {"contact": str(one.contact), "level": int(level), "at": now.isoformat()}
    if one.waiting_since:
        facts["since"] = one.waiting_since.isoformat()
    if until:
        facts["until"] = until.isoformat()
    _hand_over(one, rule)
    people = _people(one, rule, had)
    kind = {Level.RED: Kind.RED_ALERT, Level.CLOSING: Kind.WINDOW_CLOSING}.get(level, Kind.WAITING)
    notify(people, kind, link=path_of(one.contact_id, one.id), facts=facts)
    callouts.call_out(rule)
    live.tell(one.contact_id, one.id, "alarm", assignee=one.assignee_id)


def _hand_over(one: Conversation, rule: AlarmRule) -> None:
    """Give it to somebody else, or to another team and somebody there; where there is nobody, it stays."""
    team: int | None = one.team_id
    if rule.hand_over == AlarmRule.HandOver.NO:
        return
    if rule.hand_over == AlarmRule.HandOver.TEAM:
        if rule.to_team_id is None or rule.to_team_id == one.team_id:
            return
        team = one.team_id = rule.to_team_id
    besides = [one.assignee_id] if one.assignee_id else []
    # Who shares out by hand still wants an alarm to reach somebody who is there.
    staff_id = assigning.pick(one, besides=besides, share=AssignmentRule.Share.LEAST)
    if rule.hand_over == AlarmRule.HandOver.AGAIN:
        if staff_id is not None:
            assign(one.contact_id, one.id, staff_id=staff_id, by=None, why="alarm")
    else:
        assign(one.contact_id, one.id, team_id=team, staff_id=staff_id, by=None, why="alarm")
    one.refresh_from_db(fields=["assignee_id", "team_id"])


def _people(one: Conversation, rule: AlarmRule, had: int | None) -> list[int]:
    """Whom the rule tells, each once. Somebody is told: where nobody else is, who leads."""
    people: list[int] = []
    if rule.tell_assignee:
        people += [staff_id for staff_id in (one.assignee_id, had) if staff_id]
    if rule.tell_leads or not (people or rule.tell_online):
        people += leads_of(one.team_id)
    if rule.tell_online:
        people += [staff.pk for staff in presence.there(one.team_id) if may(staff, "inbox.write")]
    return list(dict.fromkeys(people))


def leads_of(team_id: int | None) -> list[int]:
    """Who leads a team; where nobody does, everybody who may give conversations to others."""
    leads: Iterable[int] = ()
    if team_id is not None:
        members = TeamMember.objects.filter(team_id=team_id, leads=True, staff__is_active=True)
        leads = members.values_list("staff_id", flat=True)
    found = list(leads)
    return found or [one.pk for one in Staff.objects.filter(is_active=True) if may(one, "inbox.assign")]


def _window(one: Conversation) -> datetime | None:
    pairs = Pair.objects.filter(contact_id=one.contact_id, channel_id=one.channel_id)
    return pairs.values_list("window_open_until", flat=True).first()
