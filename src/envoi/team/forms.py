"""What the page of API keys asks for."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .scopes import RESOURCES


class KeyForm(forms.Form):
    """A name, and for each resource nothing, reading, or writing too."""

    name = forms.CharField(
        label=_("Name"), help_text=_("Of the program that will use it: “Shop”, “CRM”."), max_length=120
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=[(f"{one}:{way}", "") for one in RESOURCES for way in ("read", "write")]
    )

    def rows(self) -> list[tuple[str, list[tuple[str, bool]]]]:
        """For each resource its scopes, and whether they are ticked."""
        ticked = set(self["scopes"].value() or ())
        return [(one, [(f"{one}:{way}", f"{one}:{way}" in ticked) for way in ("read", "write")]) for one in RESOURCES]
