"""The pages of the team as people with their work: the list, one person, leaving, coming back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..core.errors import Problem
from ..core.paging import whole
from ..team import invitations, people, rights, sessions, teams, two_step
from ..team.forms import PersonForm
from ..team.requests import StaffRequest
from ..web.pages import go, page_or_piece
from . import leaving, queries
from .forms import LeaveForm


@login_required
@require_safe
def staff_list(request: StaffRequest) -> HttpResponse:
    given = request.GET
    asked: dict[str, Any] = {
        "q": given.get("q", "").strip()[:200],
        "role": given.get("role", ""),
        "team": whole(given.get("team")),
        "gone": given.get("gone") == "1",
    }
    context: dict[str, Any] = {
        **asked,
        "page": queries.staff_list(request.user, **asked, after=given.get("after")),
        "roles": rights.Staff.Role.choices,
        "teams": teams.choices(),
        "waiting": invitations.invitations(request.user),
    }
    return page_or_piece(request, "staffing/list.html", "staffing/_rows.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: StaffRequest, staff_id: int) -> HttpResponse:
    """One person; posting the form changes what they are here."""
    shown = queries.person(request.user, staff_id)
    staff = shown["person"].staff
    member_of = [pk for pk, name in teams.choices() if name in shown["person"].teams]
    form = PersonForm(
        request.POST or None,
        by=request.user,
        staff=staff,
        initial={
            "name": staff.name,
            "role": staff.role,
            "capacity": staff.capacity,
            "skills": ", ".join(staff.skills),
            "speaks": staff.speaks,
            "teams": member_of,
        },
    )
    if form.is_bound and form.is_valid():
        try:
            people.change(staff_id, **form.cleaned_data, by=request.user)
        except Problem as problem:
            if problem.status == 403 and not shown["may_change"]:
                raise
            form.add_error("role" if problem.status == 403 else None, problem.sentence)
        else:
            messages.success(request, _("Saved."))
            return go(request, "staffing:person", staff_id)
    return render(request, "staffing/person.html", {**shown, "form": form}, status=422 if form.is_bound else 200)


@login_required
@require_POST
def set_rights(request: StaffRequest, staff_id: int) -> HttpResponse:
    """Every right that the page showed as changeable comes back: ticked or not."""
    shown, ticked = request.POST.getlist("shown"), set(request.POST.getlist("right"))
    people.set_rights(staff_id, {right: right in ticked for right in shown}, by=request.user)
    messages.success(request, _("Saved."))
    return go(request, "staffing:person", staff_id)


@login_required
@require_POST
def sign_out(request: StaffRequest, staff_id: int) -> HttpResponse:
    ended = sessions.force_out(staff_id, by=request.user)
    messages.success(
        request, ngettext("%(n)d browser is signed out.", "%(n)d browsers are signed out.", ended) % {"n": ended}
    )
    return go(request, "staffing:person", staff_id)


@login_required
@require_POST
def two_step_off(request: StaffRequest, staff_id: int) -> HttpResponse:
    two_step.take_away(staff_id, by=request.user)
    messages.success(
        request, _("The second step is removed: their password alone lets them in until they set up another.")
    )
    return go(request, "staffing:person", staff_id)


@login_required
@require_POST
def password_link(request: StaffRequest, staff_id: int) -> HttpResponse:
    made = invitations.password_link(staff_id, by=request.user)
    return go(request, "team:invitation", made.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: StaffRequest, staff_id: int) -> HttpResponse:
    """Who takes what somebody leaves behind."""
    shown = queries.leaving(request.user, staff_id)
    form = LeaveForm(request.POST or None, colleagues=shown.colleagues)
    if request.method == "POST":
        form = LeaveForm(request.POST, colleagues=shown.colleagues)
        if form.is_valid():
            staff = leaving.leave(staff_id, **form.heirs(), by=request.user)
            messages.success(request, _("%(name)s has no access any more; the work is handed over.") % {"name": staff})
            return go(request, "staffing:person", staff_id)
    return render(
        request, "staffing/leave.html", {"leaving": shown, "form": form}, status=422 if form.is_bound else 200
    )


@login_required
@require_POST
def come_back(request: StaffRequest, staff_id: int) -> HttpResponse:
    staff = leaving.come_back(staff_id, by=request.user)
    messages.success(request, _("%(name)s may sign in again.") % {"name": staff})
    return go(request, "staffing:person", staff_id)


@login_required
@require_POST
def delete_team(request: StaffRequest, team_id: int) -> HttpResponse:
    name = leaving.delete_team(team_id, to_team=whole(request.POST.get("to")), by=request.user)
    messages.success(request, _("The team “%(name)s” is deleted.") % {"name": name})
    return go(request, "team:teams")
