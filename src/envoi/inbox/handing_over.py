"""Passing conversations on when somebody leaves or a team ends: to a person, to a team, or to nobody yet."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _

from ..notifications.actions import notify
from ..notifications.models import Notification
from ..team.models import Staff
from . import actions
from .models import CannedReply, Conversation

CLOSED = Conversation.State.CLOSED


def open_by_staff() -> dict[int, int]:
    """How many conversations that are not closed each of the staff has; by the partial index of these alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT assignee_id, count(*) FROM conversations
             WHERE state <> 'closed' AND assignee_id IS NOT NULL GROUP BY assignee_id
            """
        )
        return dict(cursor.fetchall())


def open_of(staff_id: int) -> int:
    """How many conversations that are not closed somebody has."""
    return Conversation.objects.filter(assignee_id=staff_id).exclude(state=CLOSED).count()


def open_of_team(team_id: int) -> int:
    """How many conversations that are not closed a team has."""
    return Conversation.objects.filter(team_id=team_id).exclude(state=CLOSED).count()


def from_person(staff_id: int, *, to_staff: int | None, to_team: int | None, limit: int, by: Staff | None) -> int:
    """Pass up to `limit` conversations of somebody on, in the caller's transaction; returns how many went.

    Whoever gets them has been told, all at once: `tell_of_all`.
    """
    rows = Conversation.objects.filter(assignee_id=staff_id).exclude(state=CLOSED).order_by("id")
    keys = list(rows.values_list("contact_id", "id")[:limit])
    for contact_id, conversation_id in keys:
        team = actions.KEEP if to_team is None else to_team
        actions.assign(
            contact_id, conversation_id, staff_id=to_staff, team_id=team, by=by, why=_("handed over"), told=True
        )
    return len(keys)


def tell_of_all(leaver: Staff, to_staff: int, *, by: Staff | None) -> None:
    """Tell who inherits somebody's conversations how many those are, once."""
    count = open_of(leaver.pk)
    if count and (by is None or by.pk != to_staff):
        facts = {"count": count, "by": str(by) if by else "", "from": str(leaver)}
        notify([to_staff], Notification.Kind.ASSIGNED, link="/inbox/?view=mine", facts=facts)


def from_team(team_id: int, *, to_team: int | None, by: Staff | None) -> int:
    """Pass everything of a team on, in the caller's transaction; returns how many open conversations went.

    Open ones are told and get a line; closed ones and canned replies only change the team that they are counted under.
    """
    rows = Conversation.objects.filter(team_id=team_id).exclude(state=CLOSED).order_by("id")
    keys = list(rows.values_list("contact_id", "id", "assignee_id"))
    for contact_id, conversation_id, assignee_id in keys:
        actions.assign(
            contact_id, conversation_id, staff_id=assignee_id, team_id=to_team, by=by, why=_("team handed over")
        )
    Conversation.objects.filter(team_id=team_id).update(team_id=to_team)
    CannedReply.objects.filter(team_id=team_id).update(team_id=to_team)
    return len(keys)
