"""The Bird API's calls: messages and what is beside them; numbers, webhooks and templates are next door.

Bird fact sheet, 3.1 and 3.2. An Idempotency-Key replays the first acceptance.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.bird import gen3_admin, gen3_kinds, gen3_templates, media
from envoi.simulator.bird.accounts import Account, Channel, Record, Template, Wording
from envoi.simulator.bird.errors import bird, reading
from envoi.simulator.bird.notices import gen3_error, moment, person
from envoi.simulator.bird.sending import Asked, Dialect, accept, count, whom
from envoi.simulator.bird.wordings import problem_of
from envoi.simulator.faces import Answer
from envoi.simulator.http_request import Request
from envoi.simulator.http_server import Reply

if TYPE_CHECKING:
    from envoi.simulator.bird.face import BirdFace

DIALECT = Dialect(
    too_fast=lambda: bird("rate_limit", "Too many requests.", retry_after=1),
    broken=lambda: bird("internal", "Something went wrong."),
    away=lambda: bird("service_unavailable", "The service is temporarily unavailable."),
)

_encode = msgspec.json.encode


def answer(face: "BirdFace", account: Account, request: Request, parts: list[str]) -> Answer:
    match request.method, parts:
        case _, ["v1", "webhooks", *rest]:
            return gen3_admin.webhooks(face, account, request, rest)
        case _, ["v1", "whatsapp", "templates", *rest]:
            return gen3_templates.answer(face, account, request, rest)
        case "POST", ["v1", "whatsapp", "messages"]:
            return _send(face, account, request)
        case "GET", ["v1", "whatsapp", "messages"]:
            return gen3_admin.listing([_shown(face, key, one) for key, one in account.records.items()], request)
        case "GET", ["v1", "whatsapp", "messages", message_id]:
            return Reply(body=_encode(_shown(face, message_id, _record(account, message_id))))
        case "GET", ["v1", "whatsapp", "messages", message_id, "media", media_id]:
            return media.redirect(face, account, message_id, media_id)
        case _, ["v1", "whatsapp", "messages", message_id, "read" | "reaction" as what]:
            return _about(face, account, request, message_id, what)
        case _, ["v1", "whatsapp", "numbers", *rest]:
            return gen3_admin.numbers(account, request, rest)
        case _, ["v1", "whatsapp", "suppressions", *rest]:
            return gen3_admin.suppressions(face, account, request, rest)
    raise bird("not_found", f"There is no {request.method} {request.path}.")


def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object. Raises Refusal."""
    if not request.body:
        return {}
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise bird("bad_request", "The body is not a JSON object.")
    return body


def _send(face: "BirdFace", account: Account, request: Request) -> Reply:
    message = body_of(request)
    if not account.channels:
        raise bird("validation", "There is no number.", name="WhatsAppSenderNotFound", param="from")
    channel = _sender(account, message)
    count(face, channel, DIALECT)
    key = request.headers.get("idempotency-key", "")
    if key and key in account.replays:
        status, body = account.replays[key]
        return Reply(status, body)
    with reading(bird("bad_request", "A part of the message has the wrong shape.")):
        asked = _asked(face, account, message)

    def accepted(identity: str, record: Record) -> Reply:
        body = _encode(_shown(face, identity, record))
        if key:
            account.replays[key] = (202, body)
        return Reply(202, body)

    return accept(face, channel, asked, DIALECT, accepted)


def _sender(account: Account, message: dict[str, Any]) -> Channel:
    sender = message.get("from")
    if sender is None:
        raise bird("validation", "The sender is missing.", name="WhatsAppSenderRequired", param="from")
    channel = next((one for one in account.channels.values() if one.phone == sender), None)
    if channel is None:
        raise bird("validation", "There is no such number.", name="WhatsAppSenderNotFound", param="from")
    if channel.spec.status != "connected":
        text = f"The number is {channel.spec.status}."
        raise bird("validation", text, name="WhatsAppSenderNotAllowed", param="from")
    return channel


def _asked(face: "BirdFace", account: Account, message: dict[str, Any]) -> Asked:
    to = message.get("to")
    customer = whom(face, to)
    if customer is None:
        raise bird("validation", "This is no WhatsApp address.", name="WhatsAppInvalidRecipient", param="to")
    metadata = message.get("metadata")
    if metadata is not None and (not isinstance(metadata, dict) or len(_encode(metadata)) > 2048):
        raise bird("validation", "Metadata is an object of at most 2 KB.", param="metadata")
    kinds = [kind for kind in gen3_kinds.KINDS if message.get(kind) is not None]
    if len(kinds) != 1:
        raise bird("validation", f"A message has exactly one kind of content, this one has {kinds}.")
    kind = kinds[0]
    template, wording = None, None
    if kind == "template":
        template, wording = _template(account, message["template"])
        if str(to)[:1] != "+" and template.category == "authentication":
            name = "WhatsAppRecipientNotSupportedForTemplate"
            raise bird("validation", "Authentication templates need a phone number.", name=name, param="to")
    else:
        gen3_kinds.check(kind, message[kind])
    opaque = metadata.get("mid") if isinstance(metadata, dict) else None
    return Asked(
        to=str(to),
        customer=customer,
        kind=kind,
        content=message,
        opaque=opaque if isinstance(opaque, str) else None,
        template=template.slug if template else None,
        wording=wording,
    )


def _template(account: Account, sent: Any) -> tuple[Template, Wording]:
    sent = sent if isinstance(sent, dict) else {}
    template = account.template(sent.get("id") or sent.get("slug"))
    if template is None:
        raise bird("not_found", "There is no such template.", param="template")
    if template.live is None:
        raise bird("validation", f"The template is {template.status}.", param="template")
    language = str(sent.get("language") or template.default_language).replace("_", "-")
    wording = template.live.languages.get(language)
    if wording is None or wording.status != "approved":
        told = wording.status if wording else "missing"
        raise bird("validation", f"The language {language} is {told}.", param="template.language")
    components = sent.get("components") or []
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise bird("validation", "Components must be a list of objects.", param="template.components")
    if problem := problem_of(wording.components, components):
        name = "WhatsAppTemplateParameterMismatch"
        raise bird("validation", problem, name=name, param="template.components")
    return template, wording


def _about(face: "BirdFace", account: Account, request: Request, message_id: str, what: str) -> Reply:
    """A read mark or a reaction: only on what a customer wrote (3.2)."""
    record = _record(account, message_id)
    if not record.inbound:
        raise bird("validation", "Only a message that a customer sent.", param="message_id")
    asked = body_of(request)
    match request.method, what:
        case "POST", "read":
            record.times["read"] = moment(face.world.clock.now())
            return Reply(202, _encode({"typing_indicator": bool(asked.get("typing_indicator"))}))
        case "PUT", "reaction":
            emoji = asked.get("emoji")
            if not isinstance(emoji, str) or not emoji:
                raise bird("validation", "The emoji is missing.", param="emoji")
            record.times["reaction"] = emoji
            return Reply(202, _encode({"id": f"war_{face.world.identity().lower()}", "emoji": emoji}))
        case "DELETE", "reaction":
            record.times.pop("reaction", None)
            return Reply(202)
    raise bird("not_found", f"There is no {request.method} {request.path}.")


def _record(account: Account, message_id: str) -> Record:
    if message_id not in account.records:
        raise bird("not_found", "There is no such message.")
    return account.records[message_id]


def _shown(face: "BirdFace", identity: str, record: Record) -> dict[str, Any]:
    """The message as every answer shows it. There is no status `read`: that is `read_at` (3.2)."""
    channel = record.channel
    user_id = face.user_id(channel, record.customer)
    theirs, ours = person(record.customer, user_id), {"phone_number": channel.phone}
    state = record.entry.state if record.entry else "received"
    shown: dict[str, Any] = {
        "id": identity,
        "direction": "inbound" if record.inbound else "outbound",
        "from": theirs if record.inbound else ours,
        "to": ours if record.inbound else theirs,
        "status": {"read": "delivered", "held": "accepted"}.get(state, state),
        "created_at": record.created_at,
        "sent_at": record.times.get("sent"),
        "delivered_at": record.times.get("delivered"),
        "read_at": record.times.get("read"),
        "last_error": None,
        "cost": None,
        "tags": record.content.get("tags"),
        "metadata": record.content.get("metadata"),
    }
    for kind in gen3_kinds.KINDS:
        if kind in record.content:
            shown[kind] = record.content[kind]
    if template := record.content.get("template"):
        slug = record.entry.template if record.entry else ""
        category = str(record.entry.category).lower() if record.entry else ""
        shown["template"] = {
            "slug": slug,
            "category": category,
            "language": str(template.get("language") or "en").replace("_", "-"),
            "components": template.get("components") or [],
        }
    if record.content.get("in_reply_to_message_id"):
        shown["in_reply_to_message_id"] = record.content["in_reply_to_message_id"]
    if record.entry and record.entry.error:
        shown["last_error"] = gen3_error(record.entry.error, record.entry.accepted_at)
    return {key: value for key, value in shown.items() if key == "cost" or value is not None}


def inbound_content(face: "BirdFace", account: Account, said: dict[str, Any]) -> dict[str, Any]:
    """What a customer said, in the words of whatsapp.received: text, a tapped button, a picture, or as it is."""
    if isinstance(said.get("message"), dict):
        return dict(said["message"])
    if isinstance(said.get("button"), dict):
        button = said["button"]
        tapped = {"slug": button.get("payload") or button.get("text"), "text": button.get("text")}
        return {"interactive_reply": {"type": "button", "button": tapped}}
    if said.get("image"):
        picture = media.picture(face, account)
        url = f"{face.base_url}/v1/whatsapp/messages/media/{picture.id}"
        return {"image": {"id": picture.id, "url": url, "mime_type": picture.mime_type}}
    return {"text": {"body": str(said.get("text") or "")}}
