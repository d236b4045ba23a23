"""Numbers, webhook endpoints and suppressions of the Bird API (Bird fact sheet, 3.4 and 3.7)."""

import base64
import os
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from envoi.simulator.bird.accounts import Account, Channel, Endpoint
from envoi.simulator.bird.errors import bird
from envoi.simulator.bird.notices import Notice, moment
from envoi.simulator.bird.sending import whom
from envoi.simulator.faces import Answer
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply

if TYPE_CHECKING:
    from envoi.simulator.bird.face import BirdFace

EVENTS = (
    *(f"whatsapp.{name}" for name in ("accepted", "sent", "delivered", "read", "failed", "rejected", "received")),
    "whatsapp.reacted",
    "whatsapp_suppression.created",
)
_encode = msgspec.json.encode


def listing(rows: list[Any], request: Request) -> Reply:
    """A page of a list: `limit` rows from the cursor on (3.1)."""
    limit = request.query.get("limit", "25")
    size = min(int(limit), 100) if limit.isdigit() and int(limit) else 25
    cursor = request.query.get("starting_after", "0")
    first = int(cursor) if cursor.isdigit() else 0
    more = str(first + size) if len(rows) > first + size else None
    page = {"data": rows[first : first + size], "next_cursor": more, "prev_cursor": None, "refresh_cursor": None}
    return Reply(body=_encode(page))


def numbers(account: Account, request: Request, parts: list[str]) -> Reply:
    rows = {channel.wan: _number(channel) for channel in account.channels.values()}
    if request.method != "GET" or len(parts) > 1:
        raise bird("not_found", f"There is no {request.method} {request.path}.")
    if not parts:
        return listing(list(rows.values()), request)
    if parts[0] not in rows:
        raise bird("not_found", "There is no such number.")
    return Reply(body=_encode(rows[parts[0]]))


def _number(channel: Channel) -> dict[str, Any]:
    now = moment(time.time())
    return {
        "id": channel.wan,
        "waba": channel.account.spec.waba,
        "phone_number": channel.phone,
        "name": channel.spec.name,
        "scope": "workspace",
        "status": channel.spec.status,
        "quality_rating": channel.spec.quality_rating,
        "messaging_limit": channel.spec.messaging_limit,
        "throughput_level": "standard",
        "meta_synced_at": now,
        "created_at": now,
        "updated_at": now,
    }


def webhooks(face: "BirdFace", account: Account, request: Request, parts: list[str]) -> Answer:
    match request.method, parts:
        case "POST", []:
            return _create(face, account, _object(request))
        case "GET", []:
            return listing([_endpoint(one) for one in account.endpoints.values()], request)
    endpoint = account.endpoints.get(parts[0]) if parts else None
    if endpoint is None:
        raise bird("not_found", "There is no such webhook.")
    match request.method, parts[1:]:
        case "GET", []:
            return Reply(body=_encode(_endpoint(endpoint)))
        case "PATCH", []:
            _change(endpoint, _object(request))
            return Reply(body=_encode(_endpoint(endpoint)))
        case "DELETE", []:
            return _delete(face, account, endpoint)
        case "POST", ["rotate-secret"]:
            endpoint.secret = _secret()
            return Reply(body=_encode({"secret": endpoint.secret}))
        case "POST", ["test"]:
            return _test(face, endpoint, _object(request))
    raise bird("not_found", f"There is no {request.method} {request.path}.")


def _create(face: "BirdFace", account: Account, asked: dict[str, Any]) -> Reply:
    url, events = asked.get("url"), asked.get("events")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise bird("validation", "A public address.", param="url")
    if not isinstance(events, list) or not 1 <= len(events) <= 100:
        raise bird("validation", "One to 100 events.", param="events")
    endpoint = face.open_endpoint(account, url, events, _secret(), description=asked.get("description"))
    # The secret is shown this one time (3.4).
    return Reply(201, _encode({**_endpoint(endpoint), "secret": endpoint.secret}))


def _change(endpoint: Endpoint, asked: dict[str, Any]) -> None:
    if asked.get("status") in ("active", "paused"):
        endpoint.status = asked["status"]
    if isinstance(asked.get("events"), list):
        endpoint.events = asked["events"]
    if isinstance(asked.get("url"), str):
        endpoint.url = endpoint.mailbox.url = asked["url"]


async def _delete(face: "BirdFace", account: Account, endpoint: Endpoint) -> Reply:
    await face.close_endpoint(account, endpoint)
    return Reply(204)


def _test(face: "BirdFace", endpoint: Endpoint, asked: dict[str, Any]) -> Reply:
    name = asked.get("event_type") or endpoint.events[0]
    event = {"type": name, "timestamp": moment(time.time()), "data": {"test": True}}
    face.world.webhooks.post(endpoint.mailbox, Notice(f"msg_{face.world.identity().lower()}", name, event))
    told = {"status": "delivered", "response_status_code": 200, "response_duration_ms": 1}
    return Reply(body=_encode(told))


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    now = moment(time.time())
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "filter": None,
        "events": endpoint.events,
        "status": endpoint.status,
        "created_at": now,
        "updated_at": now,
    }


def _secret() -> str:
    return f"whsec_{base64.b64encode(os.urandom(32)).decode()}"


def suppressions(face: "BirdFace", account: Account, request: Request, parts: list[str]) -> Reply:
    match request.method, parts:
        case "GET", []:
            return listing(list(account.suppressed.values()), request)
        case "POST", []:
            customer = whom(face, _object(request).get("address"))
            if customer is None:
                raise bird("validation", "This is no WhatsApp address.", param="address")
            face.suppress(account, customer, time.time())
            known = f"+{customer.key}" if customer.key.isdigit() else customer.key
            return Reply(201, _encode(account.suppressed[known]))
        case "DELETE", [reference]:
            wanted = unquote(reference)
            rows = account.suppressed
            address = next((key for key, row in rows.items() if wanted in (row["id"], key)), None)
            customer = whom(face, address) if address else None
            if address is None or customer is None:
                raise bird("not_found", "There is no such suppression.")
            customer.stopped_marketing.difference_update(account.channels)
            del rows[address]
            return Reply(204)
    raise bird("not_found", f"There is no {request.method} {request.path}.")


def _object(request: Request) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(request.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise bird("bad_request", "The body is not a JSON object.")
    return found
