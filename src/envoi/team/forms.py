"""What the team's pages ask for: keys, people, rights, teams, invitations, the rule of two steps, the audit log."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..web.look import language_choices
from . import rights, teams
from .models import Staff
from .scopes import RESOURCE_NAMES, RESOURCES
from .two_step import MOST_DAYS


class KeyForm(forms.Form):
    """A name, and for each resource nothing, reading, or writing too."""

    name = forms.CharField(
        label=_("Name"), help_text=_("Of the program that will use it: “Shop”, “CRM”."), max_length=120
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=[(f"{one}:{way}", "") for one in RESOURCES for way in ("read", "write")]
    )

    def rows(self) -> list[tuple[Any, list[tuple[str, bool]]]]:
        """For each resource its name, its scopes, and whether they are ticked."""
        ticked = set(self["scopes"].value() or ())
        return [
            (RESOURCE_NAMES[one], [(f"{one}:{way}", f"{one}:{way}" in ticked) for way in ("read", "write")])
            for one in RESOURCES
        ]


class Words(forms.CharField):
    """Words with commas between them."""

    def clean(self, value: Any) -> Any:
        return [word.strip() for word in re.split(r"[,;，；\n]", super().clean(value) or "") if word.strip()]


class PersonForm(forms.Form):
    """What somebody is here."""

    name = forms.CharField(label=_("Name"), required=False, max_length=120)
    role = forms.ChoiceField(label=_("Role"))
    capacity = forms.IntegerField(
        label=_("Open conversations at most"),
        min_value=0,
        max_value=500,
        help_text=_("No more are given to them by rule."),
    )
    teams = forms.TypedMultipleChoiceField(
        label=_("Teams"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    skills = Words(label=_("Skills"), required=False, help_text=_("Words with commas between them: returns, invoices."))
    speaks = forms.MultipleChoiceField(
        label=_("Answers in"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: any language."),
    )

    def __init__(self, *args: Any, by: Staff, staff: Staff, **more: Any) -> None:
        super().__init__(*args, **more)
        may_give = {*rights.roles_given_by(by), staff.role}
        self.fields["role"].choices = [one for one in Staff.Role.choices if one[0] in may_give]  # type: ignore[attr-defined]
        self.fields["teams"].choices = teams.choices()  # type: ignore[attr-defined]
        known = dict(language_choices())
        self.fields["speaks"].choices = [*known.items(), *((one, one) for one in staff.speaks if one not in known)]  # type: ignore[attr-defined]


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Name"), required=False, max_length=120)
    role = forms.ChoiceField(label=_("Role"))
    teams = forms.TypedMultipleChoiceField(
        label=_("Teams"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, by: Staff, **more: Any) -> None:
        super().__init__(*args, **more)
        given = rights.roles_given_by(by)
        self.fields["role"].choices = [one for one in Staff.Role.choices if one[0] in given]  # type: ignore[attr-defined]
        if Staff.Role.AGENT in given:
            self.fields["role"].initial = Staff.Role.AGENT
        self.fields["teams"].choices = teams.choices()  # type: ignore[attr-defined]


class JoinForm(forms.Form):
    """A name and a password."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=4096,
        help_text=_("At least 10 characters; a sentence is easier to keep in mind than a riddle."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same password again"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "password" in given and "again" in given and given["password"] != given["again"]:
            self.add_error("again", str(_("The two passwords differ.")))
        return given


class TeamForm(forms.Form):
    """A team's name, its people and who leads it."""

    name = forms.CharField(label=pgettext_lazy("of a team", "Name"), max_length=80)
    members = forms.TypedMultipleChoiceField(required=False, coerce=int)
    leads = forms.TypedMultipleChoiceField(required=False, coerce=int)

    def __init__(self, *args: Any, people: list[Staff], **more: Any) -> None:
        super().__init__(*args, **more)
        for field in ("members", "leads"):
            self.fields[field].choices = [(one.pk, str(one)) for one in people]  # type: ignore[attr-defined]


class TwoStepForm(forms.Form):
    """Which roles need a second step, and how long they have."""

    roles = forms.MultipleChoiceField(
        label=_("Who has to have two-step verification"),
        required=False,
        choices=Staff.Role.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("Days to set it up"),
        min_value=0,
        max_value=MOST_DAYS,
        help_text=_("Until then they are reminded once at each sign-in; after that they get no further without it."),
    )
