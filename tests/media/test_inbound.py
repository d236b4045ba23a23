"""What customers send: fetched from each provider over real HTTP, kept, or put down with the reason."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psycopg
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client

from envoi.contacts.models import Contact
from envoi.core import clock
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.media.models import File
from envoi.messaging import attachments
from envoi.messaging.models import Attachment, Message
from envoi.reports.story import contact_story
from envoi.team.models import Staff
from tests.media.conftest import Connect, Connected
from tests.media.files import HTML
from tests.providers.simulated import ANA
from tests.rig import Rig, wait_until

FOUR = ("meta", "twilio", "bird", "zenvia")


def only() -> Attachment:
    return Attachment.objects.get()


def run_jobs(db: psycopg.Connection[Any]) -> int:
    """Do what the worker would: every queued fetch, once."""
    jobs = db.execute(
        """
        DELETE FROM procrastinate_jobs
         WHERE task_name = 'messaging.fetch_attachment' AND status = 'todo'
        RETURNING args
        """
    ).fetchall()
    for (arguments,) in jobs:
        attachments.fetch(**arguments)
    return len(jobs)


@pytest.mark.parametrize("provider", FOUR)
def test_a_customers_picture_is_kept_and_shown(
    provider: str, connect: Connect, raw_db: psycopg.Connection[Any], owner: Staff, client: Client
) -> None:
    connect(provider).say(image=True)
    one = only()
    assert (one.state, one.kind) == ("waiting", "image")
    assert run_jobs(raw_db) == 1

    one = only()
    assert (one.state, one.reason) == ("stored", "")
    assert one.file is not None
    assert (one.file.mime_type, one.file.kind, one.file.source) == ("image/png", "image", "inbound")
    with default_storage.open(one.file.path) as stored:
        assert stored.read()[:4] == b"\x89PNG"

    story = contact_story(owner, one.contact_id).items
    assert [shown.file for entry in story for shown in entry.files] == [one.file]
    client.force_login(owner)
    page = client.get(f"/contacts/{one.contact_id}/").content.decode()
    assert f'src="/files/{one.file.pk}/' in page


def test_a_file_that_is_for_the_token_alone_is_fetched_with_it(
    connect: Connect, raw_db: psycopg.Connection[Any]
) -> None:
    connect("zenvia", private_files=True).say(image=True)
    run_jobs(raw_db)
    assert only().state == "stored"


def test_the_same_webhook_again_fetches_nothing_twice(connect: Connect, raw_db: psycopg.Connection[Any]) -> None:
    connect("meta").say(image=True)
    event = WebhookEvent.objects.get()
    event.state, event.pk = "new", None
    event.save()
    engine.step()
    assert Attachment.objects.count() == 1
    assert run_jobs(raw_db) == 1


def test_a_file_that_is_gone_says_so_and_is_not_asked_for_again(
    connect: Connect, raw_db: psycopg.Connection[Any], owner: Staff, client: Client
) -> None:
    connect("meta").say(image=True)
    Attachment.objects.update(ref={"id": "404404404", "mime_type": "image/png"})
    run_jobs(raw_db)
    one = only()
    assert one.state == "gone"
    assert run_jobs(raw_db) == 0
    client.force_login(owner)
    assert "no longer at the provider" in client.get(f"/contacts/{one.contact_id}/").content.decode()


@pytest.mark.parametrize("provider", ["twilio", "bird", "zenvia"])
def test_each_providers_404_means_gone(provider: str, connect: Connect, raw_db: psycopg.Connection[Any]) -> None:
    connect(provider).say(image=True)
    one = only()
    ref = {key: _elsewhere(value) if key in ("url", "link", "id") else value for key, value in one.ref.items()}
    Attachment.objects.update(ref=ref)
    run_jobs(raw_db)
    assert only().state == "gone", only().reason


def _elsewhere(address: str) -> str:
    return address[:-6] + "000000"


def test_a_provider_that_is_away_is_asked_again_later_until_the_file_has_expired(
    connect: Connect, raw_db: psycopg.Connection[Any]
) -> None:
    meta = connect("meta")
    meta.say(image=True)
    meta.account.base_url = "http://127.0.0.1:9"
    meta.account.save()
    run_jobs(raw_db)
    one = only()
    assert (one.state, one.attempts) == ("waiting", 1)
    assert "unreachable" in one.reason
    assert one.due_at > clock.now()
    # It is not due yet, so a job that comes early does nothing.
    run_jobs(raw_db)
    assert only().attempts == 1

    Attachment.objects.update(due_at=clock.now() - timedelta(hours=1))
    assert attachments.take_up() == 1
    run_jobs(raw_db)
    assert only().attempts == 2

    Attachment.objects.update(due_at=clock.now(), created_at=clock.now() - timedelta(days=7))
    attachments.fetch(one.contact_id, one.id)
    assert only().state == "failed"


def test_a_worker_killed_in_the_middle_leaves_the_file_to_the_next_one(
    connect: Connect, raw_db: psycopg.Connection[Any]
) -> None:
    connect("meta").say(image=True)
    one = only()
    raw_db.execute("DELETE FROM procrastinate_jobs")
    # Killed after the bytes were stored and their row made, before the attachment named them.
    assert attachments._claim(one.contact_id, one.id)
    default_path = f"inbound/{one.contact_id}/{one.id}"
    (Path(settings.MEDIA_ROOT) / default_path).parent.mkdir(parents=True, exist_ok=True)
    (Path(settings.MEDIA_ROOT) / default_path).write_bytes(b"half a")
    assert attachments.take_up() == 0, "another worker may still be at it"

    Attachment.objects.update(due_at=clock.now() - timedelta(minutes=2))
    assert attachments.take_up() == 1
    run_jobs(raw_db)
    one = only()
    assert one.state == "stored"
    assert one.file is not None
    assert (one.file.path, File.objects.count()) == (default_path, 1)
    with default_storage.open(one.file.path) as stored:
        assert stored.read()[:4] == b"\x89PNG"


def test_a_file_larger_than_we_keep_is_refused(
    connect: Connect, raw_db: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    zenvia = connect("zenvia")
    ref = _large(zenvia)
    monkeypatch.setenv("ENVOI_MOST_FILE_MB", "1")
    zenvia.say(image=True)
    Attachment.objects.update(ref=ref)
    run_jobs(raw_db)
    one = only()
    assert (one.state, File.objects.count()) == ("refused", 0)
    assert "too long" in one.reason


def _large(zenvia: Connected) -> dict[str, str]:
    """2 MB in Zenvia's own storage, put there as any client does."""
    return {"link": _stored(zenvia, bytes(2 * 1024 * 1024), "video/mp4"), "mime_type": "video/mp4"}


def _stored(zenvia: Connected, data: bytes, mime_type: str) -> str:
    headers = {"content-type": mime_type, "x-api-token": zenvia.played.credentials["token"]}
    request = Request(f"{zenvia.account.base_url}/v2/files", data=data, headers=headers, method="POST")  # noqa: S310
    with urlopen(request, timeout=20) as answer:  # noqa: S310  (the simulator on this machine)
        return str(json.load(answer)["url"])


def test_a_page_that_calls_itself_a_picture_is_only_ever_downloaded(
    connect: Connect, raw_db: psycopg.Connection[Any], owner: Staff, client: Client
) -> None:
    zenvia = connect("zenvia")
    link = _stored(zenvia, HTML, "image/jpeg")
    zenvia.say(image=True)
    Attachment.objects.update(ref={"link": link, "mime_type": "image/jpeg", "filename": "../../etc/passwd.html"})
    run_jobs(raw_db)
    file = only().file
    assert file is not None
    assert (file.mime_type, file.kind, file.name) == ("application/octet-stream", "document", "passwd.html")
    client.force_login(owner)
    answer = client.get(f"/files/{file.pk}/{file.name}")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_an_erased_customers_files_go_too(connect: Connect, raw_db: psycopg.Connection[Any]) -> None:
    connect("meta").say(image=True)
    run_jobs(raw_db)
    file = only().file
    assert file is not None
    File.objects.update(created_at=clock.now() - timedelta(hours=2))
    assert attachments.let_go() == 0
    Attachment.objects.all().delete()
    Message.objects.all().delete()
    Contact.objects.all().delete()
    assert attachments.let_go() == 1
    assert not default_storage.exists(file.path)


def test_the_worker_itself_fetches_what_came_through_the_gateway(rig: Rig) -> None:
    rig.begin(faults="none")
    campaign = rig.shop(customers=1, throughput=80)
    rig.start("worker")
    said = {"phone_number_id": campaign.channel.provider_id, "image": True}
    rig.simulated._call("POST", f"/_simulator/customers/{ANA}/say", said)
    wait_until(
        lambda: rig.number("SELECT count(*) FROM attachments WHERE state = 'stored'") == 1,
        saying="the picture was not fetched",
    )
