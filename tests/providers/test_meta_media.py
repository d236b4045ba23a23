"""Files at Meta: what is refused before the network, and what a strange answer of Meta's means (Meta sheet, B)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from envoi.providers.base import (
    Account,
    Answer,
    Channel,
    Downloaded,
    Rejected,
    SendError,
    Suspended,
    Throttled,
    Uncertain,
)
from envoi.providers.meta.media import LARGEST, TYPES, MetaMedia, checked

MEDIA = MetaMedia()
CHANNEL = Channel(provider_id="1099")
ACCOUNT = Account(provider_id="1", credentials={"token": "T"})
FILE = b"%PDF-1.7 x"
URL = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=7"


class Answering:
    """A stand-in for the network: these answers, one a request; it keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return await self.request("POST", url, headers, body)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int = 0
    ) -> Answer:
        self.asked.append((method, url, headers))
        return self.answers.pop(0)


def told(**more: Any) -> Answer:
    """What GET /{media_id} says of the file."""
    described = {
        "messaging_product": "whatsapp",
        "url": URL,
        "mime_type": "application/pdf",
        "sha256": hashlib.sha256(FILE).hexdigest(),
        "file_size": len(FILE),
        "id": "7",
        **more,
    }
    return Answer(200, {}, json.dumps(described).encode())


OF_PDF = Answer(200, {"content-type": "text/html"}, FILE)


async def download(*answers: Answer, ref: dict[str, Any] | None = None) -> Downloaded:
    http = Answering(*answers)
    found = await MEDIA.download(http, ACCOUNT, CHANNEL, ref or {"id": "7", "filename": "a.pdf"})
    assert [headers["authorization"] for _, _, headers in http.asked] == ["Bearer T", "Bearer T"]
    return found


async def test_a_file_is_asked_for_by_its_id_and_fetched_with_the_token():
    http = Answering(told(), OF_PDF)
    down = await MEDIA.download(http, ACCOUNT, CHANNEL, {"id": "7", "filename": "a.pdf", "url": "https://old"})
    assert down == Downloaded("application/pdf", FILE, "a.pdf")
    assert [url for _, url, _ in http.asked] == ["https://graph.facebook.com/v25.0/7?phone_number_id=1099", URL]


async def test_the_hash_may_come_in_either_of_metas_ways_or_not_at_all():
    in_base64 = base64.b64encode(hashlib.sha256(FILE).digest()).decode()
    for sha256 in (in_base64, "", None):
        assert (await download(told(sha256=sha256), OF_PDF)).data == FILE
    with pytest.raises(Uncertain):
        await download(told(sha256="0" * 64), OF_PDF)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://evilfbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://[",
        "",
        None,
    ],
)
async def test_the_token_goes_nowhere_else(url: Any):
    http = Answering(told(url=url))
    with pytest.raises(Rejected):
        await MEDIA.download(http, ACCOUNT, CHANNEL, {"id": "7"})
    assert len(http.asked) == 1


async def test_what_is_gone_or_too_large_is_rejected():
    gone = b'{"error":{"code":100,"error_subcode":33,"message":"no such object"}}'
    for answers in (
        [Answer(400, {}, gone)],
        [told(), Answer(404, {}, b"")],
        [told(file_size=LARGEST + 1)],
    ):
        with pytest.raises(Rejected):
            await MEDIA.download(Answering(*answers), ACCOUNT, CHANNEL, {"id": "7"})
    with pytest.raises(Rejected):
        await MEDIA.download(Answering(), ACCOUNT, CHANNEL, {})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(200, {}, b"<html>"), Uncertain),
        (Answer(200, {}, b"[]"), Uncertain),
        (Answer(500, {}, b"<html>"), Uncertain),
        (Answer(429, {"retry-after": "9"}, b""), Throttled),
        (Answer(302, {"location": "https://evil.example"}, b""), Suspended),
        (Answer(401, {}, b'{"error":{"code":190,"message":"x"}}'), Suspended),
    ],
)
async def test_other_answers_are_named_for_what_to_do_next(answer: Answer, error: type[SendError]):
    with pytest.raises(SendError) as caught:
        await MEDIA.download(Answering(answer), ACCOUNT, CHANNEL, {"id": "7"})
    assert type(caught.value) is error
    with pytest.raises(SendError) as caught:
        await MEDIA.upload(Answering(answer), ACCOUNT, CHANNEL, name="a", mime_type="application/pdf", data=FILE)
    assert type(caught.value) is error


def example(mime_type: str) -> bytes:
    """The shortest file that begins as its type does."""
    if not TYPES[mime_type].begins:
        return b"x"
    at, begins = TYPES[mime_type].begins[0]
    return b"\x00" * at + begins + b"x"


@pytest.mark.parametrize("mime_type", TYPES)
def test_every_type_of_the_sheet_is_taken_up_to_its_size(mime_type: str):
    data = example(mime_type)
    assert checked(f"{mime_type.upper()}; codecs=opus", data) == mime_type
    for wrong in (b"", data + b"x" * TYPES[mime_type].largest):
        with pytest.raises(Rejected):
            checked(mime_type, wrong)


@pytest.mark.parametrize(
    ("mime_type", "data"),
    [
        ("image/gif", b"GIF89a"),
        ("text/html", b"<html>"),
        ("image/svg+xml", b"<svg>"),
        ("", b"x"),
        ("image/png", b"\xff\xd8\xff"),
        ("image/jpeg", b"<html>"),
        ("application/pdf", b"MZ"),
        ("video/mp4", b"ftyp"),
    ],
)
def test_other_types_and_pretended_ones_are_refused(mime_type: str, data: bytes):
    with pytest.raises(Rejected):
        checked(mime_type, data)


def test_a_sticker_that_does_not_move_is_smaller():
    still = b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"x" * 100 * 1024
    moving = b"RIFF\x00\x00\x00\x00WEBPVP8X" + b"\x0a\x00\x00\x00\x02" + b"x" * 400 * 1024
    with pytest.raises(Rejected):
        checked("image/webp", still)
    assert checked("image/webp", moving) == "image/webp"
