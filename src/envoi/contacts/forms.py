"""What the contact pages ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..team.models import Staff
from ..web.look import language_name
from .columns import ATTRIBUTE
from .models import Attribute, Consent, Contact, ContactSettings, Keyword

LONGEST_SEARCH = 200


class ListForm(forms.Form):
    """What the address of the list asks for; what it can't mean is left out."""

    q = forms.CharField(required=False)
    tag = forms.CharField(required=False, max_length=60)
    marketing = forms.ChoiceField(required=False, choices=Consent.choices)
    language = forms.CharField(required=False, max_length=12)
    sort = forms.ChoiceField(required=False, choices=[("newest", ""), ("name", "")])

    def asked(self) -> dict[str, Any]:
        """Arguments for queries.contact_list."""
        self.is_valid()
        value = self.cleaned_data.get
        return {
            "search": (value("q") or "")[:LONGEST_SEARCH],
            "tag": value("tag") or None,
            "marketing": value("marketing") or None,
            "language": value("language") or None,
            "sort": value("sort") or "newest",
        }

    @property
    def is_cut(self) -> bool:
        """Whether the search was longer than what is looked for: the page says so."""
        return len(self.data.get("q", "").strip()) > LONGEST_SEARCH


class UploadForm(forms.Form):
    """A file to bring in, or rows pasted from a spreadsheet."""

    kind = forms.ChoiceField(
        label=_("What is in it?"),
        choices=[("contacts", _("Contacts")), ("orders", _("Orders"))],
        initial="contacts",
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xlsm,.xlsb,.xls,.ods"}),
        error_messages={"empty": _("The file is empty.")},
    )
    text = forms.CharField(
        label=_("Or paste rows"),
        help_text=_("Copied from a spreadsheet, with the line of titles."),
        required=False,
        strip=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("file") and not (cleaned.get("text") or "").strip():
            self.add_error("file", _("Choose a file, or paste rows."))
        return cleaned

    def content(self) -> tuple[str, Any]:
        """The name and the bytes of what came."""
        file = self.cleaned_data.get("file")
        if file:
            return str(file.name), file
        return gettext("pasted rows") + ".txt", BytesIO(self.cleaned_data["text"].encode())


class ColumnsForm(forms.Form):
    """How to bring a file in: what to assume where it is silent, and what somebody vouches for."""

    country = forms.CharField(
        label=_("Country of numbers without one"),
        help_text=_("Two letters, such as FR. Empty: such rows are rejected."),
        required=False,
        max_length=2,
    )
    tags = forms.CharField(
        label=_("Tags for everybody in it"),
        help_text=_("Several, with a comma between. By them you find these people again."),
        required=False,
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
    duplicates = forms.ChoiceField(
        label=_("Who stands in the file twice"),
        choices=[("last", _("the last row counts")), ("first", _("the first row counts"))],
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

    def __init__(self, data: Any, *, kind: str, columns: int, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.kind = kind
        self.given = [self._column(place) for place in range(columns)] if data is not None else []
        for name in self.fields.keys() - set(FOR_ORDERS if kind == "orders" else FOR_CONTACTS):
            del self.fields[name]
        if kind == "orders":
            self.fields["duplicates"].label = _("One order number in several rows")
            self.fields["duplicates"].choices = ORDER_ROWS  # type: ignore[attr-defined]
        if kind == "contacts":
            self.fields["tags"].required = True

    def _column(self, place: int) -> str:
        what = str(self.data.get(f"column_{place}", ""))
        return ATTRIBUTE + str(self.data.get(f"title_{place}", "")).strip() if what == ATTRIBUTE else what

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("agreed") and not cleaned.get("source"):
            self.add_error("source", _("Say where they agreed: consent without its source is no proof."))
        if self.kind == "contacts" and "consent" in self.given and not cleaned.get("source"):
            self.add_error("source", _("A column says who agreed. Say where they did: consent without it is no proof."))
        return cleaned

    def options(self) -> dict[str, Any]:
        """Arguments for preparing.choose, only those that say something."""
        given = self.cleaned_data
        options = {name: value for name, value in given.items() if name not in ("tags", "agreed", "source")}
        if self.kind == "contacts":
            options["tags"] = names(given["tags"])
            state = "granted" if given["agreed"] else ""
            options["consent"] = {"state": state, "source": given["source"]}
        options["columns"] = self.given
        return {key: value for key, value in options.items() if value}


ORDER_ROWS = [
    ("ask", _("is rejected when the products differ")),
    ("add", _("has a product a row: amounts are added up")),
    ("whole", _("has a product a row, each with the whole amount")),
    ("last", _("the last row counts")),
    ("first", _("the first row counts")),
]
FOR_CONTACTS = ("country", "tags", "update", "duplicates", "date_order", "agreed", "source")
FOR_ORDERS = ("country", "currency", "duplicates", "date_order", "unknown_customers")


def meanings(kind: str) -> list[tuple[str, Any]]:
    """What a column may be, with its name for people, in the order of the list."""
    return [*(ORDER_COLUMNS if kind == "orders" else CONTACT_COLUMNS)]


CONTACT_COLUMNS = [
    ("phone", _("Phone")),
    ("customer", _("Customer number")),
    ("name", _("Name")),
    ("first_name", _("First name")),
    ("last_name", _("Last name")),
    ("language", _("Language")),
    ("country", _("Country")),
    ("timezone", _("Time zone")),
    ("tags", _("Tags")),
    ("consent", _("Agreed to marketing: yes or no")),
    ("consent_at", _("Day of the consent")),
]
ORDER_COLUMNS = [
    ("customer", _("Customer number")),
    ("phone", _("Phone")),
    ("at", _("Date")),
    ("amount", _("Amount")),
    ("currency", _("Currency")),
    ("quantity", _("Quantity")),
    ("external_id", _("Order number")),
    ("items", _("Products")),
    ("sku", _("Number of the product")),
    ("price", _("Price of one piece")),
    ("other_phone", _("Phone, where the first is empty")),
    ("state", _("Status of the payment or order")),
    ("refunded", _("Amount given back")),
    ("cancelled", _("Day on which it was cancelled")),
]


class ContactForm(forms.Form):
    """One contact by hand."""

    phone = forms.CharField(label=_("Phone"), help_text=_("With country code: +33…"), required=False, max_length=40)
    customer = forms.CharField(
        label=_("Customer number"),
        help_text=_("Your own, when there is no phone or beside it."),
        required=False,
        max_length=160,
    )
    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    language = forms.CharField(label=_("Language"), help_text=_("Such as fr, en or zh."), required=False, max_length=12)
    tags = forms.CharField(label=_("Tags"), help_text=_("Several, with a comma between."), required=False)
    agreed = forms.BooleanField(label=_("Agreed to receive marketing messages"), required=False)
    proof = forms.CharField(
        label=_("How and when"), help_text=_("Kept as proof of consent."), required=False, max_length=200
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("phone") and not cleaned.get("customer") and not self.errors:
            self.add_error("phone", _("Write a phone or a customer number."))
        if cleaned.get("agreed") and not cleaned.get("proof"):
            self.add_error("proof", _("Say how and when they agreed: consent without it is no proof."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """Arguments for actions.add_contact."""
        given = self.cleaned_data
        return {
            "phone": given["phone"],
            "customer": given["customer"],
            "name": given["name"],
            "language": given["language"],
            "tags": names(given["tags"]),
            "marketing": "granted" if given["agreed"] else "unknown",
            "proof": given["proof"],
        }


class ProfileForm(forms.Form):
    """What is known of one contact; a field for each attribute, defined by the company or come with a file."""

    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    language = forms.CharField(label=_("Language"), help_text=_("Such as fr, en or zh."), required=False, max_length=12)
    country = forms.CharField(
        label=_("Country"), help_text=_("Two letters, such as FR."), required=False, max_length=60
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        help_text=_("Such as Europe/Paris. Empty: where the phone is from."),
        required=False,
        max_length=40,
    )
    owner = forms.TypedChoiceField(label=_("Looked after by"), required=False, coerce=int, empty_value=None)

    def __init__(
        self, data: Any = None, *, contact: Contact, known: Sequence[Attribute], staff: Sequence[Staff]
    ) -> None:
        said = {
            "name": contact.name,
            "language": contact.language,
            "country": contact.country,
            "time_zone": contact.timezone,
            "owner": contact.owner_id,
        }
        super().__init__(data, initial=said)
        self.fields["owner"].choices = [("", "–"), *((one.pk, str(one)) for one in staff)]  # type: ignore[attr-defined]
        keys = {one.key for one in known}
        for one in known:
            self._add(one.key, one.label, one, contact.attributes.get(one.key))
        for key, value in sorted(contact.attributes.items()):
            if key not in keys:
                self._add(key, key, None, value)

    def _add(self, key: str, label: str, one: Attribute | None, value: Any) -> None:
        kind = one.kind if one else "text"
        widget: forms.Widget = forms.TextInput()
        if kind == "date":
            widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        elif kind == "number":
            widget = forms.TextInput(attrs={"inputmode": "decimal"})
        elif kind in ("boolean", "choice"):
            words = [("true", _("Yes")), ("false", _("No"))] if kind == "boolean" else [(w, w) for w in one.choices]  # type: ignore[union-attr]
            widget = forms.Select(choices=[("", "–"), *words])
        shown = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
        self.fields[f"attribute:{key}"] = forms.CharField(
            label=label, required=False, max_length=1_000, widget=widget, initial=shown
        )

    def attributes(self) -> list[Any]:
        """The bound fields of attributes, in their order."""
        return [self[name] for name in self.fields if name.startswith("attribute:")]

    def values(self) -> dict[str, Any]:
        """Arguments for profile.change."""
        given = self.cleaned_data
        own = {name.removeprefix("attribute:"): text for name, text in given.items() if name.startswith("attribute:")}
        return {
            "name": given["name"],
            "language": given["language"],
            "country": given["country"],
            "time_zone": given["time_zone"],
            "owner_id": given["owner"],
            "values": own,
        }


class AttributeForm(forms.Form):
    """One attribute that the company notes about its customers."""

    label = forms.CharField(label=_("Name"), max_length=60)
    key = forms.CharField(
        label=_("Key"),
        help_text=_("As the column of a file is called, and in templates. Empty: the same as the name."),
        required=False,
        max_length=60,
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Attribute.Kind.choices)
    choices = forms.CharField(
        label=_("Words to choose from"),
        help_text=_("For a choice, one a line."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def values(self) -> dict[str, Any]:
        """Arguments for attributes.define."""
        given = self.cleaned_data
        return {
            "key": given["key"] or given["label"],
            "label": given["label"],
            "kind": given["kind"],
            "choices": given["choices"].splitlines(),
        }


class WordForm(forms.Form):
    """A word and what it means as a whole message."""

    text = forms.CharField(label=_("Word"), max_length=100)
    means = forms.ChoiceField(label=_("What it does"), choices=Keyword.Means.choices)
    language = forms.CharField(label=_("Language"), required=False, max_length=12)


class OptInForm(forms.Form):
    """Whether a first yes has to be confirmed."""

    double_opt_in = forms.BooleanField(label=_("Ask people to confirm that they want promotions"), required=False)
    question = forms.CharField(
        label=_("In every other language"),
        help_text=_("Empty: our own words, and English where we have none."),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None, *, questions: Mapping[str, str], chosen: ContactSettings) -> None:
        """questions: our own words by language, shown where the company has none; chosen: what is set."""
        initial = {"double_opt_in": chosen.double_opt_in, "question": chosen.question}
        super().__init__(data, initial=initial | {f"in_{code}": text for code, text in chosen.questions.items()})
        for code, ours in questions.items():
            self.fields[f"in_{code}"] = forms.CharField(
                label=capfirst(language_name(code)),
                required=False,
                max_length=1_000,
                widget=forms.Textarea(attrs={"rows": 2, "placeholder": ours, "lang": code, "dir": "auto"}),
            )

    def languages(self) -> list[Any]:
        """The bound fields of single languages."""
        return [self[name] for name in self.fields if name.startswith("in_")]

    def values(self) -> dict[str, Any]:
        """Arguments for keywords.set_double_opt_in."""
        given = self.cleaned_data
        questions = {name.removeprefix("in_"): text for name, text in given.items() if name.startswith("in_")}
        return {"on": given["double_opt_in"], "question": given["question"], "questions": questions}


def names(text: str) -> list[str]:
    """The words of a comma-separated field, without blanks or repeats, in their order."""
    return list(dict.fromkeys(word.strip() for word in text.replace(";", ",").split(",") if word.strip()))
