"""Files to and from Zenvia (Zenvia sheet, 2 "Media limits" and 7); it refuses to follow an address blindly."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ...core.events import Failure
from ..base import MEBIBYTE, Account, Answer, Channel, Downloaded, Http, Rejected, Uploaded
from ..reading import fields, need, text
from . import calls

UPLOAD_CEILING = 64 * MEBIBYTE
DOWNLOAD_CEILING = 100 * MEBIBYTE
LIMITS: dict[str, int] = {
    "image/jpeg": 5 * MEBIBYTE,
    "image/png": 5 * MEBIBYTE,
    "image/webp": 100 * 1024,  # a sticker
    "audio": 16 * MEBIBYTE,
    "video": 16 * MEBIBYTE,
}


class Files:
    """An upload's id is its web address, which is what messages name files by."""

    async def upload(
        self, http: Http, account: Account, channel: Channel, *, name: str, mime_type: str, data: bytes
    ) -> Uploaded:
        """POST /files, multipart, so that the file keeps its name."""
        most = LIMITS.get(mime_type) or LIMITS.get(mime_type.partition("/")[0]) or UPLOAD_CEILING
        if not 0 < len(data) <= most:
            words = f"{name}: {len(data)} bytes, at most {most}"
            raise Rejected(Failure("file_size", "Zenvia does not take a file of this size", words))
        about = msgspec.json.encode({"mimeType": mime_type, "name": name})
        boundary = f"envoi-{secrets.token_hex(16)}"
        parts = (("file", calls.JSON, about), ("content", _plain(mime_type), data))
        body = b"".join(
            f'--{boundary}\r\ncontent-disposition: form-data; name="{field}"\r\ncontent-type: {kind}\r\n\r\n'.encode()
            + content
            + b"\r\n"
            for field, kind, content in parts
        )
        body += f"--{boundary}--\r\n".encode()
        answer = await calls.request(
            http,
            account,
            "POST",
            "/files",
            body,
            content_type=f"multipart/form-data; boundary={boundary}",
            signed=data,
        )
        file = fields(calls.value_of(answer))
        try:
            return Uploaded(need(file.get("url")), _moment(file.get("deleteAt")))
        except ValueError:
            failure = Failure("no_address", "The file has no address", calls.start(answer))
        raise Rejected(failure)

    def by_link(self, account: Account) -> bool:
        """Zenvia has a storage of its own."""
        return False

    async def download(self, http: Http, account: Account, channel: Channel, ref: Mapping[str, Any]) -> Downloaded:
        """GET the address of an inbound file; with the token only where it is Zenvia's and asks for one (sheet, 7)."""
        if text(ref.get("status")) == "REJECTED":
            raise Rejected(Failure("no_file", "Zenvia refused this file", text(ref.get("reason"))))
        address = text(ref.get("link"))
        if not _may_fetch(account, address):
            raise Rejected(Failure("file_address", "This is no address that a file may come from", address[:200]))
        answer = await http.request("GET", address, {}, most=DOWNLOAD_CEILING)
        if answer.status == 401 and is_zenvias(account, address):
            answer = await http.request("GET", address, {"x-api-token": account.secret("token")}, most=DOWNLOAD_CEILING)
        if answer.status != 200:
            raise _gone(answer)
        mime_type = text(ref.get("mime_type")) or answer.headers.get("content-type", "") or "application/octet-stream"
        return Downloaded(mime_type, answer.body, text(ref.get("filename")))


def _gone(answer: Answer) -> Exception:
    """A missing file ends here; that the service is down or slow is for another time."""
    if answer.status in (429, 500, 502, 503, 504):
        return calls.refusal(answer)
    return Rejected(Failure(f"http_{answer.status}", "The file can't be had", calls.start(answer)))


def _may_fetch(account: Account, address: str) -> bool:
    """Only what is encrypted, or is where this account's API is (simulator, test)."""
    try:
        return urlsplit(address).scheme == "https" or is_zenvias(account, address)
    except ValueError:
        return False


def is_zenvias(account: Account, address: str) -> bool:
    """Whether this address may see the token."""
    there, ours = urlsplit(address), urlsplit(account.address(calls.BASE_URL))
    host = there.hostname or ""
    official = there.scheme == "https" and (host == "zenvia.com" or host.endswith(".zenvia.com"))
    return official or (there.scheme, there.netloc) == (ours.scheme, ours.netloc)


def _plain(mime_type: str) -> str:
    """A type that can't break out of its line."""
    return "".join(letter for letter in mime_type if letter.isascii() and letter.isprintable()) or "text/plain"


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
