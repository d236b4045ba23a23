"""Messages to Meta and what its answers mean (Meta sheet, A.1 to A.5 and E.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import msgspec

from ...core.events import Failure
from ..base import (
    Accepted,
    Account,
    Answer,
    Channel,
    Form,
    Http,
    Outgoing,
    Rejected,
    SendError,
    Slot,
    Suspended,
    Throttled,
    Uncertain,
)
from .errors import advice
from .reading import MISSHAPEN, Json, fields, need, text

BASE_URL = "https://graph.facebook.com"

# The newest version in Meta's own examples; v26.0 rests on one secondary source (sheet, 0.10).
VERSION = "v25.0"

# The message is taken but kept back; it may still fail with 132015 (A.1, C.5).
HELD = ("held_for_quality_assessment", "paused")


def body(outgoing: Outgoing) -> bytes:
    """A phone goes into `to` with its +, a business-scoped id into `recipient`, never into `to` (A.9).

    Raises Rejected for a kind that can't be sent, and when values and variables differ in number.
    """
    message: Json = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    message["to" if outgoing.recipient.startswith("+") else "recipient"] = outgoing.recipient
    if outgoing.form is not None:
        message["type"] = "template"
        message["template"] = _template(outgoing.form, outgoing.values)
    elif outgoing.kind == "text" and outgoing.content is not None:
        message["type"] = "text"
        message["text"] = {
            "body": outgoing.content.get("body", ""),
            "preview_url": bool(outgoing.content.get("preview_url", False)),
        }
    else:
        raise Rejected(Failure("kind", "This kind of message can't be sent", outgoing.kind))
    if outgoing.reply_to:
        message["context"] = {"message_id": outgoing.reply_to}
    message["biz_opaque_callback_data"] = outgoing.token
    return msgspec.json.encode(message)


async def send(http: Http, account: Account, channel: Channel, body: bytes) -> Accepted:
    """POST /{version}/{phone_number_id}/messages (A.1). Raises a SendError."""
    url, headers = request(account, channel)
    return outcome(await http.post(url, headers, body))


def request(account: Account, channel: Channel) -> tuple[str, dict[str, str]]:
    """Where a message of this channel goes, and with which headers. Raises Suspended for damaged credentials."""
    version = account.secret("api_version") or VERSION
    token = account.secret("token")
    if not re.fullmatch(r"v[0-9]{1,3}\.[0-9]{1,2}", version):
        raise Suspended(Failure("api_version", "The API version must look like v25.0", version[:40]))
    if not (token and token.isascii() and token.isprintable()):
        raise Suspended(Failure("token", "The access token is missing or damaged"))
    url = f"{account.address(BASE_URL)}/{version}/{quote(channel.provider_id, safe='')}/messages"
    return url, {"authorization": f"Bearer {token}", "content-type": "application/json"}


def outcome(answer: Answer) -> Accepted:
    """Only a message id says accepted, only a named refusal says not sent (A.1, E.5). Raises a SendError."""
    try:
        content: Any = msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        content = None
    if not 200 <= answer.status < 300:
        raise _error(answer, fields(content).get("error"))
    try:
        accepted = content["messages"][0]
        return Accepted(need(accepted["id"]), accepted.get("message_status") in HELD)
    except MISSHAPEN:
        failure = Failure("no_message_id", "Accepted, but without a message id", _start(answer), "uncertain")
    raise Uncertain(failure)


def details(error: Json) -> str:
    """Meta's own words: the details where there are some, and the trace id that its support asks for."""
    data = error.get("error_data")
    said = text(fields(data).get("details")) or text(data)
    words = said or text(error.get("error_user_msg")) or text(error.get("message"))
    trace = text(error.get("fbtrace_id"))
    return f"{words} (fbtrace_id {trace})" if trace else words


def _template(form: Form, values: Sequence[str]) -> Json:
    """The `template` object of A.5: slots and values in the same order; one component for each button."""
    if len(values) != len(form.slots):
        counts = f"{len(values)} values, {len(form.slots)} variables"
        raise Rejected(Failure("values", "Values and variables differ in number", counts))
    parts: dict[tuple[str, int | None], Json] = {}
    if form.header is not None:
        parts["header", None] = {"type": "header", "parameters": [form.header]}
    for slot, value in zip(form.slots, values, strict=True):
        part = parts.setdefault((slot.component, slot.index), {"type": slot.component, "parameters": []})
        if slot.component == "button":
            part["sub_type"] = slot.sub_type
            part["index"] = str(slot.index or 0)
        part["parameters"].append(_parameter(slot, value))
    template: Json = {"name": form.name, "language": {"code": form.language}}
    if parts:
        template["components"] = list(parts.values())
    return template


def _parameter(slot: Slot, value: str) -> Json:
    match slot.sub_type:
        case "quick_reply":
            return {"type": "payload", "payload": value}
        case "copy_code":
            return {"type": "coupon_code", "coupon_code": value}
    if slot.name is None:
        return {"type": "text", "text": value}
    return {"type": "text", "parameter_name": slot.name, "text": value}


def _error(answer: Answer, error: Any) -> SendError:
    """What an answer other than 2xx asks for: by its code if the table knows it, else by its HTTP status."""
    code = fields(error).get("code")
    if not isinstance(code, int):
        return _unnamed(answer, Failure(f"http_{answer.status}", f"HTTP {answer.status}", _start(answer)))
    row = advice(f"{code}/{error.get('error_subcode')}") or advice(str(code))
    if row is None:
        failure = Failure(str(code), text(error.get("message")), details(error))
        return Rejected(failure) if answer.status in (400, 403, 404) else _unnamed(answer, failure)
    refusal = row.error(Failure(str(code), row.title, details(error), row.action))
    if isinstance(refusal, Throttled):
        refusal.after = max(refusal.after, _retry_after(answer))
    return refusal


def _unnamed(answer: Answer, failure: Failure) -> SendError:
    """An answer whose reason we do not know, by its HTTP status alone."""
    if answer.status >= 500:
        return Uncertain(replace(failure, action="uncertain"), after=2.0)
    if answer.status == 429:
        wait = max(5.0, _retry_after(answer))
        return Throttled(replace(failure, action="throttled"), after=wait, growth=2.0)
    # A redirect, a proxy's page, a dead token, another server: a person has to look.
    return Suspended(replace(failure, action="suspended"))


def _retry_after(answer: Answer) -> float:
    seconds = answer.headers.get("retry-after", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else 0.0


def _start(answer: Answer) -> str:
    return answer.body[:200].decode("utf-8", "replace").replace("\x00", "")
