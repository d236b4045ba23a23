"""To whom somebody's work goes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..team import teams
from ..team.models import Staff


class LeaveForm(forms.Form):
    """Who gets the conversations (a person, a team, nobody yet) and who the contacts."""

    conversations = forms.ChoiceField(label=_("Their open conversations go to"), required=False)
    contacts = forms.TypedChoiceField(
        label=_("Contacts they look after go to"), required=False, coerce=int, empty_value=None
    )

    def __init__(self, *args: Any, colleagues: list[Staff], **more: Any) -> None:
        super().__init__(*args, **more)
        people = [(f"staff:{one.pk}", str(one)) for one in colleagues]
        groups = [(f"team:{pk}", name) for pk, name in teams.choices()]
        choices: list[Any] = [("", _("Nobody yet: they stand under “Unassigned”"))]
        choices += [(_("A team"), groups)] if groups else []
        choices += [(_("A colleague"), people)] if people else []
        self.fields["conversations"].choices = choices  # type: ignore[attr-defined]
        nobody = [("", _("Nobody yet"))]
        self.fields["contacts"].choices = [*nobody, *((one.pk, str(one)) for one in colleagues)]  # type: ignore[attr-defined]

    def heirs(self) -> dict[str, int | None]:
        """As leaving.leave takes them."""
        kind, _colon, number = self.cleaned_data["conversations"].partition(":")
        return {
            "to_staff": int(number) if kind == "staff" else None,
            "to_team": int(number) if kind == "team" else None,
            "contacts_to": self.cleaned_data["contacts"],
        }
