"""What to do about each error of Bird's three APIs: data, one row a code (Bird sheet, 3.3, Gen 2 and Gen 1).

Names of the Bird API stand as they are, its error types and HTTP statuses without their "_error". Codes of Gen 2
begin with "gen2/", of the Conversations API with "conversations/". A bare number is Meta's, handed through by Bird:
those rows are Meta's own.
"""

from __future__ import annotations

from typing import Any

from ...core.events import Action
from ..base import Advice
from ..meta.errors import advice as meta_advice

GEN3, GEN2, GEN1 = "Bird sheet, 3.3", "Bird sheet, Gen 2", "Bird sheet, Gen 1"


def _row(action: Action, title: str, source: str = GEN3, **more: Any) -> Advice:
    return Advice(action=action, title=title, source=source, **more)


ERRORS: dict[str, Advice] = {
    # Types of an answer. Every send carries an Idempotency-Key and a repeat replays the first result, so that what
    # a server failed at may be tried again: "unreachable" is the move for that, the message can't go twice.
    "bad_request": _row("rejected", "The request is malformed"),
    "not_found": _row("rejected", "What the request names does not exist"),
    "gone": _row("rejected", "What the request names is no more"),
    "payload_too_large": _row("rejected", "The request is too large"),
    "validation": _row("rejected", "The request is not valid"),
    "auth": _row("suspended", "The access key is not valid"),
    "permission": _row("suspended", "The access key lacks a permission"),
    "misdirected": _row("suspended", "The access key belongs to another region"),
    "billing": _row("suspended", "There is a problem with paying Bird"),
    # With a key of our own the only conflict is with our own first try, which may be under way.
    "conflict": _row("uncertain", "Another request with the same key is under way"),
    "precondition": _row("rejected", "A precondition of the request is not met"),
    "rate_limit": _row("throttled", "Too many requests", after=1, growth=2),
    "internal": _row("unreachable", "Bird had an internal error: try again with the same key"),
    "not_implemented": _row("rejected", "Bird does not offer this"),
    "service_unavailable": _row("unreachable", "Bird is unavailable: try again with the same key"),
    # Names of 422.
    "WhatsAppInvalidRecipient": _row("rejected", "The recipient is no WhatsApp address"),
    "WhatsAppRecipientNotSupportedForTemplate": _row("rejected", "This template can't go to this kind of recipient"),
    "WhatsAppSenderRequired": _row("suspended", "The sending number is missing", scope="channel"),
    "WhatsAppSenderNotAllowed": _row("suspended", "The sending number may not be used", scope="channel"),
    "WhatsAppSenderNotFound": _row("suspended", "The sending number does not exist at Bird", scope="channel"),
    "WhatsAppSenderWABAMismatch": _row("template", "The template belongs to another WhatsApp account than the number"),
    "WhatsAppTemplateParameterMismatch": _row("template", "The variables differ from the approved template"),
    "WhatsAppInteractiveLimitExceeded": _row("rejected", "Too many or too long buttons or rows"),
    "WhatsAppInteractiveDuplicateLabel": _row("rejected", "Two buttons or rows have the same label"),
    # Codes of what fails later (last_error and event error).
    "insufficient_balance": _row("suspended", "Bird's balance is used up"),
    "price_not_found": _row("suspended", "Bird has no price for this destination"),
    "recipient_suppressed": _row("opted_out", "The person is on Bird's suppression list"),
    "service_window_expired": _row("rejected", "More than 24 hours since the person wrote: only a template may go"),
    "rate_limited": _row("throttled", "Too many messages in a short time", after=30, growth=2),
    "undeliverable": _row("rejected", "WhatsApp could not deliver it"),
    "media_rejected": _row("rejected", "The media could not be fetched, or its type is wrong"),
    "internal_error": _row("unreachable", "Bird failed inside: the message did not go"),
    # Gen 2: HTTP statuses.
    "gen2/400": _row("rejected", "The request is malformed", GEN2),
    "gen2/401": _row("suspended", "The access key is not valid", GEN2),
    "gen2/402": _row("suspended", "There is a problem with paying Bird", GEN2),
    "gen2/403": _row("suspended", "The access key's policies do not allow this", GEN2),
    "gen2/404": _row("suspended", "The workspace or channel does not exist", GEN2, scope="channel"),
    "gen2/409": _row("rejected", "The request conflicts with what is there", GEN2),
    "gen2/413": _row("rejected", "The request is too large", GEN2),
    "gen2/422": _row("rejected", "The request is not valid", GEN2),
    "gen2/429": _row("throttled", "Too many requests: this one was not processed", GEN2, after=1, growth=2),
    # Conversations: codes of the REST API.
    "conversations/2": _row("suspended", "The access key is not valid", GEN1),
    "conversations/9": _row("rejected", "A parameter is missing", GEN1),
    "conversations/10": _row("rejected", "A parameter is not valid", GEN1),
    "conversations/20": _row("rejected", "What the request names does not exist", GEN1),
    "conversations/20/from": _row("suspended", "The channel does not exist", GEN1, scope="channel"),
    "conversations/20/channelId": _row("suspended", "The channel does not exist", GEN1, scope="channel"),
    "conversations/21": _row("rejected", "The request is malformed", GEN1),
    "conversations/25": _row("suspended", "MessageBird's balance is used up", GEN1),
    # No idempotency there: what a server failed at may have gone.
    "conversations/98": _row("uncertain", "MessageBird had a problem", GEN1, after=2),
    "conversations/99": _row("uncertain", "MessageBird had a problem", GEN1, after=2),
    "conversations/103": _row("opted_out", "The person opted out", GEN1),
}

ERROR_RANGES: tuple[tuple[int, int, Advice], ...] = (
    (11_000, 11_999, _row("rejected", "The message is not valid", GEN2)),
    (12_000, 12_999, _row("unreachable", "Bird failed inside: the message did not go", GEN2)),
    (14_000, 14_999, _row("rejected", "The workspace's settings or balance do not allow it", GEN2)),
    (15_000, 15_999, _row("rejected", "The platform refused the message", GEN2)),
)


def advice(code: str) -> Advice | None:
    """The row of a code, None when there is none; a number alone is one of Meta's."""
    if found := ERRORS.get(code):
        return found
    mode, _, rest = code.rpartition("/")
    if not (rest.isascii() and rest.isdigit() and len(rest) < 12):
        return None
    if mode == "gen2":
        return next((row for first, last, row in ERROR_RANGES if first <= int(rest) <= last), None)
    return meta_advice(rest) if not mode else None
