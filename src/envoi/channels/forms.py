"""What the account pages ask for; the fields of a provider come from credentials.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .credentials import PORTFOLIO, Credential, needs_of

PREFIX = "credential_"
FREE = "free"


class AccountForm(forms.Form):
    """One account of one provider. Secrets that are kept show as dots that nobody filled in: empty keeps them."""

    name = forms.CharField(
        label=_("Name"), help_text=_("For your colleagues: the brand or the country, say."), max_length=120
    )
    provider_id = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(
        self, *args: Any, provider: str, kept: Mapping[str, str] | None = None, own_address: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        needs = needs_of(provider)
        self.fields["provider_id"].label = str(needs.id_label)
        self.fields["provider_id"].help_text = str(needs.id_help)
        self._first = {"name", "provider_id", FREE, *(PREFIX + one.key for one in needs.credentials if one.required)}
        for one in needs.credentials:
            self.fields[PREFIX + one.key] = _field(one, kept)
        if not needs.credentials:
            self.fields[FREE] = forms.CharField(
                label=_("Credentials"),
                help_text=_("One a line, as “key: value”, named as the provider’s page in the documentation says."),
                required=kept is None,
                widget=forms.Textarea(attrs={"autocomplete": "off", "rows": 4, "spellcheck": "false"}),
            )
        if provider == "meta" and kept is not None:
            self.fields["portfolio"] = forms.RegexField(
                rf"^(?:{PORTFOLIO})$",
                label=_("Business portfolio id"),
                help_text=_(
                    "Accounts with the same id share WhatsApp’s limit of people a day. "
                    "The check fills it in where Meta tells it."
                ),
                required=False,
                max_length=120,
                error_messages={
                    "invalid": _("A business portfolio id is one word, such as 1052348167: Business settings show it.")
                },
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
        if own_address:
            self.fields["base_url"] = forms.URLField(
                label=_("Address"),
                help_text=_("Instead of the provider’s own: a simulator or a proxy. It receives the token."),
                required=False,
                assume_scheme="https",
                max_length=200,
            )

    def clean_free(self) -> dict[str, str]:
        """Lines to a mapping."""
        found: dict[str, str] = {}
        for line in self.cleaned_data[FREE].splitlines():
            key, mark, value = line.partition(":")
            if line.strip() and not (mark and key.strip() and value.strip()):
                raise forms.ValidationError(_("Write each as “key: value”."))
            if line.strip():
                found[key.strip()] = value.strip()
        return found

    def values(self) -> dict[str, Any]:
        """Arguments for actions.connect_account and change_account."""
        given = {
            name.removeprefix(PREFIX): value for name, value in self.cleaned_data.items() if name.startswith(PREFIX)
        }
        values = {
            "name": self.cleaned_data["name"],
            "provider_id": self.cleaned_data["provider_id"],
            "credentials": given | self.cleaned_data.get(FREE, {}),
        }
        for name in ("base_url", "portfolio"):
            if name in self.fields:
                values[name] = self.cleaned_data[name]
        return values

    @property
    def needed(self) -> list[forms.BoundField]:
        """What nobody can do without."""
        return [self[name] for name in self.fields if name in self._first]

    @property
    def more(self) -> list[forms.BoundField]:
        """What few need."""
        return [self[name] for name in self.fields if name not in self._first]


def _field(one: Credential, kept: Mapping[str, str] | None) -> forms.Field:
    has = kept is not None and one.key in kept
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    field: forms.Field
    if one.choices:
        field = forms.ChoiceField(choices=[*one.choices], initial=kept.get(one.key) if kept else None)
    elif one.secret:
        # Not a password field: browsers would offer to keep it, and fill in the person's own.
        attrs["class"] = "secret"
        if has:
            attrs["placeholder"] = "••••••••"
        field = forms.CharField(max_length=4_000, widget=forms.TextInput(attrs=attrs))
    else:
        field = forms.CharField(max_length=400, widget=forms.TextInput(attrs=attrs), initial=(kept or {}).get(one.key))
    field.label, field.help_text = str(one.label), str(one.help)
    field.required = one.required and not (one.secret and has)
    if one.secret and has:
        field.help_text = " ".join((str(_("Kept. Leave empty to keep it.")), field.help_text))
    return field


class PaceForm(forms.Form):
    """How many messages of campaigns leave a minute; empty: as many as the provider allows."""

    per_minute = forms.IntegerField(min_value=1, max_value=600_000, required=False)


class NumberForm(forms.Form):
    """A number by hand, where the provider has no list."""

    name = forms.CharField(label=_("Name"), help_text=_("What customers see, or what you call it."), max_length=120)
    address = forms.CharField(
        label=_("Number"),
        help_text=_("With its country code: +33 …"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    provider_id = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    throughput_per_second = forms.IntegerField(
        label=_("Messages a second"),
        help_text=_("The provider’s limit for this number."),
        min_value=1,
        max_value=10_000,
        initial=80,
    )
    has_sent = forms.BooleanField(
        label=_("Campaigns have left from this number before"),
        help_text=_("If not, at most 30 messages of campaigns leave a minute until it has proven itself."),
        required=False,
    )

    def __init__(self, *args: Any, provider: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        needs = needs_of(provider)
        self.fields["provider_id"].label = str(needs.number_id)
        self.fields["provider_id"].help_text = str(needs.number_help)
