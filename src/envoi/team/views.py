"""Pages of the team that need nothing of other apps: keys, invitations, teams, rights, sessions, the second step."""

from __future__ import annotations

from contextlib import suppress

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..core.errors import NotFound, Problem
from ..core.vault import Unreadable, seal, unseal
from ..web.pages import go
from . import invitations, keys, queries, rights, sessions, teams, two_step
from .forms import InviteForm, JoinForm, KeyForm, TeamForm, TwoStepForm
from .middleware import LATER
from .requests import StaffRequest

NEW_KEY = "new_key"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def key_list(request: StaffRequest) -> HttpResponse:
    """The keys; after one is made, its secret as well, this one time.

    Making leads to this page anew, so that loading it again makes no second key; on the way the secret lies sealed in
    the session, from which showing it takes it.
    """
    form = KeyForm(request.POST or None)
    if form.is_bound and form.is_valid():
        made, secret = keys.make(**form.cleaned_data, by=request.user)
        request.session[NEW_KEY] = seal({"name": made.name, "secret": secret}).decode()
        return redirect("team:keys")
    context = {"keys": keys.keys(request.user), "form": form}
    if not form.is_bound and (sealed := request.session.pop(NEW_KEY, None)):
        with suppress(Unreadable):
            context["made"] = unseal(sealed.encode())
    return render(request, "team/keys.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def revoke(request: StaffRequest, key_id: int) -> HttpResponse:
    key = keys.revoke(key_id, by=request.user)
    messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": key.name})
    return go(request, "team:keys")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: StaffRequest) -> HttpResponse:
    """Whom to invite; afterwards the link, to be copied."""
    waiting = invitations.invitations(request.user)
    form = InviteForm(request.POST or None, by=request.user)
    if form.is_bound and form.is_valid():
        try:
            made = invitations.invite(**form.cleaned_data, by=request.user)
        except Problem as problem:
            form.add_error("role" if problem.status == 403 else "email", problem.sentence)
        else:
            return redirect("team:invitation", made.pk)
    context = {"form": form, "waiting": waiting, "mails": invitations.mails()}
    return render(request, "team/invite.html", context, status=422 if form.is_bound else 200)


@login_required
@never_cache
@require_safe
def invitation(request: StaffRequest, invitation_id: int) -> HttpResponse:
    """One invitation with its link."""
    found = invitations.invitation_for(request.user, invitation_id)
    waits = found.accepted_at is None and found.revoked_at is None
    if not rights.may_change(request.user, found.staff) if found.staff else not waits:
        raise NotFound(_("This invitation does not wait any more."))
    link = invitations.link_of(found) if waits and found.role in rights.roles_given_by(request.user) else ""
    context = {
        "invitation": found,
        "link": link,
        "over": found.expires_at <= timezone.now(),
        "mails": invitations.mails(),
    }
    return render(request, "team/invitation.html", context)


@login_required
@require_POST
def resend(request: StaffRequest, invitation_id: int) -> HttpResponse:
    made = invitations.resend(invitation_id, by=request.user)
    messages.success(request, _("There is a new link for 7 days; the one before it opens nothing any more."))
    return go(request, "team:invitation", made.pk)


@login_required
@require_POST
def take_back(request: StaffRequest, invitation_id: int) -> HttpResponse:
    found = invitations.revoke(invitation_id, by=request.user)
    messages.success(request, _("The invitation of %(email)s is taken back.") % {"email": found.email})
    return go(request, "team:invite")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, sealed: str) -> HttpResponse:
    """The page behind an invitation's link: for somebody who is nobody here yet."""
    found = invitations.behind(sealed)
    form = JoinForm(request.POST or None, initial={"name": found.name})
    if form.is_bound and form.is_valid():
        try:
            staff = invitations.accept(sealed, name=form.cleaned_data["name"], password=form.cleaned_data["password"])
        except Problem as problem:
            if problem.status == 410:
                raise
            form.add_error("password", problem.sentence)
        else:
            if found.staff_id:
                # A second step, if there is one, is asked for as at every sign-in.
                messages.success(request, _("Your new password is set: sign in with it."))
                return redirect("account_login")
            login(request, staff, backend=BACKEND)
            messages.success(request, _("Welcome to Envoi, %(name)s.") % {"name": staff})
            return redirect("/")
    context = {"invitation": found, "form": form}
    return render(request, "team/join.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team_list(request: StaffRequest) -> HttpResponse:
    """Every team; a name makes a new one."""
    if request.method == "POST":
        made = teams.make(request.POST.get("name", ""), by=request.user)
        return go(request, "team:team", made.pk)
    return render(request, "team/teams.html", {"teams": queries.teams(request.user)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: StaffRequest, team_id: int) -> HttpResponse:
    """One team: its name, who is in it, who leads it."""
    found = teams.team_for(request.user, team_id)
    members = teams.members_of(found)
    people = queries.active(request.user)
    form = TeamForm(
        request.POST or None,
        people=people,
        initial={
            "name": found.name,
            "members": [one.staff.pk for one in members],
            "leads": [one.staff.pk for one in members if one.leads],
        },
    )
    if form.is_bound and form.is_valid():
        teams.change(team_id, **form.cleaned_data, by=request.user)
        messages.success(request, _("Saved."))
        return go(request, "team:team", team_id)
    ticked = {name: {int(one) for one in form[name].value() or ()} for name in ("members", "leads")}
    rows = [(one, one.pk in ticked["members"], one.pk in ticked["leads"]) for one in people]
    context = {
        "team": found,
        "form": form,
        "rows": rows,
        "others": [one for one in teams.choices() if one[0] != team_id],
    }
    return render(request, "team/team.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def roles(request: StaffRequest) -> HttpResponse:
    """What each role may do, each right in words; and who differs from their role."""
    context = {"rows": queries.rights_of_roles(request.user), "differ": queries.who_differ(request.user)}
    return render(request, "team/roles.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def two_steps(request: StaffRequest) -> HttpResponse:
    """The rule of the second step, and who has none."""
    rights.require(request.user, "team.write")
    asked = two_step.rule()
    form = TwoStepForm(request.POST or None, initial={"roles": asked.two_step_roles, "days": asked.two_step_days})
    if form.is_bound and form.is_valid():
        two_step.ask_for(form.cleaned_data["roles"], form.cleaned_data["days"], by=request.user)
        messages.success(request, _("Saved."))
        return go(request, "team:two_steps")
    context = {"form": form, "without": queries.without_second_step(request.user)}
    return render(request, "team/two_step.html", context, status=422 if form.is_bound else 200)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def two_step_needed(request: StaffRequest) -> HttpResponse:
    """What somebody sees who owes a second step; until it is due they may put it off."""
    due = two_step.due_for(request.user)
    if due is None:
        return go(request, "/")
    late = due <= timezone.now()
    if request.method == "POST" and not late:
        request.session[LATER] = True
        return go(request, "/")
    return render(request, "team/two_step_needed.html", {"due": due, "late": late})


@login_required
@never_cache
@require_safe
def session_list(request: StaffRequest) -> HttpResponse:
    """Where the reader is signed in."""
    found = sessions.browsers_of(request.user, request.user, this=request.session.session_key)
    return render(request, "team/sessions.html", {"browsers": found})


@login_required
@require_POST
def end_session(request: StaffRequest, session_id: int) -> HttpResponse:
    sessions.end(session_id, by=request.user)
    messages.success(request, _("That browser is signed out."))
    # From one's own list, or a colleague's page.
    staff_id = request.POST.get("of", "")
    return (
        go(request, "staffing:person", int(staff_id))
        if staff_id.isdecimal() and len(staff_id) < 19
        else go(request, "team:sessions")
    )


@login_required
@require_POST
def end_others(request: StaffRequest) -> HttpResponse:
    ended = sessions.end_others(request.user, this=request.session.session_key)
    messages.success(
        request,
        ngettext("%(n)d other browser is signed out.", "%(n)d other browsers are signed out.", ended) % {"n": ended},
    )
    return go(request, "team:sessions")
