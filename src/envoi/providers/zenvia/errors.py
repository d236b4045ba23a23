"""What to do about each of Zenvia's codes: data, one row a code (Zenvia sheet, 5).

Zenvia has no idempotency, so a second try needs proof that the first never left. No 5xx gives it, not even the
INTERNAL_ERROR that its documentation calls retryable: "uncertain", which the status event with our externalId settles.
"""

from __future__ import annotations

import re
from typing import Any

from ...core.events import Action
from ..base import Advice
from ..meta.errors import advice as advice_of_meta

SHEET = "Zenvia sheet, 5"
GUESS = "Zenvia sheet, 5: not listed by Zenvia, general knowledge"
CHANNEL = "Zenvia sheet, 5: channelErrorCode, Meta's code by general knowledge"


def _row(action: Action, title: str, **more: Any) -> Advice:
    return Advice(action=action, title=title, **{"source": SHEET, **more})


# What the answer to a call says, by its `code`, or by its HTTP status where Zenvia lists no code.
ERRORS: dict[str, Advice] = {
    "VALIDATION_ERROR": _row("rejected", "Zenvia does not accept the content of the message"),
    "AUTHENTICATION_ERROR": _row("suspended", "The access token is not valid"),
    "NOT_FOUND": _row("template", "Zenvia does not know the template or the sender"),
    "DUPLICATED": _row("rejected", "It exists already"),
    "INTERNAL_ERROR": _row("uncertain", "Something went wrong at Zenvia", after=2),
    "http_401": _row("suspended", "The access token is not valid"),
    "http_403": _row("suspended", "The access token may not do this", source=GUESS),
    "http_429": _row("throttled", "Too many calls", after=1, growth=2, source=GUESS),
    "http_500": _row("uncertain", "Something went wrong at Zenvia", after=2),
    "http_502": _row("uncertain", "Zenvia is not reachable behind its gateway", after=5),
    "http_503": _row("uncertain", "Zenvia is unavailable", after=5),
    "http_504": _row("uncertain", "Zenvia did not answer in time", after=5),
    # What a status event says of a message that failed; its causes usually say more, with a code of the channel.
    "REJECTED": _row("rejected", "Zenvia could not hand the message to WhatsApp"),
    "NOT_DELIVERED": _row("rejected", "WhatsApp could not deliver the message"),
    # Codes of the channel. The sheet names these; Meta's own table knows the rest.
    "368": _row("suspended", "The account is restricted for breaking a policy", source=CHANNEL),
    "130429": _row("throttled", "The number sends faster than its limit", after=1, growth=2, source=CHANNEL),
    "131026": _row("rejected", "Undeliverable: not on WhatsApp, or an old version", source=CHANNEL),
    "131031": _row("suspended", "The account is locked", source=CHANNEL),
    "131042": _row("suspended", "There is a problem with the payment method", source=CHANNEL),
    "131047": _row("rejected", "More than 24 hours since the person wrote: only a template may go", source=CHANNEL),
    "131048": _row(
        "suspended", "The number is restricted: many people blocked or reported it", scope="channel", source=CHANNEL
    ),
    "131049": _row(
        "wait", "Meta held it back: enough marketing for this person", after=86_400, growth=2, source=CHANNEL
    ),
    "131050": _row("opted_out", "The person stopped your marketing messages", source=CHANNEL),
    "131051": _row("rejected", "This type of message is not supported", source=CHANNEL),
    "131052": _row("rejected", "The media could not be downloaded", source=CHANNEL),
    "131053": _row("rejected", "The media could not be fetched, or its type is wrong", source=CHANNEL),
    "131056": _row("wait", "Too many messages to this person in a short time", after=1, growth=4, source=CHANNEL),
    "132000": _row("template", "The number of variables differs from the approved template", source=CHANNEL),
    "132001": _row("template", "The template does not exist in this language, or is not approved", source=CHANNEL),
    "132005": _row(
        "rejected",
        "With its variables filled in, the text is too long",
        source="Meta sheet, E.5; the Zenvia sheet would hold the template, for one person's long name",
    ),
    "132007": _row("template", "The template's content breaks a policy", source=CHANNEL),
    "132012": _row("template", "A variable has another format than the approved template", source=CHANNEL),
    "132015": _row("template", "The template is paused for low quality", source=CHANNEL),
    "132016": _row("template", "The template is disabled for low quality", source=CHANNEL),
}

# Words of Meta's titles, for a cause whose code has no known digits; the first that fits counts.
REASONS: tuple[tuple[str, str], ...] = (
    ("spam rate limit", "131048"),
    ("pair rate limit", "131056"),
    ("rate limit", "130429"),
    ("undeliverable", "131026"),
    ("re-engagement", "131047"),
    ("healthy ecosystem", "131049"),
    ("stopped marketing", "131050"),
    ("stopped receiving marketing", "131050"),
    ("payment", "131042"),
    ("account has been locked", "131031"),
    ("policies violation", "368"),
    ("unsupported message type", "131051"),
    ("media download", "131052"),
    ("media upload", "131053"),
    ("param count mismatch", "132000"),
    ("template does not exist", "132001"),
    ("hydrated text too long", "132005"),
    ("policy violated", "132007"),
    ("format mismatch", "132012"),
    ("template is paused", "132015"),
    ("template is disabled", "132016"),
)


def advice(code: str) -> Advice | None:
    """The row of a code of Zenvia or of the channel behind it, None when neither sheet has one."""
    # Meta's short numbers mean nothing here: a channel's "0" is no word on our token.
    return ERRORS.get(code) or (advice_of_meta(code) if re.fullmatch("[0-9]{6,11}", code) else None)


def code_of_cause(channel_code: str, reason: str) -> str | None:
    """The code that a cause means: by the digits of its channelErrorCode, else by words of its reason."""
    for digits in re.findall("[0-9]+", channel_code):
        if advice(digits):
            return str(digits)
    folded = reason.casefold()
    return next((code for words, code in REASONS if words in folded), None)
