"""The pages on which the service is set: hours, targets, alarms, assignment; for the company or (?team=) one team."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ..core import clock
from ..core.errors import BadInput, NotFound
from ..core.paging import whole
from ..core.zones import zones
from ..team import hours, opening, presence
from ..team.requests import StaffRequest
from ..team.rights import require
from . import service
from .service_forms import AlarmForm, AssignmentForm, ExceptionForm, HoursForm, SkillForm, TargetsForm

Forms = dict[str, Any]


@login_required
@require_GET
def start(request: StaffRequest) -> HttpResponse:
    """The first of the pages."""
    require(request.user, "service.write")
    return redirect("service:hours")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hours_page(request: StaffRequest) -> HttpResponse:
    """When somebody is there, and the coming year's days that are not as others."""
    team_id = _team_id(request)
    kept = opening.own_hours(team_id, by=request.user)
    held = opening.hours_of(team_id)
    if request.method != "POST":
        return _hours(request, team_id, kept, HoursForm.of(held))
    form = HoursForm(request.POST)
    done = _done(request, "hours", team_id, form, lambda: service.set_hours(team_id, by=request.user, **form.values()))
    return done or _hours(request, team_id, kept, form, status=422)


@login_required
@require_POST
def own_hours_end(request: StaffRequest) -> HttpResponse:
    """A team keeps the company's hours again."""
    team_id = _team_id(request)
    if team_id is not None:
        service.drop_hours(team_id, by=request.user)
    return _saved(request, "service:hours", team_id)


@login_required
@require_GET
def parts(request: StaffRequest) -> HttpResponse:
    """The parts of a country, when another one is chosen."""
    require(request.user, "service.write")
    form = HoursForm(country=request.GET.get("country", "")[:2])
    return render(request, "inbox/service/_part.html", {"form": form})


@login_required
@require_POST
def add_exception(request: StaffRequest) -> HttpResponse:
    """A day that is not as others."""
    team_id = _team_id(request)
    form = ExceptionForm(request.POST)
    usual = request.POST.get("usual") == "yes"

    def act() -> None:
        given = form.cleaned_data
        words = None if usual else given["words"]
        service.set_exception(team_id, given["day"], words=words, name=given["name"], by=request.user)

    if done := _done(request, "hours", team_id, form, act):
        return done
    shown = HoursForm.of(opening.hours_of(team_id))
    kept = opening.own_hours(team_id, by=request.user)
    return _hours(request, team_id, kept, shown, exception=form, status=422)


@login_required
@require_POST
def end_exception(request: StaffRequest, exception_id: int) -> HttpResponse:
    """The day is as any other again."""
    service.drop_exception(exception_id, by=request.user)
    return _saved(request, "service:hours", _team_id(request))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def targets_page(request: StaffRequest) -> HttpResponse:
    """How long customers may wait."""
    team_id = _team_id(request)
    if request.method != "POST":
        priority = whole(request.GET.get("priority", ""))
        form = TargetsForm.of(service.targets(team_id, priority, by=request.user))
        form.initial["priority"] = "" if priority is None else priority
        return _targets(request, team_id, form)
    form = TargetsForm(request.POST)

    def act() -> None:
        service.set_targets(team_id, form.cleaned_data["priority"], values=form.values(), by=request.user)

    done = _done(request, "targets", team_id, form, act)
    return done or _targets(request, team_id, form, status=422)


@login_required
@require_POST
def end_targets(request: StaffRequest, row_id: int) -> HttpResponse:
    """A team or priority is as all others again."""
    service.drop_targets(row_id, by=request.user)
    return _saved(request, "service:targets", _team_id(request))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def alarms_page(request: StaffRequest) -> HttpResponse:
    """What each alarm does; one form for each, each saved by itself."""
    team_id = _team_id(request)
    rules = service.alarm_rules(team_id, by=request.user)
    channels, templates = service.callout_choices(by=request.user)
    choices: Forms = {"teams": service.teams(by=request.user), "channels": channels, "templates": templates}
    level = whole(request.POST.get("level", ""))
    cards, status = [], 200
    for rule in rules:
        if request.method == "POST" and rule.level == level:
            form = AlarmForm(request.POST, prefix=f"a{rule.level}", **choices)
            if done := _done(request, "alarms", team_id, form, _set_alarm(team_id, rule.level, form, request)):
                return done
            status = 422
        else:
            form = AlarmForm(prefix=f"a{rule.level}", initial=AlarmForm.initial_of(rule), **choices)
        cards.append((rule, form))
    own = any(rule.pk for rule in rules)
    return _page(request, "alarms", team_id, {"cards": cards, "own": own}, status=status)


@login_required
@require_POST
def own_alarms_end(request: StaffRequest) -> HttpResponse:
    """A team's alarms do what the company's do."""
    team_id = _team_id(request)
    if team_id is not None:
        service.drop_alarm_rules(team_id, by=request.user)
    return _saved(request, "service:alarms", team_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def assignment_page(request: StaffRequest) -> HttpResponse:
    """To whom new conversations go, and who is there."""
    team_id = _team_id(request)
    rule = service.assignment_rule(team_id, by=request.user)
    if request.method != "POST":
        return _assignment(request, team_id, rule, AssignmentForm.of(rule))
    form = AssignmentForm(request.POST)

    def act() -> None:
        service.set_assignment(team_id, values=form.cleaned_data, by=request.user)

    done = _done(request, "assignment", team_id, form, act)
    return done or _assignment(request, team_id, rule, form, status=422)


@login_required
@require_POST
def own_assignment_end(request: StaffRequest) -> HttpResponse:
    """A team's conversations go where the company's go."""
    team_id = _team_id(request)
    if team_id is not None:
        service.drop_assignment(team_id, by=request.user)
    return _saved(request, "service:assignment", team_id)


@login_required
@require_POST
def add_skill(request: StaffRequest) -> HttpResponse:
    """A tag asks for a skill."""
    form = SkillForm(request.POST)

    def act() -> None:
        service.add_skill_rule(**form.cleaned_data, by=request.user)

    if done := _done(request, "assignment", None, form, act):
        return done
    rule = service.assignment_rule(None, by=request.user)
    return _assignment(request, None, rule, AssignmentForm.of(rule), skill=form, status=422)


@login_required
@require_POST
def end_skill(request: StaffRequest, rule_id: int) -> HttpResponse:
    """The tag asks for it no more."""
    service.drop_skill_rule(rule_id, by=request.user)
    return _saved(request, "service:assignment", None)


def _hours(
    request: StaffRequest,
    team_id: int | None,
    kept: Any,
    form: HoursForm,
    *,
    exception: ExceptionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    held, now = opening.hours_of(team_id), clock.now()
    context: Forms = {
        "form": form,
        "exception": exception or ExceptionForm(),
        "own": kept is not None,
        "days": [
            (one, hours.write_spans(one.spans), hours.write_spans(one.usual))
            for one in opening.special_days(team_id, by=request.user)
        ],
        "open_now": hours.is_open(now, held),
        "always": hours.is_always(held),
        "opens": hours.next_opening(now, held),
        "closes": hours.next_closing(now, held),
        "zone": held.zone,
        "zones": zones(),
    }
    return _page(request, "hours", team_id, context, status=status)


def _targets(request: StaffRequest, team_id: int | None, form: TargetsForm, *, status: int = 200) -> HttpResponse:
    rows = service.own_targets(by=request.user)
    return _page(request, "targets", team_id, {"form": form, "rows": rows}, status=status)


def _assignment(
    request: StaffRequest,
    team_id: int | None,
    rule: Any,
    form: AssignmentForm,
    *,
    skill: SkillForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: Forms = {
        "form": form,
        "own": rule.pk is not None,
        "skill": skill or SkillForm(),
        "skill_rules": service.skill_rules(by=request.user),
        "tags": service.tag_names(by=request.user),
        "skills": service.skills_known(by=request.user),
        "there": list(presence.there(team_id).order_by("name")),
    }
    return _page(request, "assignment", team_id, context, status=status)


def _page(request: StaffRequest, name: str, team_id: int | None, context: Forms, *, status: int) -> HttpResponse:
    context |= {"tab": name, "team_id": team_id, "teams": service.teams(by=request.user)}
    context["team_name"] = service.team_name(team_id, by=request.user)
    context["query"] = f"?team={team_id}" if team_id else ""
    return render(request, f"inbox/service/{name}.html", context, status=status)


def _team_id(request: StaffRequest) -> int | None:
    """The team of the address, None for the company. Raises NotFound."""
    text = request.GET.get("team", "")
    number = whole(text)
    if text and number is None:
        raise NotFound(_("There is no such team."))
    service.team_name(number, by=request.user)
    return number


def _set_alarm(team_id: int | None, level: int, form: AlarmForm, request: StaffRequest) -> Callable[[], None]:
    return lambda: service.set_alarm_rule(team_id, level, values=form.cleaned_data, by=request.user)


def _done(
    request: StaffRequest, page: str, team_id: int | None, form: Any, act: Callable[[], object]
) -> HttpResponse | None:
    """Do what a sent form asks and lead to its page; None when it can't be done: what is wrong stands in the form."""
    if not form.is_valid():
        return None
    try:
        act()
    except BadInput as problem:
        form.add_error(None, problem.sentence)
        return None
    return _saved(request, f"service:{page}", team_id)


def _saved(request: StaffRequest, to: str, team_id: int | None) -> HttpResponse:
    messages.success(request, _("Saved. Whoever waits is looked at anew."))
    return HttpResponseRedirect(reverse(to) + (f"?team={team_id}" if team_id else ""))
