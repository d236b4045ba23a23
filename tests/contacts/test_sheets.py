"""Workbooks, whatever is inside: a sentence, bounded memory, nothing lost."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.test import Client

from envoi.contacts import preparing, sheets
from envoi.contacts.models import Contact, Import
from envoi.core.errors import BadInput
from envoi.team.models import AuditEntry, Staff

from .files import brought, contact, counts, reasons, rejects, stored

pytestmark = pytest.mark.django_db(transaction=True)


def workbook(*rows: list[Any]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"strings_to_formulas": False, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return content.getvalue()


def archive(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "/").replace("_", "."), data)
    return content.getvalue()


def test_a_workbook_comes_in_as_it_reads():
    one = brought(
        workbook(
            ["phone", "name", "language", "born", "points", "member", "seen"],
            [33639980001, "Ana\nMaria", "fr", date(1990, 5, 1), 1.5, True, datetime(2026, 1, 2, 3, 4)],  # noqa: DTZ001  (a cell has no zone)
            [],
            ["x", "Bad"],
        ),
        country="FR",
    )
    assert counts(one) == {"created": 1, "rejected": 1}
    assert list(reasons(one)) == [4], "the line is that of the sheet"
    assert contact("+33639980001").name == "Ana Maria"
    assert contact("+33639980001").attributes == {
        "born": "1990-05-01",
        "points": "1.5",
        "member": "yes",
        "seen": "2026-01-02 03:04:00",
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (archive(readme_txt=b"hello"), "ZIP archive without a workbook"),
        (archive(xl__workbook_xml=b"no xml", xl__other_xml=b""), "damaged"),
        (b"PK\x03\x04" + bytes(200), "damaged"),
        (b"\xd0\xcf\x11\xe0" + bytes(2000), "damaged"),
        (workbook(), "no row"),
        (workbook([f"c{n}" for n in range(600)]), "500 columns"),
    ],
)
def test_what_is_no_workbook_fails_with_a_sentence(content, sentence):
    one = brought(content)
    assert one.state == "failed"
    assert sentence in one.problem
    assert Contact.objects.count() == 0


def test_a_zip_bomb_is_refused_by_what_it_says(tmp_path: Path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", "x")
        with file.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            for _ in range(1100):
                member.write(bytes(1 << 20))
    assert path.stat().st_size < 3_000_000
    with pytest.raises(BadInput, match="too large"):
        sheets.is_workbook(path)


def test_a_workbook_that_needs_too_much_memory_ends_with_a_sentence(tmp_path: Path, monkeypatch):
    path = tmp_path / "people.xlsx"
    path.write_bytes(workbook(["phone"], ["x"]))
    monkeypatch.setattr(sheets, "MOST_SECONDS", 0.001)
    with pytest.raises(BadInput, match="save its sheet as CSV"):
        sheets.convert(path, tmp_path / "people.csv")
    assert not (tmp_path / "people.csv").exists()


def test_a_file_is_shown_before_it_is_brought_in_and_its_columns_are_remembered():
    one = stored("Cell;Nom;Ville\n0639980001;Ana;Lyon\n", draft=True)
    found = preparing.preview(one)
    assert [column.what for column in found.columns] == ["phone", "name", "attribute:Ville"]
    assert found.columns[1].cells == ["Ana"]
    chosen = {"columns": ["phone", "", "attribute:city"], "country": "FR", "tags": ["x"]}
    preparing.choose(one.pk, options=chosen, check_only=False, by=None)
    again = stored("cell;NOM;ville\n0639980002;Ben;Metz\n", draft=True)
    found = preparing.preview(again)
    assert [column.what for column in found.columns] == ["phone", "", "attribute:city"]
    assert found.remembered["country"] == "FR"
    assert found.remembered["tags"] == []


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (["phone", "phone"], "meant to be the same"),
        (["name", "attribute:x"], "needs a column with the phone"),
        (["phone"], "has 2 columns"),
        (["phone", "nonsense"], "nothing that a column can be"),
        (["phone", "attribute:"], "1 to 60"),
        (["attribute:x", "attribute:x"], "same title"),
    ],
)
def test_columns_that_can_not_be_meant_are_refused(columns, sentence):
    one = stored("a,b\n1,2\n", draft=True)
    with pytest.raises(BadInput, match=sentence):
        preparing.choose(one.pk, options={"columns": columns}, check_only=True, by=None)
    one.refresh_from_db()
    assert one.state == "draft"


def test_the_rejects_of_a_file_with_chosen_columns_come_back_with_the_same_columns():
    text = "Cell,Nom\nbad,Ana\n+33639980002,Ben\n"
    one = brought(text, columns=["phone", "name"])
    mended = "\n".join(",".join(row) for row in rejects(one)).replace("bad", "+33639980001")
    again = brought(mended, columns=["phone", "name"])
    assert counts(again) == {"created": 1}
    assert contact("+33639980001").name == "Ana"


@pytest.fixture
def signed_in(client: Client, owner: Staff) -> Client:
    client.force_login(owner)
    return client


def test_pasted_rows_are_a_file_too(signed_in):
    text = "phone\tname\n+33639980001\tAna\n"
    answer = signed_in.post("/contacts/import/", {"kind": "contacts", "text": text})
    one = Import.objects.get()
    assert answer.headers["Location"] == f"/contacts/imports/{one.pk}/columns/"
    assert "Ana" in signed_in.get(answer.headers["Location"]).content.decode()
    assert "Choose a file, or paste rows." in signed_in.post("/contacts/import/", {"kind": "contacts"}).content.decode()


def test_a_file_that_can_not_be_read_says_so_on_its_page(signed_in):
    upload = io.BytesIO(archive(readme_txt=b"hello"))
    upload.name = "people.xlsx"
    answer = signed_in.post("/contacts/import/", {"kind": "contacts", "file": upload}, follow=True)
    assert answer.status_code == 422
    assert "ZIP archive without a workbook" in answer.content.decode()


def test_consent_in_a_column_needs_its_source_and_everybody_a_tag(signed_in):
    one = stored("phone,marketing\n+33639980001,yes\n", draft=True)
    sent = {"column_0": "phone", "column_1": "consent", "tags": "", "do": "check"}
    text = signed_in.post(f"/contacts/imports/{one.pk}/columns/", sent).content.decode()
    assert "Say where they did" in text
    assert "This field is required" in text
    sent |= {"tags": "spring", "source": "till"}
    answer = signed_in.post(f"/contacts/imports/{one.pk}/columns/", sent)
    assert answer.headers["Location"] == f"/contacts/imports/{one.pk}/"
    one.refresh_from_db()
    assert (one.state, one.check_only, one.options["tags"]) == ("queued", True, ["spring"])


def test_without_the_needed_column_the_page_keeps_what_was_chosen(signed_in):
    one = stored("Cellulaire,Nom\n+33639980001,Ana\n", draft=True)
    sent = {"column_0": "attribute:", "title_0": "mobile", "column_1": "", "tags": "x", "do": "check"}
    answer = signed_in.post(f"/contacts/imports/{one.pk}/columns/", sent)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "The file needs a column with the phone" in text
    assert 'value="mobile"' in text


def test_an_import_that_ran_can_not_be_chosen_anew(signed_in):
    one = brought("phone\n+33639980001\n")
    assert signed_in.get(f"/contacts/imports/{one.pk}/columns/").status_code == 409
    assert signed_in.post(f"/contacts/imports/{one.pk}/go").status_code == 409
    assert signed_in.post(f"/contacts/imports/{one.pk}/undo").status_code == 302
    assert AuditEntry.objects.filter(verb="contacts.undo_import").count() == 1


def test_phones_that_a_spreadsheet_kept_as_numbers_are_read_or_told_apart():
    one = brought(
        workbook(
            ["phone", "name"],
            [33639980001, "a number"],
            ["33639980002.0", "as a program writes it"],
            ["3.3639980003E+10", "all digits there"],
            ["3,3639980004E+10", "with a comma"],
            ["3.36E+10", "digits lost"],
            [639980006, "its 0 lost"],
        ),
        country="FR",
    )
    assert counts(one) == {"created": 5, "rejected": 1}
    assert list(reasons(one)) == [6]
    assert "shortened" in reasons(one)[6]
    assert "format “text”" in reasons(one)[6]
    assert set(Contact.objects.values_list("phone", flat=True)) == {f"+3363998000{n}" for n in (1, 2, 3, 4, 6)}


def test_a_number_without_its_country_is_refused_and_says_what_to_choose():
    one = brought(workbook(["phone", "name"], [33639980001, "Ana"]))
    assert reasons(one) == {2: "“33639980001” has no country code: write it as +33…, or choose a country for the file."}
