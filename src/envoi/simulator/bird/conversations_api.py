"""MessageBird Conversations: sends, conversations, webhooks, and the platform's templates (Bird fact sheet, Gen 1)."""

import time
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.bird import gen3_templates, media
from envoi.simulator.bird.accounts import Account, Channel, Endpoint, Record, Template, Version, Wording
from envoi.simulator.bird.errors import Refusal, messagebird, reading
from envoi.simulator.bird.notices import conversation, moment
from envoi.simulator.bird.sending import Asked, Dialect, accept, count, whom
from envoi.simulator.bird.wordings import from_meta, problem_of, variables
from envoi.simulator.customers import Customer
from envoi.simulator.faces import Answer
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply

if TYPE_CHECKING:
    from envoi.simulator.bird.face import BirdFace

DIALECT = Dialect(
    too_fast=lambda: messagebird(21, "Too many requests", status=429),
    broken=lambda: messagebird(99, "Internal error"),
    away=lambda: messagebird(98, "Server not reachable"),
)
KINDS = ("text", "image", "video", "audio", "file", "location", "interactive", "whatsappSticker", "hsm")
_encode = msgspec.json.encode


def answer(face: "BirdFace", account: Account, request: Request, parts: list[str]) -> Answer:
    match request.method, parts:
        case "POST", ["v1", "send"]:
            return _send(face, account, _object(request), "from")
        case "POST", ["v1", "conversations", "start"]:
            return _send(face, account, _object(request), "channelId", shows=_conversation)
        case "POST", ["v1", "conversations", conversation_id, "messages"]:
            asked = _object(request)
            customer, channel = _known(account, conversation_id)
            asked |= {"to": f"+{customer.key}", "channelId": asked.get("channelId") or channel.id}
            return _send(face, account, asked, "channelId", shows=_message)
        case "GET", ["v1", "conversations", conversation_id, "messages"]:
            _known(account, conversation_id)
            rows = [
                _message(key, one)
                for key, one in account.records.items()
                if conversation(one.customer, one.channel) == conversation_id
            ]
            return _list(rows)
        case "GET", ["v1", "conversations", conversation_id]:
            customer, channel = _known(account, conversation_id)
            return _said(_of(customer, channel))
        case "GET", ["v1", "conversations"]:
            pairs = {conversation(one.customer, one.channel): one for one in account.records.values()}
            return _list([_of(one.customer, one.channel) for one in pairs.values()])
        case "GET", ["v1", "messages", message_id] if message_id in account.records:
            return _said(_message(message_id, account.records[message_id]))
        case _, ["v1", "webhooks", *rest]:
            return _webhooks(face, account, request, rest)
        case "GET", ["v2", "platforms", "whatsapp", "templates"]:
            return _list(
                [
                    _shown(template, tag, one)
                    for template in account.templates.values()
                    for tag, one in template.shown.items()
                ]
            )
        case "POST", ["v2", "platforms", "whatsapp", "templates"]:
            return _create(face, account, _object(request))
    raise messagebird(20, f"Not found: {request.method} {request.path}")


def _said(body: Any, status: int = 200) -> Reply:
    return Reply(status, _encode(body))


def _list(rows: list[Any]) -> Reply:
    count_of = len(rows)
    return _said({"offset": 0, "limit": max(count_of, 20), "count": count_of, "totalCount": count_of, "items": rows})


def _object(request: Request) -> dict[str, Any]:
    malformed: Refusal = messagebird(21, "Bad request: the body is not a JSON object", status=400)
    try:
        found = msgspec.json.decode(request.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise malformed from None
    if not isinstance(found, dict):
        raise malformed
    return found


def _send(face: "BirdFace", account: Account, asked: dict[str, Any], sender: str, shows: Any = None) -> Reply:
    """The three ways to send differ in where the channel is named and in what they answer."""
    channel = account.channels.get(str(asked.get(sender)))
    if channel is None:
        raise messagebird(20, "channel not found", sender)
    count(face, channel, DIALECT)
    with reading(messagebird(10, "A part of the message has the wrong shape", "content")):
        valid = _valid(face, account, asked)

    def accepted(identity: str, record: Record) -> Reply:
        if shows:
            return _said(shows(identity, record), 201)
        return _said({"id": identity, "status": "accepted"}, 202)

    return accept(face, channel, valid, DIALECT, accepted)


def _valid(face: "BirdFace", account: Account, asked: dict[str, Any]) -> Asked:
    customer = whom(face, f"+{str(asked.get('to') or '').removeprefix('+')}")
    if customer is None:
        raise messagebird(10, "to is invalid", "to")
    kind, content = asked.get("type"), asked.get("content")
    if kind not in KINDS or not isinstance(content, dict) or kind not in content:
        raise messagebird(10, f"type is one of {KINDS}, content holds it", "type")
    template, wording = None, None
    if kind == "hsm":
        template, wording = _hsm(account, content["hsm"])
    elif kind in ("image", "video", "audio", "file") and not str(content[kind].get("url", "")).startswith("http"):
        raise messagebird(10, "url is invalid", f"content.{kind}.url")
    elif kind == "text" and not 1 <= len(str(content["text"])) <= 4096:
        raise messagebird(10, "text is invalid", "content.text")
    track = asked.get("trackId")
    return Asked(
        to=str(asked["to"]),
        customer=customer,
        kind="template" if template else str(kind),
        content=asked,
        opaque=track if isinstance(track, str) else None,
        template=template.slug if template else None,
        wording=wording,
    )


def _hsm(account: Account, hsm: Any) -> tuple[Template, Wording]:
    hsm = hsm if isinstance(hsm, dict) else {}
    template = account.template(hsm.get("templateName"))
    tag = str((hsm.get("language") or {}).get("code")).replace("_", "-")
    wording = template.live.languages.get(tag) if template and template.live else None
    if template is None or wording is None or wording.status != "approved":
        raise messagebird(20, "template not found", "content.hsm.templateName")
    if "components" in hsm:
        problem = problem_of(wording.components, [_part(one) for one in hsm["components"] or []])
    else:
        given, needed = len(hsm.get("params") or []), len(variables(wording.component("body").get("text")))
        problem = "" if given == needed else f"{needed} params are needed, {given} were given"
    if problem:
        raise messagebird(10, problem, "content.hsm")
    return template, wording


def _part(component: dict[str, Any]) -> dict[str, Any]:
    """A Meta-like component as the Bird API would have it, so that one check does for both."""
    parameters = []
    for one in component.get("parameters") or []:
        kind = one.get("type")
        if kind in ("image", "video", "document"):
            parameters.append({"type": kind, "url": (one.get(kind) or {}).get("url")})
        else:
            words = one.get("text") or one.get("coupon_code")
            name = {"name": one["parameter_name"]} if "parameter_name" in one else {}
            parameters.append({"type": "text", "text": words, **name})
    return {"type": component.get("type"), "parameters": parameters}


def _known(account: Account, conversation_id: str) -> tuple[Customer, Channel]:
    for record in account.records.values():
        if conversation(record.customer, record.channel) == conversation_id:
            return record.customer, record.channel
    raise messagebird(20, "conversation not found", "id")


def _message(identity: str, record: Record) -> dict[str, Any]:
    return {
        "id": identity,
        "conversationId": conversation(record.customer, record.channel),
        "channelId": record.channel.id,
        "direction": "received" if record.inbound else "sent",
        "status": record.entry.state if record.entry else "received",
        "type": record.content.get("type"),
        "content": record.content.get("content"),
        "createdDatetime": record.created_at,
        "updatedDatetime": record.created_at,
    }


def _conversation(identity: str, record: Record) -> dict[str, Any]:
    return _of(record.customer, record.channel, identity)


def _of(customer: Customer, channel: Channel, last: str | None = None) -> dict[str, Any]:
    now = moment(time.time())
    msisdn = int(customer.key) if customer.key.isdigit() else None
    return {
        "id": conversation(customer, channel),
        "contactId": f"contact-{customer.key}",
        "contact": {"id": f"contact-{customer.key}", "msisdn": msisdn, "firstName": customer.name},
        "channels": [{"id": channel.id, "name": channel.spec.name, "platformId": "whatsapp", "status": "active"}],
        "status": "active",
        "createdDatetime": now,
        "updatedDatetime": now,
        "lastReceivedDatetime": now,
        "lastUsedChannelId": channel.id,
        "messages": {"totalCount": 1, "href": "", "lastMessageId": last},
    }


def _webhooks(face: "BirdFace", account: Account, request: Request, parts: list[str]) -> Answer:
    if request.method == "POST" and not parts:
        asked = _object(request)
        url, events = asked.get("url"), asked.get("events")
        if not isinstance(url, str) or not isinstance(events, list) or not events:
            raise messagebird(9, "url and events are required", "url")
        more = {"id": face.world.identity().lower(), "channel_id": str(asked.get("channelId") or "")}
        # Signed with the key of the dashboard, whichever webhook it is.
        return _said(_hook(face.open_endpoint(account, url, events, account.spec.signing_key, **more)), 201)
    if request.method == "GET" and not parts:
        return _list([_hook(one) for one in account.endpoints.values()])
    endpoint = account.endpoints.get(parts[0]) if parts else None
    if endpoint is None:
        raise messagebird(20, "webhook not found", "id")
    if request.method == "DELETE":
        return _delete(face, account, endpoint)
    if request.method == "PATCH":
        asked = _object(request)
        endpoint.events = asked.get("events") or endpoint.events
        endpoint.url = endpoint.mailbox.url = str(asked.get("url") or endpoint.url)
        endpoint.status = "active" if asked.get("status", "enabled") == "enabled" else "paused"
    return _said(_hook(endpoint))


async def _delete(face: "BirdFace", account: Account, endpoint: Endpoint) -> Reply:
    await face.close_endpoint(account, endpoint)
    return Reply(204)


def _hook(endpoint: Endpoint) -> dict[str, Any]:
    now = moment(time.time())
    status = "enabled" if endpoint.status == "active" else "disabled"
    told = {"id": endpoint.id, "url": endpoint.url, "channelId": endpoint.channel_id, "events": endpoint.events}
    return {**told, "status": status, "createdDatetime": now, "updatedDatetime": now}


def _shown(template: Template, tag: str, wording: Wording) -> dict[str, Any]:
    status = str(wording.status or "new").upper()
    told = {"name": template.slug, "language": tag.replace("-", "_"), "category": template.category.upper()}
    return {**told, "status": status, "components": wording.original}


def _create(face: "BirdFace", account: Account, asked: dict[str, Any]) -> Reply:
    """In review at once, in one language (Gen 1)."""
    name, language, components = asked.get("name"), asked.get("language"), asked.get("components")
    if not isinstance(name, str) or not isinstance(language, str) or not isinstance(components, list):
        raise messagebird(9, "name, language and components are required", "name")
    tag, category = language.replace("_", "-"), str(asked.get("category") or "MARKETING").lower()
    template = account.template(name)
    if template is None:
        identity = face.world.identity().lower()
        template = Template(f"wat_{identity}", name, f"p_{identity}", category, tag)
        account.templates[template.id] = template
    elif tag in template.shown:
        raise messagebird(21, "the template exists in this language", "name", status=422)
    kept = dict(template.live.languages) if template.live else {}
    kept[tag] = Wording(from_meta(components), original=components)
    template.draft = Version(f"wav_{face.world.identity().lower()}", kept)
    gen3_templates.submit(face, template)
    return _said(_shown(template, tag, kept[tag]), 201)


def inbound_content(face: "BirdFace", account: Account, said: dict[str, Any]) -> dict[str, Any]:
    """What a customer said, as type and content."""
    if isinstance(said.get("message"), dict):
        return dict(said["message"])
    if isinstance(said.get("button"), dict):
        button = said["button"]
        reply = {"id": button.get("payload") or button.get("text"), "text": button.get("text")}
        return {"type": "interactive", "content": {"interactive": {"type": "button_reply", "reply": reply}}}
    if said.get("image"):
        picture = media.picture(face, account)
        key = f"media-{picture.id}"
        face.objects[key] = media.Stored(picture.mime_type, picture.content)
        return {"type": "image", "content": {"image": {"url": media.address(face, key)}}}
    return {"type": "text", "content": {"text": str(said.get("text") or "")}}
