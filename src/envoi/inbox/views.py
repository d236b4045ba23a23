"""The inbox's page: the list, one conversation, their pieces, live events."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from ..team.requests import StaffRequest
from ..team.rights import may
from . import actions, beside, hub, panes, queries, rows, viewing
from .asked import Asked, asked
from .places import url_of


@login_required
@require_safe
def conversation_list(request: StaffRequest) -> HttpResponse:
    wanted = asked(request.GET)
    target = request.headers.get("HX-Target", "")
    if target == "queue-rows":
        context = panes.rows(request, wanted, request.headers.get("X-Open", ""))
        return _varied(render(request, "inbox/_rows_answer.html", context | {"oob": True}))
    if not request.GET and not target and (busy := panes.where_work_is(request.user)) != wanted.view:
        return redirect(wanted.href(view=busy))
    context = panes.queue(request, wanted, request.headers.get("X-Open", ""))
    if target == "queue":
        return _varied(render(request, "inbox/_queue.html", context | {"teams": beside.teams(request.user)}))
    return _varied(render(request, "inbox/inbox.html", context | _around(request)))


@login_required
@require_safe
def show(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    wanted = asked(request.GET)
    if "view" not in request.GET and not request.headers.get("HX-Target"):
        wanted = replace(wanted, view=panes.where_work_is(request.user))
    context = panes.conversation(request, contact_id, conversation_id, wanted)
    _seen(request, contact_id, conversation_id)
    if request.headers.get("HX-Target") == "open":
        return _varied(render(request, "inbox/_open.html", context))
    return _varied(whole_page(request, context, wanted))


@login_required
@require_safe
def show_by_point(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    return redirect(url_of(contact_id, conversation_id), permanent=True)


def whole_page(request: StaffRequest, context: dict[str, object], wanted: Asked, status: int = 200) -> HttpResponse:
    """The three panes with a conversation open; also how a form that was refused comes back without scripts."""
    one = context["open"]
    left = panes.queue(request, wanted, one.key)  # type: ignore[attr-defined]
    return render(request, "inbox/inbox.html", left | context | _around(request), status=status)


@login_required
@require_safe
def now(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    """What may have changed of an open conversation: its head and its newest lines."""
    one = panes.opened(request.user, contact_id, conversation_id, asked(request.GET))
    if request.GET.get("seen") == "1":
        _seen(request, contact_id, conversation_id)
    return render(request, "inbox/_now.html", panes.head(request, one) | panes.thread(request, one))


@login_required
@require_safe
def thread(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    """Older lines, or with `around` the whole page at a message."""
    one = panes.opened(request.user, contact_id, conversation_id, asked(request.GET))
    context = panes.thread(request, one, before=request.GET.get("before", ""))
    if not getattr(request, "htmx", False):
        whole = panes.conversation(request, contact_id, conversation_id, asked(request.GET))
        return whole_page(request, whole | context, asked(request.GET))
    return render(request, "inbox/_older.html", {"open": one} | context)


@login_required
@require_safe
def segments(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    queries.conversation_for(request.user, contact_id, conversation_id)
    context = {
        "segments": beside.segments_with(request.user, contact_id),
        "may_see": may(request.user, "segments.read"),
    }
    return render(request, "inbox/_segments.html", context)


@login_required
@require_safe
def live(request: StaffRequest) -> HttpResponseBase:
    return hub.stream(request, only=request.GET.get("only", ""))


@require_safe
def waiting(request: StaffRequest) -> HttpResponse:
    """How many wait, for the rail of every page. Whoever has been signed out meanwhile gets nothing there."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    counted = queries.counts(request.user)
    return render(request, "inbox/_waiting.html", {"waiting": rows.shown(counted["waiting"]), "red": counted["red"]})


@login_required
@require_POST
def here(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    """Somebody has it open: colleagues who have it open too are told."""
    viewing.now_viewing(contact_id, conversation_id, by=request.user)
    return HttpResponse(status=204)


def _seen(request: StaffRequest, contact_id: int, conversation_id: int) -> None:
    # Who may only read has not taken care of what came.
    if may(request.user, "inbox.write") and request.method == "GET":
        actions.mark_read(contact_id, conversation_id, by=request.user)


def _around(request: StaffRequest) -> dict[str, object]:
    people = [{"id": one.id, "name": one.name, "email": one.email} for one in beside.colleagues(request.user)]
    return {"colleagues": people, "teams": beside.teams(request.user)}


def _varied(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
