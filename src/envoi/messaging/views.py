"""The library of files: what may be sent, what needs it, uploading and deleting."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..core.errors import BadInput
from ..core.paging import Page
from ..media import actions as media
from ..media import queries as files
from ..media.forms import LibraryForm, UploadForm
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web.pages import go, page_or_piece
from . import actions, queries


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def library(request: StaffRequest) -> HttpResponse:
    if request.method == "POST":
        return _upload(request)
    asked = LibraryForm(request.GET).asked()
    page = files.files(request.user, **asked, after=request.GET.get("after"))
    return page_or_piece(request, "messaging/files.html", "messaging/_files.html", _context(request, page, asked))


def _upload(request: StaffRequest) -> HttpResponse:
    require(request.user, "media.write")
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        told = file.content_type or ""
        try:
            kept = media.upload(file, name=file.name, size=file.size, told=told, by=request.user)
        except BadInput as problem:
            form.add_error("file", problem.sentence)
        else:
            messages.success(request, _("“%(name)s” is in the library.") % {"name": kept.name})
            return redirect("messaging:files")
    page = files.files(request.user)
    asked = LibraryForm({}).asked()
    return render(request, "messaging/files.html", _context(request, page, asked) | {"form": form}, status=422)


def _context(request: StaffRequest, page: Page[files.File], asked: dict[str, str]) -> dict[str, object]:
    uses = queries.uses_of_files([file.pk for file in page.items])
    return {
        "page": page,
        "shown": [(file, uses[file.pk].sentence() if file.pk in uses else "") for file in page.items],
        "asked": asked,
        "filtered": any(asked.values()),
        "kinds": files.KINDS,
        "form": UploadForm(),
        "may_write": may(request.user, "media.write"),
    }


@login_required
@require_POST
def delete(request: StaffRequest, file_id: int) -> HttpResponse:
    actions.delete_file(file_id, by=request.user)
    messages.success(request, _("The file is deleted."))
    return go(request, "messaging:files")
