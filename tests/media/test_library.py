"""The library: what may be put in, what is shown of it, and who may take it out."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.core.errors import BadInput, NotAllowed, NotFound
from envoi.media import queries
from envoi.media.models import File
from envoi.media.sniffing import mime_type_of, plain_name
from envoi.messaging import actions, ledger
from envoi.team.models import AuditEntry, Staff, StaffRight
from tests.media.conftest import library_file
from tests.media.files import HTML, MP4, PDF, PROGRAM, SCRIPT, SVG, png

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_same_bytes_twice_are_one_file(owner: Staff) -> None:
    first = library_file(png(), "a.png", "image/png", owner)
    again = library_file(png(), "b.png", "image/png", owner)
    assert again == first
    assert (first.mime_type, first.kind, first.size, first.created_by) == ("image/png", "image", len(png()), owner)
    assert AuditEntry.objects.filter(verb="media.upload").count() == 1


@pytest.mark.parametrize(("data", "name", "told"), [
    (HTML, "photo.jpg", "image/jpeg"),
    (SVG, "logo.svg", "image/svg+xml"),
    (PROGRAM, "setup.pdf", "application/pdf"),
    (SCRIPT, "notes.txt", "text/plain"),
    (b"GIF89a" + bytes(30), "a.gif", "image/gif"),
    (b"", "empty.png", "image/png"),
    (b"<p>hello", "page.txt", "text/plain"),
])  # fmt: skip
def test_what_whatsapp_does_not_carry_is_refused_in_words(data: bytes, name: str, told: str) -> None:
    with pytest.raises(BadInput, match=r"^[A-Z].*\.$"):
        library_file(data, name, told)
    assert not File.objects.exists()


def test_a_picture_that_is_too_large_is_refused_with_the_limit() -> None:
    large = png() + bytes(6 * 1024 * 1024)
    with pytest.raises(BadInput, match=r"at most 5242880"):
        library_file(large, "large.png", "image/png")


@pytest.mark.parametrize(("data", "told", "found"), [
    (png(), "application/octet-stream", "image/png"),
    (png(), "image/jpeg", "image/png"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(40), "", "image/jpeg"),
    (MP4[:64], "", "video/mp4"),
    (b"OggS\0\2" + bytes(20) + b"\x01\x13OpusHead", "audio/ogg; codecs=opus", "audio/ogg"),
    (b"OggS\0\2" + bytes(20), "", "audio/ogg"),
    (b"#!AMR\n" + bytes(20), "", "audio/amr"),
    (PDF, "", "application/pdf"),
    (b"hello\nthere", "text/csv", "text/plain"),
    (b"PK\3\4" + bytes(60), "application/zip", "application/octet-stream"),
    (HTML, "text/html", "application/octet-stream"),
    (HTML, "text/plain", "application/octet-stream"),
    (bytes(10), "text/plain", "application/octet-stream"),
    (b"", "", "application/octet-stream"),
])  # fmt: skip
def test_the_bytes_decide_what_a_file_is(data: bytes, told: str, found: str) -> None:
    assert mime_type_of(data, told) == found


@pytest.mark.parametrize(("name", "plain"), [
    ("../../etc/passwd", "passwd"),
    ("C:\\temp\\photo.jpg", "photo.jpg"),
    ("été 夏.png", "été 夏.png"),
    ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.png"),
    ("photo\u202egpj.exe", "photogpj.exe"),
    (".htaccess", "htaccess"),
    ("..", "file"),
    ("", "file"),
    ("\0", "file"),
    ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
])  # fmt: skip
def test_a_name_is_only_a_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_staff_upload_see_search_and_delete(owner: Staff, client: Client) -> None:
    client.force_login(owner)
    assert "No files yet" in client.get("/files/").content.decode()
    answer = client.post("/files/", {"file": SimpleUploadedFile("été.png", png(), "image/png")}, follow=True)
    page = answer.content.decode()
    assert "“été.png” is in the library." in page
    file = File.objects.get()
    assert f'src="/files/{file.pk}/%C3%A9t%C3%A9.png"' in page
    assert "été.png" not in client.get("/files/?q=winter").content.decode()
    assert "été.png" in client.get("/files/?kind=image").content.decode()
    assert client.get("/files/?kind=nonsense&after=²").status_code == 200

    client.post(f"/files/{file.pk}/delete")
    assert not File.objects.exists()
    assert not default_storage.exists(file.path)
    assert client.post(f"/files/{file.pk}/delete").status_code == 404


def test_a_wrong_upload_says_why_beside_the_field(owner: Staff, client: Client) -> None:
    client.force_login(owner)
    answer = client.post("/files/", {"file": SimpleUploadedFile("a.png", HTML, "image/png")})
    assert answer.status_code == 422
    assert "Its content decides" in answer.content.decode()
    assert client.post("/files/", {}).status_code == 422


def test_a_file_that_a_message_needs_stays(owner: Staff, channel: Channel) -> None:
    file = library_file(png(), "a.png", "image/png")
    header = {"name": "x", "language": "fr", "header": {"type": "image", "image": {"file": file.pk}}}
    db = actions.ledger_db()
    lane_id = ledger.add_lane(db, channel.pk, priority=2, form=header)
    with pytest.raises(actions.InUse, match="1 campaign sends it"):
        actions.delete_file(file.pk, by=owner)
    ledger.set_lane(db, lane_id, "closed")
    contact = Contact.objects.create(phone="+33639980001", name="Ana")
    ledger.enqueue(
        db,
        contact_id=contact.pk,
        channel_id=channel.pk,
        lane_id=ledger.add_lane(db, channel.pk, priority=0),
        recipient="+33639980001",
        kind="image",
        category="service",
        text="",
        content={"kind": "image", "file": file.pk},
    )
    with pytest.raises(actions.InUse, match="1 message waits to leave"):
        actions.delete_file(file.pk, by=owner)


def test_roles_decide_who_sees_and_who_changes(owner: Staff, client: Client) -> None:
    analyst = Staff.objects.create(email="analyst@example.com", role=Staff.Role.ANALYST)
    agent = Staff.objects.create(email="agent@example.com", role=Staff.Role.AGENT)
    file = library_file(png(), "a.png", "image/png", agent)
    assert queries.files(analyst).items == [file]
    assert queries.files(analyst, kind="video").items == []
    with pytest.raises(NotAllowed):
        library_file(png(shade=3), "b.png", "image/png", analyst)
    with pytest.raises(NotAllowed):
        actions.delete_file(file.pk, by=analyst)
    agent.is_active = False
    with pytest.raises(NotFound):
        queries.file_for(agent, file.pk)
    assert client.get(f"/files/{file.pk}/a.png").status_code == 302, "nobody sees a file without signing in"
    client.force_login(analyst)
    assert client.get("/files/999/a.png").status_code == 404
    assert "Upload" not in client.get("/files/").content.decode().split("<main")[1].split("No file")[0]


def test_a_film_is_served_in_stretches(owner: Staff, client: Client) -> None:
    file = library_file(MP4, "film.mp4", "video/mp4", owner)
    client.force_login(owner)
    address = f"/files/{file.pk}/film.mp4"
    first = client.get(address, headers={"range": "bytes=0-"})
    assert first.status_code == 206
    assert first["Content-Range"] == f"bytes 0-{2 * 1024 * 1024 - 1}/{file.size}"
    assert first["Content-Disposition"].startswith("inline")
    piece = client.get(address, headers={"range": "bytes=4-11"})
    assert (piece.content, piece["Content-Length"]) == (b"ftypisom", "8")
    assert client.get(address, headers={"range": f"bytes={file.size}-"}).status_code == 416
    assert client.get(address, headers={"range": "bytes=-3"})["Content-Range"] == (
        f"bytes {file.size - 3}-{file.size - 1}/{file.size}"
    )


def test_a_range_that_makes_no_sense_gets_the_whole_file(owner: Staff, client: Client) -> None:
    file = library_file(png(), "a.png", "image/png", owner)
    client.force_login(owner)
    for header in ("bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-"):
        answer = client.get(f"/files/{file.pk}/a.png", headers={"range": header})
        assert (answer.status_code, answer.content) == (200, png())


def test_a_pdf_may_be_looked_at_and_a_letter_only_downloaded(owner: Staff, client: Client) -> None:
    client.force_login(owner)
    pdf = library_file(PDF, "a.pdf", "application/pdf", owner)
    shown = client.get(f"/files/{pdf.pk}/a.pdf")
    assert (shown["Content-Type"], shown["Content-Disposition"][:6]) == ("application/pdf", "inline")
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    letter = library_file(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40), "a.doc", "application/msword", owner)
    saved = client.get(f"/files/{letter.pk}/a.doc")
    assert (saved["Content-Type"], saved["Content-Disposition"][:10]) == ("application/octet-stream", "attachment")


def test_a_file_lost_by_the_storage_is_a_404(owner: Staff, client: Client) -> None:
    client.force_login(owner)
    file = library_file(png(), "a.png", "image/png", owner)
    default_storage.delete(file.path)
    assert client.get(f"/files/{file.pk}/a.png").status_code == 404


SEE = ("contacts.read", "inbox.read", "templates.read", "campaigns.read")


@pytest.mark.parametrize(
    ("role", "taken", "ours", "theirs"),
    [
        ("agent", (), 200, 200),
        ("agent", ("contacts.read",), 200, 200),
        ("agent", ("contacts.read", "templates.read"), 200, 200),
        ("agent", ("contacts.read", "inbox.read"), 200, 404),
        ("agent", ("contacts.read", "inbox.read", "templates.read"), 404, 404),
        ("analyst", ("contacts.read",), 200, 200),
        ("marketer", ("contacts.read", "inbox.read", "templates.read"), 200, 404),
        ("marketer", SEE, 404, 404),
    ],
)
def test_whoever_may_open_the_page_that_shows_a_picture_gets_it(
    client: Client, role: str, taken: tuple[str, ...], ours: int, theirs: int
) -> None:
    staff = Staff.objects.create(email="some@example.com", role=role)
    StaffRight.objects.bulk_create([StaffRight(staff=staff, right=right, granted=False) for right in taken])
    client.force_login(staff)
    sent = library_file(png(), "summer.png", "image/png")
    heard = File.objects.create(
        sha256=sent.sha256, name="a.png", mime_type="image/png", size=sent.size, path="inbound/a.png", kind="image",
        source=File.Source.INBOUND,
    )  # fmt: skip
    default_storage.save(heard.path, ContentFile(png()))
    assert client.get(f"/files/{sent.pk}/header").status_code == ours
    assert client.get(f"/files/{heard.pk}/a.png").status_code == theirs
