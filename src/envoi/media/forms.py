"""A file to put into the library, and what the library shows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..providers.meta.media import TYPES
from .queries import KINDS


class UploadForm(forms.Form):
    """One file; whether WhatsApp carries it is decided by its content (media.actions.upload)."""

    file = forms.FileField(
        label=_("File"),
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ",".join(TYPES)}),
        error_messages={"empty": _("The file is empty."), "required": _("Choose a file first.")},
    )


class LibraryForm(forms.Form):
    """The filters of the library, as they stand in the address."""

    q = forms.CharField(required=False, max_length=120)
    kind = forms.ChoiceField(required=False, choices=[("", ""), *KINDS])

    def asked(self) -> dict[str, Any]:
        """What was asked for; what makes no sense is left out."""
        self.is_valid()
        return {"search": self.cleaned_data.get("q", "").strip(), "kind": self.cleaned_data.get("kind", "")}
