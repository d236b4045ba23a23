"""Media up, described, down and gone; it refuses to fetch links or to look inside a file.

Meta fact sheet, B. Lifetimes run on the simulated clock: an uploaded id 30 days, a download address 5
minutes.
"""

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.meta.accounts import Account, Medium
from envoi.simulator.meta.errors import GraphError, unknown_object
from envoi.simulator.meta.sending import SUCCESS

if TYPE_CHECKING:
    from envoi.simulator.meta.face import MetaFace

DAY = 24 * 3600.0
ID_LIFE = 30 * DAY
INBOUND_ID_LIFE = 7 * DAY
ADDRESS_LIFE = 300.0
MEGABYTE = 1024 * 1024
DOWNLOAD_PATH = "/whatsapp_business/attachments"

LIMITS: dict[str, int] = {
    **dict.fromkeys(("image/jpeg", "image/png"), 5 * MEGABYTE),
    "image/webp": 500 * 1024,
    **dict.fromkeys(("video/mp4", "video/3gpp"), 16 * MEGABYTE),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * MEGABYTE),
    **dict.fromkeys(
        (
            "text/plain",
            "application/pdf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        100 * MEGABYTE,
    ),
}

_encode = msgspec.json.encode


def upload(face: "MetaFace", account: Account, request: Request) -> Reply:
    """Take a multipart upload (messaging_product, type, file) and return its id."""
    parts = multipart(request)
    if parts.get("messaging_product", Part()).content != b"whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")
    file = parts.get("file")
    if file is None:
        raise GraphError(100, "The parameter file is required.")
    asked = parts["type"].content.decode("utf-8", "replace") if "type" in parts else file.mime_type
    mime_type = asked.partition(";")[0].strip().lower()
    if mime_type not in LIMITS:
        raise GraphError(100, f"Param file must be a file with one of the supported types; received {asked!r}.")
    if file.mime_type and file.mime_type.partition(";")[0].strip().lower() != mime_type:
        raise GraphError(131053, f"The file's type {file.mime_type} does not match the type {mime_type}.")
    if not file.content or len(file.content) > LIMITS[mime_type]:
        raise GraphError(131053, f"A {mime_type} has 1 to {LIMITS[mime_type]} bytes; received {len(file.content)}.")
    medium = keep(face, account, file.content, mime_type, life=ID_LIFE, filename=file.filename)
    return Reply(body=_encode({"id": medium.id}))


def keep(
    face: "MetaFace", account: Account, content: bytes, mime_type: str, *, life: float, filename: str = ""
) -> Medium:
    """Store a file under a new id for `life` simulated seconds."""
    now = face.world.clock.now()
    for old in [medium for medium in account.media.values() if medium.expires_at <= now]:
        del account.media[old.id]
    medium = Medium(
        id=face.digits_id(),
        mime_type=mime_type,
        content=content,
        sha256=sha256(content).hexdigest(),
        expires_at=now + life,
        filename=filename,
    )
    account.media[medium.id] = medium
    return medium


def describe(face: "MetaFace", medium: Medium, request: Request) -> Reply:
    """The media object with an address that lives 5 simulated minutes."""
    now = face.world.clock.now()
    if medium.expires_at <= now:
        raise unknown_object(medium.id, "GET")
    body = {
        "messaging_product": "whatsapp",
        "url": address(face, medium, request.base_url),
        "mime_type": medium.mime_type,
        "sha256": medium.sha256,
        "file_size": len(medium.content),
        "id": medium.id,
    }
    return Reply(body=_encode(body))


def address(face: "MetaFace", medium: Medium, base_url: str) -> str:
    expires = int(face.world.clock.now() + ADDRESS_LIFE)
    seal = _seal(face, medium, expires)
    return f"{base_url}{DOWNLOAD_PATH}/?mid={medium.id}&ext={expires}&hash={seal}"


def download(face: "MetaFace", account: Account, request: Request) -> Reply:
    """The bytes, to whoever holds the account's token and a fresh address; otherwise 404."""
    query = request.query
    medium = account.media.get(query.get("mid", ""))
    expires = query.get("ext", "")
    now = face.world.clock.now()
    if (
        medium is None
        or not expires.isdigit()
        or query.get("hash") != _seal(face, medium, int(expires))
        or int(expires) <= now
        or medium.expires_at <= now
    ):
        raise GraphError(100, "The media address has expired.", status=404)
    return Reply(body=medium.content, content_type=medium.mime_type)


def delete(account: Account, medium: Medium) -> Reply:
    del account.media[medium.id]
    return SUCCESS


def start_upload(face: "MetaFace", account: Account, request: Request) -> Reply:
    """Begin a resumable upload of a header sample."""
    upload_id = f"upload:{face.world.identity()}"
    account.uploads[upload_id] = request.query.get("file_type", "")
    return Reply(body=_encode({"id": upload_id}))


def finish_upload(face: "MetaFace", upload_id: str, request: Request) -> Reply:
    """Take the raw bytes and return the header handle."""
    if request.headers.get("file_offset") != "0" or not request.body:
        raise GraphError(100, "An upload needs the header file_offset: 0 and the file's bytes.")
    return Reply(body=_encode({"h": f"4::{sha256(upload_id.encode() + request.body).hexdigest()}"}))


def _seal(face: "MetaFace", medium: Medium, expires: int) -> str:
    return f"{face.world.draws.number('media address', medium.id, str(expires)):016x}"


class Part(msgspec.Struct):
    """One part of a multipart body."""

    content: bytes = b""
    mime_type: str = ""
    filename: str = ""


def multipart(request: Request) -> dict[str, Part]:
    """Split multipart/form-data into its named parts."""
    _, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    boundary = boundary.partition(";")[0].strip().strip('"')
    if not boundary:
        raise GraphError(100, "The body must be multipart/form-data.")
    parts: dict[str, Part] = {}
    for piece in (b"\r\n" + request.body).split(b"\r\n--" + boundary.encode())[1:]:
        head, found, content = piece.partition(b"\r\n\r\n")
        if not found:
            continue
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n"))
        }
        disposition = {
            name.strip(): value.strip().strip('"')
            for name, _, value in (item.partition("=") for item in headers.get("content-disposition", "").split(";"))
        }
        name = disposition.get("name", "")
        parts[name] = Part(content, headers.get("content-type", ""), disposition.get("filename", ""))
    return parts
