"""A large workbook is turned into CSV by the worker, while its page shows how far that is."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.conf import settings
from django.db import connection
from django.test import Client

from envoi.contacts import actions, sheets, stored, tasks, unpacking
from envoi.contacts.importing import StillRunning
from envoi.contacts.models import Import
from envoi.core.errors import BadInput
from envoi.team.models import Staff

from .files import Aside, run, until
from .test_import_trouble import _url

pytestmark = pytest.mark.django_db(transaction=True)


def workbook(rows: int) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["phone", "name"])
        for number in range(rows):
            sheet.write_row(number + 1, 0, [f"+3363998{number:04d}", f"Name {number}"])
    return content.getvalue()


@pytest.fixture
def signed_in(client: Client, owner: Staff) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def all_are_large(monkeypatch) -> None:
    monkeypatch.setattr(sheets, "SMALL_PACKED", 0)


def sent(signed_in: Client, content: bytes) -> Import:
    upload = io.BytesIO(content)
    upload.name = "people.xlsx"
    answer = signed_in.post("/contacts/import/", {"kind": "contacts", "file": upload}, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return Import.objects.latest("pk")


def jobs() -> list[tuple[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args ->> 'import_id' FROM procrastinate_jobs ORDER BY id")
        return cursor.fetchall()


def beside(one: Import) -> set[str]:
    return {path.name for path in stored.path_of(one).parent.iterdir()}


def test_its_page_waits_for_the_worker_and_then_asks_for_the_columns(signed_in, all_are_large):
    one = sent(signed_in, workbook(3))
    assert (one.state, jobs()[-1]) == ("unpacking", ("contacts.unpack", str(one.pk)))
    assert beside(one) == {"upload"}, "nothing is unpacked while a page waits"
    shown = signed_in.get(f"/contacts/imports/{one.pk}/columns/", follow=True)
    assert shown.redirect_chain == [(f"/contacts/imports/{one.pk}/", 302)]
    assert "data-live-url" in shown.content.decode()
    assert "Waiting for a free worker" in shown.content.decode()
    assert signed_in.post(f"/contacts/imports/{one.pk}/columns/", {"do": "import"}).status_code == 302

    unpacking.run(one.pk)
    one.refresh_from_db()
    assert one.state == "draft"
    assert f'data-live-go="/contacts/imports/{one.pk}/columns/"' in _streamed(signed_in, one)
    chosen = {"column_0": "phone", "column_1": "name", "tags": "x", "do": "import"}
    assert "Name 2" in signed_in.get(f"/contacts/imports/{one.pk}/columns/").content.decode()
    assert signed_in.post(f"/contacts/imports/{one.pk}/columns/", chosen).status_code == 302
    assert run(one).rows_created == 3


def _streamed(signed_in: Client, one: Import) -> str:
    return signed_in.get(f"/contacts/imports/{one.pk}/").content.decode()


def test_a_small_one_is_shown_at_once(signed_in):
    one = sent(signed_in, workbook(3))
    assert (one.state, beside(one)) == ("draft", {"upload", stored.AS_CSV})


def test_how_far_it_is_is_told_and_a_cancelled_one_leaves_nothing(signed_in, all_are_large, monkeypatch):
    monkeypatch.setattr(sheets, "LOOK_SECONDS", 0.02)
    one = sent(signed_in, workbook(9000))
    told: list[float] = []
    sheets.convert(stored.path_of(one), stored.path_of(one).with_name("other.csv"), told.append)
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1
    assert stored.path_of(one).with_name("other.csv").read_text().count("\n") == 9001
    stored.path_of(one).with_name("other.csv").unlink()

    work = Aside(lambda: unpacking.run(one.pk))
    until(lambda: Import.objects.get(pk=one.pk).started_at)
    assert actions.cancel_import(one.pk, by=None).state == "cancelled"
    work.result()
    one.refresh_from_db()
    assert (one.state, beside(one)) == ("cancelled", {"upload"})
    page = signed_in.get(f"/contacts/imports/{one.pk}/").content.decode()
    assert f"/contacts/imports/{one.pk}/again" in page
    assert "Change the columns" not in page
    # Once more from the stored file: again the worker's.
    signed_in.post(f"/contacts/imports/{one.pk}/again")
    assert Import.objects.latest("pk").state == "unpacking"


def test_one_that_waits_is_cancelled_at_once_and_its_job_does_nothing(signed_in, all_are_large):
    one = sent(signed_in, workbook(3))
    signed_in.post(f"/contacts/imports/{one.pk}/cancel")
    unpacking.run(one.pk)
    one.refresh_from_db()
    assert (one.state, beside(one)) == ("cancelled", {"upload"})


def killed_meanwhile(one: Import, test_database_url: str) -> Path:
    """Kill a worker, and whom it asked, while the workbook is being turned; what is left of the CSV."""
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, django; django.setup(); from envoi.contacts import unpacking; unpacking.run(int(sys.argv[1]))",
            str(one.pk),
        ],
        env={
            **os.environ,
            "ENVOI_DATABASE_URL": _url(test_database_url),
            "DJANGO_SETTINGS_MODULE": "envoi.config.settings",
            "ENVOI_HOME": str(Path(settings.MEDIA_ROOT).parent),
        },
        start_new_session=True,
    )
    until(lambda: [*stored.path_of(one).parent.glob("*.part")])
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    one.refresh_from_db()
    assert one.state == "unpacking"
    (part,) = stored.path_of(one).parent.glob("*.part")
    return part


def again(one: Import) -> bool:
    try:
        unpacking.run(one.pk)
    except StillRunning:
        return False
    return True


def test_a_worker_killed_meanwhile_leaves_it_to_the_next_and_no_part_of_a_file(
    signed_in, all_are_large, test_database_url
):
    one = sent(signed_in, workbook(9000))
    part = killed_meanwhile(one, test_database_url)
    until(lambda: again(one))
    one.refresh_from_db()
    assert one.state == "draft"
    assert stored.path_of(one).with_name(stored.AS_CSV).read_text().count("\n") == 9001
    assert not part.exists()
    assert beside(one) == {"upload", stored.AS_CSV}


def test_what_a_killed_worker_left_goes_also_when_it_is_cancelled_then(signed_in, all_are_large, test_database_url):
    one = sent(signed_in, workbook(9000))
    killed_meanwhile(one, test_database_url)
    signed_in.post(f"/contacts/imports/{one.pk}/cancel")
    until(lambda: again(one))
    one.refresh_from_db()
    assert (one.state, beside(one)) == ("cancelled", {"upload"})


def test_an_hour_later_it_goes_also_when_no_worker_ever_came_back(signed_in, all_are_large, test_database_url):
    one = sent(signed_in, workbook(9000))
    part = killed_meanwhile(one, test_database_url)
    tasks.forget_parts()
    assert part.exists(), "somebody may still be writing"
    aged(part)
    tasks.forget_parts()
    assert beside(one) == {"upload"}


def test_bad_rows_half_written_go_after_an_hour_unless_the_import_still_runs(signed_in, all_are_large):
    one = sent(signed_in, workbook(3))
    part = stored.path_of(one).with_name("rejects.part")
    part.write_text("line,reason")
    aged(part)
    Import.objects.filter(pk=one.pk).update(state=Import.State.READING)
    tasks.forget_parts()
    assert part.exists()
    Import.objects.filter(pk=one.pk).update(state=Import.State.FAILED)
    tasks.forget_parts()
    assert beside(one) == {"upload"}


def aged(part: Path) -> None:
    at = part.stat().st_mtime - 3_700
    os.utime(part, (at, at))


def test_one_that_can_not_be_read_fails_with_a_sentence_on_its_page(signed_in, all_are_large):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("xl/workbook.xml", b"no xml")
    one = sent(signed_in, content.getvalue())
    unpacking.run(one.pk)
    one.refresh_from_db()
    assert (one.state, one.rows_read) == ("failed", 0)
    assert "damaged" in signed_in.get(f"/contacts/imports/{one.pk}/").content.decode()


def test_a_workbook_of_two_gigabytes_is_refused_without_being_opened(tmp_path: Path):
    path = tmp_path / "people.xlsx"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(2 << 30)
    with pytest.raises(BadInput, match="save its sheet as CSV"):
        sheets.is_workbook(path)


def test_an_archive_of_a_million_members_is_refused_before_their_list_is_read(tmp_path: Path):
    path = tmp_path / "people.xlsx"
    path.write_bytes(b"PK\x03\x04" + b"PK\x05\x06" + bytes(8) + (100 << 20).to_bytes(4, "little") + bytes(6))
    with pytest.raises(BadInput, match="save its sheet as CSV"):
        sheets.is_workbook(path)
