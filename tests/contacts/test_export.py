"""Lists as files: everything that the filters choose, nothing that runs, nobody who may not."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from envoi.contacts.models import Contact
from envoi.core import tables
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


def test_a_workbook_has_an_end_and_csv_has_none(signed_in, monkeypatch):
    brought(PEOPLE)
    monkeypatch.setattr(tables, "MOST_XLSX", 1)
    answer = signed_in.get("/contacts/export?as=xlsx")
    assert answer.status_code == 422
    assert "take the CSV" in answer.content.decode()


def test_the_rejects_come_as_a_workbook_too(signed_in):
    one = brought("phone,name\nbad,=1+1\n")
    content = b"".join(signed_in.get(f"/contacts/imports/{one.pk}/rejects?as=xlsx").streaming_content)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[1][2:] == ["bad", "=1+1"]
    assert counts(one) == {"rejected": 1}


@pytest.mark.parametrize("make", [tables.as_csv, tables.as_xlsx])
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
