"""Contacts from a file: what each column means, row by row. importing.py runs it, merging.py writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import available_timezones

import msgspec
import phonenumbers
from django.utils.translation import gettext as _

from ..core import clock
from ..core.phone import BadPhone, is_shortened
from . import attributes, importing, merging
from .cells import BadCell, moment_of, past
from .columns import CONTACT_TITLES, Columns, need_contacts
from .columnwise import EMPTY, Known, doubtful, longer, without
from .importing import Cells, Outcome, Reader, StageRow, Watch
from .models import Attribute, Import
from .names import plain_name
from .options import ImportOptions
from .phones import Phones
from .reading import Batch
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
    tables = "contacts, identities, consents, contact_tags"

    def reader(self, one: Import, header: Cells, columns: Columns) -> Reader:
        """What turns the cells of a row into the columns of the stage."""
        need_contacts(header, columns)
        return ContactReader(len(header), columns, ImportOptions.parse(one.options), clock.now())

    def write(self, cursor: Any, one: Import, watch: Watch) -> Outcome:
        """Move the stage into contacts, identities, consents and tags."""
        return merging.merge(cursor, one, ImportOptions.parse(one.options), watch)


class ContactReader:
    """From the cells of a row to the columns of the stage."""

    def __init__(self, width: int, columns: Columns, options: ImportOptions, now: datetime) -> None:
        self._width = width
        self._options = options
        self._now = now
        self._phones = Phones(options.country)
        self._has_consent = "consent" in columns.at
        # A place beyond the columns stands for a column that the file does not have: its cell is empty.
        self._place = {name: columns.at.get(name, width) for name in CONTACT_TITLES}
        self._name_of = _name_reader(self._place, width)
        split = [(self._place[name], name) for name in ("first_name", "last_name") if self._place[name] < width]
        self._others = columns.others + split
        self._countries = Known(lambda text: _country(text) if text else "")
        self._languages = Known(lambda text: _language(text) if text else "")
        self._timezones = Known(lambda text: _timezone(text) if text else "")
        self._tags = Known(lambda text: self._set_of(_tags(text, options.tags)))
        self._sets: dict[tuple[str, ...], int] = {}
        self._consents = Known(lambda text: _consent(text) if self._has_consent else options.consent.state)
        self._days = Known(lambda text: str(self._day(text)) if text else "")
        kinds = {one.key: one for one in attributes.definitions()}
        self._kinds = [kinds.get(title) for _at, title in self._others]
        self._members = [
            (at, Known(partial(_member, title, kind)))
            for (at, title), kind in zip(self._others, self._kinds, strict=True)
        ]

    def row(self, line: int, cells: Cells) -> StageRow:
        """One row, with all that may be wrong in it. Raises BadInput."""
        width, place = self._width, self._place
        if len(cells) != width and any(cells[width:]):
            raise BadCell(
                _("The row has %(cells)s cells, the first line %(titles)s.") % {"cells": len(cells), "titles": width}
            )
        cells = [cell.strip() for cell in cells[:width]]
        cells += [""] * (width + 1 - len(cells))

        country = _country(cells[place["country"]]) if cells[place["country"]] else ""
        guess = phone = ""
        if cells[place["phone"]]:
            phone = _phone(self._phones, cells[place["phone"]], country)
            guess = country or self._phones.country_of(phone)
        customer = cells[place["customer"]]
        if not phone and not customer:
            raise BadCell(_("The row has neither a phone nor a customer number."))
        if len(customer) > 160:
            raise BadCell(_("The customer number is longer than 160 characters."))
        name = self._name_of(cells)
        if len(name) > 200:
            raise BadCell(_("The name is longer than 200 characters."))

        state = _consent(cells[place["consent"]]) if self._has_consent else self._options.consent.state
        day_text = cells[place["consent_at"]]
        members = [
            member
            for (at, title), kind in zip(self._others, self._kinds, strict=True)
            if (member := _member(title, kind, cells[at]))
        ]
        return (
            str(line),
            phone,
            customer,
            name,
            _language(cells[place["language"]]) if cells[place["language"]] else "",
            country,
            guess,
            _timezone(cells[place["timezone"]]) if cells[place["timezone"]] else "",
            f"{{{','.join(members)}}}" if members else "",
            self._set_of(_tags(cells[place["tags"]], self._options.tags)),
            state,
            str(self._day(day_text)) if state and day_text else "",
        )

    def finish(self, cursor: Any) -> None:
        """Say which tags are in each of the sets that the rows name."""
        with cursor.copy(merging.SETS) as copy:
            for words, number in self._sets.items():
                for word in words:
                    copy.write_row((number, word))

    def _set_of(self, words: tuple[str, ...]) -> str:
        return str(self._sets.setdefault(words, len(self._sets) + 1)) if words else ""

    def batch(self, found: Batch) -> tuple[list[StageRow], set[int]]:
        """The rows in which all is plain, and the places of those that `row` has to look at."""
        size = len(found)
        columns = [*found.columns, EMPTY * size]
        column = {name: columns[at] for name, at in self._place.items()}

        countries = self._countries.of(column["country"])
        phones = self._phones.all_e164(column["phone"], ["" if one is None else one for one in countries])
        customers = list(map(str.strip, column["customer"]))
        names = self._names(columns)
        languages = self._languages.of(column["language"])
        timezones = self._timezones.of(column["timezone"])
        tags = self._tags.of(column["tags"])
        states = self._consents.of(column["consent"])
        days = self._days.of(column["consent_at"])
        members = [known.of(columns[at]) for at, known in self._members]
        doubt = set(found.odd) | doubtful((countries, phones, languages, timezones, tags, states, days, *members))
        doubt |= longer(customers, 160) | longer(names, 200)
        if "" in phones:
            doubt |= {at for at, keys in enumerate(zip(phones, customers, strict=True)) if not any(keys)}
        staged = zip(
            map(str, range(found.first, found.first + size)),
            phones,
            customers,
            names,
            languages,
            countries,
            self._phones.countries_of(phones, countries),
            timezones,
            _objects(members, size),
            tags,
            states,
            days if all(states) else [day if state else "" for day, state in zip(days, states, strict=True)],
            strict=True,
        )
        return without(list(staged), doubt), doubt

    def _names(self, columns: Sequence[Sequence[str]]) -> list[str]:
        place, width = self._place, self._width
        if place["first_name"] == place["last_name"] == width:
            return list(map(plain_name, columns[place["name"]]))
        return [self._name_of([cell.strip() for cell in cells]) for cells in zip(*columns, strict=True)]

    def _day(self, text: str) -> datetime:
        return past(moment_of(text, self._options.date_order), self._now)


def _objects(members: Sequence[Sequence[str | None]], rows: int) -> list[str]:
    """The attributes of each row as a JSON object, "" for none."""
    if not members:
        return [""] * rows
    if all(map(all, members)):
        return [f"{{{text}}}" for text in map(",".join, zip(*members, strict=True))]
    joined = (",".join(filter(None, some)) for some in zip(*members, strict=True))
    return [f"{{{text}}}" if text else "" for text in joined]


def _member(title: str, kind: Attribute | None, text: str) -> str:
    """One attribute as a member of a JSON object, "" for an empty one. Raises BadInput for what its kind forbids."""
    value = attributes.clean(kind, text) if kind else text
    return "" if value in ("", None) else f"{_encode(title).decode()}:{_encode(value).decode()}"


def _name_reader(place: dict[str, int], width: int) -> Callable[[Cells], str]:
    """The whole name, or first and last put together; Chinese names without a blank and the family first."""
    name_at, first_at, last_at = place["name"], place["first_name"], place["last_name"]
    if first_at == last_at == width:
        return lambda cells: plain_name(cells[name_at])

    def name_of(cells: Cells) -> str:
        if name := plain_name(cells[name_at]):
            return name
        first, last = plain_name(cells[first_at]), plain_name(cells[last_at])
        if first and last:
            return last + first if "\u4e00" <= last[0] <= "\u9fff" else f"{first} {last}"
        return first or last

    return name_of


def _phone(phones: Phones, text: str, country: str) -> str:
    try:
        return phones.e164(text, country)
    except BadPhone:
        pass
    if is_shortened(text):
        raise shortened_phone(text)
    if not country and not phones.country and not text.startswith(("+", "00")) and any(map(str.isdigit, text)):
        raise BadCell(
            _("“%(phone)s” has no country code: write it as +33…, or choose a country for the file.")
            % {"phone": text[:40]}
        )
    raise BadCell(_("“%(phone)s” is no phone number that exists.") % {"phone": text[:40]})


def shortened_phone(text: str) -> BadCell:
    """Why a number of which a spreadsheet has kept the first digits alone can't be read, and what to do."""
    return BadCell(
        _(
            "A spreadsheet has shortened this number to “%(phone)s”: "
            "give the column the format “text” and save it again."
        )
        % {"phone": text[:40]}
    )


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
def _tags(text: str, added: tuple[str, ...]) -> tuple[str, ...]:
    """The tags of a cell and of the whole file."""
    words = dict.fromkeys([*filter(None, (" ".join(word.split()) for word in _SEPARATOR.split(text))), *added])
    if any(len(word) > 60 for word in words):
        raise BadCell(_("A tag has at most 60 characters."))
    return tuple(words)
