"""Messages to Twilio and what its answers mean (Twilio sheet, 2, 4, 5).

`body` makes the form without knowing the account, `send` completes it: a leading "?" of StatusCallback gets the
account's webhook address in front, "Content" becomes the SID of a Content resource.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from ...core.events import Failure
from ..base import Accepted, Account, Card, Channel, Form, Http, Outgoing, Rejected, Suspended, Uncertain
from . import calls, contents
from .calls import fields, text
from .interactive import lacking, types_of

CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
LONGEST_TEXT = 1600
MOST_VARIABLES = 100
INTENTS = frozenset(
    "otp notifications marketing fraud security customercare delivery education polling announcements events".split()
)

Pairs = list[tuple[str, str]]


def body(outgoing: Outgoing, channel: Channel) -> bytes:
    """The form. A form's name is the ContentSid of its template, since Twilio knows templates by that alone.

    Options: "content_sid" instead of that name, "validity_seconds" (1 to 36,000, in Twilio's queue) and "intent".
    Raises Rejected for what Twilio has no way to send, and when values and variables differ in number.
    """
    content = outgoing.content or {}
    if outgoing.form is None and outgoing.kind == "read":
        if not content.get("typing"):
            raise lacking("Twilio marks a message as read only together with “typing…”.")
        return urlencode({"channel": "whatsapp", "messageId": text(content.get("message_id"))}).encode()
    if outgoing.reply_to:
        raise lacking("Twilio can't quote an earlier message in a reply.")
    pairs: Pairs = [("To", f"whatsapp:{outgoing.recipient}"), ("From", f"whatsapp:{channel.provider_id}")]
    pairs += _form(outgoing, outgoing.form) if outgoing.form is not None else _content(outgoing.kind, content)
    pairs.append(("StatusCallback", "?" + urlencode({"token": outgoing.token})))
    return urlencode(pairs + _options(outgoing.options)).encode()


async def send(http: Http, account: Account, body: bytes) -> Accepted:
    """POST …/Messages.json; for a read mark the typing indicator. Raises a SendError."""
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    if pairs and pairs[0][0] == "channel":
        return await _typing(http, account, body)
    complete: Pairs = []
    for name, value in pairs:
        match name:
            case "StatusCallback" if value.startswith("?"):
                if address := account.secret("webhook_url"):
                    complete.append((name, address + ("&" + value[1:] if "?" in address else value)))
            case "Content":
                complete.append(
                    ("ContentSid", await contents.sid_of(http, account, fields(msgspec.json.decode(value))))
                )
            case _:
                complete.append((name, value))
    if service := account.secret("messaging_service_sid"):
        complete.append(("MessagingServiceSid", service))
    path = calls.account_path(account, "Messages.json")
    answer = await calls.send(http, account, "POST", calls.API, path, urlencode(complete).encode(), calls.FORM)
    if not 200 <= answer.status < 300:
        raise calls.refusal(answer)
    if sid := text(calls.content(answer).get("sid")):
        return Accepted(sid)
    start = answer.body[:200].decode("utf-8", "replace")
    raise Uncertain(Failure("no_message_id", "Accepted, but without a message id", start, "uncertain"))


async def _typing(http: Http, account: Account, body: bytes) -> Accepted:
    """The read mark: what goes wrong with it concerns this message alone."""
    answer = await calls.send(http, account, "POST", calls.MESSAGING, "/v2/Indicators/Typing.json", body, calls.FORM)
    if 200 <= answer.status < 300:
        return Accepted("")
    error = calls.refusal(answer)
    if isinstance(error, Suspended) and answer.status == 404:
        raise Rejected(error.failure)
    raise error


def _form(outgoing: Outgoing, form: Form) -> Pairs:
    sid = text(outgoing.options.get("content_sid")) or form.name
    if not CONTENT_SID.fullmatch(sid):
        words = "Twilio knows a template by its ContentSid (HX…) alone: fetch the templates again."
        raise Rejected(Failure("content_sid", "The template has no ContentSid", words))
    variables = _variables(form, outgoing.values)
    if len(variables) > MOST_VARIABLES:
        raise Rejected(Failure("values", "Twilio takes at most 100 variables", f"{len(variables)} variables"))
    pairs = [("ContentSid", sid)]
    if variables:
        pairs.append(("ContentVariables", msgspec.json.encode(variables).decode()))
    return pairs


def _variables(form: Form, values: Sequence[str]) -> dict[str, str]:
    """Values by their variables' names; one without a name is numbered: the slots, card by card, then the headers.

    Headers come last so that leaving one to the template's own default moves no other number. A one-time code's
    button repeats the body's only variable, hence takes no number of its own.
    """
    if len(values) != form.size:
        counts = f"{len(values)} values, {form.size} variables"
        raise Rejected(Failure("values", "Values and variables differ in number", counts))
    found: dict[str, str] = {}
    number = 0
    parts: tuple[Form | Card, ...] = (form, *form.cards)
    for slot, value in zip((slot for part in parts for slot in part.slots), values, strict=True):
        if slot.component == "expires_at_ms" or slot.sub_type == "mpm":
            raise lacking("Twilio's templates have no limited-time offers and no product lists of their own.")
        if slot.sub_type == "otp":
            found[slot.name or "1"] = value
            continue
        number += slot.name is None
        found[slot.name or str(number)] = value
    for header in (part.header for part in parts if part.header is not None):
        name = text(header.get("parameter_name"))
        number += not name
        found[name or str(number)] = _header(header)
    return found


def _header(header: Mapping[str, Any]) -> str:
    kind = text(header.get("type"))
    if kind == "text":
        return text(header.get("text"))
    if kind in ("image", "video", "document"):
        return _link(fields(header.get(kind)))
    raise lacking(f"A header of the type {kind!r} can't be filled through Twilio.")


def _content(kind: str, content: Mapping[str, Any]) -> Pairs:
    match kind:
        case "text":
            return [("Body", _text(content.get("body")))]
        case "image" | "video" | "document":
            caption = text(content.get("caption"))
            return [*([("Body", _text(caption))] if caption else []), ("MediaUrl", _link(content))]
        case "audio" | "sticker":
            return [("MediaUrl", _link(content))]
        case "location":
            return _location(content)
        case "interactive":
            types, words = types_of(content)
            variables = msgspec.json.encode({"1": words}).decode()
            return [("Content", msgspec.json.encode(types).decode()), ("ContentVariables", variables)]
        case "contacts" | "reaction":
            raise lacking(f"Twilio can't send {'contact cards' if kind == 'contacts' else 'reactions'}.")
    raise lacking(f"Twilio can't send messages of the kind {kind!r}.")


def _text(value: Any) -> str:
    words = text(value)
    if not words or len(words) > LONGEST_TEXT:
        raise lacking(f"Twilio takes texts of 1 to 1,600 characters; this one has {len(words)}.")
    return words


def _link(medium: Mapping[str, Any]) -> str:
    link = text(medium.get("link"))
    if not link.startswith(("https://", "http://")):
        raise lacking("Twilio keeps no files: it fetches media from a public web address, so give a link.")
    return link


def _location(content: Mapping[str, Any]) -> Pairs:
    try:
        place = f"{float(content['latitude'])},{float(content['longitude'])}"
    except (LookupError, TypeError, ValueError) as error:
        raise lacking("A location needs a latitude and a longitude.") from error
    name, address = text(content.get("name")), text(content.get("address"))
    label = ", ".join(words for words in (name, address) if words)
    return [("Body", label or place), ("PersistentAction", f"geo:{place}|{label}" if label else f"geo:{place}")]


def _options(options: Mapping[str, Any]) -> Pairs:
    pairs: Pairs = []
    seconds = options.get("validity_seconds")
    if isinstance(seconds, int) and 1 <= seconds <= 36_000:
        pairs.append(("ValidityPeriod", str(seconds)))
    if options.get("intent") in INTENTS:
        pairs.append(("MessageIntent", str(options["intent"])))
    return pairs
