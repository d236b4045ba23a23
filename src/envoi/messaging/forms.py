"""What the test page asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class TrialForm(forms.Form):
    """A phone of one's own, and what to send there."""

    phone = forms.CharField(
        label=_("Your phone"),
        help_text=_("With its country code: +33 …"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    template = forms.TypedChoiceField(label=_("What to send"), required=False, coerce=int, empty_value=None)
    text = forms.CharField(
        label=_("Text"),
        help_text=_("WhatsApp delivers free words only within 24 hours after that phone wrote to the number."),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, templates: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["template"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [*templates, ("", _("A text of your own"))]
        self.fields["text"].initial = _("A test from Envoi. It works.")
