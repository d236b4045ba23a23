"""What a campaign may be told about itself: its canary, when it stops, what becomes of unknown outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

from .errors import BadPolicy
from .signs import Thresholds

CANARY_MODES = ("auto", "always", "never")
UNCERTAIN_WAYS = ("leave", "ask")
LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class Policy:
    """Stored as JSON in campaigns.policy, with only what differs from these defaults.

    canary: "auto" for promotions to at least `canary_from` people with a template that has not proven itself: those
    are the ones that Meta itself paces (Meta sheet, C.5), and decides about within an hour. Percentages are of 100.
    uncertain: after so many hours "leave" an unknown outcome as it is, or "ask" a person.
    exclude_inactive: promotions leave out who was inactive for 90 days (segments.inactivity).
    """

    canary: str = "auto"
    canary_from: int = 5_000
    canary_size: int = 1_000
    canary_minutes: int = 60
    opted_out_percent: float = 2.0
    failed_percent: float = 40.0
    delivered_percent: float = 85.0
    replied_percent: float = 5.0
    stop_at_yellow: bool = False
    uncertain: str = ""
    uncertain_hours: int = 24
    exclude_inactive: bool = True

    @property
    def thresholds(self) -> Thresholds:
        """The percentages as shares of 1."""
        return Thresholds(
            opted_out=self.opted_out_percent / 100,
            failed=self.failed_percent / 100,
            delivered=self.delivered_percent / 100,
            replied=self.replied_percent / 100,
        )

    def dump(self) -> dict[str, Any]:
        """What differs from the defaults."""
        plain = Policy()
        return {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if getattr(self, one.name) != getattr(plain, one.name)
        }


def policy_of(stored: Mapping[str, Any] | None) -> Policy:
    """The policy behind `dump`; what is unknown or of another kind is as if it were not there."""
    known = _kinds()
    kept: dict[str, Any] = {}
    for name, value in (stored or {}).items():
        if name in known and _is(known[name], value):
            kept[name] = float(value) if known[name] is float else value
    return Policy(**kept)


def checked(given: Mapping[str, Any]) -> Policy:
    """The same for what a person or the API gave. Raises BadPolicy with the first thing that can't be."""
    known = _kinds()
    for name, value in given.items():
        if name not in known:
            raise BadPolicy(str(name), _("A campaign has no setting “%(name)s”.") % {"name": str(name)[:60]})
        if not _is(known[name], value):
            raise BadPolicy(name, _of_kind(known[name]))
    policy = policy_of(given)
    if policy.canary not in CANARY_MODES:
        raise BadPolicy("canary", _("The trial is “auto”, “always” or “never”."))
    if policy.uncertain not in ("", *UNCERTAIN_WAYS):
        raise BadPolicy("uncertain", _("Unknown outcomes are left, or a person is asked: “leave” or “ask”."))
    if not 50 <= policy.canary_size <= 100_000:
        raise BadPolicy("canary_size", _("A trial goes to 50 people at least and 100,000 at most."))
    if policy.canary_from < policy.canary_size:
        raise BadPolicy("canary_from", _("A trial is for campaigns that are larger than the trial itself."))
    if policy.canary_from > LARGEST:
        raise BadPolicy("canary_from", _("This number is too large."))
    if not 1 <= policy.canary_minutes <= 1_440:
        raise BadPolicy("canary_minutes", _("A trial is watched for a minute at least and a day at most."))
    if not 1 <= policy.uncertain_hours <= 720:
        raise BadPolicy("uncertain_hours", _("Unknown outcomes may wait for an hour at least and 30 days at most."))
    for name in ("opted_out_percent", "failed_percent", "delivered_percent", "replied_percent"):
        if not 0 <= getattr(policy, name) <= 100:
            raise BadPolicy(name, _("A percentage lies between 0 and 100."))
    return policy


def _kinds() -> dict[str, type]:
    plain = Policy()
    return {one.name: type(getattr(plain, one.name)) for one in fields(Policy)}


def _is(wanted: type, value: Any) -> bool:
    """Whether a value is of this kind: a whole number may stand for any number, yes and no for none."""
    return type(value) in (int, float) if wanted is float else type(value) is wanted


def _of_kind(wanted: type) -> str:
    return {
        bool: _("This is true or false."),
        int: _("This is a whole number."),
        float: _("This is a number."),
        str: _("This is a word."),
    }[wanted]
