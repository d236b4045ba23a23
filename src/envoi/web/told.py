"""Lines of a message's trace as sentences: what happened, by which rule, until when, in the provider's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.utils.translation import gettext as _

from .look import moment, unit_price
from .undelivered import refusal

ORDER = ("queued", "skipped", "waits", "sending", "uncertain", "accepted", "held", "sent", "delivered", "read")


class Line(Protocol):
    """What messaging.queries.trace_of gives."""

    @property
    def at(self) -> datetime: ...
    @property
    def what(self) -> str: ...
    @property
    def detail(self) -> Mapping[str, Any]: ...


def why(reason: str) -> str:
    """A reason as a sentence; an unknown one as it is."""
    if reason.startswith("missing:"):
        return _("“%(variable)s” is missing.") % {"variable": reason.removeprefix("missing:")}
    if found := _reasons().get(reason):
        return found
    # As dispatch keeps what a provider answered: a code, then the provider's words.
    code, _colon, words = reason.partition(":")
    if (found := _reasons().get(code.strip())) and words:
        return found
    return _("The provider’s words: %(words)s") % {"words": reason} if " " in reason else reason


def consent_source(source: str) -> str:
    """Where a line of consent is from, in the reader's language; the company's own words as they are."""
    return {
        "keyword": _("a word they wrote"),
        "confirmation": _("their confirmation"),
        "provider": _("WhatsApp itself"),
        "staff": _("told to staff"),
        "import": _("a file"),
        "import undone": _("the import was undone"),
        "merge": _("two records merged"),
        "erasure": _("known from before an erasure"),
        "form": _("a form"),
        "api": _("the API"),
    }.get(source, source)


def consent_proof(proof: str) -> str:
    """Where a line of consent is found again: files and merges of ours in words, whatever else as it is."""
    if found := re.fullmatch(r"import (\d+): (.*)", proof, re.DOTALL):
        return _("file “%(file)s” (import %(number)s)") % {"file": found[2], "number": found[1]}
    if found := re.fullmatch(r"merge (\d+)", proof):
        return _("merge %(number)s") % {"number": found[1]}
    return proof


def told(what: str, detail: Mapping[str, Any] | None, *, time: Callable[[datetime], str] = moment) -> str:
    """The sentence after the headline of one line, "" when the headline says all; time: how it says a moment."""
    detail = detail or {}
    parts = [why(str(detail["reason"]))] if detail.get("reason") else []
    if detail.get("reason") == "no_receipt_in_time":
        parts = [_("No receipt has settled it in %(hours)s hours.") % {"hours": detail.get("hours")}]
    if until := detail.get("until"):
        parts.append(_("Tried again at %(time)s.") % {"time": time(datetime.fromisoformat(str(until)))})
    # Either may be ours: where a provider says no more than a code, its title stands for the detail.
    words = " ".join(refusal(str(detail[key])) for key in ("title", "detail") if detail.get(key))
    if detail.get("code"):
        parts.append(_("The provider’s words: %(code)s %(words)s") % {"code": detail["code"], "words": words})
    elif words:
        parts.append(words)
    if by := detail.get("by"):
        parts.append(_("Chosen by %(person)s.") % {"person": by})
    price = detail.get("pricing")
    if isinstance(price, Mapping) and price.get("category"):
        parts.append(_("Billed as %(category)s.") % {"category": price["category"]})
    if detail.get("price") is not None:
        parts.append(_("It cost %(price)s.") % {"price": unit_price(Decimal(str(detail["price"])), detail["currency"])})
    return " ".join(parts)


def in_order(lines: Iterable[Line]) -> list[tuple[datetime, str, dict[str, Any]]]:
    """A trace as (at, what, detail), oldest first: the price is told once, and times that the provider rounds keep
    their order.

    Receipts carry whole seconds, so a message planned at 14:21:49.4 is "sent" at 14:21:49: within one second what
    must come first comes first.
    """
    ordered: list[tuple[datetime, str, dict[str, Any]]] = []
    told_once: set[str] = set()
    for line in sorted(lines, key=lambda one: (one.at.replace(microsecond=0), _place(one.what))):
        detail = dict(line.detail or {})
        for word in told_once & detail.keys():
            detail.pop(word)
        told_once |= {"pricing", "price"} & detail.keys()
        ordered.append((line.at, line.what, detail))
    return ordered


def story(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """A trace for the page, in order, each line with its headline and its words."""
    return [
        {"at": at, "what": what, "headline": headline(what), "words": told(what, detail)}
        for at, what, detail in in_order(lines)
    ]


def _place(what: str) -> int:
    return ORDER.index(what) if what in ORDER else len(ORDER)


def headline(what: str) -> str:
    """What happened, in two or three words."""
    return _headlines().get(what, what.replace("_", " ").capitalize())


def _headlines() -> dict[str, str]:
    return {
        "queued": _("Planned"),
        "waits": _("Waits"),
        "sending": _("Being sent"),
        "claimed": _("Being sent"),
        "accepted": _("Accepted by the provider"),
        "held": _("Held by the provider for review"),
        "sent": _("Sent"),
        "delivered": _("Delivered to the phone"),
        "read": _("Read"),
        "played": _("Played"),
        "replied": _("Replied"),
        "received": _("The customer wrote"),
        "failed": _("Failed"),
        "skipped": _("Left out"),
        "cancelled": _("Cancelled"),
        "uncertain": _("Uncertain: the answer was lost"),
        "considered_sent": _("Taken as sent"),
        "sent_again": _("Queued once more"),
        "repeated_safely": _("Asked for again under its key"),
        "given_up": _("Given up"),
        "left_uncertain": _("Left as it is"),
        "person_asked": _("A person is asked what to do"),
    }


def _reasons() -> dict[str, str]:
    return {
        "no_phone": _("They have neither a phone nor a WhatsApp id in this business."),
        "opted_out": _("They withdrew their consent."),
        "merged": _("Two records of this person were merged; the other one gets it."),
        "erased": _("The person was erased."),
        "taken_back": _("Whoever wrote it took it back before it left."),
        "blocked": _("Somebody blocked them: they are never written to."),
        "no_consent": _("They never agreed to promotions."),
        "promoted_recently": _("They had a promotion less than 24 hours ago."),
        "busy": _("Their record was being changed at that moment."),
        "cooling_down": _("WhatsApp asked to leave them in peace for a day."),
        "budget": _("The budget was used up before their turn."),
        "expired": _("The campaign ended before their turn."),
        "missing": _("A variable of the template has no value for them."),
        "throttled": _("The provider asked to send more slowly."),
        "customer_waits": _("Too many messages to this customer in a short time."),
        "file_waits": _("A file that goes with the message is not at the provider yet."),
        "file_renewed": _("The provider had let go of a file; it was uploaded again."),
        "window_closed": _("More than 24 hours since they wrote: only a template may go."),
        "not_delivered_there": _("WhatsApp delivers no marketing in their country."),
        "quiet_hours": _("Outside the hours for promotions where they are."),
        "pair_resting": _("WhatsApp asked for a pause between messages to them."),
        "too_fast": _("Too many messages to them at once."),
        "portfolio_full": _("As many people as WhatsApp allows in 24 hours have been written to."),
        "unreachable": _("The provider could not be reached; nothing had left."),
        "channel_suspended": _("The channel is suspended."),
        "channel_paused": _("The channel is paused."),
        "held": _("What it belongs to is paused."),
        "template_problem": _("The provider does not take this template now."),
        "given_up": _("Nobody knows whether it left, and somebody gave it up."),
        "the sender stopped": _("The sender stopped before the answer came."),
        "no_answer": _("The provider’s answer did not come, or only half of it."),
        "answer_too_long": _("The provider’s answer was too long to be read."),
        "no_message_id": _("The provider took it, but named no message."),
        "not_json": _("The provider’s answer could not be understood."),
    }
