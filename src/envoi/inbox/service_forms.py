"""What the pages of the service ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from ..team import holiday_days, hours
from ..team.hours import Hours
from .models import AlarmRule, AssignmentRule, Conversation
from .targets import Targets

HandOver = AlarmRule.HandOver
# A choice with a search offers only what has a value.
NONE = "none"


class HoursForm(forms.Form):
    """When somebody is there in a week, where, and which holidays they keep."""

    zone = forms.CharField(
        label=_("Time zone"),
        max_length=40,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    country = forms.ChoiceField(label=_("Holidays of"), required=False)
    subdivision = forms.ChoiceField(label=_("Part of the country"), required=False)

    def __init__(self, *args: Any, country: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in range(7):
            self.fields[f"day{day}"] = forms.CharField(
                label=str(WEEKDAYS[day]).capitalize(),
                required=False,
                max_length=120,
                widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": _("closed")}),
            )
        shown = self.data.get("country", country) if self.is_bound else country
        codes = [(code, code) for code in holiday_days.subdivisions()]
        self.fields["country"].choices = [(NONE, _("No country: no holidays")), *codes]  # type: ignore[attr-defined]
        parts = [(code, name) for code, name in holiday_days.parts_of(shown)]
        self.fields["subdivision"].choices = [("", _("The whole country")), *parts]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, held: Hours) -> HoursForm:
        """The form as it stands now."""
        week = {f"day{day}": hours.write_spans(spans) for day, spans in enumerate(held.week)}
        place = {"zone": held.zone, "country": held.country or NONE, "subdivision": held.subdivision}
        return cls(initial=week | place, country=held.country)

    def days(self) -> list[forms.BoundField]:
        """The fields of the days, Monday first."""
        return [self[f"day{day}"] for day in range(7)]

    def values(self) -> dict[str, Any]:
        """Arguments for service.set_hours."""
        cleaned = self.cleaned_data
        return {
            "zone": cleaned["zone"],
            "week": [cleaned[f"day{day}"] for day in range(7)],
            "country": "" if cleaned["country"] == NONE else cleaned["country"],
            "subdivision": cleaned["subdivision"],
        }


class ExceptionForm(forms.Form):
    """One day that is not as others."""

    day = forms.DateField(
        label=_("Day"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Write a day as 2026-04-30.")},
    )
    words = forms.CharField(label=_("Hours"), required=False, max_length=120, help_text=_("Nothing: closed."))
    name = forms.CharField(label=_("Why"), required=False, max_length=120, help_text=_("For your colleagues."))


def _minutes(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=help_text, required=False, min_value=1, max_value=43_200)


class TargetsForm(forms.Form):
    """How long customers may wait, in minutes. An empty field is as for everybody else."""

    first = _minutes(_("First answer, minutes"))
    next = _minutes(_("Each later answer, minutes"))
    breach = _minutes(_("Much too late, minutes"))
    red = _minutes(_("Red alert, minutes"))
    closing = _minutes(_("Before the window closes, minutes"))
    in_hours = forms.TypedChoiceField(label=_("Targets count"), required=False)
    red_in_hours = forms.TypedChoiceField(label=_("The red alert counts"), required=False)
    priority = forms.TypedChoiceField(label=_("Priority"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ways = [("", _("as usual")), ("yes", _("opening hours only")), ("no", _("every hour"))]
        self.fields["in_hours"].choices = self.fields["red_in_hours"].choices = ways  # type: ignore[attr-defined]
        self.fields["priority"].choices = [("", _("All")), *Conversation.Priority.choices]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, held: Targets) -> TargetsForm:
        """The form as it stands now."""
        minutes = {
            name: getattr(held, f"{name}_seconds") // 60 for name in ("first", "next", "breach", "red", "closing")
        }
        words = {True: "yes", False: "no"}
        return cls(initial=minutes | {"in_hours": words[held.in_hours], "red_in_hours": words[held.red_in_hours]})

    def values(self) -> dict[str, Any]:
        """Arguments for service.set_targets."""
        cleaned = self.cleaned_data
        times = {f"{name}_seconds": cleaned[name] for name in ("first", "next", "breach", "red", "closing")}
        found: dict[str, Any] = {name: minutes * 60 if minutes else None for name, minutes in times.items()}
        for name in ("in_hours", "red_in_hours"):
            found[name] = {"yes": True, "no": False}.get(cleaned[name])
        return found


class AlarmForm(forms.Form):
    """What one alarm does."""

    tell_assignee = forms.BooleanField(label=_("Who has the conversation"), required=False)
    tell_leads = forms.BooleanField(label=_("Who leads the team"), required=False)
    tell_online = forms.BooleanField(label=_("Everybody of the team who is there"), required=False)
    hand_over = forms.ChoiceField(label=_("Who has it then"), choices=HandOver.choices)
    to_team_id = forms.TypedChoiceField(label=_("Which team"), required=False, coerce=int, empty_value=None)
    raise_to = forms.TypedChoiceField(label=_("Priority"), required=False, coerce=int, empty_value=None)
    phones = forms.CharField(
        label=_("WhatsApp to these phones"),
        required=False,
        max_length=200,
        help_text=_("Of leads, with commas between. Each gets the template at most once in 15 minutes."),
    )
    channel_id = forms.TypedChoiceField(label=_("From"), required=False, coerce=int, empty_value=None)
    template_id = forms.TypedChoiceField(label=_("Template"), required=False, coerce=int, empty_value=None)

    def __init__(
        self,
        *args: Any,
        teams: Sequence[Any],
        channels: Sequence[Any],
        templates: Sequence[Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["to_team_id"].choices = [("", _("Choose")), *((one.pk, one.name) for one in teams)]
        raised = [choice for choice in Conversation.Priority.choices if choice[0]]
        fields["raise_to"].choices = [("", _("As it is")), *raised]
        fields["channel_id"].choices = [("", _("No number")), *((one.pk, one.name) for one in channels)]
        named = [(one.pk, f"{one.name} ({one.language})") for one in templates]
        fields["template_id"].choices = [("", _("No template")), *named]

    @staticmethod
    def initial_of(rule: AlarmRule) -> dict[str, Any]:
        """What the form shows of a rule."""
        names = ("tell_assignee", "tell_leads", "tell_online", "hand_over", "to_team_id", "raise_to")
        shown = {name: getattr(rule, name) for name in (*names, "channel_id", "template_id")}
        return shown | {"phones": ", ".join(rule.phones)}

    def clean_phones(self) -> list[str]:
        """Phones apart."""
        return [one.strip() for one in re.split(r"[,;，；]", self.cleaned_data["phones"]) if one.strip()]


class AssignmentForm(forms.Form):
    """To whom new conversations go."""

    share = forms.ChoiceField(label=_("New conversations go"), choices=AssignmentRule.Share.choices)
    last_agent = forms.BooleanField(label=_("Rather to whom the customer knows"), required=False)
    language = forms.BooleanField(label=_("Rather to who speaks the customer’s language"), required=False)
    skills = forms.BooleanField(
        label=_("Rather to who has the skills that the customer’s tags ask for"), required=False
    )
    strict = forms.BooleanField(
        label=_("Wait for such a person"),
        help_text=_("Without this, a conversation goes to somebody else rather than to nobody."),
        required=False,
    )

    @classmethod
    def of(cls, rule: AssignmentRule) -> AssignmentForm:
        """The form as it stands now."""
        return cls(initial={name: getattr(rule, name) for name in cls.base_fields})


class SkillForm(forms.Form):
    """Which tag asks for which skill."""

    tag = forms.CharField(
        label=_("Customers with the tag"),
        max_length=60,
        widget=forms.TextInput(attrs={"list": "tags", "autocomplete": "off"}),
    )
    skill = forms.CharField(
        label=_("need somebody with the skill"),
        max_length=40,
        widget=forms.TextInput(attrs={"list": "skills", "autocomplete": "off"}),
    )
