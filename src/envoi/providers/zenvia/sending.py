"""Messages to Zenvia and what its answers mean (Zenvia sheet, 2 and 5)."""

from __future__ import annotations

from typing import Any

import msgspec

from ...core.events import Failure
from ..base import Accepted, Account, Answer, Channel, Http, Outgoing, Rejected, TemplateProblem, Uncertain
from ..reading import MISSHAPEN, Json, NotJson, need, read
from . import calls
from .contents import content_of
from .template_fields import template_of

MESSAGES = "/channels/whatsapp/messages"
LONGEST_ADDRESS = 64


def body(outgoing: Outgoing, channel: Channel) -> bytes:
    """One content a call, so that a status is about one message (sheet, 2). Our token is its externalId.

    Raises Rejected for what Zenvia has no way to send.
    """
    if outgoing.form is not None:
        content = template_of(outgoing.form, outgoing.values, outgoing.options)
    else:
        content = content_of(outgoing.kind, outgoing.content or {})
    message: Json = {
        "from": channel.provider_id.removeprefix("+"),
        "to": _recipient(outgoing.recipient),
        "externalId": outgoing.token,
        "contents": [content],
    }
    if outgoing.reply_to:
        message["idRef"] = outgoing.reply_to
    return msgspec.json.encode(message)


def _recipient(recipient: str) -> str:
    """Digits without their plus, or else the business-scoped id as it is: Zenvia may know it (sheet, 1)."""
    to = recipient.removeprefix("+")
    if not 1 <= len(to) <= LONGEST_ADDRESS:
        words = f"Zenvia takes 1 to {LONGEST_ADDRESS} characters"
        raise Rejected(Failure("recipient", "Zenvia can't write to this address", words))
    return to


async def send(http: Http, account: Account, body: bytes) -> Accepted:
    """POST /channels/whatsapp/messages. Raises a SendError."""
    answer = await calls.request(http, account, "POST", MESSAGES, body, content_type=calls.JSON)
    try:
        return outcome(answer)
    except TemplateProblem as error:
        if _is_template(body):
            raise
        # Nothing but the sender is left to be unknown, and that ends this message alone.
        raise Rejected(error.failure) from error


def outcome(answer: Answer) -> Accepted:
    """Only a message id says accepted, only a named refusal says not sent. Raises a SendError."""
    if not 200 <= answer.status < 300:
        raise calls.refusal(answer)
    try:
        return Accepted(need(read(answer.body)["id"]))
    except (NotJson, *MISSHAPEN):
        words = calls.start(answer)
    raise Uncertain(Failure("no_message_id", "Accepted, but without a message id", words, "uncertain"))


def _is_template(body: bytes) -> bool:
    message: Any = msgspec.json.decode(body)
    return bool(message["contents"][0]["type"] == "template")
