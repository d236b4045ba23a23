"""What the contact pages ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Consent


class ListForm(forms.Form):
    """What the address of the list asks for; what it can't mean is left out."""

    q = forms.CharField(required=False, max_length=200)
    tag = forms.CharField(required=False, max_length=60)
    marketing = forms.ChoiceField(required=False, choices=Consent.choices)
    language = forms.CharField(required=False, max_length=12)
    sort = forms.ChoiceField(required=False, choices=[("newest", ""), ("name", "")])

    def asked(self) -> dict[str, Any]:
        """Arguments for queries.contact_list."""
        self.is_valid()
        value = self.cleaned_data.get
        return {
            "search": value("q", ""),
            "tag": value("tag") or None,
            "marketing": value("marketing") or None,
            "language": value("language") or None,
            "sort": value("sort") or "newest",
        }


class ImportForm(forms.Form):
    """A file to bring in and what to assume where it is silent."""

    kind = forms.ChoiceField(
        label=_("What is in it?"),
        choices=[("contacts", _("Contacts")), ("orders", _("Orders"))],
        initial="contacts",
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=_("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"})
    )
    country = forms.CharField(
        label=_("Country of numbers without one"),
        help_text=_("Two letters, such as FR. Empty: such rows are rejected."),
        required=False,
        max_length=2,
    )
    tags = forms.CharField(
        label=_("Tags for everybody in it"), help_text=_("Several, with a comma between."), required=False
    )
    update = forms.ChoiceField(
        label=_("Who is known already"),
        choices=[
            ("overwrite", _("takes what the file says")),
            ("fill", _("gets only what is missing")),
            ("skip", _("stays as they are")),
        ],
        required=False,
    )
    currency = forms.CharField(
        label=_("Currency"), help_text=_("Three letters, such as EUR."), required=False, max_length=3
    )
    date_order = forms.ChoiceField(
        label=_("Dates such as 03/04/2026"),
        choices=[
            ("", _("are rejected, not guessed")),
            ("day", _("start with the day")),
            ("month", _("start with the month")),
        ],
        required=False,
    )
    unknown_customers = forms.ChoiceField(
        label=_("Orders of unknown customers"),
        choices=[("reject", _("are rejected")), ("create", _("make a new contact"))],
        required=False,
    )
    agreed = forms.BooleanField(label=_("Everybody in this file agreed to receive marketing messages"), required=False)
    source = forms.CharField(
        label=_("Where did they agree?"),
        help_text=_("Kept with each contact as proof, for example: checkout form, March 2026."),
        required=False,
        max_length=60,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == "contacts" and cleaned.get("agreed") and not cleaned.get("source"):
            self.add_error("source", _("Say where they agreed: consent without its source is no proof."))
        return cleaned

    def options(self) -> dict[str, Any]:
        """Arguments for actions.start_import, only those that say something."""
        given = self.cleaned_data
        options: dict[str, Any] = {"country": given["country"]}
        if given["kind"] == "orders":
            options |= {name: given[name] for name in ("currency", "date_order", "unknown_customers")}
        else:
            options |= {"tags": names(given["tags"]), "update": given["update"]}
            options["consent"] = {"state": "granted", "source": given["source"]} if given["agreed"] else None
        return {key: value for key, value in options.items() if value}


class ContactForm(forms.Form):
    """One contact by hand."""

    phone = forms.CharField(label=_("Phone"), help_text=_("With country code: +33…"), max_length=40)
    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    language = forms.CharField(label=_("Language"), help_text=_("Such as fr, en or zh."), required=False, max_length=12)
    tags = forms.CharField(label=_("Tags"), help_text=_("Several, with a comma between."), required=False)
    agreed = forms.BooleanField(label=_("Agreed to receive marketing messages"), required=False)
    proof = forms.CharField(
        label=_("How and when"), help_text=_("Kept as proof of consent."), required=False, max_length=200
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("agreed") and not cleaned.get("proof"):
            self.add_error("proof", _("Say how and when they agreed: consent without it is no proof."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """Arguments for actions.add_contact."""
        given = self.cleaned_data
        return {
            "phone": given["phone"],
            "name": given["name"],
            "language": given["language"],
            "tags": names(given["tags"]),
            "marketing": "granted" if given["agreed"] else "unknown",
            "proof": given["proof"],
        }


def names(text: str) -> list[str]:
    """The words of a comma-separated field, without blanks or repeats, in their order."""
    return list(dict.fromkeys(word.strip() for word in text.replace(";", ",").split(",") if word.strip()))
