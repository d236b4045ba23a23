"""Reading thousands of rows at once says of each the very same as reading it alone."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envoi.contacts.columns import recognise
from envoi.contacts.columnwise import upright
from envoi.contacts.imports import ContactFile
from envoi.contacts.models import Import
from envoi.contacts.reading import Batch, Row, Table
from envoi.core.errors import BadInput
from envoi.orders.imports import OrderFile

CONTACTS = ["phone", "customer", "name", "language", "country", "tags", "consent", "consent date", "city", "timezone"]
ORDERS = ["order", "phone", "customer", "date", "amount", "currency", "quantity", "products"]
ORDERS += ["financial status", "refunded amount", "cancelled at"]

PHONES = ["", "+33639980001", "+33 6 39 98 00 02", "0639980003", "0033639980004", "+330639980005", "+12125550100"]
PHONES += [
    "+5511987654321",
    "+551187654321",
    "+5491123456789",
    "+441534123456",
    "abc",
    "+99",
    "１２３",
    "+336399800011",
]
WORDS = ["", " ", "Ana", " Ana ", "x" * 201, "张伟", "=1+1", "a,b", "C1", "x" * 161]
DATES = ["", "2026-01-01", "03/04/2026", "2999-01-01", "yesterday", "20260102", "2026-01-01T10:00:00+02:00"]

any_contact = st.tuples(
    st.sampled_from(PHONES),
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.sampled_from(["", "fr", "FR_fr", "Français", "Klingon speaker"]),
    st.sampled_from(["", "FR", "France", "us", "Atlantis"]),
    st.sampled_from(["", "vip", "vip; new ;vip", "x" * 61]),
    st.sampled_from(["", "yes", "no", "perhaps"]),
    st.sampled_from(DATES),
    st.sampled_from(WORDS),
    st.sampled_from(["", "Europe/Paris", "Mars/North"]),
).map(list)
any_order = st.tuples(
    st.sampled_from(["", "o1", "x" * 121]),
    st.sampled_from(PHONES),
    st.sampled_from(["", "C1", "+33639980001", "0639980001", "x" * 161]),
    st.sampled_from(DATES),
    st.sampled_from(["", "10", "1 234,50 €", "1,234", "-3", "free"]),
    st.sampled_from(["", "EUR", "eur", "euros"]),
    st.sampled_from(["", "1", "2.0", "many"]),
    st.sampled_from(["", "2 x Soap; Candle", "x" * 121]),
    st.sampled_from(["", "paid", " Refunded ", "partially_refunded", "whatever"]),
    st.sampled_from(["", "0.00", "-3", " 4,50 ", "all", "1e9"]),
    st.sampled_from(["", " ", "2026-01-01"]),
).map(list)


def both(kind: Any, header: list[str], rows: list[list[str]], options: dict[str, Any]) -> tuple[Any, Any]:
    """What each way of reading makes of the rows: by line, the cells of the stage as text, or None."""
    one = Import(options=options)
    columns = recognise(header, kind.titles)
    alone, together = (kind.reader(one, header, columns) for _ in range(2))
    by_row: dict[int, Any] = {}
    for line, cells in enumerate(rows, 2):
        try:
            by_row[line] = [str(cell) for cell in alone.row(line, list(cells))]
        except BadInput:
            by_row[line] = None
    plain, doubt = together.batch(Batch(2, *upright([list(cells) for cells in rows], len(header))))
    by_batch: dict[int, Any] = {int(str(row[0])): [str(cell) for cell in row] for row in plain}
    for place in doubt:
        try:
            by_batch[2 + place] = [str(cell) for cell in together.row(2 + place, list(rows[place]))]
        except BadInput:
            by_batch[2 + place] = None
    return named(by_row, alone), named(by_batch, together)


def named(rows: dict[int, Any], reader: Any) -> dict[int, Any]:
    """The words of a row's set of tags in place of the set's number, which each reader gives for itself."""
    sets = {str(number): str(words) for words, number in getattr(reader, "_sets", {}).items()}
    return {line: row and [*row[:9], sets.get(row[9], ""), *row[10:]] if sets else row for line, row in rows.items()}


@pytest.mark.django_db
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(any_contact, min_size=1, max_size=12), country=st.sampled_from(["", "FR"]))
def test_contacts_read_the_same_at_once_and_alone(rows, country):
    by_row, by_batch = both(ContactFile(), CONTACTS, rows, {"country": country, "tags": ["all"]})
    for line, found in by_row.items():
        if found and by_batch[line] and found[5]:
            # Where the row names its country, a guess (6) decides nothing.
            found[6] = by_batch[line][6]
    assert by_batch == by_row


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(any_order, min_size=1, max_size=12), currency=st.sampled_from(["", "EUR"]))
def test_orders_read_the_same_at_once_and_alone(rows, currency):
    by_row, by_batch = both(OrderFile(), ORDERS, rows, {"country": "FR", "currency": currency})
    assert by_batch == by_row


cell = st.text(alphabet='ab,;"\n\r é\t', max_size=6)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(cell, min_size=1, max_size=4), max_size=20), end=st.sampled_from(["\n", "\r\n"]))
def test_a_file_reads_the_same_in_batches_and_row_by_row(tmp_path: Path, rows, end):
    buffer = io.StringIO()
    out = csv.writer(buffer, lineterminator=end)
    out.writerow(["h1", "h2", "h3"])
    out.writerows(rows)
    path = tmp_path / "file.csv"
    path.write_bytes(buffer.getvalue().encode())
    with Table(path) as table:
        alone = list(table)
    together: list[Row] = []
    with Table(path) as table:
        for found in table.batches():
            if isinstance(found, Batch):
                together += [Row(found.first + n, cells) for n, cells in enumerate(found.rows()) if any(cells)]
            else:
                together.append(found)
    assert together == alone


@pytest.mark.parametrize("size", [1, 7, 40, 1 << 19])
def test_where_the_file_is_cut_does_not_matter(tmp_path: Path, size, monkeypatch):
    monkeypatch.setattr("envoi.contacts.reading.READ", size)
    text = 'phone,name\n1,"two\nlines"\n2,plain\n\n3,"quo""te"\n4,"open\n5,x\n6,é\n'
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    with Table(path) as table:
        alone = list(table)
    with Table(path) as table:
        batches = list(table.batches())
    flat = [
        row
        for found in batches
        for row in (
            [Row(found.first + n, cells) for n, cells in enumerate(found.rows())]
            if isinstance(found, Batch)
            else [found]
        )
    ]
    assert flat == alone
    assert [row.line for row in alone] == [2, 4, 6, 7, 8, 9]
