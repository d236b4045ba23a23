"""Writing in a conversation: replies, notes, files, drafts, reactions, and taking back. Without scripts a refused form
comes back whole; with them the sentence stands above the field."""

from __future__ import annotations

import json
from contextlib import suppress

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ..core.errors import BadInput, NotFound, Problem
from ..core.paging import whole
from ..media import queries as files
from ..messaging.sending import What, WindowClosed
from ..team.requests import StaffRequest
from ..team.rights import require
from ..web.templatetags.look import count
from . import actions, panes, queries
from .asked import asked
from .keeping import kept
from .places import url_of
from .thread import line_for
from .views import whole_page

LONGEST_TEXT, LONGEST_CAPTION = 4_096, 1_024  # Meta sheet, A.2
WITH_CAPTION = ("image", "video", "document")


@login_required
@require_POST
def send(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    """What the composer holds: a note, or a reply with its files."""
    require(request.user, "inbox.write")
    text = request.POST.get("text", "").replace("\0", "")
    try:
        if request.POST.get("mode") == "note":
            actions.add_note(contact_id, conversation_id, text=text, by=request.user)
            actions.save_draft(contact_id, conversation_id, text="", by=request.user)
            return done(request, contact_id, conversation_id, "inbox:noted")
        sent = _reply(request, contact_id, conversation_id, text)
    except Problem as problem:
        with suppress(Problem):
            actions.save_draft(contact_id, conversation_id, text=text, by=request.user)
        return refused(request, contact_id, conversation_id, problem)
    return done(request, contact_id, conversation_id, "inbox:sent", messages=sent)


@transaction.atomic
def _reply(request: StaffRequest, contact_id: int, conversation_id: int, text: str) -> list[int]:
    """All of it goes, or nothing does."""
    if not any(request.POST.getlist("anyway")):
        actions.not_crossing(contact_id, conversation_id, by=request.user)
    canned = whole(request.POST.get("canned", ""))
    changed = canned is not None and text.strip() != request.POST.get("canned_text", "").strip()
    reply_to = request.POST.get("reply_to", "")[:500]
    sent = []
    for message in _messages(request, text.strip()):
        sent.append(
            actions.reply(
                contact_id,
                conversation_id,
                message,
                reply_to=reply_to,
                canned_id=canned,
                changed=changed,
                by=request.user,
            )
        )
        reply_to = ""
    return sent


def _messages(request: StaffRequest, text: str) -> list[What]:
    """The files, the first that can with the text under it, else the text by itself first."""
    held = [files.library_file(request.user, one) for one in map(whole, request.POST.getlist("attached")) if one]
    if given := request.FILES.get("file"):
        held.append(kept(given, by=request.user))
    if not text and not held:
        raise BadInput(_("Write something first, or add a file."))
    if len(text) > LONGEST_TEXT:
        words = {"most": count(LONGEST_TEXT), "length": count(len(text))}
        raise BadInput(_("A message has at most %(most)s characters; this one has %(length)s.") % words)
    under = next((file for file in held if file.kind in WITH_CAPTION), None) if len(text) <= LONGEST_CAPTION else None
    made = []
    if text and under is None:
        made.append(What("text", {"body": text, "preview_url": "https://" in text}, text))
    for file in held:
        content: dict[str, object] = {"file": file.pk}
        if file is under and text:
            content["caption"] = text
        if file.kind == "document":
            content["filename"] = file.name
        made.append(What(file.kind, content, text if file is under else ""))
    return made


@login_required
@require_POST
def upload(request: StaffRequest) -> HttpResponse:
    """A file dropped, pasted or chosen: kept in the library, handed back as a chip. Its bytes decide what it is."""
    require(request.user, "media.write")
    given = request.FILES.get("file")
    if given is None:
        raise BadInput(_("Choose a file."))
    return render(request, "inbox/_chip.html", {"file": kept(given, by=request.user)})


@login_required
@require_POST
def take_back(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    require(request.user, "inbox.write")
    message_id = whole(request.POST.get("message", ""))
    if message_id is None:
        raise NotFound(_("There is no such message."))
    line = line_for(request.user, contact_id, message_id)
    text = line.message.text if line and line.message and line.message.kind == "text" else ""
    if not actions.take_back(contact_id, message_id, by=request.user):
        raise Problem(_("It has left already: what is sent can’t be called back."))
    if text and not queries.draft_of(request.user, contact_id, conversation_id):
        actions.save_draft(contact_id, conversation_id, text=text, by=request.user)
    return done(request, contact_id, conversation_id, "inbox:taken", text=text)


@login_required
@require_POST
def react(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    about, emoji = request.POST.get("message_id", "")[:500], request.POST.get("emoji", "")[:40]
    message = What("reaction", {"message_id": about, "emoji": emoji}, emoji)
    actions.reply(contact_id, conversation_id, message, by=request.user)
    return done(request, contact_id, conversation_id, "inbox:changed")


@login_required
@require_POST
def draft(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    actions.save_draft(contact_id, conversation_id, text=request.POST.get("text", ""), by=request.user)
    return HttpResponse(status=204)


@login_required
@require_POST
def composing(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    actions.now_composing(contact_id, conversation_id, by=request.user)
    return HttpResponse(status=204)


def done(request: StaffRequest, contact_id: int, conversation_id: int, event: str, **detail: object) -> HttpResponse:
    """The page's scripts are told what happened; without them the page comes anew."""
    if not getattr(request, "htmx", False):
        return redirect(url_of(contact_id, conversation_id))
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = json.dumps({event: detail})
    return answer


def refused(request: StaffRequest, contact_id: int, conversation_id: int, problem: Problem) -> HttpResponse:
    """The sentence, and nothing lost: the text is in the field still, and kept as a draft."""
    if getattr(request, "htmx", False):
        name = "inbox/_crossed.html" if isinstance(problem, actions.JustAnswered) else "_problem.html"
        answer = render(request, name, {"problem": problem}, status=problem.status)
        if isinstance(problem, WindowClosed):
            answer["HX-Trigger"] = json.dumps({"inbox:window-closed": {}})
        return answer
    wanted = asked(request.GET)
    context = panes.conversation(request, contact_id, conversation_id, wanted)
    typed = {
        "text": request.POST.get("text", ""),
        "problem": problem,
        "crossed": isinstance(problem, actions.JustAnswered),
        "mode": request.POST.get("mode", ""),
    }
    return whole_page(request, context | typed, wanted, status=problem.status)
