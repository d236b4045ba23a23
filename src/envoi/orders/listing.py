"""The list of all orders: searched, filtered, sorted by day, continued by a cursor; and the same list as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db import connection
from django.utils.translation import gettext as _

from ..contacts.finding import WITH_NUMBER, parts_of_number
from ..contacts.letters import pattern_of, words_of
from ..core.errors import BadInput
from ..core.paging import Page
from ..core.tables import Cell
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require

# Counting stops here: an exact number beyond it helps nobody and costs a scan of everything.
COUNTED = 10_000
# Whose name or phone holds what was searched for: of more people than these the list is no answer anyway.
MOST_PEOPLE = 1_000

Sort = Literal["newest", "oldest"]
State = Literal["unconverted", "refunded"]

ORDERS: dict[str, tuple[str, str]] = {
    # One index, read from its one end or the other: orders_by_day.
    "newest": ("o.at DESC, o.contact_id DESC, o.id DESC", "<"),
    "oldest": ("o.at, o.contact_id, o.id", ">"),
}
COLUMNS = "o.contact_id, o.id, o.external_id, o.at, o.amount, o.currency, o.refunded, o.value, o.quantity"
STATES: dict[str, str] = {
    # The few who have any are found by their own partial index first.
    "unconverted": "(o.value IS NULL AND o.contact_id IN (SELECT contact_id FROM order_totals WHERE unconverted > 0))",
    "refunded": "o.refunded > 0",
}
LARGEST_ID = 2**63


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for. since, until: days (UTC), both counted; currency: of the order itself."""

    search: str = ""
    currency: str = ""
    state: State | None = None
    since: date | None = None
    until: date | None = None
    contact_id: int | None = None
    sort: Sort = "newest"

    @property
    def is_filtered(self) -> bool:
        """Whether it may leave orders out."""
        return any((self.search, self.currency, self.state, self.since, self.until, self.contact_id is not None))


@dataclass(frozen=True, slots=True)
class Row:
    """An order as the list shows it; `person` is whose it is, in as many words as are known."""

    contact_id: int
    id: int
    external_id: str
    at: datetime
    amount: Decimal
    currency: str
    refunded: Decimal
    value: Decimal | None
    quantity: int
    person: str

    @property
    def number(self) -> str:
        """The shop's number, empty when it gave none."""
        return "" if self.external_id.startswith("auto:") else self.external_id


def order_list(staff: Staff | None, asked: Asked, *, after: str | None = None, limit: int = 50) -> Page[Row]:
    """One page; after: the `next` of the page before, for the same question. Raises BadInput for one we never gave."""
    require(staff, "contacts.read")
    where, parameters = _conditions(asked)
    total, more = _total(where, parameters)
    found = list(_rows(asked, where, parameters, after=after, limit=limit + 1))
    items = found[:limit]
    return Page(items, next=_cursor_of(items[-1]) if len(found) > limit else None, total=total, more=more)


def export(staff: Staff | None, asked: Asked) -> tuple[list[str], Iterator[list[Cell]]]:
    """Titles and rows of the whole list; rights are looked at before the first one, and the audit log knows of it."""
    require(staff, "contacts.export")
    note(staff, "orders.export", "orders", {"search": asked.search} if asked.search else {})
    header = [_("order number"), _("customer"), _("date"), _("amount"), _("currency"), _("refunded"), _("value")]
    return [*header, _("quantity")], _export(asked)


def _export(asked: Asked) -> Iterator[list[Cell]]:
    where, parameters = _conditions(asked)
    after: str | None = None
    while True:
        found = list(_rows(asked, where, parameters, after=after, limit=1000))
        for one in found:
            yield [one.number, one.person, one.at, one.amount, one.currency, one.refunded, one.value, one.quantity]
        if len(found) < 1000:
            return
        after = _cursor_of(found[-1])


def _rows(
    asked: Asked, where: Sequence[str], parameters: dict[str, Any], *, after: str | None, limit: int
) -> Iterator[Row]:
    order, beyond = ORDERS[asked.sort]
    page, parameters = list(where), {**parameters, "limit": limit}
    if after:
        page.append(f"(o.at, o.contact_id, o.id) {beyond} (%(at)s, %(after_contact)s, %(after_id)s)")
        parameters |= _cursor(after)
    # A search is answered by its own indexes first and sorted after: walking by day in the hope of meeting fifty of a
    # rare name would read everything.
    source = f"SELECT {COLUMNS} FROM orders o WHERE {_all(page)}"  # noqa: S608
    if asked.search:
        source = f"WITH o AS MATERIALIZED ({source}) SELECT {COLUMNS} FROM o"  # noqa: S608
    named = f"""
        SELECT o.*, COALESCE(NULLIF(c.name, ''), c.phone, '#' || c.id)
          FROM ({source} ORDER BY {order} LIMIT %(limit)s) AS o JOIN contacts c ON c.id = o.contact_id
         ORDER BY {order}"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(named, parameters)
        for row in cursor.fetchall():
            yield Row(*row)


def _conditions(asked: Asked) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    parameters: dict[str, Any] = {}
    # PostgreSQL keeps no NUL character, and refuses to compare with one.
    if search := asked.search.replace("\0", "").strip():
        where.append(_search(search, parameters))
    if asked.currency:
        where.append("o.currency = %(currency)s")
        parameters["currency"] = asked.currency.replace("\0", "").upper()
    if asked.state:
        where.append(STATES[asked.state])
    if asked.since:
        where.append("o.at >= %(since)s::date::timestamp AT TIME ZONE 'UTC'")
        parameters["since"] = asked.since
    if asked.until:
        where.append("o.at < (%(until)s::date + 1)::timestamp AT TIME ZONE 'UTC'")
        parameters["until"] = asked.until
    if asked.contact_id is not None:
        where.append("o.contact_id = %(contact_id)s")
        parameters["contact_id"] = asked.contact_id
    return where, parameters


def _search(search: str, parameters: dict[str, Any]) -> str:
    """An order's whole number, or three letters of a name, or three digits with which a phone begins or ends."""
    people: list[str] = []
    digits = re.sub(r"[\s().+\-/]", "", search)
    words = words_of(search)
    if any(len(word) >= 3 for word in words):
        named = {f"word{place}": pattern_of(word) for place, word in enumerate(words)}
        people.append(f"SELECT id FROM contacts WHERE {_all([f'upper(name) ~ %({name})s' for name in named])}")  # noqa: S608
        parameters |= named
    if digits.isascii() and digits.isdigit() and len(digits) >= 3:
        people.append(WITH_NUMBER)
        parameters |= {**parts_of_number(digits), "most": MOST_PEOPLE}
    parameters["number"] = search
    by_number = "o.external_id = %(number)s"
    if not people:
        return by_number
    # Each by its own index, which an OR of the two would not use.
    some = f"SELECT id FROM ({' UNION ALL '.join(people)}) AS people LIMIT {MOST_PEOPLE}"  # noqa: S608
    return f"({by_number} OR o.contact_id = ANY(ARRAY({some})))"


def _total(where: Sequence[str], parameters: dict[str, Any]) -> tuple[int, bool]:
    """How many match, counted up to COUNTED; all of them are estimated from PostgreSQL's own statistics."""
    with connection.cursor() as cursor:
        if not where:
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'orders'::regclass")
            estimate = cursor.fetchone()[0]
            if estimate > COUNTED:
                return int(estimate), True
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM orders o WHERE {_all(where)} LIMIT {COUNTED + 1}) AS counted",  # noqa: S608
            parameters,
        )
        counted: int = cursor.fetchone()[0]
    return min(counted, COUNTED), counted > COUNTED


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions) or "true"


def _cursor_of(last: Row) -> str:
    return f"{last.contact_id}.{last.id} {last.at.isoformat()}"


def _cursor(text: str) -> dict[str, Any]:
    ids, _blank, at = text.replace("\0", "").partition(" ")
    try:
        contact_id, number = map(int, ids.split("."))
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment, contact_id, number = datetime.min, -1, -1  # noqa: DTZ901
    if moment.tzinfo is None or not (0 <= contact_id < LARGEST_ID and 0 <= number < LARGEST_ID):
        raise BadInput(_("This page of the list can't be found: start again from the first."))
    return {"at": moment, "after_contact": contact_id, "after_id": number}
