"""Merging two records, undoing it, one person's data, and their erasure."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..contacts import queries as contacts
from ..team.requests import StaffRequest
from ..team.rights import require
from ..web.pages import go
from . import erasing, exporting, merging
from .words import field_word, readable, said, table_word


@login_required
@require_http_methods(["GET", "HEAD"])
def choose(request: StaffRequest, contact_id: int) -> HttpResponse:
    require(request.user, "contacts.merge")
    contact = contacts.contact_for(request.user, contact_id)
    search = request.GET.get("q", "").strip()
    found = contacts.contact_list(request.user, search=search, limit=20).items if search else []
    others = [one for one in found if one.pk != contact.pk]
    return render(request, "records/choose.html", {"contact": contact, "search": search, "others": others})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: StaffRequest, kept_id: int, gone_id: int) -> HttpResponse:
    require(request.user, "contacts.merge")
    for one in (gone_id, kept_id):
        if (now := merging.merged_into(one)) is not None:
            # An old link, or the button pressed twice: the two are where it would have led.
            messages.info(request, _("These two records are one already."))
            return go(request, "reports:contact", now)
    if request.method == "POST":
        merging.merge(kept_id=kept_id, gone_id=gone_id, by=request.user)
        messages.success(request, _("The two records are one. This page can undo it."))
        return go(request, "reports:contact", kept_id)
    seen = merging.preview(request.user, kept_id=kept_id, gone_id=gone_id)
    context = {
        "seen": seen,
        "fields": [
            (field_word(name), *(said(name, value) for value in values)) for name, *values in seen.fields if any(values)
        ],
        "rows": [(table_word(row.table), row) for row in seen.rows],
    }
    return render(request, "records/merge.html", context)


@login_required
@require_POST
def undo(request: StaffRequest, merge_id: int) -> HttpResponse:
    merged = merging.undo(merge_id, by=request.user)
    messages.success(request, _("They are two again."))
    return go(request, "reports:contact", merged.kept_id)


@login_required
@require_http_methods(["GET", "HEAD"])
def data(request: StaffRequest, contact_id: int) -> HttpResponse:
    found = exporting.person_data(contact_id, by=request.user)
    if request.GET.get("as") == "json":
        text = json.dumps(found.as_json(), ensure_ascii=False, indent=1)
        answer = HttpResponse(text, content_type="application/json; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="person-{contact_id}.json"'
        return answer
    tables = [(table_word(name), *readable(rows, name)) for name, rows in found.tables.items() if rows]
    names, values = readable([found.contact], "contacts")
    own = list(zip(names, values[0], strict=True))
    context = {"contact": contacts.contact_for(request.user, contact_id), "own": own, "tables": tables}
    return render(request, "records/data.html", context)


@login_required
@require_POST
def erase(request: StaffRequest, contact_id: int) -> HttpResponse:
    erasing.erase(contact_id, by=request.user)
    messages.success(request, _("The person is erased."))
    return go(request, "contacts:list")
