"""What the pages about prices ask for."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .models import Category

# A browser takes a date in this form alone, whatever the reader's language.
DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
LARGEST_FILE = 1_000_000


class CardForm(forms.Form):
    """Meta's card: a file, or its text once it has been looked at."""

    file = forms.FileField(
        label=_("Rate card (CSV)"),
        required=False,
        help_text=_("Meta’s own file for one currency."),
        error_messages={"empty": _("The file is empty.")},
    )
    text = forms.CharField(required=False, widget=forms.HiddenInput, max_length=LARGEST_FILE)
    valid_from = forms.DateField(
        label=_("Holds from"), widget=DAY, help_text=_("Meta changes prices on the first day of a quarter.")
    )
    source = forms.CharField(label=_("Where it is from"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.get("file")
        if file:
            if file.size > LARGEST_FILE:
                raise ValidationError(_("The file is too large for a rate card."))
            try:
                given["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError(_("The file is not UTF-8 text: save it as CSV (UTF-8).")) from None
            given["source"] = given.get("source") or file.name[:200]
        if not given.get("text"):
            raise ValidationError(_("Choose a file."))
        return given


class RateForm(forms.Form):
    """One price of a market."""

    category = forms.ChoiceField(label=_("Category"), choices=Category.choices)
    price = forms.DecimalField(label=_("Price of a message"), min_value=0, max_digits=14, decimal_places=6)
    valid_from = forms.DateField(label=_("Holds from"), widget=DAY, initial=date.today)
    tier_from = forms.IntegerField(
        label=_("From message"), min_value=1, initial=1, help_text=_("1, or where a volume band of the month begins.")
    )
    tier_to = forms.IntegerField(label=_("To message"), min_value=1, required=False)
    source = forms.CharField(label=_("Where it is from"), max_length=200, required=False)


class FeeForm(forms.Form):
    """What a provider takes on top."""

    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3)
    per_message = forms.DecimalField(label=_("Per message"), min_value=0, max_digits=14, decimal_places=6)
    per_failed = forms.DecimalField(label=_("Per failed message"), min_value=0, max_digits=14, decimal_places=6)
    per_month = forms.DecimalField(label=_("Per month"), min_value=0, max_digits=14, decimal_places=2)
    free_messages = forms.IntegerField(label=_("Free messages a month"), min_value=0)
    valid_from = forms.DateField(label=_("Holds from"), widget=DAY, initial=date.today)


class TermsForm(forms.Form):
    """How an account pays."""

    currency = forms.CharField(
        label=_("Currency"), min_length=3, max_length=3, help_text=_("Meta fixes it when the account is made.")
    )
    timezone = forms.ChoiceField(label=_("Its days begin in"), help_text=_("The time zone of the account at Meta."))
    monthly_budget = forms.DecimalField(
        label=_("Budget a month"),
        min_value=0,
        max_digits=14,
        decimal_places=2,
        required=False,
        help_text=_("No campaign goes beyond it. Empty: no limit."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["timezone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in sorted(available_timezones())]
