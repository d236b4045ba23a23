"""Messages read back, cancelled, redacted, deleted, and the files of inbound ones (Twilio fact sheet, 2 and 7)."""

from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply
from envoi.simulator.twilio.accounts import Account, Medium, Message
from envoi.simulator.twilio.errors import TwilioError, message_of

if TYPE_CHECKING:
    from envoi.simulator.twilio.face import TwilioFace

STATES = {"accepted": "queued", "held": "queued", "lost": "queued"}
STORAGE = "/storage/"

_encode = msgspec.json.encode


def described(account: Account, message: Message) -> dict[str, Any]:
    """The resource of the fact sheet, 2."""
    entry = message.entry
    path = f"/2010-04-01/Accounts/{account.sid}/Messages/{entry.wamid}"
    at = formatdate(entry.accepted_at, usegmt=False)
    return {
        "sid": entry.wamid,
        "account_sid": account.sid,
        "messaging_service_sid": message.service or None,
        "status": message.final or STATES.get(entry.state, entry.state),
        "error_code": entry.error,
        "error_message": message_of(entry.error) if entry.error else None,
        "to": f"whatsapp:{entry.to}",
        "from": f"whatsapp:{entry.phone_number_id}",
        "body": message.body,
        "num_media": str(message.media),
        "num_segments": "1",
        "direction": "outbound-api",
        "price": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "date_created": at,
        "date_sent": at if entry.state not in ("accepted", "held") else None,
        "date_updated": at,
        "subresource_uris": {"media": f"{path}/Media.json"},
        "uri": f"{path}.json",
    }


def shown(account: Account, message: Message) -> bytes:
    return _encode(described(account, message))


def listing(account: Account, query: dict[str, str]) -> Reply:
    """The newest first, filtered by To and From; PageSize and Page as Twilio has them."""
    found = [
        message
        for message in reversed(account.messages.values())
        if query.get("To", f"whatsapp:{message.entry.to}") == f"whatsapp:{message.entry.to}"
        and query.get("From", f"whatsapp:{message.entry.phone_number_id}")
        == f"whatsapp:{message.entry.phone_number_id}"
    ]
    size, page = number(query, "PageSize", 50, 1000), number(query, "Page", 0, 10**6)
    path = f"/2010-04-01/Accounts/{account.sid}/Messages.json"
    more = (page + 1) * size < len(found)
    body = {
        "messages": [described(account, message) for message in found[page * size : (page + 1) * size]],
        "page": page,
        "page_size": size,
        "uri": path,
        "first_page_uri": f"{path}?PageSize={size}&Page=0",
        "next_page_uri": f"{path}?PageSize={size}&Page={page + 1}" if more else None,
        "previous_page_uri": None,
    }
    return Reply(body=_encode(body))


def one(account: Account, sid: str, method: str, fields: dict[str, str]) -> Reply:
    """Read, cancel, redact or delete one message."""
    message = account.messages.get(sid)
    if message is None:
        raise TwilioError(20404)
    if method == "DELETE":
        del account.messages[sid]
        return Reply(204)
    if method == "POST":
        if fields.get("Status") == "canceled":
            raise TwilioError(20001, "Only a scheduled message can be canceled, and nothing is scheduled here.")
        message.body = fields.get("Body", message.body)
    return Reply(body=shown(account, message))


def files(face: "TwilioFace", account: Account, request: Request, rest: list[str]) -> Reply:
    """A customer's file: its address leads to a storage, which must not be shown our credentials."""
    message_sid, _, *name = rest
    if not name:
        wanted = [medium for medium in account.media.values() if medium.message_sid == message_sid]
        rows = [{"sid": medium.sid, "content_type": medium.mime_type} for medium in wanted]
        return Reply(body=_encode({"media_list": rows}))
    sid = name[0].removesuffix(".json")
    medium = account.media.get(sid)
    if medium is None or medium.message_sid != message_sid:
        raise TwilioError(20404)
    if request.method == "DELETE":
        del account.media[sid]
        return Reply(204)
    if name[0].endswith(".json"):
        return Reply(body=_encode({"sid": sid, "content_type": medium.mime_type, "parent_sid": message_sid}))
    return Reply(307, headers={"location": f"{face.base_url}{STORAGE}{sid}"})


def stored(face: "TwilioFace", request: Request) -> Reply:
    """The storage: it refuses credentials that are not its own, as object stores do."""
    if "authorization" in request.headers:
        return Reply(400, b"<Error><Code>InvalidArgument</Code></Error>", "application/xml")
    sid = request.path.removeprefix(STORAGE)
    for account in face.accounts.values():
        if sid in account.media:
            return Reply(body=account.media[sid].content, content_type=account.media[sid].mime_type)
    return Reply(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")


def keep(face: "TwilioFace", account: Account, message_sid: str, content: bytes, mime_type: str) -> str:
    """Store a customer's file and return the address for MediaUrlN."""
    medium = Medium(face.sid("ME"), message_sid, mime_type, content)
    account.media[medium.sid] = medium
    return f"{face.base_url}/2010-04-01/Accounts/{account.sid}/Messages/{message_sid}/Media/{medium.sid}"


def number(query: dict[str, str], name: str, usual: int, most: int) -> int:
    text = query.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 8 else usual
