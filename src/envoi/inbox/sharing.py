"""Gives waiting conversations that nobody has to who is there now: somebody came in, or has room again."""

from __future__ import annotations

from django.db import connection, transaction

from ..team import presence
from . import assigning
from .clock import current
from .models import AssignmentRule, Conversation
from .steering import assign

AT_MOST = 100

# The customer before the conversation, and whom somebody holds is passed over, as in inbox.alarms.
HOLD = "SELECT 1 FROM contacts WHERE id = %(contact_id)s FOR NO KEY UPDATE SKIP LOCKED"


def share_out(*, at_most: int = AT_MOST) -> int:
    """Give what waits, the head of the queue first; returns how many found somebody. Each is its own transaction."""
    if not presence.there().exists():
        return 0
    service = current()
    # conversations_waiting: the queue's own order; providers say whole seconds, among which the earlier one is first.
    waiting = Conversation.objects.filter(
        state=Conversation.State.OPEN, waiting_since__isnull=False, assignee__isnull=True
    ).order_by("-priority", "-worth", "waiting_since", "id")
    given, nobody = 0, set()
    for contact_id, conversation_id, team_id in waiting.values_list("contact_id", "id", "team_id")[:at_most]:
        rule = service.assignment_rule(team_id)
        if team_id in nobody or rule.share == AssignmentRule.Share.NOBODY:
            continue
        if _give(contact_id, conversation_id):
            given += 1
        elif not rule.strict:
            # Who did not get this one gets none of the same team; with strict rules the next may suit somebody.
            nobody.add(team_id)
    return given


@transaction.atomic
def _give(contact_id: int, conversation_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(HOLD, {"contact_id": contact_id})
        if cursor.fetchone() is None:
            return False
    held = Conversation.objects.select_for_update(skip_locked=True)
    one = held.filter(contact_id=contact_id, id=conversation_id).first()
    if one is None or one.assignee_id is not None or one.waiting_since is None:
        return False
    if one.state != Conversation.State.OPEN:
        return False
    staff_id = assigning.pick(one)
    if staff_id is None:
        return False
    assign(contact_id, conversation_id, staff_id=staff_id, by=None, why="chosen")
    return True
