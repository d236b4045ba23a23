"""A notification as a sentence, in the language of whoever reads it at that moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..core import clock
from ..web.look import moment
from .models import Notification

Kind = Notification.Kind


def headline(kind: str) -> str:
    """What happened, in a few words."""
    words: dict[str, str] = {
        Kind.ASSIGNED: _("Given to you"),
        Kind.MENTIONED: _("You were mentioned"),
        Kind.WAITING: _("A customer waits"),
        Kind.RED_ALERT: _("Red alert"),
        Kind.WINDOW_CLOSING: _("A window closes"),
        Kind.NEW_MESSAGE: _("New message"),
        Kind.CODES_LOW: _("Promo codes run out"),
        Kind.NOT_LAUNCHED: _("Did not leave"),
    }
    return words.get(kind, kind)


def sentence(kind: str, facts: Mapping[str, Any]) -> str:
    """The whole of it in one sentence. What a fact is missing for is said without it."""
    who = str(facts.get("contact") or _("A customer"))
    by = str(facts.get("by") or "")
    waited = _waited(facts)
    if kind == Kind.ASSIGNED:
        if count := _number(facts.get("count")):
            return _handed_over(count, by, str(facts.get("from") or ""))
        if by:
            return _("%(by)s gave you the conversation with %(customer)s.") % {"by": by, "customer": who}
        return _("The conversation with %(customer)s is yours now.") % {"customer": who}
    if kind == Kind.MENTIONED:
        return _("%(by)s mentioned you in a note about %(customer)s.") % {"by": by or _("A colleague"), "customer": who}
    if kind == Kind.WAITING:
        if facts.get("level") == 2:
            return _("%(customer)s has waited far too long for an answer%(since)s.") % {
                "customer": who,
                "since": waited,
            }
        return _("%(customer)s has waited longer than the target%(since)s.") % {"customer": who, "since": waited}
    if kind == Kind.RED_ALERT:
        return _("Nobody has answered %(customer)s%(since)s.") % {"customer": who, "since": waited}
    if kind == Kind.WINDOW_CLOSING:
        until = _time(facts.get("until"))
        if until is None:
            return _("%(customer)s waits, and the window for free answers closes soon.") % {"customer": who}
        return _("%(customer)s waits, and from %(time)s on only a template may go.") % {
            "customer": who,
            "time": moment(until),
        }
    if kind == Kind.NEW_MESSAGE:
        return _("%(customer)s wrote to you.") % {"customer": who}
    if kind == Kind.CODES_LOW:
        return _codes_low(facts)
    if kind == Kind.NOT_LAUNCHED:
        if not facts.get("campaign") or not facts.get("reason"):
            return _("A planned campaign did not leave.")
        words = {"campaign": str(facts["campaign"]), "reason": str(facts["reason"])}
        return _("“%(campaign)s” did not leave as planned: %(reason)s") % words
    return who


def _handed_over(count: int, by: str, leaver: str) -> str:
    words = {"n": count, "by": by, "name": leaver}
    if by:
        return (
            ngettext(
                "%(by)s handed %(n)s conversation of %(name)s over to you.",
                "%(by)s handed %(n)s conversations of %(name)s over to you.",
                count,
            )
            % words
        )
    return (
        ngettext(
            "%(n)s conversation of %(name)s is yours now.", "%(n)s conversations of %(name)s are yours now.", count
        )
        % words
    )


def _codes_low(facts: Mapping[str, Any]) -> str:
    left = _number(facts.get("left"))
    words = {"n": left, "pool": str(facts.get("pool") or ""), "rule": str(facts.get("rule") or "")}
    if not left:
        return _("No code is left in “%(pool)s”, which the rule “%(rule)s” gives out.") % words
    return (
        ngettext(
            "%(n)s code is left in “%(pool)s”, which the rule “%(rule)s” gives out.",
            "%(n)s codes are left in “%(pool)s”, which the rule “%(rule)s” gives out.",
            left,
        )
        % words
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def many(count: int) -> str:
    """The subject of an e-mail that tells several things."""
    return ngettext("%(n)s thing needs you", "%(n)s things need you", count) % {"n": count}


def _waited(facts: Mapping[str, Any]) -> str:
    """ ": for 12 minutes", ": for 2 hours"; "" when nobody knows since when."""
    since = _time(facts.get("since"))
    if since is None:
        return ""
    until = _time(facts.get("at")) or clock.now()
    minutes = max(int((until - since).total_seconds() // 60), 0)
    if minutes < 120:
        return ngettext(", for %(n)s minute", ", for %(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    return ngettext(", for %(n)s hour", ", for %(n)s hours", hours) % {"n": hours}


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
