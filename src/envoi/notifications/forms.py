"""What the page of one's own notifications asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Notification
from .wants import WAYS

Kind = Notification.Kind


class WantsForm(forms.Form):
    """For each kind where one wants to be told, and quiet hours."""

    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("Write a time as 21:30.")},
    )
    quiet_to = forms.TimeField(
        label=_("Quiet until"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("Write a time as 21:30.")},
    )
    zone = forms.CharField(
        label=_("Time zone"),
        max_length=40,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, chosen: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chosen = chosen
        for kind in Kind.values:
            self.fields[f"in_{kind}"] = forms.MultipleChoiceField(choices=[(way, way) for way in WAYS], required=False)

    def rows(self) -> list[tuple[str, str, list[tuple[str, bool]]]]:
        """Each kind with its words, and for each way whether it is ticked."""
        rows = []
        for kind, words in Kind.choices:
            ticked = self.data.getlist(f"in_{kind}") if self.is_bound else self._chosen[kind]  # type: ignore[attr-defined]
            rows.append((f"in_{kind}", str(words), [(way, way in ticked) for way in WAYS]))
        return rows

    def values(self) -> dict[str, Any]:
        """Arguments for actions.set_wants."""
        cleaned = self.cleaned_data
        start: time | None = cleaned["quiet_from"]
        return {
            "wants": {kind: cleaned[f"in_{kind}"] for kind in Kind.values},
            "quiet_from": start,
            "quiet_to": cleaned["quiet_to"],
            "zone": cleaned["zone"],
        }
