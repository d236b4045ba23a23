"""A table of exchange rates as people paste it: currency, day and rate in any order of columns, one a line."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from ..contacts.cells import moment_of
from ..core.currencies import CURRENCIES
from ..core.errors import BadInput
from .amounts import figure_of

MOST = 20_000
_WORDS = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class Line:
    """One rate of a table."""

    currency: str
    day: date
    rate: Decimal


def lines_of(text: str) -> list[Line]:
    """The rates of a table. Raises BadInput, which names the first line that can't be meant; then none is taken."""
    rows = [(number, row) for number, row in enumerate(_rows(text), start=1) if any(row)]
    if rows and not any(cell.upper() in CURRENCIES for cell in rows[0][1]):
        rows = rows[1:]
    if not rows:
        raise BadInput(_("No rate in it: each line has a currency, a day and a rate."))
    if len(rows) > MOST:
        raise BadInput(_("More than %(most)d rates at once: send them in parts.") % {"most": MOST})
    return [_line(number, row) for number, row in rows]


def _rows(text: str) -> list[list[str]]:
    lines = text.replace("\0", "").splitlines()
    first = next((line for line in lines if line.strip()), "")
    mark = next((one for one in "\t;|" if one in first), "")
    if not mark:
        # A comma parts columns only where it is not the mark of decimals; else blanks do.
        mark = "," if first.count(",") >= 2 else " "
    if mark == " ":
        return [line.split() for line in lines]
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]


def _line(number: int, row: list[str]) -> Line:
    cells = [cell for cell in row if cell]
    currencies = [cell.upper() for cell in cells if _WORDS.fullmatch(cell)]
    if len(cells) != 3 or len(currencies) != 1 or currencies[0] not in CURRENCIES:
        said = {"line": number, "text": " ".join(row)[:60]}
        raise BadInput(_("Line %(line)d, “%(text)s”: write a currency, a day and a rate.") % said)
    day: date | None = None
    rate: Decimal | None = None
    for cell in cells:
        if _WORDS.fullmatch(cell):
            continue
        try:
            rate = Decimal(figure_of(cell))
        except InvalidOperation:
            try:
                day = moment_of(cell).date()
            except BadInput as problem:
                raise BadInput(
                    _("Line %(line)d: %(problem)s") % {"line": number, "problem": problem.sentence}
                ) from None
        except BadInput as problem:
            raise BadInput(_("Line %(line)d: %(problem)s") % {"line": number, "problem": problem.sentence}) from None
    if day is None or rate is None:
        said = {"line": number, "text": " ".join(row)[:60]}
        raise BadInput(_("Line %(line)d, “%(text)s”: write a currency, a day and a rate.") % said)
    return Line(currencies[0], day, rate)
