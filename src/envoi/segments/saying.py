"""A rule said back as a sentence in the reader's language, and what is odd about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_noop, ngettext, pgettext
from django.utils.translation import gettext as _

from ..web.look import whole_day
from .compiling import compile_rule, field_of
from .fields import Field
from .known import Known
from .operators import CONTRARY, CONTRARY_OF, WITH_DATE, WITHOUT_VALUE
from .shapes import Rule, shape, signed_leaves
from .values import value_of

TAG = gettext_noop("There is no tag “%(name)s” (any more): nobody has it.")
TAG_LETS_IN = gettext_noop(
    "There is no tag “%(name)s” (any more), and the segment leaves out whoever has it: nobody is left out by it."
)
CAMPAIGN = gettext_noop("The rule names a campaign that was deleted: nobody got it.")
CAMPAIGN_LETS_IN = gettext_noop(
    "The rule leaves out whoever got a campaign that was deleted: nobody is left out by it."
)


def in_words(rule: Rule, known: Known | None = None) -> str:
    """The rule as a sentence in the reader's language. Raises BadRule."""
    known = known or Known()
    compile_rule(rule, known)
    return _words(pushed_down(rule, known), known, outermost=True)


def pushed_down(rule: Rule, known: Known, *, denied: bool = False) -> dict[str, Any]:
    """The same rule with every denial where it is read most easily: at the conditions themselves.

    A condition that has a contrary says it; around any other stands a "not". Raises BadRule.
    """
    match shape(rule):
        case "not", part:
            return pushed_down(part, known, denied=not denied)
        case ("all" | "any") as join, parts:
            turned = {"all": "any", "any": "all"}[join] if denied else join
            inside: list[dict[str, Any]] = []
            for one in (pushed_down(part, known, denied=denied) for part in parts):
                # A group within a group of the same kind is read as one.
                inside += one.get(turned, [one])
            return {turned: inside}
    if not denied:
        return dict(rule)
    about, operator = field_of(rule, known)
    contrary = CONTRARY.get(operator) or CONTRARY_OF.get(operator)
    if contrary in [one for one, _label in about.operators]:
        return {**rule, "is": contrary}
    return {"not": dict(rule)}


def leaf_in_words(leaf: Rule, known: Known) -> str:
    """One condition, as the sentence says it. Raises BadRule."""
    about, operator = field_of(leaf, known)
    value = value_of(about, operator, leaf.get("value"))
    if operator in WITHOUT_VALUE and not about.has:
        return _known_or_not(about, operator)
    if operator in WITH_DATE:
        return _date_words(about, operator, value)
    if operator in ("coming", "anniversary") or (operator == "within" and not about.has):
        return _days_words(about, operator, value)
    if about.kind == "text":
        return _text_words(about, operator, value)
    if about.kind in ("whole", "money", "number"):
        return _number_words(about, operator, value)
    shown = "" if value is None else value_in_words(about, value, known)
    if not about.has:
        said = _("“%(field)s” is not %(value)s") if operator in CONTRARY else _("“%(field)s” is %(value)s")
        return said % {"field": about.label, "value": shown}
    return str(about.has_not if operator in CONTRARY else about.has) % {"value": shown}


def value_in_words(about: Field, value: Any, known: Known) -> str:
    """A value as the sentence says it; several words are joined by “or”."""
    match about.kind:
        case "campaign":
            return _campaign_words(about, value, known)
        case "product":
            named = quoted(value["product"])
            return _within(named, value["days"])
        case "segment":
            found = known.segment(value)
            return quoted(found.name if found else f"#{value}")
        case "random":
            return _("%(percent)s%% of everybody") % {"percent": _shown(value["percent"])}
        case "days":
            return _shown(value)
        case "staff":
            return _either([known.staff(one) or f"#{one}" for one in value])
        case "choice":
            labels = dict(about.choices)
            return _either([quoted(labels.get(one, one)) for one in value])
        case "tag":
            return _either([quoted(one) for one in value])
        case _:
            return _either([str(one) for one in value])


@dataclass(frozen=True, slots=True)
class Gone:
    """What a rule names and nobody has any more: its English words, and what stands in them.

    lets_in: the rule leaves out whoever has it, so that now nobody is left out by it.
    """

    words: str
    values: dict[str, Any]
    lets_in: bool

    @property
    def sentence(self) -> str:
        """In the reader's language."""
        return gettext(self.words) % self.values


def gone(rule: Rule, known: Known | None = None) -> list[Gone]:
    """What a rule names and nobody has any more, each thing once a way: it can be counted, and may mean another."""
    known = known or Known()
    found: dict[tuple[Any, ...], Gone] = {}
    for leaf, denied in signed_leaves(rule):
        value = leaf.get("value")
        lets_in = denied != (leaf["is"] in CONTRARY)
        if leaf["field"] == "tag":
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and known.tag_id(name) is None:
                    found["tag", name, lets_in] = Gone(TAG_LETS_IN if lets_in else TAG, {"name": name[:60]}, lets_in)
        if str(leaf["field"]).startswith("campaign."):
            which = value.get("campaign") if isinstance(value, dict) else value
            if isinstance(which, int) and known.campaign(which) is None:
                found["campaign", lets_in] = Gone(CAMPAIGN_LETS_IN if lets_in else CAMPAIGN, {}, lets_in)
    return list(found.values())


def remarks(rule: Rule, known: Known | None = None) -> list[str]:
    """The same as sentences."""
    return [one.sentence for one in gone(rule, known)]


def _words(rule: Rule, known: Known, *, outermost: bool = False) -> str:
    match shape(rule):
        case "all", parts:
            said = pgettext("between conditions", " and ").join(_words(part, known) for part in parts)
            said = said or _("everybody")
        case "any", parts:
            said = pgettext("between conditions", " or ").join(_words(part, known) for part in parts) or _("nobody")
        case "not", part:
            return _("not: %(condition)s") % {"condition": _words(part, known)}
        case _:
            return leaf_in_words(rule, known)
    return said if outermost or len(parts) < 2 else f"({said})"


def _subject(about: Field) -> str:
    """What a sentence begins with: our own names are part of the language, the company's are quoted."""
    return quoted(str(about.label)) if about.own_label else str(about.subject or about.label)


def _known_or_not(about: Field, operator: str) -> str:
    said = {
        "set": _("%(field)s is known"),
        "unset": _("%(field)s is not known"),
        "yes": _("%(field)s is yes"),
        "no": _("%(field)s is not yes"),
        "anniversary_week": _("%(field)s has its anniversary this week"),
    }[operator]
    return said % {"field": _subject(about)}


def _text_words(about: Field, operator: str, value: str) -> str:
    said = {
        "is": _("%(field)s is “%(value)s”"),
        "is_not": _("%(field)s is not “%(value)s”"),
        "contains": _("%(field)s contains “%(value)s”"),
        "contains_not": _("%(field)s does not contain “%(value)s”"),
        "starts": _("%(field)s starts with “%(value)s”"),
    }[operator]
    return said % {"field": _subject(about), "value": value}


def _date_words(about: Field, operator: str, value: date | tuple[date, date]) -> str:
    if isinstance(value, tuple):
        said = _("%(field)s from %(first)s to %(last)s")
        return said % {"field": _subject(about), "first": whole_day(value[0]), "last": whole_day(value[1])}
    said = {
        "on": _("%(field)s on %(date)s"),
        "since": _("%(field)s on or after %(date)s"),
        "before": _("%(field)s before %(date)s"),
    }[operator]
    return said % {"field": _subject(about), "date": whole_day(value)}


def _days_words(about: Field, operator: str, value: int) -> str:
    said = {
        "within": _("%(field)s in the last %(days)s days"),
        "coming": _("%(field)s in the next %(days)s days"),
        "anniversary": _("%(field)s has its anniversary in the next %(days)s days"),
    }[operator]
    return said % {"field": _subject(about), "days": _shown(value)}


def _number_words(about: Field, operator: str, value: Any) -> str:
    # Translators: a comparison with its number, such as “is more than 3”.
    said = _("%(comparison)s %(number)s") % {
        "comparison": dict(about.operators)[operator],
        "number": _("%(low)s and %(high)s") % {"low": _shown(value[0]), "high": _shown(value[1])}
        if operator == "between"
        else _shown(value),
    }
    return str(about.has) % {"value": said} if about.has else f"{_subject(about)} {said}"


def _campaign_words(about: Field, value: dict[str, Any], known: Known) -> str:
    if value["campaign"]:
        named = _("the campaign %(name)s") % {
            "name": quoted(known.campaign(value["campaign"]) or f"#{value['campaign']}")
        }
    else:
        named = _("any campaign")
    if about.name == "campaign.bought":
        days = value["days"] or 7
        return ngettext("%(what)s, within %(days)s day", "%(what)s, within %(days)s days", days) % {
            "what": named,
            "days": _shown(days),
        }
    return _within(named, value["days"])


def _within(what: str, days: int | None) -> str:
    return _("%(what)s in the last %(days)s days") % {"what": what, "days": _shown(days)} if days else what


def _either(words: list[str]) -> str:
    if len(words) < 2:
        return words[0]
    return _("%(some)s or %(last)s") % {
        "some": pgettext("between words", ", ").join(words[:-1]),
        "last": words[-1],
    }


def quoted(word: Any) -> str:
    """A name in the reader's quotation marks."""
    return pgettext("quoted", "“%(word)s”") % {"word": word}


def _shown(number: int | float | Decimal) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)
