"""The templates: what each says, whether it may be sent, and writing, handing in, comparing with the provider."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..core.errors import Problem
from ..team.requests import StaffRequest
from ..web.live import stream
from ..web.look import language_name
from ..web.pages import go, page_or_piece
from . import actions, composing, queries, wording
from .errors import NameTaken, NotEditable, Unfit
from .forms import Editor
from .languages import CODES


@login_required
@require_safe
def template_list(request: StaffRequest) -> HttpResponse:
    search, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    every = queries.templates(request.user)
    shown = [one for one in every if _matches(one, search, state)]
    context = {
        "shown": [(one, _sample(one)) for one in shown],
        "any": bool(every),
        "search": search,
        "state": state,
        "states": queries.Template.State.choices,
        **_syncs(request),
    }
    return page_or_piece(request, "message_templates/list.html", "message_templates/_cards.html", context)


@login_required
@require_safe
def syncs(request: StaffRequest) -> HttpResponse:
    return render(request, "message_templates/syncs.html", _syncs(request))


@login_required
@require_safe
def syncs_live(request: StaffRequest) -> StreamingHttpResponse:
    def piece() -> tuple[str, dict[str, Any], bool]:
        context = _syncs(request)
        return "message_templates/_syncs.html", context, context["syncing"]

    return stream(request, piece)


@login_required
@require_POST
def ask_sync(request: StaffRequest, account_id: int) -> HttpResponse:
    actions.ask_sync(account_id, by=request.user)
    return go(request, "message_templates:syncs")


@login_required
@require_safe
def show(request: StaffRequest, template_id: int) -> HttpResponse:
    return render(request, "message_templates/show.html", _shown(request, template_id))


@login_required
@require_safe
def live(request: StaffRequest, template_id: int) -> StreamingHttpResponse:
    def piece() -> tuple[str, dict[str, Any], bool]:
        context = _shown(request, template_id)
        return "message_templates/_moving.html", context, context["moving"]

    return stream(request, piece)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    queries.writer(request.user)
    data = request.POST if request.method == "POST" else None
    editor = Editor(data, accounts=queries.accounts(request.user))
    if data is None or not _saves(data):
        return _editing(request, editor)
    if not editor.check():
        return _editing(request, editor, status=422)
    try:
        template = actions.create(editor.account_id(), editor.words(), by=request.user)
    except NameTaken as problem:
        editor.refuse({"name": problem.sentence})
        return _editing(request, editor, status=422)
    return _saved(request, template.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, template_id: int) -> HttpResponse:
    queries.writer(request.user)
    template = queries.template_for(request.user, template_id)
    actions.may_change(template)
    wanted = template.draft or {"category": template.category, "components": template.components}
    if not composing.fits(wanted["components"]):
        raise NotEditable(_("This template has parts that this page can’t change: change it at the provider."))
    words = composing.decompose(template.name, template.language, wanted["category"], wanted["components"])
    data = request.POST if request.method == "POST" else None
    fixed = bool(template.provider_id)
    editor = Editor(
        data,
        accounts=[one for one in queries.accounts(request.user) if one.pk == template.account_id],
        words=words,
        account_id=template.account_id,
        fixed=fixed,
    )
    if data is None or not _saves(data):
        return _editing(request, editor, template=template)
    if not editor.check():
        return _editing(request, editor, status=422, template=template)
    try:
        actions.change(template_id, editor.words(), by=request.user)
    except NameTaken as problem:
        editor.refuse({"name": problem.sentence})
        return _editing(request, editor, status=422, template=template)
    return _saved(request, template_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: StaffRequest, template_id: int) -> HttpResponse:
    queries.writer(request.user)
    template = queries.template_for(request.user, template_id)
    language, problem = request.POST.get("language", ""), ""
    if request.method == "POST":
        try:
            made = actions.copy(template_id, language=language, by=request.user)
        except (Unfit, NameTaken) as error:
            problem = error.sentence
        else:
            return redirect("message_templates:edit", made.pk)
    choices = sorted(((code, language_name(code)) for code in CODES), key=lambda one: one[1].casefold())
    context = {"template": template, "languages": choices, "language": language, "problem": problem}
    return render(request, "message_templates/copy.html", context, status=422 if problem else 200)


@login_required
@require_POST
def submit(request: StaffRequest, template_id: int) -> HttpResponse:
    actions.submit(template_id, by=request.user)
    return go(request, "message_templates:show", template_id)


@login_required
@require_POST
def forget(request: StaffRequest, template_id: int) -> HttpResponse:
    actions.forget_change(template_id, by=request.user)
    return go(request, "message_templates:show", template_id)


@login_required
@require_POST
def delete(request: StaffRequest, template_id: int) -> HttpResponse:
    if actions.delete(template_id, by=request.user):
        return go(request, "message_templates:list")
    return go(request, "message_templates:show", template_id)


def _saves(data: Any) -> bool:
    return data.get("do") in ("save", "submit")


def _saved(request: StaffRequest, template_id: int) -> HttpResponse:
    """The draft is kept; when it can't be handed in as well, its page says why."""
    if request.POST.get("do") == "submit":
        actions.submit(template_id, by=request.user)
    return go(request, "message_templates:show", template_id)


def _editing(
    request: StaffRequest, editor: Editor, *, status: int = 200, template: queries.Template | None = None
) -> HttpResponse:
    """The page; or the form alone when a row came or went; or, while one types, the preview with the samples."""
    words = editor.words()
    samples = editor.samples()
    keys = " ".join(row.key for row in samples)
    context = {
        "editor": editor,
        "bubble": wording.bubble(composing.compose(words), words.samples),
        "sender": editor.sender,
        "samples": samples,
        "sample_keys": keys,
        "new_samples": request.POST.get("shown_samples", "") != keys,
        "inserts": _inserts(),
        "template": template,
    }
    page = "message_templates/edit.html"
    if getattr(request, "htmx", False):
        page = "message_templates/_preview_answer.html"
        if request.POST.get("do", "preview") != "preview":
            page = "message_templates/_editor_answer.html"
    return render(request, page, context, status=status)


def _inserts() -> list[tuple[str, str]]:
    """Variables that one click writes into the text."""
    words = {
        "first_name": _("First name"),
        "name": _("Full name"),
        "code": _("Code"),
        "date": _("Date"),
        "amount": _("Amount"),
    }
    return [("{{" + name + "}}", label) for name, label in words.items()]


def _syncs(request: StaffRequest) -> dict[str, Any]:
    rows = queries.syncs(request.user)
    return {
        "syncs": rows,
        "syncing": any(queries.is_moving(one) for _account, one in rows),
        "may_write": queries.may_write(request.user),
    }


def _shown(request: StaffRequest, template_id: int) -> dict[str, Any]:
    template = queries.template_for(request.user, template_id)
    return {
        "template": template,
        "bubble": _sample(template),
        "wanted": _bubble(template.draft["components"]) if template.draft else None,
        "variables": wording.variables(template.components),
        "headers": wording.headers(template.components),
        "others": queries.languages_of(template),
        "moving": queries.is_live(template),
        "may_write": queries.may_write(request.user),
        "may_change": _may_change(template),
    }


def _may_change(template: queries.Template) -> bool:
    try:
        actions.may_change(template)
    except Problem:
        return False
    return True


def _matches(template: queries.Template, search: str, state: str) -> bool:
    words = search.casefold().replace(" ", "_")
    text = " ".join(str(part.get("text", "")) for part in template.components).casefold()
    return (not state or template.state == state) and (words in template.name.casefold() or search.casefold() in text)


def _sample(template: queries.Template) -> wording.Bubble:
    """The template with the samples that were sent for review."""
    return _bubble(template.components)


def _bubble(components: Any) -> wording.Bubble:
    samples = {one.key: one.sample for one in wording.variables(components) if one.sample}
    return wording.bubble(components, samples)
