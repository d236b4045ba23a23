"""The page of the audit log, and the same as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..web.downloads import download
from ..web.pages import page_or_piece
from . import audit as log
from . import audit_words as words
from .requests import StaffRequest


@login_required
@require_safe
def audit(request: StaffRequest) -> HttpResponse:
    asked = _asked(request)
    page = log.deeds(request.user, asked, after=request.GET.get("after"))
    names = log.names_of(page.items)
    context: dict[str, Any] = {"asked": asked, "page": page, "rows": [_row(deed, names) for deed in page.items]}
    if not getattr(request, "htmx", False):
        verbs = [(verb, words.verb_words(verb)) for verb in log.verbs(request.user)]
        context["verbs"] = sorted(verbs, key=lambda one: one[1].casefold())
        context["people"] = [*log.people(request.user), ("none", _("Nobody of the staff"))]
    return page_or_piece(request, "team/audit.html", "team/_audit.html", context)


@login_required
@require_safe
def export(request: StaffRequest) -> HttpResponseBase:
    # Asked before the answer begins: a stream can't be refused any more.
    asked = _asked(request)
    found = log.all_deeds(request.user, asked)
    log.deeds(request.user, asked, limit=1)
    header = [_("Time (UTC)"), _("Who"), _("API key"), _("What"), _("Subject"), _("Field"), _("Was"), _("Became")]
    return download("audit", request.GET.get("as"), header, _lines(found))


def _lines(found: Iterator[log.Deed]) -> Iterator[list[Any]]:
    for deed in found:
        start = [deed.at, words.who(deed), deed.key.name if deed.key else ""]
        for entry in deed.verbs:
            yield [
                *start,
                words.verb_words(entry.verb),
                entry.subject,
                "",
                "",
                words.detail_words(entry.detail, entry.subject),
            ]
        for change in deed.changes:
            row = words.said(change, {})
            for one in row.differences or [words.Difference("", None, None)]:
                what = f"{row.noun} {row.what}"
                yield [*start, what, f"{change.place}/{change.row_key}", one.field, one.was or "", one.became or ""]


def _row(deed: log.Deed, names: words.Names) -> dict[str, Any]:
    return {
        "deed": deed,
        "who": words.who(deed),
        "verbs": [
            {
                "words": words.verb_words(entry.verb),
                "subject": entry.subject,
                "name": words.subject_words(entry.subject, names),
                "detail": words.detail_words(entry.detail, entry.subject),
            }
            for entry in deed.verbs
        ],
        "changes": [(words.said(change, names), f"{change.place}/{change.row_key}") for change in deed.changes],
    }


def _asked(request: HttpRequest) -> log.Asked:
    given = request.GET
    days = {}
    for name in ("since", "until"):
        try:
            day = parse_date(given.get(name, ""))
        except ValueError:
            day = None
        # Beyond these years a day more is no date.
        days[name] = day if day and 1900 < day.year < 2200 else None
    return log.Asked(
        person=given.get("person", "")[:20],
        subject=given.get("subject", "").strip()[:120],
        verb=given.get("verb", "")[:60],
        since=days["since"],
        until=days["until"],
    )
