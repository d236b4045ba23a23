"""The page of the service report, the conversations behind a number, and the same as a file."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from ..core.paging import whole
from ..team.opening import company_today
from ..team.requests import StaffRequest
from ..team.rights import may
from ..web.charts import Chart, Series
from ..web.downloads import download
from ..web.look import short_day, whole_day
from ..web.pages import go, page_or_piece
from . import service, service_rows

DAYS = 30


@login_required
@require_safe
def report(request: StaffRequest) -> HttpResponse:
    since, until, group, in_hours = _asked(request)
    found = service.service(request.user, since=since, until=until, group=group, in_hours=in_hours)
    context = {
        "report": found,
        "rows": [(row, _title(group, row)) for row in found.rows],
        "groups": _groups(),
        "chart": _chart(found),
        "speeds": [(one, _speed(one.which)) for one in found.speeds],
        "may_change": may(request.user, "service.write"),
        "may_look": may(request.user, "contacts.read"),
        "stretch": f"from={since.isoformat()}&to={until.isoformat()}{'&hours=open' if in_hours else ''}",
        "clocks": [("open", _("Opening hours only"))],
        "last_days": [(days, _since(days)) for days in (7, 30, 90, 365)],
        "today": company_today(),
    }
    return page_or_piece(request, "reports/service.html", "reports/_service.html", context)


@login_required
@require_safe
def rows(request: StaffRequest) -> HttpResponse:
    since, until, group, in_hours = _asked(request)
    which = request.GET.get("which", "began")
    page = service_rows.rows(
        request.user,
        since=since,
        until=until,
        which=which,
        group=group,
        key=request.GET.get("key"),
        after=request.GET.get("after"),
        in_hours=in_hours,
    )
    context = {"page": page, "title": _which().get(which, _which()["began"]), "since": since, "until": until}
    return render(request, "reports/service_rows.html", context)


@login_required
@require_safe
def export(request: StaffRequest) -> HttpResponseBase:
    since, until, group, in_hours = _asked(request)
    found = service.service(request.user, since=since, until=until, group=group, in_hours=in_hours)
    header = [
        dict(_groups())[group],
        _("Began"),
        _("Answered"),
        pgettext("conversations", "Closed"),
        _("First answer, median (s)"),
        _("First answer, 90 % (s)"),
        _("Resolution, median (s)"),
        _("Within 5 min"),
        _("Over 30 min"),
        _("Asked"),
        _("Answered the question"),
        _("Score"),
        _("Satisfied"),
        _("Written"),
        _("Canned"),
        _("Saved (s)"),
    ]
    lines = (
        [
            _title(group, row),
            row.began,
            row.answered,
            row.closed,
            _whole(row.answer_median),
            _whole(row.answer_p90),
            _whole(row.resolution_median),
            row.quick,
            row.late,
            row.asked,
            row.scored,
            None if row.score is None else round(row.score, 2),
            row.satisfied,
            row.written,
            row.canned,
            row.saved,
        ]
        for row in found.rows
    )
    return download("service", request.GET.get("as"), header, lines)


@login_required
@require_POST
def canned_seconds(request: StaffRequest) -> HttpResponse:
    seconds = whole(request.POST.get("seconds", ""))
    service.set_canned_seconds(-1 if seconds is None else seconds, by=request.user)
    messages.success(request, _("Saved."))
    return go(request, "reports:service")


def _asked(request: HttpRequest) -> tuple[date, date, service.Group, bool]:
    today = company_today()
    since, until = _day(request.GET.get("from")), _day(request.GET.get("to"))
    until = min(until or today, today)
    since = since or until - timedelta(days=DAYS - 1)
    if since > until:
        since = until
    group = request.GET.get("group", "agent")
    in_hours = request.GET.get("hours") == "open"
    longest = service.LONGEST_IN_HOURS - timedelta(days=1) if in_hours else service.LONGEST
    return max(since, until - longest), until, group if group in service.GROUPS else "agent", in_hours


def _day(text: str | None) -> date | None:
    try:
        day = parse_date(text or "")
    except ValueError:
        return None
    return day if day and service.EARLIEST <= day.year <= service.LATEST else None


def _since(days: int) -> date:
    return company_today() - timedelta(days=days - 1)


def _groups() -> list[tuple[str, str]]:
    return [
        ("agent", pgettext("group of a report", "Agent")),
        ("team", pgettext("group of a report", "Team")),
        ("day", pgettext("group of a report", "Day")),
        ("channel", pgettext("group of a report", "Channel")),
    ]


def _title(group: str, row: service.Figures) -> str:
    if group == "day":
        day = _day(row.key)
        return whole_day(day)
    return row.name or (_("nobody") if group == "agent" else pgettext("group of a report", "none"))


def _speed(which: str) -> str:
    return {
        "quick": _("Answered within 5 minutes"),
        "middle": _("Within 5 to 30 minutes"),
        "late": _("After 30 minutes"),
    }[which]


def _which() -> dict[str, str]:
    return {
        "began": _("Conversations that began"),
        "answered": _("Conversations that were answered"),
        "closed": _("Conversations that were closed"),
        "quick": _("Conversations answered within 5 minutes"),
        "late": _("Conversations that waited more than 30 minutes"),
        "scored": _("Conversations with a score"),
        "satisfied": _("Conversations of satisfied customers"),
        "unhappy": _("Conversations of customers who were not satisfied"),
    }


def _chart(found: service.Report) -> Chart:
    """Lines over days; bars for anything else, the twenty with the most."""
    rows = found.rows if found.group == "day" else found.rows[:20]
    if found.group == "day":
        labels = [short_day(_day(row.key) or found.since) for row in rows]
    else:
        labels = [_title(found.group, row) for row in rows]
    series: list[Any] = [
        Series(_("Began"), [row.began for row in rows], "1"),
        Series(_("Answered within 5 min"), [row.quick for row in rows], "good"),
        Series(_("Over 30 min"), [row.late for row in rows], "bad"),
    ]
    return Chart("line" if found.group == "day" else "bar", labels, series)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
