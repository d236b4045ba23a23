"""Zenvia's own storage of files (Zenvia sheet, 7); it refuses no type."""

import time
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.meta.media import multipart
from envoi.simulator.zenvia.accounts import File, moment
from envoi.simulator.zenvia.errors import ZenviaError, invalid
from envoi.simulator.zenvia.kinds import web_address

if TYPE_CHECKING:
    from envoi.simulator.zenvia.face import ZenviaFace

CEILING = 64 * 1024 * 1024
CONTENT = "/stored/"  # where a file is, for everybody


def create(face: "ZenviaFace", request: Request) -> Reply:
    """POST: multipart, a JSON order to fetch, or the bytes themselves. 201 with its address."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/"):
        about, content = _parts(request)
    elif kind.startswith("application/json"):
        # It is not fetched: what a customer would get of it is of no interest here.
        about, content = _about(request.body), b""
        web_address(about.get("sourceUrl"), "sourceUrl")
    else:
        about, content = {"mimeType": kind or "application/octet-stream"}, request.body
    if len(content) > CEILING:
        raise ZenviaError(413, "VALIDATION_ERROR", "The file is too large.")
    file = keep(face, content, str(about.get("mimeType") or ""), str(about.get("name") or ""))
    minutes = about.get("autoDeleteMinutes")
    if isinstance(minutes, int) and minutes > 0:
        file.delete_at = moment(time.time() + 60 * minutes)
    return Reply(201, msgspec.json.encode(plain(face, file)), headers={"location": f"/v2/files/{file.id}"})


def keep(face: "ZenviaFace", content: bytes, mime_type: str, name: str = "") -> File:
    file = File(face.uuid(), mime_type or "application/octet-stream", name, content, moment(time.time()))
    face.files[file.id] = file
    return file


def plain(face: "ZenviaFace", file: File) -> dict[str, Any]:
    shown = {
        "id": file.id,
        "url": address(face, file),
        "bytes": len(file.content),
        "mimeType": file.mime_type,
        "name": file.name,
        "createdAt": file.created_at,
    }
    return shown | ({"deleteAt": file.delete_at} if file.delete_at else {})


def address(face: "ZenviaFace", file: File) -> str:
    return f"{face.base_url}{CONTENT}{file.id}"


def download(face: "ZenviaFace", file_id: str, token: str) -> Reply:
    """The bytes, to everybody, or to who has the token."""
    file = face.files.get(file_id)
    if file is None:
        return Reply(404, b"")
    if file.token and file.token != token:
        return Reply(401, b"")
    return Reply(body=file.content, content_type=file.mime_type)


def _parts(request: Request) -> tuple[dict[str, Any], bytes]:
    if "boundary=" not in request.headers.get("content-type", ""):
        raise invalid("content-type", "Needs its boundary.")
    parts = multipart(request)
    if "content" not in parts:
        raise invalid("content", "Is required.")
    return _about(parts["file"].content if "file" in parts else b"{}"), parts["content"].content


def _about(body: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid("file", str(error)) from None
    return found


def signed_part(request: Request) -> bytes:
    """What the signature counts: of a multipart body the file alone (sheet, 1)."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        return _parts(request)[1]
    return request.body
