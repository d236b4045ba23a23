"""The page of the question after closing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from ..team.requests import StaffRequest
from ..team.rights import require
from ..web.look import language_name
from ..web.pages import go
from . import satisfaction_actions as actions
from .satisfaction import settings
from .satisfaction_words import NAMES, WORDS

LABELS = {
    "question": gettext_lazy("Question"),
    "open": gettext_lazy("Button that opens the list"),
    "best": gettext_lazy("The best of the list"),
    "worst": gettext_lazy("The worst of the list"),
    "good": gettext_lazy("Button: good"),
    "fair": gettext_lazy("Button: fair"),
    "bad": gettext_lazy("Button: bad"),
    "why": gettext_lazy("After their answer: what could be better"),
    "thanks": gettext_lazy("Thanks"),
}


class SatisfactionForm(forms.Form):
    """Whether, how and when; and for each language the company's own words."""

    asks = forms.BooleanField(label=gettext_lazy("Ask customers how satisfied they were"), required=False)
    scale = forms.ChoiceField(
        label=gettext_lazy("They answer by"),
        choices=[
            ("list", pgettext_lazy("satisfaction", "A list from 1 to 5")),
            ("buttons", pgettext_lazy("satisfaction", "Three buttons: good, fair, bad")),
        ],
    )
    delay_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes after closing"),
        min_value=0,
        max_value=actions.LONGEST_DELAY,
        help_text=gettext_lazy("Asked only while the customer’s 24-hour window is open: it costs nothing."),
    )
    rest_days = forms.IntegerField(
        label=gettext_lazy("Days until somebody is asked again"), min_value=0, max_value=actions.LONGEST_REST
    )
    asks_why = forms.BooleanField(label=gettext_lazy("Then ask what could be better"), required=False)

    def __init__(self, *args: Any, own: dict[str, dict[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.languages: list[tuple[str, str]] = [(code, capfirst(language_name(code))) for code in WORDS]
        for code, _title in self.languages:
            for name, longest in NAMES.items():
                self.fields[f"{code}.{name}"] = forms.CharField(
                    label=LABELS[name],
                    required=False,
                    max_length=longest,
                    initial=own.get(code, {}).get(name, ""),
                    widget=forms.TextInput(attrs={"placeholder": WORDS[code][name], "lang": code}),
                )

    def groups(self) -> list[tuple[str, list[Any], bool]]:
        """For each language its fields, and whether any of them is the company's own."""
        return [
            (title, fields := [self[f"{code}.{name}"] for name in NAMES], any(one.value() for one in fields))
            for code, title in self.languages
        ]

    def given(self) -> dict[str, Any]:
        """As satisfaction_actions.change takes it."""
        said = self.cleaned_data
        wording = {code: {name: said[f"{code}.{name}"] for name in NAMES} for code, _title in self.languages}
        return {key: said[key] for key in ("asks", "scale", "delay_minutes", "rest_days", "asks_why")} | {
            "wording": wording
        }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def satisfaction(request: StaffRequest) -> HttpResponse:
    require(request.user, "service.write")
    now = settings()
    initial = {key: getattr(now, key) for key in ("asks", "scale", "delay_minutes", "rest_days", "asks_why")}
    form = SatisfactionForm(request.POST or None, own=now.wording, initial=initial)
    if form.is_bound and form.is_valid():
        actions.change(**form.given(), by=request.user)
        messages.success(request, _("Saved."))
        return go(request, "satisfaction:settings")
    return render(request, "inbox/satisfaction.html", {"form": form}, status=422 if form.is_bound else 200)
