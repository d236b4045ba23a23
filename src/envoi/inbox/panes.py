"""The context of each piece of the inbox's page; views put them together and render."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from ..core.paging import Page
from ..team.models import Staff
from ..team.requests import StaffRequest
from ..team.rights import may
from . import beside, queries
from .asked import Asked
from .finding import found
from .opening import Open, opened
from .rows import row_of, tabs
from .showing import drawn

LINES = 50
moment_now = timezone.now


def where_work_is(by: Staff) -> str:
    """The view to open when none is asked for: one's own, or the first of the others that has something."""
    counted = queries.counts(by)
    return next((view for view in ("mine", "unassigned", "waiting", "all") if counted[view]), "mine")


def queue(request: StaffRequest, asked: Asked, open_key: str = "") -> dict[str, Any]:
    """The left pane: views, filters, rows."""
    numbers = beside.numbers(request.user)
    return {
        "asked": asked,
        "open_key": open_key,
        "views": tabs(asked, queries.counts(request.user)),
        "channels": numbers,
        "tags": beside.tags_to_filter(request.user),
        **_rows(request, asked, many_channels=len(numbers) > 1),
    }


def rows(request: StaffRequest, asked: Asked, open_key: str = "") -> dict[str, Any]:
    """The rows alone, with the views' counts."""
    several = len(beside.numbers(request.user)) > 1
    views = tabs(asked, queries.counts(request.user))
    return {"asked": asked, "open_key": open_key, "views": views, **_rows(request, asked, many_channels=several)}


def _rows(request: StaffRequest, asked: Asked, *, many_channels: bool) -> dict[str, Any]:
    page: Page[Any] = queries.conversations(
        request.user, asked.view, q=asked.q, **asked.filters(), after=asked.after or None
    )
    shown = [row_of(one, asked, many_channels=many_channels) for one in page.items]
    return {
        "rows": shown,
        "hits": found(request.user, asked, many_channels=many_channels) if asked.q and not asked.after else [],
        "next": page.next,
        "next_href": asked.href(after=page.next) if page.next else "",
        "first_href": asked.href(after=""),
        "all_href": asked.href(view="all", team="", channel="", tag="", after=""),
        "unassigned_href": asked.href(view="unassigned", q="", after=""),
        "rows_url": asked.href(),
    }


def conversation(request: StaffRequest, contact_id: int, conversation_id: int, asked: Asked) -> dict[str, Any]:
    """The middle and the right: head, thread, composer, customer."""
    one = opened(request.user, contact_id, conversation_id, asked)
    return {
        **head(request, one),
        **thread(request, one),
        "side": beside.side_of(request.user, one.contact, conversation_id=conversation_id),
        "text": queries.draft_of(request.user, contact_id, conversation_id),
    }


def head(request: StaffRequest, one: Open) -> dict[str, Any]:
    """What stands above the thread."""
    people, teams = beside.colleagues(request.user), beside.teams(request.user)
    if not may(request.user, "inbox.assign"):
        # Taking over and letting go are everybody's; giving to others is not.
        people = [person for person in people if person.id in (request.user.pk, one.assignee_id)]
        teams = [team for team in teams if team[0] == one.team_id]
    return {"open": one, "people": people, "takers": teams}


def thread(request: StaffRequest, one: Open, *, before: str = "") -> dict[str, Any]:
    """The last lines, or those before a place."""
    lines = queries.thread(request.user, one.contact_id, one.id, before=before or None, limit=LINES)
    older = lines[0].cursor if len(lines) == LINES else ""
    return {
        "lines": drawn(lines, customer=str(one.contact), reader=request.user),
        "older": older,
        "older_href": f"{one.url}thread?{urlencode({'before': older})}" if older else "",
    }
