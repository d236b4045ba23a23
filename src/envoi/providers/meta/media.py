"""Files at Meta: up, down and gone (Meta sheet, B). Types and sizes are checked before the network."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ...core import clock
from ...core.events import Failure
from ..base import MEBIBYTE, Account, Answer, Channel, Downloaded, Http, Rejected, Uncertain, Uploaded
from ..reading import text
from .graph import BASE_URL, about_an_object, authorization, call, decoded, refusal, start

UPLOADED_LIVES = timedelta(days=30)
LARGEST = 100 * MEBIBYTE
LARGEST_STILL_STICKER = 100 * 1024

# Where Meta keeps files: the token goes nowhere else. Only the first is named in Meta's examples; the others are
# its usual hosts (general knowledge).
HOSTS = ("lookaside.fbsbx.com", ".fbsbx.com", ".fbcdn.net", ".whatsapp.net", ".facebook.com")


class Kind(NamedTuple):
    """How large a type may be, and how its files begin: (offset, bytes), one of them; () for any."""

    largest: int
    begins: tuple[tuple[int, bytes], ...] = ()


_MP4 = ((4, b"ftyp"),)
_OLE = ((0, b"\xd0\xcf\x11\xe0"),)
_ZIP = ((0, b"PK\x03\x04"),)
_OFFICE = "application/vnd.openxmlformats-officedocument."
_MPEG = ((0, b"ID3"), *((0, bytes([0xFF, second])) for second in (0xFB, 0xF3, 0xF2, 0xFA, 0xE3, 0xE2)))

TYPES: dict[str, Kind] = {
    "image/jpeg": Kind(5 * MEBIBYTE, ((0, b"\xff\xd8\xff"),)),
    "image/png": Kind(5 * MEBIBYTE, ((0, b"\x89PNG\r\n\x1a\n"),)),
    "image/webp": Kind(500 * 1024, ((8, b"WEBP"),)),  # stickers only
    "video/mp4": Kind(16 * MEBIBYTE, _MP4),
    "video/3gpp": Kind(16 * MEBIBYTE, _MP4),
    "audio/mp4": Kind(16 * MEBIBYTE, _MP4),
    "audio/aac": Kind(16 * MEBIBYTE, ((0, b"\xff\xf1"), (0, b"\xff\xf9"), (0, b"\xff\xf0"), (0, b"\xff\xf8"))),
    "audio/amr": Kind(16 * MEBIBYTE, ((0, b"#!AMR"),)),
    "audio/mpeg": Kind(16 * MEBIBYTE, _MPEG),
    "audio/ogg": Kind(16 * MEBIBYTE, ((0, b"OggS"),)),
    "text/plain": Kind(LARGEST),
    "application/pdf": Kind(LARGEST, ((0, b"%PDF-"),)),
    "application/msword": Kind(LARGEST, _OLE),
    "application/vnd.ms-excel": Kind(LARGEST, _OLE),
    "application/vnd.ms-powerpoint": Kind(LARGEST, _OLE),
    f"{_OFFICE}wordprocessingml.document": Kind(LARGEST, _ZIP),
    f"{_OFFICE}spreadsheetml.sheet": Kind(LARGEST, _ZIP),
    f"{_OFFICE}presentationml.presentation": Kind(LARGEST, _ZIP),
}


class MetaMedia:
    """Uploads last 30 days, files of customers 7, and an address of a file 5 minutes."""

    async def upload(
        self, http: Http, account: Account, channel: Channel, *, name: str, mime_type: str, data: bytes
    ) -> Uploaded:
        """POST /{phone_number_id}/media as multipart. Raises Rejected for a type or size that Meta refuses."""
        mime_type = checked(mime_type, data)
        expires_at = clock.now() + UPLOADED_LIVES
        boundary = secrets.token_hex(16)
        answer = await call(
            http,
            account,
            "POST",
            channel.provider_id,
            "media",
            body=_multipart(boundary, name, mime_type, data),
            headers={"content-type": f"multipart/form-data; boundary={boundary}"},
        )
        identity = text(answer.get("id"))
        if not identity:
            raise Uncertain(Failure("no_media_id", "Taken, but without an id", "", "uncertain"))
        return Uploaded(identity, expires_at)

    def by_link(self, account: Account) -> bool:
        """Links are taken too, and cost 2 to 5 s a message: an id does not (mission, M9)."""
        return False

    async def download(self, http: Http, account: Account, channel: Channel, ref: Mapping[str, Any]) -> Downloaded:
        """GET /{media_id}, then its address with the token; the address that came with a webhook is too old.

        Raises Rejected when the file is gone, larger than 100 MB, elsewhere than at Meta, or another than announced.
        """
        identity = text(ref.get("id"))
        if not identity:
            raise Rejected(Failure("no_media_id", "The message names no file"))
        found = await call(http, account, "GET", identity, query={"phone_number_id": channel.provider_id})
        size = found.get("file_size")
        if isinstance(size, int) and size > LARGEST:
            raise Rejected(Failure("131052", "The file is larger than 100 MB", str(size)))
        url = text(found.get("url"))
        if not _is_metas(url, account):
            raise Rejected(
                Failure("media_address", "The file is not at Meta, so the token does not go there", url[:200])
            )
        answer = await http.request("GET", url, authorization(account), most=LARGEST)
        if answer.status != 200:
            raise _gone(answer) if answer.status in (404, 410) else about_an_object(refusal(answer, decoded(answer)))
        if not _is_whole(answer.body, text(found.get("sha256"))):
            raise Uncertain(Failure("damaged", "The file is not the one that was announced", identity, "uncertain"))
        mime_type = text(found.get("mime_type")) or text(ref.get("mime_type"))
        return Downloaded(mime_type or "application/octet-stream", answer.body, text(ref.get("filename")))

    async def delete(self, http: Http, account: Account, media_id: str) -> None:
        """DELETE /{media_id}; one that is gone already is Rejected."""
        await call(http, account, "DELETE", media_id)


def checked(mime_type: str, data: bytes) -> str:
    """The bare type of a file that Meta takes. Raises Rejected: a wrong type is the usual cause of 131053."""
    bare = mime_type.partition(";")[0].strip().lower()
    kind = TYPES.get(bare)
    if kind is None:
        raise Rejected(Failure("media_type", "WhatsApp takes no files of this type", bare[:100]))
    largest = kind.largest if bare != "image/webp" or _is_animated(data) else LARGEST_STILL_STICKER
    if not data or len(data) > largest:
        said = f"{len(data)} bytes, at most {largest}"
        raise Rejected(Failure("media_size", "The file is empty or too large for its type", said))
    if kind.begins and not any(data[at:].startswith(bytes_) for at, bytes_ in kind.begins):
        raise Rejected(Failure("media_type", "The file is not of the type that it claims", bare))
    return bare


def _is_animated(webp: bytes) -> bool:
    """The animation flag of an extended WebP file."""
    return webp[12:16] == b"VP8X" and len(webp) > 20 and bool(webp[20] & 2)


def _multipart(boundary: str, name: str, mime_type: str, data: bytes) -> bytes:
    """The three parts in the order of Meta's example. Quotes and line ends in the name can't end its header."""
    safe = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A") or "file"
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in (("messaging_product", "whatsapp"), ("type", mime_type))
    )
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n'
    head += f"Content-Type: {mime_type}\r\n\r\n"
    return head.encode() + data + f"\r\n--{boundary}--\r\n".encode()


def _is_metas(url: str, account: Account) -> bool:
    """Whether the token may go there: to Meta over TLS, or to the account's own allowed address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    own = urlsplit(account.address(BASE_URL))
    if own.geturl() != BASE_URL:
        return (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    at_meta = any(host == name.removeprefix(".") or (name[0] == "." and host.endswith(name)) for name in HOSTS)
    return parts.scheme == "https" and at_meta and parts.port in (None, 443)


def _is_whole(data: bytes, told: str) -> bool:
    """Meta writes the hash in hexadecimal here and in base64 in webhooks; without one there is nothing to compare."""
    digest = hashlib.sha256(data).digest()
    return not told or told in (digest.hex(), base64.b64encode(digest).decode())


def _gone(answer: Answer) -> Rejected:
    return Rejected(Failure("media_gone", "The file is no longer at Meta", start(answer)))
