"""Who gets a new conversation. It looks at who is there, has room, knows the customer, speaks their language, can help.

Several processes may give at once: each takes a lock on the person before it counts, so nobody gets more than their
capacity and two conversations in one moment go to two people. Whoever is being given one at this moment is passed over;
a conversation that found nobody is tried again by inbox.sharing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.db import connection
from django.db.models import Count

from ..contacts.models import Contact, ContactTag
from ..team import presence
from ..team.models import Staff
from ..team.rights import may
from .clock import Service, current
from .models import AssignmentRule, AssignmentTurn, Conversation, MessageAuthor, SkillRule

Share = AssignmentRule.Share

# The first number says what is locked, the second whose: advisory, so that it meets no other lock on the person's row.
# A try never waits: two processes with a batch each, that want each other's people, go on.
LOCK = "SELECT pg_try_advisory_xact_lock(1701736310, %(staff_id)s)"
# conversations_of_staff counts them.
LOAD = "SELECT count(*) FROM conversations WHERE assignee_id = %(staff_id)s AND state = 'open'"
TAKE = """
INSERT INTO assignment_turns (staff_id, given_at) VALUES (%(staff_id)s, clock_timestamp())
ON CONFLICT (staff_id) DO UPDATE SET given_at = EXCLUDED.given_at
"""
GIVE = """
UPDATE conversations SET assignee_id = %(staff_id)s WHERE contact_id = %(contact_id)s AND id = %(id)s
"""


def choose(conversation: Conversation, service: Service | None = None) -> int | None:
    """Give a new conversation to somebody and return their id, None to leave it to whoever takes it.

    The row says so at once, so that the next one of the same transaction counts it. service: what is set now,
    where the caller has asked that already.
    """
    staff_id = pick(conversation, service=service)
    if staff_id is not None:
        with connection.cursor() as cursor:
            cursor.execute(GIVE, {"staff_id": staff_id, "contact_id": conversation.contact_id, "id": conversation.id})
    return staff_id


def pick(
    conversation: Conversation, *, besides: Collection[int] = (), share: str = "", service: Service | None = None
) -> int | None:
    """Who should get a conversation; locked until the transaction ends, in which the caller assigns it to them.

    besides: who should not. share: how, where the rule of the team says that nobody is chosen. service: what is set
    now, where the caller has asked that already.
    """
    rule = (service or current()).assignment_rule(conversation.team_id)
    way = rule.share if rule.share != Share.NOBODY else share
    if not way or way == Share.NOBODY:
        return None
    candidates = [
        one
        for one in presence.there(conversation.team_id).distinct()
        if one.pk not in besides and may(one, "inbox.write")
    ]
    if not candidates:
        return None
    for one in _ordered(candidates, conversation, rule, way):
        if _take(one):
            return one.pk
    return None


def _ordered(candidates: Sequence[Staff], conversation: Conversation, rule: AssignmentRule, way: str) -> list[Staff]:
    """Those who have room, the best first."""
    ids = [one.pk for one in candidates]
    loads = _loads(ids)
    turns = dict(AssignmentTurn.objects.filter(staff_id__in=ids).values_list("staff_id", "given_at"))
    last = _last_agent(conversation) if rule.last_agent else None
    language = _language(conversation) if rule.language else ""
    needed = _needed(conversation) if rule.skills else set()

    def misses(one: Staff) -> tuple[bool, bool]:
        return (not needed <= {skill.casefold() for skill in one.skills}, bool(language) and not _speaks(one, language))

    def place(one: Staff) -> tuple[object, ...]:
        given = turns[one.pk].timestamp() if one.pk in turns else 0.0
        load = loads.get(one.pk, 0)
        return (one.pk != last, *misses(one), *((load, given) if way == Share.LEAST else (given, load)), one.pk)

    able = [one for one in candidates if loads.get(one.pk, 0) < one.capacity]
    if rule.strict:
        able = [one for one in able if not any(misses(one))]
    return sorted(able, key=place)


def _take(staff: Staff) -> bool:
    """Whether this conversation may go to them: nobody else is giving them one, and they still have room."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"staff_id": staff.pk})
        if not cursor.fetchone()[0]:
            return False
        # Counted again under the lock: what others gave before has been committed by now.
        cursor.execute(LOAD, {"staff_id": staff.pk})
        if cursor.fetchone()[0] >= staff.capacity:
            return False
        cursor.execute(TAKE, {"staff_id": staff.pk})
    return True


def _loads(ids: Iterable[int]) -> dict[int, int]:
    rows = Conversation.objects.filter(assignee_id__in=ids, state=Conversation.State.OPEN)
    return dict(rows.values_list("assignee_id").annotate(Count("id")).order_by())


def _last_agent(conversation: Conversation) -> int | None:
    """Who of the staff last wrote to this customer."""
    authors = MessageAuthor.objects.filter(contact_id=conversation.contact_id, staff__isnull=False)
    return authors.order_by("-message_id").values_list("staff_id", flat=True).first()


def _language(conversation: Conversation) -> str:
    found = Contact.objects.filter(pk=conversation.contact_id).values_list("language", flat=True).first()
    return _bare(found or "")


def _speaks(staff: Staff, language: str) -> bool:
    """Whether they answer in it; who has named no language answers in that of their pages."""
    return language in {_bare(code) for code in staff.speaks or [staff.language]}


def _bare(code: str) -> str:
    return code.replace("_", "-").split("-")[0].lower()


def _needed(conversation: Conversation) -> set[str]:
    """The skills that this customer's tags ask for."""
    tags = ContactTag.objects.filter(contact_id=conversation.contact_id).values("tag_id")
    return {skill.casefold() for skill in SkillRule.objects.filter(tag_id__in=tags).values_list("skill", flat=True)}
