"""A message to Meta and what its answer means (Meta sheet, A.1, A.4, A.7 and E.5)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ...core.events import Failure
from ..base import Accepted, Account, Answer, Channel, Http, Uncertain
from ..reading import MISSHAPEN, fields, need
from .graph import address, authorization, decoded, refusal, start

# The message is taken but kept back; it may still fail with 132015 (A.1, C.5).
HELD = ("held_for_quality_assessment", "paused")


class _Marks(msgspec.Struct):
    """What of a body says where it goes, and which answer is due."""

    product_policy: str = ""
    status: str = ""


_marks = msgspec.json.Decoder(_Marks).decode
_NONE = _Marks()  # of most bodies: looking for the names alone takes a tenth of reading them


async def send(http: Http, account: Account, channel: Channel, body: bytes) -> Accepted:
    """POST one body made by messages.body. Raises a SendError."""
    marks = _marks(body) if b'"product_policy"' in body or b'"status"' in body else _NONE
    # Only the marketing endpoint knows this field, and messages.body always sets it there (A.7).
    edge = "marketing_messages" if marks.product_policy else "messages"
    url, headers = request(account, channel, edge)
    answer = await http.post(url, headers, body)
    return done(answer) if marks.status else outcome(answer)


def request(account: Account, channel: Channel, edge: str = "messages") -> tuple[str, Mapping[str, str]]:
    """Where a message of this channel goes, and with which headers. Raises Suspended for damaged credentials."""
    known = _requests.get(edge)
    if known and known[0] is account and known[1] is channel:
        return known[2]
    made = address(account, channel.provider_id, edge), {**authorization(account), "content-type": "application/json"}
    _requests[edge] = (account, channel, made)
    return made


# The last one made for each edge: a campaign asks for the same thousands of times in a row.
_requests: dict[str, tuple[Account, Channel, tuple[str, Mapping[str, str]]]] = {}


def outcome(answer: Answer) -> Accepted:
    """Only a message id says accepted, only a named refusal says not sent (A.1, E.5). Raises a SendError."""
    content = decoded(answer)
    if not 200 <= answer.status < 300:
        raise refusal(answer, content)
    try:
        accepted = content["messages"][0]
        return Accepted(need(accepted["id"]), accepted.get("message_status") in HELD)
    except MISSHAPEN:
        failure = Failure("no_message_id", "Accepted, but without a message id", start(answer), "uncertain")
    raise Uncertain(failure)


def done(answer: Answer) -> Accepted:
    """The answer to a read mark, which makes no message (A.4). Raises a SendError."""
    content = decoded(answer)
    if not 200 <= answer.status < 300:
        raise refusal(answer, content)
    if fields(content).get("success") is not True:
        raise Uncertain(Failure("no_success", "The answer says nothing of success", start(answer), "uncertain"))
    return Accepted("")
