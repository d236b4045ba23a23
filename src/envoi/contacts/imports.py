"""Contacts from a file: what each column means, row by row. importing.py runs it, merging.py writes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

import msgspec
import phonenumbers
from django.utils.translation import gettext as _

from ..core import clock
from ..core.phone import BadPhone
from . import importing, merging
from .cells import BadCell, moment_of, past
from .columns import CONTACT_TITLES, Columns, missing
from .importing import Cells, Outcome, StageRow
from .models import Import
from .options import ImportOptions
from .phones import Phones
from .words import consent_of, country_of_word, language_of

_SEPARATOR = re.compile(r"[,;|，；、\n]")
_encode = msgspec.json.Encoder().encode


def run(import_id: int) -> None:
    """Bring in the contacts of a stored file; see importing.run."""
    importing.run(import_id, ContactFile())


class ContactFile:
    """The contacts' part of an import."""

    titles = CONTACT_TITLES
    stage = merging.STAGE
    copy = merging.COPY

    def reader(self, one: Import, header: Cells, columns: Columns) -> Callable[[int, Cells], StageRow]:
        """A function from the cells of a row to the columns of the stage."""
        if not columns.at.keys() & {"phone", "customer"}:
            needed = _("a column with the phone (“phone”) or the customer number (“customer number”)")
            raise missing(header, needed)
        return _reader(len(header), columns, ImportOptions.parse(one.options), clock.now())

    def write(self, cursor: Any, one: Import, step: Callable[[], None]) -> Outcome:
        """Move the stage into contacts, identities, consents and tags."""
        return merging.merge(cursor, one, ImportOptions.parse(one.options), step)


def _reader(width: int, columns: Columns, options: ImportOptions, now: datetime) -> Callable[[int, Cells], StageRow]:
    # One closure with everything at hand: it runs once a row, and a row has 30 microseconds in all.
    place = {name: columns.at.get(name, width) for name in CONTACT_TITLES}
    phone_at, customer_at, language_at, country_at = (
        place[name] for name in ("phone", "customer", "language", "country")
    )
    timezone_at, tags_at, consent_at, day_at = (place[name] for name in ("timezone", "tags", "consent", "consent_at"))
    name_of = _name_reader(place, width)
    others = columns.others + [(place[name], name) for name in ("first_name", "last_name") if place[name] < width]
    phones = Phones(options.country)
    has_consent = consent_at < width

    def row(line: int, cells: Cells) -> StageRow:
        if len(cells) != width and any(cells[width:]):
            raise BadCell(
                _("The row has %(cells)s cells, the first line %(titles)s.") % {"cells": len(cells), "titles": width}
            )
        # A place beyond the columns stands for a column that the file does not have: its cell is empty.
        cells = [cell.strip() for cell in cells[:width]]
        cells += [""] * (width + 1 - len(cells))

        country = _country(cells[country_at]) if cells[country_at] else ""
        guess = phone = ""
        if cells[phone_at]:
            phone = _phone(phones, cells[phone_at], country)
            guess = country or phones.country_of(phone)
        customer = cells[customer_at]
        if not phone and not customer:
            raise BadCell(_("The row has neither a phone nor a customer number."))
        if len(customer) > 160:
            raise BadCell(_("The customer number is longer than 160 characters."))
        name = name_of(cells)
        if len(name) > 200:
            raise BadCell(_("The name is longer than 200 characters."))

        state = _consent(cells[consent_at]) if has_consent else options.consent.state
        day = past(moment_of(cells[day_at], options.date_order), now) if state and cells[day_at] else None
        attributes = {title: cells[at] for at, title in others if cells[at]}
        return (
            line,
            phone,
            customer,
            name,
            _language(cells[language_at]) if cells[language_at] else "",
            country,
            guess,
            _timezone(cells[timezone_at]) if cells[timezone_at] else "",
            _encode(attributes).decode() if attributes else "",
            _tags(cells[tags_at], options.tags),
            state,
            day,
        )

    return row


def _name_reader(place: dict[str, int], width: int) -> Callable[[Cells], str]:
    """The whole name, or first and last put together; Chinese names without a blank and the family first."""
    name_at, first_at, last_at = place["name"], place["first_name"], place["last_name"]
    if first_at == last_at == width:
        return lambda cells: cells[name_at]

    def name_of(cells: Cells) -> str:
        if cells[name_at]:
            return cells[name_at]
        first, last = cells[first_at], cells[last_at]
        if first and last:
            return last + first if "\u4e00" <= last[0] <= "\u9fff" else f"{first} {last}"
        return first or last

    return name_of


def _phone(phones: Phones, text: str, country: str) -> str:
    try:
        return phones.e164(text, country)
    except BadPhone:
        pass
    if not country and not phones.country and not text.startswith(("+", "00")) and any(map(str.isdigit, text)):
        raise BadCell(
            _("“%(phone)s” has no country code: write it as +33…, or choose a country for the file.")
            % {"phone": text[:40]}
        )
    raise BadCell(_("“%(phone)s” is no phone number that exists.") % {"phone": text[:40]})


_language = lru_cache(4096)(language_of)


@lru_cache(4096)
def _country(text: str) -> str:
    code = country_of_word(text)
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise BadCell(_("“%(text)s” is no country: write two letters, such as FR.") % {"text": text[:40]})
    return str(code)


@lru_cache(4096)
def _timezone(text: str) -> str:
    if text not in available_timezones() or len(text) > 40:
        raise BadCell(_("“%(text)s” is no time zone: write it as Europe/Paris.") % {"text": text[:40]})
    return text


@lru_cache(4096)
def _consent(text: str) -> str:
    state = consent_of(text)
    if state is None:
        raise BadCell(_("Consent “%(text)s” is not understood: write yes or no.") % {"text": text[:40]})
    return state


@lru_cache(4096)
def _tags(text: str, added: tuple[str, ...]) -> str:
    """The tags of a cell and of the whole file as PostgreSQL writes an array."""
    words = list(dict.fromkeys([*filter(None, (" ".join(word.split()) for word in _SEPARATOR.split(text))), *added]))
    if any(len(word) > 60 for word in words):
        raise BadCell(_("A tag has at most 60 characters."))
    quoted = ",".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return f"{{{quoted}}}" if words else ""
