"""What the page of limits asks for: the hours and the gap of promotions, and where marketing is held back."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from .limits.hours import all_zones


def _clock(label: Any, help_text: Any = "") -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    errors = {"invalid": _("Write a time as 21:30.")}
    return forms.TimeField(label=label, help_text=help_text, widget=widget, error_messages=errors)


def _day(label: Any, help_text: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    errors = {"invalid": _("Write a day as 2026-04-30.")}
    return forms.DateField(
        label=label, help_text=help_text, widget=widget, required=False, input_formats=["%Y-%m-%d"],
        error_messages=errors,
    )  # fmt: skip


class PromotionsForm(forms.Form):
    """When promotions may arrive, and how long a customer has no second one."""

    quiet_from = _clock(_("Quiet from"))
    quiet_to = _clock(_("Quiet until"), _("The same time twice: no quiet hours."))
    active = forms.CharField(
        label=_("Only within"),
        help_text=_("Hours at which promotions may arrive, such as 10:00-12:00, 20:00-22:00. Empty: at any other."),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    zone = forms.CharField(
        label=_("Time zone"),
        help_text=_("Of customers of whom no zone is known. Everyone else’s own clock counts."),
        max_length=40,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    gap_hours = forms.IntegerField(
        label=_("Hours between two promotions"),
        help_text=_("To one customer, over all campaigns and numbers."),
        min_value=1,
        max_value=744,
    )

    def clean_active(self) -> list[tuple[time, time]]:
        """ "10:00-12:00, 20:00-22:00" as pairs of times."""
        spans = []
        for part in self.cleaned_data["active"].replace(";", ",").split(","):
            start, _mark, end = part.replace("–", "-").strip().partition("-")
            try:
                if part.strip():
                    spans.append((_time(start), _time(end)))
            except ValueError:
                raise forms.ValidationError(_("Write hours as 10:00-12:00, with commas between.")) from None
        return spans


class BarForm(forms.Form):
    """Where marketing templates are not delivered, and in which time."""

    region = forms.CharField(
        label=_("Country"),
        help_text=_("Its two letters: US. Numbers in Canada also begin with +1, and still get theirs."),
        max_length=40,
        widget=forms.TextInput(attrs={"list": "regions", "autocomplete": "off", "spellcheck": "false"}),
    )
    from_day = _day(_("From"), _("Empty: from now."))
    until_day = _day(_("Delivered again from"), _("Empty: no end is known."))
    source = forms.CharField(
        label=_("Who says so"),
        help_text=_("The provider’s notice or page, for your colleagues."),
        required=False,
        max_length=300,
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(zone) if zone in all_zones() else ZoneInfo("UTC")

    def values(self) -> dict[str, Any]:
        """Arguments for limit_actions.bar_marketing: days begin at midnight in the installation's time zone."""
        cleaned = self.cleaned_data
        return {
            "region": cleaned["region"],
            "from_at": self._midnight(cleaned["from_day"]),
            "until_at": self._midnight(cleaned["until_day"]),
            "source": cleaned["source"].replace("\x00", ""),
        }

    def _midnight(self, day: Any) -> datetime | None:
        return datetime.combine(day, time(), tzinfo=self._zone) if day else None


def _time(words: str) -> time:
    return datetime.strptime(words.strip(), "%H:%M").time()  # noqa: DTZ007  (a clock's time has no zone)
