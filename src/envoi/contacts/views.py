"""The contact list and imports."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..core import clock
from ..core.errors import BadInput
from ..core.paging import whole
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web.downloads import download, download_file
from ..web.live import stream
from ..web.look import language_choices
from ..web.pages import go, page_or_piece
from ..web.templatetags.look import count, percent
from . import actions, exporting, preparing, queries
from .columns import ATTRIBUTE, TITLE
from .forms import ColumnsForm, ContactForm, ListForm, UploadForm, meanings
from .rejects import rejected_rows
from .stored import KEPT, is_stored, is_to_unpack


@login_required
@require_safe
def contact_list(request: StaffRequest) -> HttpResponse:
    form = ListForm(request.GET)
    asked = form.asked()
    page = queries.contact_list(request.user, **asked, after=request.GET.get("after") or None)
    context = {
        "page": page,
        "asked": asked,
        "filtered": _filtered(asked),
        "tags": queries.tags(),
        "is_cut": form.is_cut,
    }
    context["may_export"] = may(request.user, "contacts.export")
    return page_or_piece(
        request, "contacts/list.html", "contacts/_rows.html", context | {"languages": language_choices()}
    )


@login_required
@require_safe
def export(request: StaffRequest) -> HttpResponseBase:
    header, rows = exporting.export(request.user, **ListForm(request.GET).asked())
    return download(_("contacts"), request.GET.get("as"), header, rows)


@login_required
@require_POST
def tag(request: StaffRequest) -> HttpResponse:
    picked = [number for one in request.POST.getlist("contact") if (number := whole(one)) is not None]
    act = actions.untag if request.POST.get("do") == "untag" else actions.tag
    changed = act(picked, name=request.POST.get("name", ""), by=request.user)
    done = ngettext("%(n)s contact changed.", "%(n)s contacts changed.", changed)
    messages.success(request, done % {"n": count(changed)})
    return redirect(_back(request, "contacts:list"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: StaffRequest) -> HttpResponse:
    require(request.user, "contacts.write")
    form = ContactForm(request.POST or None)
    if not form.is_valid():
        return render(request, "contacts/add.html", {"form": form}, status=422 if form.is_bound else 200)
    contact_id = actions.add_contact(**form.values(), by=request.user)
    return redirect("reports:contact", contact_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start_import(request: StaffRequest) -> HttpResponse:
    require(request.user, "contacts.import")
    form = UploadForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        context = {"form": form, "imports": queries.imports(request.user)[:6]}
        return render(request, "contacts/import.html", context, status=422 if form.is_bound else 200)
    name, file = form.content()
    started = actions.start_import(
        kind=form.cleaned_data["kind"], file_name=name, file=file, options={}, by=request.user, draft=True
    )
    return redirect("contacts:import_columns", started.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_columns(request: StaffRequest, import_id: int) -> HttpResponse:
    if not queries.is_readable(request.user, import_id):
        # A large workbook is the worker's; its page shows how far that is, and comes back here.
        return redirect("contacts:import_show", import_id)
    try:
        one, preview = queries.preview_of(request.user, import_id)
    except BadInput as problem:
        # A file that can't be read: the page says so, with the way back to another one.
        one = queries.import_for(request.user, import_id)
        return render(
            request, "contacts/import_columns.html", {"import": one, "unreadable": problem.sentence}, status=422
        )
    initial = preview.remembered | {"tags": _("import %(day)s") % {"day": one.created_at.date().isoformat()}}
    form = ColumnsForm(request.POST or None, kind=one.kind, columns=len(preview.columns), initial=initial)
    if form.is_valid():
        try:
            preparing.choose(
                import_id, options=form.options(), check_only=request.POST.get("do") == "check", by=request.user
            )
            return redirect("contacts:import_show", import_id)
        except BadInput as problem:
            form.add_error(None, problem.sentence)
    context = {"import": one, "form": form, "preview": preview, "columns": _columns(preview, form)}
    return render(request, "contacts/import_columns.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def import_go(request: StaffRequest, import_id: int) -> HttpResponse:
    preparing.go_on(import_id, by=request.user)
    return redirect("contacts:import_show", import_id)


@login_required
@require_POST
def import_again(request: StaffRequest, import_id: int) -> HttpResponse:
    """The same file once more, from its columns on."""
    return redirect("contacts:import_columns", actions.import_again(import_id, by=request.user).pk)


@login_required
@require_POST
def import_undo(request: StaffRequest, import_id: int) -> HttpResponse:
    actions.undo_import(import_id, by=request.user)
    return go(request, "contacts:import_show", import_id)


@login_required
@require_safe
def import_show(request: StaffRequest, import_id: int) -> HttpResponse:
    return render(request, "contacts/import_show.html", _import_context(request, import_id))


@login_required
@require_safe
def import_live(request: StaffRequest, import_id: int) -> StreamingHttpResponse:
    def piece() -> tuple[str, dict[str, Any], bool]:
        context = _import_context(request, import_id)
        return "contacts/_import.html", context, not context["over"]

    return stream(request, piece)


@login_required
@require_safe
def import_rejects(request: StaffRequest, import_id: int) -> HttpResponseBase:
    one = queries.import_for(request.user, import_id)
    path = queries.rejects_path(one)
    name = _("rejects") + f"-{one.pk}"
    if request.GET.get("as") == "xlsx":
        rows = rejected_rows(path)
        return download(name, "xlsx", next(rows), rows)
    return download_file(path, f"{name}.csv")


@login_required
@require_POST
def import_cancel(request: StaffRequest, import_id: int) -> HttpResponse:
    actions.cancel_import(import_id, by=request.user)
    return redirect("contacts:import_show", import_id)


def _import_context(request: StaffRequest, import_id: int) -> dict[str, Any]:
    one = queries.import_for(request.user, import_id)
    over = one.state in ("draft", "checked", "finished", "failed", "cancelled", "undone")
    share = one.bytes_done / one.bytes_total if one.bytes_total else 0.0
    elapsed = (clock.now() - one.started_at).total_seconds() if one.started_at else 0.0
    # After a second the past tells enough of the future to be worth a line.
    left = elapsed * (1 - share) / share if share > 0 and elapsed > 1 else None
    return {
        "import": one,
        "over": over,
        "read_share": percent(share),
        "seconds_left": left,
        "can_undo": one.state == "finished" and actions.can_undo(one),
        "can_choose": one.state in preparing.OPEN and is_stored(one) and not is_to_unpack(one),
        "is_stored": is_stored(one),
        "kept_days": KEPT.days,
    }


def _columns(preview: preparing.Preview, form: ColumnsForm) -> list[dict[str, Any]]:
    """What the page shows of each column; after a refusal, what was chosen and not what was guessed."""
    whats = form.given or [column.what for column in preview.columns]
    return [
        {
            "title": column.title,
            "cells": column.cells,
            "what": what,
            "attribute": what.startswith(ATTRIBUTE),
            "name": what.removeprefix(ATTRIBUTE) if what.startswith(ATTRIBUTE) else column.title[:TITLE],
            "choices": meanings(form.kind),
        }
        for column, what in zip(preview.columns, whats, strict=True)
    ]


def _filtered(asked: dict[str, Any]) -> bool:
    return any(asked[name] for name in ("search", "tag", "marketing", "language"))


def _back(request: StaffRequest, otherwise: str) -> str:
    """The list as it was, when the address is one of ours."""
    address = request.POST.get("next", "")
    return address if url_has_allowed_host_and_scheme(address, {request.get_host()}) else otherwise
