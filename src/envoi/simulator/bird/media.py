"""Files at Bird: a customer's picture down, in Gen 2 a file up; it refuses to fetch links.

Bird fact sheet, 3.5 and Gen 2. The storage is another host in life: it takes signed addresses and refuses keys.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.bird.accounts import Account, Medium
from envoi.simulator.bird.errors import bird
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply

if TYPE_CHECKING:
    from envoi.simulator.bird.face import BirdFace

LIFE = 30 * 24 * 3600.0
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003"
    "010100c9fe92ef0000000049454e44ae426082"
)


@dataclass(slots=True)
class Stored:
    """An object in the storage; `content` None is a place that waits for its file."""

    mime_type: str
    content: bytes | None
    account_key: str = ""


def picture(face: "BirdFace", account: Account) -> Medium:
    """A customer's picture, kept for 30 simulated days."""
    identity = f"waf_{face.world.identity().lower()}"
    medium = Medium(identity, PIXEL, "image/png", face.world.clock.now() + LIFE)
    account.media[identity] = medium
    face.objects[identity] = Stored(medium.mime_type, PIXEL)
    return medium


def address(face: "BirdFace", key: str) -> str:
    return f"{face.base_url}/storage/{key}?seal={_seal(face, key)}"


def redirect(face: "BirdFace", account: Account, message_id: str, media_id: str) -> Reply:
    """302 to the storage; 404 after 30 days (3.5)."""
    medium, record = account.media.get(media_id), account.records.get(message_id)
    named = record is not None and media_id in str(record.content)
    if medium is None or not named or medium.expires_at <= face.world.clock.now():
        raise bird("not_found", "There is no such media.")
    return Reply(302, headers={"location": address(face, media_id)})


def place(face: "BirdFace", account: Account, asked: dict[str, Any]) -> Reply:
    """A presigned upload: where to put the file, and the address that messages name (Gen 2)."""
    key = face.world.identity().lower()
    face.objects[key] = Stored(str(asked.get("contentType") or "application/octet-stream"), None)
    form = {"key": key, "policy": _seal(face, key)}
    body = {
        "mediaUrl": address(face, key),
        "uploadUrl": f"{face.base_url}/storage",
        "uploadMethod": "POST",
        "uploadFormData": form,
    }
    return Reply(body=msgspec.json.encode(body))


def storage(face: "BirdFace", request: Request, parts: list[str]) -> Reply:
    """The storage itself: GET a sealed address, POST a form with its policy. A key of ours is refused, as S3 does."""
    if "authorization" in request.headers and request.method == "POST":
        return Reply(400, b"<Error><Code>InvalidArgument</Code></Error>", "application/xml")
    if request.method == "POST":
        fields = _form(request)
        key = fields.get("key", b"").decode("utf-8", "replace")
        held = face.objects.get(key)
        if held is None or fields.get("policy", b"").decode("utf-8", "replace") != _seal(face, key):
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        held.content = fields.get("file", b"")
        return Reply(204)
    key = parts[0] if parts else ""
    held = face.objects.get(key)
    if held is None or held.content is None or request.query.get("seal") != _seal(face, key):
        return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
    if key.startswith("waf_") and "authorization" in request.headers:
        return Reply(400, b"<Error><Code>InvalidArgument</Code></Error>", "application/xml")
    return Reply(body=held.content, content_type=held.mime_type)


def _seal(face: "BirdFace", key: str) -> str:
    return f"{face.world.draws.number('storage address', key):016x}"


def _form(request: Request) -> dict[str, bytes]:
    """The named parts of multipart/form-data."""
    _, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    if not boundary:
        return {}
    found: dict[str, bytes] = {}
    for piece in (b"\r\n" + request.body).split(b"\r\n--" + boundary.strip('"').encode())[1:]:
        head, there, content = piece.partition(b"\r\n\r\n")
        if not there:
            continue
        _, _, rest = head.decode("utf-8", "replace").partition('name="')
        found[rest.partition('"')[0]] = content
    return found
