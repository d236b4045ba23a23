"""Reading the inbox: lists page by page, how many there are, one conversation, and why it stands where it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, F, OrderBy, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from ..contacts.finding import newest_ids
from ..contacts.models import ContactTag
from ..core.errors import BadInput, NotFound
from ..core.paging import Page, whole
from ..messaging.models import Pair
from ..team.models import Staff
from ..team.rights import require
from .models import Composing, Conversation, Draft
from .thread import Line, thread
from .why import why_here

__all__ = [
    "MOST_COUNTED",
    "VIEWS",
    "Line",
    "composing_now",
    "conversation_for",
    "conversations",
    "counts",
    "current_conversation",
    "draft_of",
    "thread",
    "why_here",
    "with_window",
]

State = Conversation.State
VIEWS = ("mine", "unassigned", "all", "waiting", "red", "snoozed", "closed")
# A list says "999+" beyond this: to count a million would take longer than to read the page.
MOST_COUNTED = 1_000
MOST_PEOPLE = 500
# A tag of so many customers is looked up at once; one of more than MANY_TAGGED is soon met in any long list.
FEW_TAGGED, MANY_TAGGED = 1_000, 20_000
STRETCH = 10_000

Found = QuerySet[Conversation]


@dataclass(frozen=True, slots=True)
class _View:
    """What a view shows, and its order: columns of an index, newest or most urgent first."""

    which: Callable[[Staff | None], Q]
    order: tuple[str, ...]


OPEN = Q(state=State.OPEN)
BY_TIME = ("-last_at", "-id")
# Urgent first, then who spends more, then who waits longest.
QUEUE = ("-priority", "-worth", "waiting_since", "id")
_VIEWS = {
    "mine": _View(lambda by: OPEN & Q(assignee=by), BY_TIME),
    "unassigned": _View(lambda by: OPEN & Q(assignee=None), BY_TIME),
    "all": _View(lambda by: OPEN, BY_TIME),
    "waiting": _View(lambda by: OPEN & Q(waiting_since__isnull=False), QUEUE),
    "red": _View(lambda by: OPEN & Q(alarm=Conversation.Alarm.RED), ("waiting_since", "id")),
    "snoozed": _View(lambda by: Q(state=State.SNOOZED), ("snoozed_until", "id")),
    "closed": _View(lambda by: Q(state=State.CLOSED), BY_TIME),
}


def conversations(
    by: Staff | None,
    view: str = "all",
    *,
    q: str = "",
    team: int | None = None,
    channel: int | None = None,
    tag: int | None = None,
    contact: int | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Conversation]:
    """One page of a view, each with its contact, channel, assignee and team, and `window_open_until`.

    q: part of a name, a phone or a user name (what was written is searched by `searching`). Raises BadInput for a view
    that there is not and a cursor that is not of this view.
    """
    require(by, "inbox.read")
    if view not in _VIEWS:
        raise BadInput(_("There is no such list of conversations."))
    shown = _VIEWS[view]
    found, few = Conversation.objects.filter(shown.which(by)), False
    if contact is not None:
        found = found.filter(contact_id=contact)
    if team is not None:
        found = found.filter(team_id=team)
    if channel is not None:
        found = found.filter(channel_id=channel)
    if q := q.strip():
        # Those who came last, where very many match: nobody reads a list of everybody called “a”.
        found = found.filter(contact_id__in=newest_ids(q, most=MOST_PEOPLE))
    if after:
        found = found.filter(_beyond(shown.order, _place(after, shown.order)))
    if tag is not None:
        found, few = _tagged(found, tag, shown.order, limit=limit, is_long=view == "closed")
    if few:
        # Their keys first: all of them are sorted, and only a page of them is worth the look at its contacts.
        keys = list(found.order_by(*_sorted(shown.order)).values_list("contact_id", "id")[: limit + 1])
        found = Conversation.objects.filter(contact_id__in={one[0] for one in keys}, id__in=[one[1] for one in keys])
    rows = list(with_window(found).order_by(*shown.order)[: limit + 1])
    page = rows[:limit]
    return Page(page, next=_cursor(page[-1], shown.order) if len(rows) > limit else None)


def counts(by: Staff | None) -> dict[str, int]:
    """How many each view has, MOST_COUNTED at most: one statement, each part along its index until there are enough."""
    require(by, "inbox.read")
    me = by.pk if by else None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM (SELECT 1 FROM conversations
                                           WHERE state = 'open' AND assignee_id = %(me)s LIMIT %(most)s) m),
                   (SELECT count(*) FROM (SELECT 1 FROM conversations
                                           WHERE state = 'open' AND assignee_id IS NULL LIMIT %(most)s) u),
                   (SELECT count(*) FROM (SELECT 1 FROM conversations WHERE state = 'open' LIMIT %(most)s) a),
                   (SELECT count(*) FROM (SELECT 1 FROM conversations
                                           WHERE state = 'open' AND waiting_since IS NOT NULL LIMIT %(most)s) w),
                   (SELECT count(*) FROM (SELECT 1 FROM conversations
                                           WHERE state = 'open' AND alarm = 3 LIMIT %(most)s) r),
                   (SELECT count(*) FROM (SELECT 1 FROM conversations WHERE state = 'snoozed' LIMIT %(most)s) s),
                   (SELECT count(*) FROM (SELECT 1 FROM conversations WHERE state = 'closed' LIMIT %(most)s) c)
            """,
            {"me": me, "most": MOST_COUNTED},
        )
        return dict(zip(VIEWS, cursor.fetchone(), strict=True))


def conversation_for(by: Staff | None, contact_id: int, conversation_id: int) -> Conversation:
    """One conversation with its contact, channel, assignee and team, and `window_open_until`. Raises NotFound."""
    require(by, "inbox.read")
    try:
        return with_window(Conversation.objects.all()).get(contact_id=contact_id, id=conversation_id)
    except Conversation.DoesNotExist:
        raise NotFound(_("There is no such conversation.")) from None


def current_conversation(by: Staff | None, contact_id: int, channel_id: int | None = None) -> Conversation | None:
    """A customer's open conversation, else the one that was closed last; of one number, or of any."""
    require(by, "inbox.read")
    found = with_window(Conversation.objects.filter(contact_id=contact_id))
    if channel_id is not None:
        found = found.filter(channel_id=channel_id)
    closed = Case(When(state=State.CLOSED, then=Value(True)), default=Value(False), output_field=BooleanField())
    return found.order_by(closed, "-last_at", "-id").first()


def draft_of(by: Staff, contact_id: int, conversation_id: int) -> str:
    """What the reader has begun to write there, "" for nothing."""
    found = Draft.objects.filter(contact_id=contact_id, conversation_id=conversation_id, staff=by)
    return found.values_list("text", flat=True).first() or ""


def composing_now(by: Staff | None, contact_id: int, conversation_id: int) -> list[Staff]:
    """Colleagues who write there at this moment."""
    require(by, "inbox.read")
    found = Composing.objects.filter(
        contact_id=contact_id, conversation_id=conversation_id, until__gt=timezone.now()
    ).select_related("staff")
    return [one.staff for one in found if by is None or one.staff_id != by.pk]


def _tagged(found: Found, tag: int, order: Sequence[str], *, limit: int, is_long: bool) -> tuple[Found, bool]:
    """Those whose customers have a tag, looked for from whichever end is nearer.

    Few customers: their conversations are looked up, and sorted then by what no index is in the order of, lest the
    planner walks the whole list for a few; the second value says so. Else the list is walked along its index. All but
    the closed ones are some ten thousand at most: each is looked for among the tag's customers, who are read once. Of
    the closed ones a usual tag is soon met; of another one the last STRETCH are looked through, and all looked up when
    that was not enough.
    """
    tagged = ContactTag.objects.filter(tag_id=tag)
    some = tagged[: MANY_TAGGED + 1].count()
    if some > FEW_TAGGED and not is_long:
        return _among(found, tag), False
    if some > MANY_TAGGED:
        # A scalar subquery is asked row by row; an EXISTS the planner may turn into a join.
        has_it = Subquery(tagged.filter(contact_id=OuterRef("contact_id")).values("tag_id")[:1])
        return found.alias(has_it=has_it).filter(has_it__isnull=False), False
    if some > FEW_TAGGED:
        edge = found.order_by(*order).values_list("last_at", flat=True)[STRETCH : STRETCH + 1].first()
        near = _among(found if edge is None else found.filter(last_at__gte=edge), tag)
        if edge is None or len(near.order_by(*order).values_list("id")[: limit + 1]) > limit:
            return near, False
    # As one array: thousands of parameters would take longer to read than to look up.
    few = list(tagged.values_list("contact_id", flat=True))
    return found.extra(where=["conversations.contact_id = ANY(%s::bigint[])"], params=[few]), True


def _among(found: Found, tag: int) -> Found:
    """Filtered by the tag's customers, hashed once. IS TRUE keeps the planner from making a join of it."""
    is_among = "(conversations.contact_id IN (SELECT t.contact_id FROM contact_tags t WHERE t.tag_id = %s)) IS TRUE"
    return found.extra(where=[is_among], params=[tag])  # noqa: S610  (a constant, and its parameter)


def _sorted(order: Sequence[str]) -> list[OrderBy]:
    """The same order without an index."""
    columns = [(F(name.removeprefix("-")), name.startswith("-")) for name in order]
    return [OrderBy(Coalesce(column, column), descending=falling) for column, falling in columns]


def with_window(found: Found) -> Found:
    """With contact, channel, assignee and team, and `window_open_until`: until when free words may go, or None."""
    window = Pair.objects.filter(
        contact_id=OuterRef("contact_id"), channel_id=OuterRef("channel_id"), window_open_until__gt=Now()
    )
    return found.select_related("contact", "channel", "assignee", "team").annotate(
        window_open_until=Subquery(window.values("window_open_until")[:1])
    )


def _cursor(last: Conversation, order: Sequence[str]) -> str:
    values = [getattr(last, name.removeprefix("-")) for name in order]
    return " ".join(one.isoformat() if isinstance(one, datetime) else str(one) for one in values)


def _place(text: str, order: Sequence[str]) -> list[Any]:
    """The values of the order's columns in a cursor. Raises BadInput."""
    words = text.split(" ")
    wrong = BadInput(_("This cursor is not one of this list: start again without it."))
    if len(words) != len(order):
        raise wrong
    values: list[Any] = []
    for name, word in zip(order, words, strict=True):
        if name.removeprefix("-") in ("last_at", "waiting_since", "snoozed_until"):
            try:
                at = datetime.fromisoformat(word)
            except ValueError:
                raise wrong from None
            if at.tzinfo is None:
                raise wrong
            values.append(at)
        else:
            number = whole(word)
            if number is None:
                raise wrong
            values.append(number)
    return values


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """What comes after a place in this order, column by column; the first alone too, which the index begins with."""
    after, same = Q(), Q()
    for name, value in zip(order, values, strict=True):
        column = name.removeprefix("-")
        after |= same & Q(**{f"{column}__lt" if name.startswith("-") else f"{column}__gt": value})
        same &= Q(**{column: value})
    first = order[0].removeprefix("-")
    return Q(**{f"{first}__lte" if order[0].startswith("-") else f"{first}__gte": values[0]}) & after
