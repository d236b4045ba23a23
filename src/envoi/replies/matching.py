"""Which rules fire for a message, and why each other does not. Only arithmetic: no table is known here.

A `Matcher` is made once of all rules; a message then costs a few look-ups, and only rules that its words, kind or
payload can mean are looked at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from .folding import folded
from .keywords import Hit, Keywords
from .rules import MEDIA, Customer, Heard, IsOpen, Rule

_NUMBER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_./-]{1,38}[A-Za-z0-9])?")
MOST_NUMBERS = 10


class Check(NamedTuple):
    """One thing a rule asks: `about` says which (saying.py has the words), whether it holds, and what was found."""

    about: str
    holds: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fires, and what its trigger found."""

    rule: Rule
    trigger: Check


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule before one message: `checks` in the order they are asked; behind `after` it was not reached."""

    rule: Rule
    fires: bool
    checks: tuple[Check, ...]
    after: Rule | None = None


class Matcher:
    """All rules, in their order, made ready to be matched."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._keywords = Keywords()
        self._payloads: dict[str, list[int]] = defaultdict(list)
        self._by_trigger: dict[str, list[int]] = defaultdict(list)
        for place, rule in enumerate(self.rules):
            if not rule.enabled:
                continue
            if rule.trigger == "keyword":
                for word in rule.words:
                    self._keywords.add(place, word, rule.how)
            elif rule.trigger == "payload" and rule.words:
                for word in rule.words:
                    self._payloads[folded(word)].append(place)
            else:
                self._by_trigger[rule.trigger].append(place)
        self.segments = frozenset(one.segment for one in self.rules if one.enabled and one.segment is not None)

    def match(self, heard: Heard, customer: Customer, is_open: IsOpen) -> list[Fired]:
        """The rules that fire, in order: all until the first that stops; who waits for nothing else comes last."""
        text = folded(heard.text)
        hits = self._keywords.find(text)
        fired = self._fired(sorted(self._candidates(heard, customer, hits)), heard, customer, is_open, hits)
        found = list(fired)
        if not found:
            found = list(self._fired(self._by_trigger.get("nothing", []), heard, customer, is_open, hits))
        return found

    def explain(self, heard: Heard, customer: Customer, is_open: IsOpen) -> list[Verdict]:
        """Every rule with what it asks and whether that holds; those that fire are the ones `match` says."""
        hits = self._keywords.find(folded(heard.text))
        fired = [one.rule.id for one in self.match(heard, customer, is_open)]
        said = []
        stopped: Rule | None = None
        for place, rule in enumerate(self.rules):
            checks = list(_conditions(rule, heard, customer, is_open))
            if rule.trigger == "nothing":
                others = [one for one in fired if one != rule.id and _named(self.rules, one).trigger != "nothing"]
                checks.insert(0, Check("nothing", not others, _named(self.rules, others[0]).name if others else ""))
            else:
                checks.insert(0, _triggered(rule, heard, customer, is_open, self._hit(rule, place, heard, hits)))
            if not rule.enabled:
                checks.insert(0, Check("enabled", False))
            fires = rule.id in fired
            reached = stopped if not fires and all(one.holds for one in checks) else None
            said.append(Verdict(rule, fires, tuple(checks), reached))
            if fires and rule.stops and stopped is None:
                stopped = rule
        return said

    def _hit(self, rule: Rule, place: int, heard: Heard, hits: dict[int, Hit]) -> Hit | None:
        """What a rule's keywords find; a disabled rule is in no index, and is looked at by itself."""
        if rule.enabled or rule.trigger != "keyword":
            return hits.get(place)
        alone = Keywords()
        for word in rule.words:
            alone.add(place, word, rule.how)
        return alone.find(folded(heard.text)).get(place)

    def _candidates(self, heard: Heard, customer: Customer, hits: dict[int, Hit]) -> set[int]:
        by_trigger = self._by_trigger
        found = set(hits)
        found.update(by_trigger.get("any", ()), by_trigger.get("outside_hours", ()))
        if customer.is_first:
            found.update(by_trigger.get("first", ()))
        if heard.kind in MEDIA:
            found.update(by_trigger.get("media", ()))
        if heard.referral:
            found.update(by_trigger.get("referral", ()))
        if heard.payload:
            found.update(self._payloads.get(folded(heard.payload), ()), by_trigger.get("payload", ()))
        if by_trigger.get("order") and numbers_in(heard.text):
            found.update(by_trigger["order"])
        return found

    def _fired(
        self, places: Sequence[int], heard: Heard, customer: Customer, is_open: IsOpen, hits: dict[int, Hit]
    ) -> Iterator[Fired]:
        for place in places:
            rule = self.rules[place]
            # What costs a look-up in a table is asked last.
            if not all(one.holds for one in _conditions(rule, heard, customer, is_open)):
                continue
            trigger = (
                Check("nothing", True)
                if rule.trigger == "nothing"
                else _triggered(rule, heard, customer, is_open, hits.get(place))
            )
            if trigger.holds:
                yield Fired(rule, trigger)
                if rule.stops:
                    return


def numbers_in(text: str) -> list[str]:
    """What may be order numbers in a text: words of three signs and more with a digit among them."""
    found: dict[str, None] = {}
    for word in _NUMBER.findall(text[:1_000]):
        if len(word) >= 3 and any(sign.isdigit() for sign in word):
            found[word] = None
    return list(found)[:MOST_NUMBERS]


def speaks(language: str, wanted: Sequence[str]) -> bool:
    """Whether a language is among these: “pt” stands for pt-br too, but not the other way round."""
    code = language.lower().replace("_", "-")
    return any(code == one or code.startswith(one + "-") for one in wanted)


def _named(rules: Sequence[Rule], rule_id: int) -> Rule:
    return next(one for one in rules if one.id == rule_id)


def _triggered(rule: Rule, heard: Heard, customer: Customer, is_open: IsOpen, hit: Hit | None) -> Check:
    match rule.trigger:
        case "keyword":
            if hit is None:
                return Check("keyword", False)
            return Check(f"keyword_{hit.how}", True, hit.said if hit.how == "fuzzy" else hit.word)
        case "first":
            return Check("first", customer.is_first)
        case "outside_hours":
            return Check("outside_hours", not is_open(heard.at, customer.team_id))
        case "payload":
            wanted = {folded(one) for one in rule.words}
            tapped = bool(heard.payload) and (not wanted or folded(heard.payload) in wanted)
            return Check("payload", tapped, heard.payload)
        case "media":
            return Check("media", heard.kind in MEDIA and (not rule.words or heard.kind in rule.words), heard.kind)
        case "referral":
            source = _source(rule, heard)
            return Check("referral", source is not None, source or "")
        case "order":
            numbers = numbers_in(heard.text)
            named = customer.order_named(numbers) if numbers else ""
            return Check("order", bool(named), named or ", ".join(numbers[:3]))
        case "any":
            return Check("any", True)
    return Check(rule.trigger, False)


def _source(rule: Rule, heard: Heard) -> str | None:
    """What of the ad or link a rule names, None when it is none of them."""
    if not heard.referral:
        return None
    said = [value for value in heard.referral.values() if value]
    if not rule.words:
        return said[0] if said else ""
    return next((word for word in rule.words for value in said if folded(word) in folded(value)), None)


def _conditions(rule: Rule, heard: Heard, customer: Customer, is_open: IsOpen) -> Iterator[Check]:
    """What a rule asks beside its trigger, the cheapest first; only what it asks."""
    if rule.channels:
        yield Check("channel", heard.channel_id in rule.channels)
    if rule.teams:
        yield Check("team", customer.team_id in rule.teams)
    if rule.starts_at is not None:
        yield Check("starts", heard.at >= rule.starts_at, _moment(rule.starts_at))
    if rule.ends_at is not None:
        yield Check("ends", heard.at < rule.ends_at, _moment(rule.ends_at))
    if not rule.with_people:
        until = customer.person_until
        yield Check("people", until is None or heard.at >= until, _moment(until) if until else "")
    if rule.languages:
        yield Check("language", speaks(customer.language, rule.languages), customer.language)
    if rule.has_tags:
        yield Check("has_tags", not rule.has_tags.isdisjoint(customer.tags), ", ".join(sorted(rule.has_tags)))
    if rule.lacks_tags:
        yield Check("lacks_tags", rule.lacks_tags.isdisjoint(customer.tags), ", ".join(sorted(rule.lacks_tags)))
    if rule.window:
        yield Check("window", customer.window_open)
    if rule.hours:
        yield Check(f"hours_{rule.hours}", is_open(heard.at, customer.team_id) == (rule.hours == "open"))
    if rule.segment is not None:
        yield Check("segment", customer.in_segment(rule.segment), str(rule.segment))


def _moment(at: datetime) -> str:
    return at.isoformat()
