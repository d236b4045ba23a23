"""A workbook with errors comes in, its columns are put right, its rejects downloaded, and all of it is taken back."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from envoi.contacts import sheets
from envoi.contacts.models import Contact
from envoi.team.models import Staff
from tests.rig import Rig, wait_until

from .test_main_job import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

# Phones as a spreadsheet spoils them: numbers, without the plus.
ROWS = [
    ["Cellulaire", "Nom", "Ville", "Depuis", "Interne"],
    [33639980001, "Élodie Girard", "Lyon", "=1+1", "x"],
    [639980002, "Hugo Lambert", "Brest", "2024", "x"],
    ["call me", "Nobody", "Metz", "2023", "x"],
    [33639980003, "Inès Petit", "Nice", "2022", "x"],
]


def workbook(folder: Path) -> Path:
    path = folder / "clients.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(ROWS):
            sheet.write_row(number, 0, row)
    return path


def test_a_workbook_with_errors_comes_in_and_goes_again(rig: Rig, page: Page, owner: Staff, tmp_path: Path) -> None:
    rig.begin(faults="none", door="web")
    rig.start("worker")
    sign_in(page)
    Contact.objects.create(phone="+33639980099", name="Here before")

    page.get_by_role("link", name="Contacts").click()
    page.get_by_role("link", name="Import").first.click()
    page.set_input_files("input[type=file]", workbook(tmp_path))
    page.get_by_role("button", name="Go on to the columns").click()

    # Nobody knows "Cellulaire": it would be kept as something else. The page shows what is in it.
    expect(page.get_by_text("Élodie Girard")).to_be_visible()
    expect(page.get_by_label("What “Nom” is")).to_have_value("name")
    expect(page.get_by_label("What “Cellulaire” is")).to_have_value("attribute:")
    page.get_by_label("What “Interne” is").select_option("")
    page.get_by_label("What “Cellulaire” is").select_option("phone")
    page.get_by_label("Name under which “Ville” is kept").fill("city")
    page.get_by_label("Country of numbers without one").fill("FR")
    page.get_by_label("Tags for everybody in it").fill("from the shop")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("3 new, 0 changed, 1 rejected.")).to_be_visible(timeout=30_000)
    assert rig.number("SELECT count(*) FROM contacts") == 1

    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_text("finished").first).to_be_visible(timeout=30_000)
    assert rig.number("SELECT count(*) FROM contacts") == 4
    assert Contact.objects.get(phone="+33639980001").attributes == {"city": "Lyon", "Depuis": "=1+1"}
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the rejects").click()
    assert "call me" in download.value.path().read_text("utf-8-sig")

    # All of them as a file: what would run in a spreadsheet does not.
    page.get_by_role("link", name="Show contacts").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "'=1+1" in download.value.path().read_text("utf-8-sig")

    page.go_back()
    page.get_by_role("button", name="Undo").click()
    page.locator("#undo-import").get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("This import was taken back: 3 entries are as before.")).to_be_visible(timeout=30_000)
    wait_until(lambda: rig.number("SELECT count(*) FROM contacts") == 1, saying="they are still there")
    assert Contact.objects.get().name == "Here before"

    # The same titles again: what was said of them is remembered.
    page.get_by_role("link", name="Import another file").click()
    page.set_input_files("input[type=file]", workbook(tmp_path))
    page.get_by_role("button", name="Go on to the columns").click()
    expect(page.get_by_label("What “Cellulaire” is")).to_have_value("phone")
    expect(page.get_by_label("Country of numbers without one")).to_have_value("FR")


def test_a_large_workbook_is_read_by_the_worker_and_leads_on_to_its_columns(
    rig: Rig, page: Page, owner: Staff, tmp_path: Path
) -> None:
    rig.begin(faults="none", door="web")
    sign_in(page)
    path = tmp_path / "many.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["phone", "name", "mark"])
        for number in range(25_000):
            sheet.write_row(number + 1, 0, [f"+3363998{number:05d}", f"Name {number}", token_hex(24)])
    assert path.stat().st_size > sheets.SMALL_PACKED

    page.goto("/contacts/import/")
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Go on to the columns").click()
    expect(page.get_by_text("Waiting for a free worker…")).to_be_visible()
    rig.start("worker")
    # Nobody has to press anything: the page follows, and goes on.
    expect(page.get_by_label("What “phone” is")).to_have_value("phone", timeout=60_000)
    expect(page.get_by_text("Name 2", exact=True)).to_be_visible()
