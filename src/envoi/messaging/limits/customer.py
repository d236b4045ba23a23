"""What a customer's limits say of a message, as a pure function: the twin of `ledger.standing`, and its measure.

PostgreSQL decides for thousands at a time; this says the same of one, so that the tests can compare any state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from . import pair

# After 131049 the customer rests for a day, the next time in a row for two, then four … (Meta sheet, E.3).
COOL_DOWN = timedelta(hours=24)
LONGEST_COOL_DOWN = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a customer and of the number that writes to them. `rests_until` is by the hours there."""

    marketing: str = "granted"
    service: str = "unknown"
    promoted_at: datetime | None = None
    promoted_by: int | None = None
    held_until: datetime | None = None
    region: str | None = None
    rests_until: datetime | None = None
    window_open_until: datetime | None = None
    borrowed_until: datetime | None = None
    blocked_until: datetime | None = None
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be sent: a promotion or not, free-form (only inside an open window) or a template."""

    id: int | None = None
    promotional: bool = True
    free_form: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The installation's limits at one moment. `barred`: regions without marketing, and until when (None: no end)."""

    now: datetime
    gap: timedelta = timedelta(hours=24)
    window_margin: timedelta = timedelta(minutes=1)
    barred: Mapping[str, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """The first rule that says no ("" when none does), and until when; None is for good."""

    reason: str
    until: datetime | None = None


def cool_down(times: int) -> timedelta:
    """How long a customer rests when the provider's cap was met for the (`times` + 1)-th time in a row."""
    return min(COOL_DOWN * (1 << min(times, 10)), LONGEST_COOL_DOWN)


def standing(person: Person, asked: Asked, rules: Rules) -> Standing:
    """Whether this message may go to this customer now. Waiting beyond the message's own end is for good."""
    found = _first_no(person, asked, rules)
    if found.until and asked.expires_at and found.until >= asked.expires_at:
        return Standing(found.reason)
    return found


def _first_no(person: Person, asked: Asked, rules: Rules) -> Standing:
    now = rules.now
    if asked.expires_at and asked.expires_at <= now:
        return Standing("expired")
    if person.blocked:
        return Standing("blocked")
    if asked.promotional and person.marketing != "granted":
        return Standing("opted_out" if person.marketing == "withdrawn" else "no_consent")
    if not asked.promotional and person.service == "withdrawn":
        return Standing("opted_out")
    open_now = bool(person.window_open_until and person.window_open_until > now + rules.window_margin)
    if asked.free_form and not open_now:
        return Standing("window_closed")
    if asked.promotional:
        if not asked.free_form and person.region is not None and person.region in rules.barred:
            return Standing("not_delivered_there", rules.barred[person.region])
        if person.held_until and person.held_until > now and not open_now:
            return Standing("cooling_down", person.held_until)
        mine = person.promoted_by is not None and person.promoted_by == asked.id
        if person.promoted_at and person.promoted_at > now - rules.gap and not mine:
            return Standing("promoted_recently", person.promoted_at + rules.gap)
        if person.rests_until:
            return Standing("quiet_hours", person.rests_until)
    if person.blocked_until and person.blocked_until > now:
        return Standing("pair_resting", person.blocked_until)
    if person.borrowed_until and pair.room(person.borrowed_until, now) == 0:
        return Standing("too_fast", pair.free_at(person.borrowed_until))
    return Standing("")
