"""What somebody chose for an import, checked once and kept as JSON with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import phonenumbers
from django.utils.translation import gettext as _

from ..core.currencies import CURRENCIES
from ..core.errors import BadInput
from .columns import ATTRIBUTE, TITLE
from .words import country_of_word


@dataclass(frozen=True, slots=True)
class FileConsent:
    """What the importer vouches for. state: granted, withdrawn or "" (then only a column of the file speaks).

    source: where people said it, needed with granted; text: what they saw or signed.
    """

    state: str = ""
    source: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """country: ISO letters assumed for phones without country code, "" refuses those. tags: put on everybody.

    consent: applies where the file has no consent column; its source and text go with the column too.
    update: "overwrite" (a filled cell replaces what is known), "fill" (only what is empty) or "skip" (who is known
    stays as they are). duplicates: which row of one person in the file counts, "last" or "first". Of orders also
    "add" (rows with one order number are its lines, their amounts are added up), "whole" (its lines, each with the
    amount of the whole order) and "ask" (such rows are refused when their products differ).
    date_order: "day" or "month" for dates such as 03/04/2026; without it such a date is refused, never guessed.
    currency: ISO letters for orders without that column. unknown_customers: "reject" an order or "create" the contact.
    columns: what each column is, in their order (columns.recognise); empty lets the titles say it.
    """

    country: str = ""
    tags: tuple[str, ...] = ()
    consent: FileConsent = field(default_factory=FileConsent)
    update: str = "overwrite"
    duplicates: str = "last"
    date_order: str = ""
    currency: str = ""
    unknown_customers: str = "reject"
    columns: tuple[str, ...] = ()

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> ImportOptions:
        """Options from a page, the command line or the stored JSON. Raises BadInput with a sentence."""
        unknown = set(given) - set(cls.__dataclass_fields__)
        if unknown:
            raise BadInput(_("Unknown choice for an import: %(names)s.") % {"names": ", ".join(sorted(unknown))})
        return cls(
            country=_country(given.get("country") or ""),
            tags=_tags(given.get("tags") or ()),
            consent=_consent(given.get("consent") or {}),
            update=_one_of("update", given, ("overwrite", "fill", "skip")),
            duplicates=_one_of("duplicates", given, ("last", "first", "add", "whole", "ask")),
            date_order=_one_of("date_order", given, ("", "day", "month")),
            currency=_currency(given.get("currency") or ""),
            unknown_customers=_one_of("unknown_customers", given, ("reject", "create")),
            columns=_columns(given.get("columns") or ()),
        )

    def stored(self) -> dict[str, Any]:
        """As JSON; `parse` reads it back."""
        return asdict(self) | {"tags": list(self.tags), "columns": list(self.columns)}


def _one_of(name: str, given: Mapping[str, Any], allowed: tuple[str, ...]) -> str:
    value = given.get(name) or allowed[0]
    if value not in allowed:
        raise BadInput(
            _("“%(value)s” is no choice for %(name)s: take one of %(allowed)s.")
            % {"value": value, "name": name, "allowed": ", ".join(one for one in allowed if one)}
        )
    return str(value)


def _columns(given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not all(isinstance(one, str) for one in given):
        raise BadInput(_("Columns are a list of words."))
    columns = tuple(one.strip() for one in given)
    attributes = [one.removeprefix(ATTRIBUTE) for one in columns if one.startswith(ATTRIBUTE)]
    if any(not 0 < len(title) <= TITLE or "\0" in title for title in attributes):
        raise BadInput(_("The title of a column has 1 to 60 characters."))
    if len(set(attributes)) < len(attributes):
        raise BadInput(_("Two columns would be kept under the same title: give one of them another."))
    return columns


def _country(text: str) -> str:
    code = country_of_word(text) if text else ""
    if code is None or (code and code not in phonenumbers.SUPPORTED_REGIONS):
        raise BadInput(_("“%(text)s” is no country: write two letters, such as FR.") % {"text": text})
    return code


def _tags(given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not all(isinstance(one, str) for one in given):
        raise BadInput(_("Tags are a list of words."))
    words = dict.fromkeys(" ".join(one.split()) for one in given)
    if any(not 0 < len(word) <= 60 or "\0" in word for word in words):
        raise BadInput(_("A tag has 1 to 60 characters."))
    return tuple(words)


def _consent(given: Any) -> FileConsent:
    if not isinstance(given, Mapping) or set(given) - {"state", "source", "text"}:
        raise BadInput(_("Consent of a file is its state, its source and its text."))
    state, source, text = (str(given.get(key) or "").strip() for key in ("state", "source", "text"))
    if state not in ("", "granted", "withdrawn"):
        raise BadInput(_("Consent of a file is “granted” or “withdrawn”."))
    if state == "granted" and not source:
        raise BadInput(_("Say where these people agreed: consent without its source is no proof."))
    if len(source) > 60 or "\0" in source + text:
        raise BadInput(_("The source of consent has at most 60 characters."))
    return FileConsent(state, source, text)


def _currency(text: str) -> str:
    code = text.strip().upper()
    if code and code not in CURRENCIES:
        raise BadInput(_("“%(text)s” is no currency: write three letters, such as EUR.") % {"text": text})
    return code
