"""Bird CRM Channels: messages, media, channels, projects with templates, webhook subscriptions (fact sheet, Gen 2).

How a template's variables are called there is the template's own choice; here: their names, "1", "2"… for numbered
ones, "header" and "button_0" for those parts.
"""

import time
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.bird import media
from envoi.simulator.bird.accounts import Account, Channel, Record, Template, Wording
from envoi.simulator.bird.errors import Refusal, crm, reading
from envoi.simulator.bird.notices import moment
from envoi.simulator.bird.sending import Asked, Dialect, accept, count, whom
from envoi.simulator.bird.wordings import valued, variables
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply

if TYPE_CHECKING:
    from envoi.simulator.bird.face import BirdFace

DIALECT = Dialect(
    too_fast=lambda: crm(429, "TooManyRequests", "Too many requests."),
    broken=lambda: crm(500, "InternalError", "Something went wrong."),
    away=lambda: crm(503, "Unavailable", "The service is temporarily unavailable."),
)
BODIES = ("text", "image", "file")
EVENTS = ("whatsapp.inbound", "whatsapp.outbound", "whatsapp.interaction")
STATES = {"approved": "active", "pending": "pending", None: "draft"}
_encode = msgspec.json.encode


def answer(face: "BirdFace", account: Account, request: Request, parts: list[str]) -> Reply:
    spec = account.spec
    if parts[0] == "organizations":
        if parts[1:2] != [spec.organization_id]:
            raise crm(404, "NotFound", "There is no such organization.")
        parts = parts[2:]
    if parts[:2] != ["workspaces", spec.workspace_id]:
        raise crm(404, "NotFound", "There is no such workspace.")
    match request.method, parts[2:]:
        case "POST", ["channels", channel_id, "messages"]:
            return _send(face, _channel(account, channel_id), request)
        case "GET", ["channels", channel_id, "messages", message_id] if message_id in account.records:
            record = account.records[message_id]
            state = record.entry.state if record.entry else "delivered"
            return _said({"id": message_id, "channelId": channel_id, "status": state, **record.content})
        case "GET", ["channels"]:
            rows = [
                {
                    "id": one.id,
                    "name": one.spec.name,
                    "platformId": "whatsapp",
                    "status": "active",
                    "connectorId": one.id,
                    "identifier": one.phone,
                }
                for one in account.channels.values()
            ]
            return _page(rows, request)
        case "POST", ["channel-media", "presigned-upload"]:
            return media.place(face, account, _object(request))
        case "GET", ["projects"]:
            rows = [
                {"id": one.project_id, "name": one.slug, "type": "channelTemplate"}
                for one in account.templates.values()
            ]
            return _page(rows, request)
        case "GET", ["projects", project_id, "channel-templates"]:
            template = account.template(project_id)
            if template is None:
                raise crm(404, "NotFound", "There is no such project.")
            return _page([_template(template)], request)
        case "POST", ["webhook-subscriptions"]:
            return _subscribe(face, account, _object(request))
        case "GET", ["webhook-subscriptions"]:
            rows = [{"id": one.id, "url": one.url, "event": one.events[0]} for one in account.endpoints.values()]
            return _page(rows, request)
    raise crm(404, "NotFound", f"There is no {request.method} {request.path}.")


def _said(body: Any, status: int = 200) -> Reply:
    return Reply(status, _encode(body))


def _object(request: Request) -> dict[str, Any]:
    malformed: Refusal = crm(400, "InvalidPayload", "The body is not a JSON object.")
    try:
        found = msgspec.json.decode(request.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise malformed from None
    if not isinstance(found, dict):
        raise malformed
    return found


def _page(rows: list[Any], request: Request) -> Reply:
    limit, token = request.query.get("limit", "10"), request.query.get("pageToken", "0")
    size = min(int(limit), 100) if limit.isdigit() and int(limit) else 10
    first = int(token) if token.isdigit() else 0
    more = {"nextPageToken": str(first + size)} if len(rows) > first + size else {}
    return _said({"results": rows[first : first + size], **more})


def _channel(account: Account, channel_id: str) -> Channel:
    if channel_id not in account.channels:
        raise crm(404, "NotFound", "There is no such channel.")
    return account.channels[channel_id]


def _send(face: "BirdFace", channel: Channel, request: Request) -> Reply:
    count(face, channel, DIALECT)
    message = _object(request)
    with reading(crm(422, "InvalidPayload", "A part of the message has the wrong shape.")):
        asked = _asked(face, channel, message)

    def accepted(identity: str, record: Record) -> Reply:
        told = {"id": identity, "channelId": channel.id, "status": "accepted", "createdAt": record.created_at}
        return _said({**message, **told}, 202)

    return accept(face, channel, asked, DIALECT, accepted)


def _asked(face: "BirdFace", channel: Channel, message: dict[str, Any]) -> Asked:
    contacts = (message.get("receiver") or {}).get("contacts") or [{}]
    contact = contacts[0]
    customer = whom(face, contact.get("identifierValue")) if contact.get("identifierKey") == "phonenumber" else None
    if customer is None or len(contacts) != 1:
        raise crm(422, "InvalidReceiver", "One contact with a phonenumber.")
    if ("body" in message) == ("template" in message):
        raise crm(422, "InvalidPayload", "Exactly one of body and template.")
    template, wording = None, None
    if "template" in message:
        template, wording = _template_of(channel.account, message["template"])
    else:
        _check_body(message["body"])
    reference = message.get("reference")
    return Asked(
        to=str(contact["identifierValue"]),
        customer=customer,
        kind="template" if template else str(message["body"]["type"]),
        content=message,
        opaque=reference if isinstance(reference, str) else None,
        template=template.slug if template else None,
        wording=wording,
    )


def _check_body(body: Any) -> None:
    kind = body.get("type") if isinstance(body, dict) else None
    content = body.get(kind) if kind in BODIES else None
    if not isinstance(content, dict):
        raise crm(422, "InvalidBody", f"A body is one of {BODIES}.")
    if kind == "text" and not 1 <= len(str(content.get("text") or "")) <= 4096:
        raise crm(422, "InvalidBody", "A text has 1 to 4096 characters.")
    for action in content.get("actions") or []:
        if action.get("type") not in ("postback", "reply", "link") or action["type"] not in action:
            raise crm(422, "InvalidBody", "An action is a reply, a postback or a link.")
    files = content.get("images" if kind == "image" else "files") or []
    if kind in ("image", "file") and not all(str(one.get("mediaUrl", "")).startswith("http") for one in files or [{}]):
        raise crm(422, "InvalidBody", "Every file has a mediaUrl.")
    if kind == "file" and not all(one.get("contentType") for one in files):
        raise crm(422, "InvalidBody", "Every file has a contentType.")


def _template_of(account: Account, sent: Any) -> tuple[Template, Wording]:
    sent = sent if isinstance(sent, dict) else {}
    template = account.template(sent.get("projectId"))
    wording = template.live.languages.get(str(sent.get("locale"))) if template and template.live else None
    if template is None or wording is None or wording.status != "approved":
        raise crm(422, "TemplateNotFound", "There is no active template in this locale.")
    given = {one.get("key") for one in sent.get("parameters") or [] if one.get("type") == "string" and one.get("value")}
    if given != set(keys_of(wording)):
        raise crm(422, "InvalidParameters", f"The parameters are {keys_of(wording)}.")
    return template, wording


def keys_of(wording: Wording) -> list[str]:
    """What a template's parameters are called here."""
    header = wording.component("header")
    named = variables(header.get("text"))
    keys = [name if not name.isdigit() else "header" for name in named]
    if header.get("format", "text") not in ("text", "location") and header:
        keys.append("header")
    keys += variables(wording.component("body").get("text"))
    return keys + [f"button_{place}" for place in valued(wording.component("buttons"))]


def _template(template: Template) -> dict[str, Any]:
    shown = template.shown
    contents = []
    for tag, wording in shown.items():
        blocks = [
            {"id": str(place), "type": "text", "role": one["type"], "text": {"text": one.get("text", "")}}
            for place, one in enumerate(wording.components)
            if one.get("type") in ("header", "body", "footer") and one.get("format", "text") == "text"
        ]
        contents.append({"platform": "whatsapp", "locale": tag, "blocks": blocks})
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, template.id)),
        "projectId": template.project_id,
        "defaultLocale": template.default_language,
        "status": STATES.get("approved" if template.live else None, "draft"),
        "localeStatuses": {tag: {"status": STATES.get(one.status, "inactive")} for tag, one in shown.items()},
        "deployments": [{"key": "whatsappCategory", "value": template.category.upper()}],
        "platformContent": contents,
    }


def _subscribe(face: "BirdFace", account: Account, asked: dict[str, Any]) -> Reply:
    url, event = asked.get("url"), asked.get("event")
    if asked.get("service") != "channels" or event not in EVENTS or not isinstance(url, str):
        raise crm(422, "InvalidPayload", f"Service channels, one of {EVENTS}, a url.")
    filters = {one.get("key"): one.get("value") for one in asked.get("eventFilters") or []}
    secret = str(asked.get("signingKey") or "")
    endpoint = face.open_endpoint(account, url, [event], secret, channel_id=str(filters.get("channelId") or ""))
    return _said({"id": endpoint.id, "service": "channels", "event": event, "url": url, "status": "active"}, 201)


def read_mark(channel: Channel, message_id: str, record: Record, at: float) -> dict[str, Any]:
    """A read is an interaction, not a status (K)."""
    payload: dict[str, Any] = {
        "id": f"int-{message_id}",
        "messageId": message_id,
        "channelId": channel.id,
        "type": "read",
    }
    payload |= {"createdAt": moment(at), "reference": record.content.get("reference")}
    return {"service": "channels", "event": "whatsapp.interaction", "payload": payload}


def inbound_body(face: "BirdFace", account: Account, said: dict[str, Any]) -> dict[str, Any]:
    """What a customer said, as a body."""
    if isinstance(said.get("message"), dict):
        return dict(said["message"])
    if isinstance(said.get("button"), dict):
        button = said["button"]
        action = {"type": "postback", "postback": {"text": button.get("text"), "payload": button.get("payload")}}
        return {"type": "text", "text": {"text": button.get("text"), "actions": [action]}}
    if said.get("image"):
        picture = media.picture(face, account)
        # A key under which the storage takes our own, as this generation's media addresses do.
        key = f"media-{int(time.time())}-{picture.id}"
        face.objects[key] = media.Stored(picture.mime_type, picture.content)
        return {"type": "image", "image": {"images": [{"mediaUrl": media.address(face, key)}]}}
    return {"type": "text", "text": {"text": str(said.get("text") or "")}}
