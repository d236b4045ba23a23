"""What the pages about orders ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..contacts.forms import LONGEST_SEARCH
from ..core.errors import BadInput
from ..core.paging import whole
from .amounts import currency_of, figure_of
from .listing import Asked

# A browser takes a date in this form alone, whatever the reader's language.
DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
DAYS = ["%Y-%m-%d"]


class ListForm(forms.Form):
    """What the address of the list asks for; what it can't mean is left out."""

    q = forms.CharField(required=False)
    currency = forms.CharField(required=False, max_length=3)
    state = forms.ChoiceField(required=False, choices=[("unconverted", ""), ("refunded", "")])
    since = forms.DateField(required=False, input_formats=DAYS)
    until = forms.DateField(required=False, input_formats=DAYS)
    contact = forms.CharField(required=False, max_length=20)
    sort = forms.ChoiceField(required=False, choices=[("newest", ""), ("oldest", "")])

    def asked(self) -> Asked:
        """The question as listing.order_list takes it."""
        self.is_valid()
        value: Any = self.cleaned_data.get
        return Asked(
            search=(value("q") or "")[:LONGEST_SEARCH],
            currency=(value("currency") or "").upper(),
            state=value("state") or None,
            since=value("since"),
            until=value("until"),
            contact_id=whole(value("contact")),
            sort=value("sort") or "newest",
        )

    @property
    def is_cut(self) -> bool:
        """Whether the search was longer than what is looked for: the page says so."""
        return len(self.data.get("q", "").strip()) > LONGEST_SEARCH


class Currency(forms.CharField):
    """ISO 4217 letters."""

    def __init__(self, **more: Any) -> None:
        super().__init__(min_length=3, max_length=3, **more)
        self.widget.attrs |= {"autocapitalize": "characters", "placeholder": "USD", "spellcheck": "false"}

    def clean(self, value: Any) -> str:
        """Three capital letters. Raises ValidationError."""
        try:
            return currency_of(super().clean(value))
        except BadInput as problem:
            raise ValidationError(problem.sentence) from None


class Figure(forms.DecimalField):
    """A number with a point or a comma, as people write it; thousands without marks."""

    def __init__(self, **more: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **more)

    def to_python(self, value: Any) -> Any:
        """The number. Raises ValidationError for “1,234”, which is one thing in English and another elsewhere."""
        if isinstance(value, str):
            try:
                value = figure_of(value)
            except BadInput as problem:
                raise ValidationError(problem.sentence) from None
        return super().to_python(value)


class RefundForm(forms.Form):
    """How much of an order was given back in all."""

    amount = Figure(label=_("Given back in all"), min_value=0, max_digits=14, decimal_places=2)


class TableForm(forms.Form):
    """Many rates at once: pasted from a spreadsheet, or a file."""

    table = forms.CharField(
        label=_("Paste rows"),
        help_text=_("Currency, day and rate, one a line: USD 2026-11-01 0.92. A line of titles does not matter."),
        required=False,
        strip=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("Or a CSV file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv"}),
        error_messages={"empty": _("The file is empty.")},
    )
    origin = forms.CharField(label=_("Where they are from"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file and file.size > 2_000_000:
            self.add_error("file", _("A file of rates has at most 2 MB."))
        elif not file and not (cleaned.get("table") or "").strip() and not self.errors:
            self.add_error("table", _("Paste rows, or choose a file."))
        return cleaned

    def text(self) -> str:
        """What was pasted, or is in the file."""
        file = self.cleaned_data.get("file")
        return file.read().decode("utf-8-sig", "replace") if file else self.cleaned_data["table"]


class RateForm(forms.Form):
    """What one unit of another currency is worth, from a day on."""

    currency = Currency(label=_("Currency"))
    rate = Figure(label=_("One of it is worth"), min_value=0, max_digits=20, decimal_places=10)
    day = forms.DateField(
        label=_("From the day"),
        widget=DAY,
        input_formats=DAYS,
        help_text=_("It holds until the next rate of this currency. Days are those of UTC."),
    )
    source = forms.CharField(label=_("Where it is from"), max_length=200, required=False)


class OwnForm(forms.Form):
    """The company's own currency."""

    own = Currency(label=_("Orders are added up in"))
