"""Lists as files: everything that the filters choose, nothing that runs, nobody who may not."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
import zipfile
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from envoi.contacts.models import Contact
from envoi.core import tables, workbooks
from envoi.team.models import AuditEntry, Staff

from .files import brought, counts

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = """phone,name,language,tags,note,customer number
+33639980001,=1+1,fr,vip;spring,@SUM(A1),C1
+33639980002,Ben,en,,-4.2,
"""


@pytest.fixture
def signed_in(client: Client, owner: Staff) -> Client:
    client.force_login(owner)
    return client


def table(answer) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_a_list_comes_out_as_csv_and_nothing_in_it_runs(signed_in):
    brought(PEOPLE)
    answer = signed_in.get("/contacts/export?tag=vip")
    rows = table(answer)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert rows[0][:4] == ["phone", "customer number", "name", "language"]
    assert len(rows) == 2
    assert rows[1][:7] == ["+33639980001", "C1", "'=1+1", "fr", "FR", "", "spring;vip"]
    assert rows[1][-1] == "'@SUM(A1)"
    assert AuditEntry.objects.get(verb="contacts.export").detail == {"tag": "vip"}


def test_a_list_comes_out_as_a_workbook_of_plain_text(signed_in):
    brought(PEOPLE)
    content = b"".join(signed_in.get("/contacts/export?as=xlsx").streaming_content)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert [row[2] for row in rows] == ["name", "Ben", "=1+1"], "by number, which follows the names from Z"
    assert b"<f>" not in content


def test_what_goes_out_comes_in_again_and_changes_nothing(signed_in):
    brought(PEOPLE)
    text = "\n".join(",".join(row) for row in table(signed_in.get("/contacts/export")))
    again = brought(
        text,
        columns=["phone", "customer", "name", "language", "country", "timezone", "tags", "", "", "", "attribute:note"],
    )
    assert again.rows_created == 0
    assert Contact.objects.count() == 2


def test_who_may_not_export_reads_why(client):
    for role in (Staff.Role.AGENT, Staff.Role.ANALYST):
        client.force_login(Staff.objects.create(email=f"{role}@example.com", role=role))
        assert client.get("/contacts/export").status_code == 403
        assert "export" not in client.get("/contacts/").content.decode()


def test_a_workbook_goes_on_in_another_sheet_where_one_is_full():
    rows = [[f"name {n}", n] for n in range(10)]
    content = b"".join(workbooks.as_xlsx(["a", "b"], rows, most_rows=5))
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    found = [book.get_sheet_by_index(n).to_python() for n in range(len(book.sheet_names))]
    assert [len(sheet) for sheet in found] == [5, 5, 3]
    assert all(sheet[0] == ["a", "b"] for sheet in found)
    assert [row for sheet in found for row in sheet[1:]] == rows
    # One that is full to the brim is not followed by an empty one, and nothing at all is a sheet of titles.
    for rows, sheets in (([["x", 1]] * 8, 2), ([], 1)):
        content = b"".join(workbooks.as_xlsx(["a", "b"], rows, most_rows=5))
        assert len(CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names) == sheets


def test_more_rows_than_one_sheet_of_the_format_holds():
    pieces = workbooks.as_xlsx(["n"], ([n] for n in range(workbooks.MOST_ROWS + 4)))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.read("xl/worksheets/sheet2.xml").count(b"<row ") == 6
        assert archive.read("xl/worksheets/sheet1.xml").endswith(
            b'<row r="1048576"><c r="A1048576"><v>1048574</v></c></row></sheetData></worksheet>'
        )


def test_every_kind_of_cell_reads_back_as_it_was():
    when = datetime(2026, 11, 28, 13, 30, 15, tzinfo=timezone(timedelta(hours=1)))
    row = [
        "  <a> & 'b' ]]> \u202f中文 _x0041_ \x07",
        7,
        -1.5,
        Decimal("12.30"),
        True,
        date(2026, 2, 28),
        when,
        None,
        "",
    ]
    row += ["=1+1", "x" * 40_000, float("inf"), "last"]
    content = b"".join(workbooks.as_xlsx([f"t{n}" for n in range(len(row))], [row]))
    (found,) = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()[1:]
    assert found[1:6] == [7, -1.5, 12.3, True, date(2026, 2, 28)]
    assert found[6].replace(microsecond=0) == datetime(2026, 11, 28, 12, 30, 15)  # noqa: DTZ001  (a cell has no zone)
    assert found[7:10] == ["", "", "=1+1"]
    assert (len(found[10]), found[11], found[12]) == (32_767, "inf", "last")
    assert text_of_first(content) == row[0]


def text_of_first(content: bytes) -> str:
    """The first cell under the titles as the format means it: _xHHHH_ stands for a character."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314  (our own)
    text = sheet.findall(".//{*}row")[1].find(".//{*}t").text
    return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)


def test_the_first_rows_leave_before_the_last_are_made():
    made = 0

    def rows():
        nonlocal made
        for made in range(50_000):
            yield [f"name {made}"]

    pieces = workbooks.as_xlsx(["name"], rows())
    assert next(pieces)
    assert made < 3_000


def test_the_rejects_come_as_a_workbook_too(signed_in):
    one = brought("phone,name\nbad,=1+1\n")
    content = b"".join(signed_in.get(f"/contacts/imports/{one.pk}/rejects?as=xlsx").streaming_content)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[1][2:] == ["bad", "=1+1"]
    assert counts(one) == {"rejected": 1}


@pytest.mark.parametrize("make", [tables.as_csv, workbooks.as_xlsx])
def test_memory_does_not_grow_with_the_rows(make):
    def peak(rows: int) -> int:
        tracemalloc.start()
        made = make(["a", "b"], ([f"name {n}", n] for n in range(rows)))
        size = sum(len(part) for part in made)
        assert size
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(100)
    assert peak(20_000) < peak(4_000) + 3_000_000
