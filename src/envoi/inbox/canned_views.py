"""Canned replies: the page on which they are kept, and what the composer offers after "/"."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..core.errors import NotAllowed, Problem
from ..team.requests import StaffRequest
from ..team.rights import may
from ..web.pages import go, page_or_piece
from . import beside, canned, queries
from .filling import filled
from .forms import CannedForm


@login_required
@require_safe
def canned_list(request: StaffRequest) -> HttpResponse:
    asked = request.GET.get("q", "")[:200]
    context = {
        "replies": canned.canned_replies(request.user, q=asked),
        "asked": asked,
        "may_write": may(request.user, "inbox.write"),
    }
    return page_or_piece(request, "inbox/canned.html", "inbox/_canned_rows.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def canned_edit(request: StaffRequest, canned_id: int | None = None) -> HttpResponse:
    """A new one, or one that there is."""
    if not may(request.user, "inbox.write"):
        raise NotAllowed(_("Your role does not include this. Ask an administrator."))
    one = canned.canned_reply_for(request.user, canned_id) if canned_id else None
    start: dict[str, object] = {"text": request.GET.get("text", "")[:4096]}
    if one is not None:
        start = {
            "shortcut": one.shortcut,
            "title": one.title,
            "text": one.text,
            "language": one.language,
            "team": one.team_id,
        }
    form = CannedForm(request.POST or None, initial=start, teams=beside.teams(request.user))
    if form.is_valid():
        try:
            if one is None:
                kept = canned.add(**form.values(), by=request.user)
            else:
                kept = canned.change(one.pk, **form.values(), by=request.user)
        except NotAllowed:
            raise
        except Problem as problem:
            form.add_error(None, problem.sentence)
        else:
            messages.success(request, _("“/%(shortcut)s” is kept.") % {"shortcut": kept.shortcut})
            return redirect("inbox:canned")
    return render(request, "inbox/canned_edit.html", {"form": form, "one": one}, status=422 if form.is_bound else 200)


@login_required
@require_POST
def canned_delete(request: StaffRequest, canned_id: int) -> HttpResponse:
    canned.delete(canned_id, by=request.user)
    messages.success(request, _("The canned reply is deleted."))
    return go(request, "inbox:canned")


@login_required
@require_safe
def canned_words(request: StaffRequest, contact_id: int, conversation_id: int) -> JsonResponse:
    """All that the reader may use, filled for this customer, those in their language first."""
    one = queries.conversation_for(request.user, contact_id, conversation_id)
    language = one.contact.language.split("-")[0]
    found = canned.canned_replies(request.user)
    found.sort(key=lambda reply: (bool(reply.language) and reply.language.split("-")[0] != language, reply.shortcut))
    listed = [
        {
            "id": reply.pk,
            "shortcut": reply.shortcut,
            "title": reply.title,
            "text": filled(reply.text, one.contact, request.user),
        }
        for reply in found
    ]
    answer = JsonResponse({"items": listed})
    answer["Cache-Control"] = "private, max-age=60"
    return answer
