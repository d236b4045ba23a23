"""Rules in words: when they answer, what they ask, what they do, and why one fires or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from ..channels.models import Channel
from ..media.models import File
from ..message_templates.models import Template
from ..segments.models import Segment
from ..team.models import Staff, Team
from ..web.look import whole_day
from .matching import Check, Verdict
from .models import PromoPool, ReplyRule

Words = str | Promise

TRIGGERS: dict[str, Words] = {
    "keyword": gettext_lazy("A message has a keyword"),
    "nothing": gettext_lazy("No other rule answers"),
    "first": gettext_lazy("Somebody writes for the first time"),
    "outside_hours": gettext_lazy("Somebody writes outside opening hours"),
    "payload": gettext_lazy("A button or an option is tapped"),
    "order": gettext_lazy("A message names an order of theirs"),
    "media": gettext_lazy("A file or a place comes"),
    "referral": gettext_lazy("Somebody comes from an ad or a post"),
    "any": gettext_lazy("Any message comes"),
}
HOW: dict[str, Words] = {
    "word": gettext_lazy("As a whole word"),
    "fuzzy": gettext_lazy("As a word, one typo allowed"),
    "contains": gettext_lazy("Anywhere, in words too"),
    "exact": gettext_lazy("As the whole message"),
}
MEDIA: dict[str, Words] = {
    "image": pgettext_lazy("kind of message", "Image"),
    "video": pgettext_lazy("kind of message", "Video"),
    "audio": pgettext_lazy("kind of message", "Audio"),
    "document": pgettext_lazy("kind of message", "Document"),
    "sticker": pgettext_lazy("kind of message", "Sticker"),
    "location": pgettext_lazy("kind of message", "Place"),
    "contacts": pgettext_lazy("kind of message", "Contact"),
}
ACTIONS: dict[str, Words] = {
    "text": gettext_lazy("Answer with a text"),
    "promo": gettext_lazy("Give a one-time code"),
    "menu": gettext_lazy("Show buttons or a list"),
    "media": gettext_lazy("Send a file"),
    "template": gettext_lazy("Send a template"),
    "tag": gettext_lazy("Put a tag on the customer"),
    "untag": gettext_lazy("Take a tag off the customer"),
    "consent": gettext_lazy("Note consent to promotions"),
    "assign": gettext_lazy("Give the conversation to somebody"),
    "priority": gettext_lazy("Set the priority"),
    "close": gettext_lazy("Close the conversation"),
    "webhook": gettext_lazy("Call a webhook"),
}
HELD: dict[str, Words] = {
    "too_many": gettext_lazy("Held back: this customer has had the most automatic answers of an hour."),
    "same": gettext_lazy("Held back: the same words came for the third time within two minutes."),
    "automatic": gettext_lazy("Not answered: this looks like an automatic message."),
}


class Names:
    """What ids in rules mean, each table read once and only when something names it."""

    def __init__(self) -> None:
        self._read: dict[type[Any], dict[int, str]] = {}

    def of(self, model: type[Any], key: int | None) -> str:
        """The name of a row; that it is gone, when it is."""
        if model not in self._read:
            self._read[model] = {one.pk: str(one) for one in model._default_manager.all()}
        return self._read[model].get(key or 0, pgettext("what a rule names", "(deleted)"))


def when(rule: ReplyRule) -> str:
    """What fires a rule, in a sentence without its end."""
    on, words = rule.trigger["on"], rule.trigger.get("words", ())
    if on == "keyword":
        return f"{HOW[rule.trigger['how']]}: {_listed(words)}"
    if on == "media" and words:
        return f"{TRIGGERS[on]}: {', '.join(str(MEDIA[one]) for one in words)}"
    return f"{TRIGGERS[on]}: {_listed(words)}" if words else str(TRIGGERS[on])


def asks(rule: ReplyRule, names: Names) -> list[str]:
    """What must be true beside it, one thing a line."""
    asked = rule.conditions
    said = []
    if rule.channels:
        said.append(_("only on %(names)s") % {"names": ", ".join(names.of(Channel, one) for one in rule.channels)})
    if rule.teams:
        said.append(_("only for %(names)s") % {"names": ", ".join(names.of(Team, one) for one in rule.teams)})
    if asked.get("has_tags"):
        said.append(_("with the tag %(tags)s") % {"tags": _or(asked["has_tags"])})
    if asked.get("lacks_tags"):
        said.append(_("without the tag %(tags)s") % {"tags": _or(asked["lacks_tags"])})
    if "segment" in asked:
        said.append(_("in the segment “%(name)s”") % {"name": names.of(Segment, asked["segment"])})
    if asked.get("hours"):
        said.append(_("in opening hours") if asked["hours"] == "open" else _("outside opening hours"))
    if asked.get("languages"):
        said.append(_("who speak %(languages)s") % {"languages": ", ".join(asked["languages"])})
    if asked.get("window"):
        said.append(_("while the 24-hour window is open"))
    if asked.get("with_people"):
        said.append(_("even while a person answers"))
    if rule.starts_at:
        said.append(_("from %(moment)s") % {"moment": moment(rule.starts_at)})
    if rule.ends_at:
        said.append(_("until %(moment)s") % {"moment": moment(rule.ends_at)})
    return said


def does(rule: ReplyRule, names: Names) -> list[str]:
    """What a rule does, one thing a line."""
    return [one_thing(action, names) for action in rule.actions]


def one_thing(action: Mapping[str, Any], names: Names) -> str:
    """One action in words."""
    texts = action.get("texts") or [{}]
    words = " ".join(str(texts[0].get("text", "")).split())
    short = words if len(words) <= 60 else words[:59] + "…"
    match action["do"]:
        case "text":
            return _("says “%(text)s”") % {"text": short}
        case "promo":
            return _("gives a code of “%(pool)s”") % {"pool": names.of(PromoPool, action["pool"])}
        case "menu":
            return _("shows a menu: “%(text)s”") % {"text": short}
        case "media":
            return _("sends the file %(name)s") % {"name": names.of(File, action["file"])}
        case "template":
            return _("sends the template %(name)s") % {"name": names.of(Template, action["template"])}
        case "tag":
            return _("tags them “%(tag)s”") % {"tag": action["tag"]}
        case "untag":
            return _("takes the tag “%(tag)s” off") % {"tag": action["tag"]}
        case "consent":
            if action["state"] == "granted":
                return _("notes that they agree to promotions")
            return _("notes that they refuse promotions")
        case "assign":
            if "team" in action:
                return _("gives it to the team %(name)s") % {"name": names.of(Team, action["team"])}
            return _("gives it to %(name)s") % {"name": names.of(Staff, action["staff"])}
        case "priority":
            return _("sets the priority: %(priority)s") % {"priority": PRIORITIES[action["priority"]]}
        case "close":
            return _("closes the conversation")
    return _("calls %(url)s") % {"url": action["url"]}


PRIORITIES: dict[int, Words] = {
    0: pgettext_lazy("priority of a conversation", "Normal"),
    1: pgettext_lazy("priority of a conversation", "High"),
    2: pgettext_lazy("priority of a conversation", "Urgent"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict in words: each thing that was asked, and whether it holds."""

    verdict: Verdict
    lines: Sequence[tuple[bool, str]]
    after: str = ""

    @property
    def why(self) -> str:
        """In one line what makes it fire, or keeps it from that."""
        return self.after or next((words for holds, words in self.lines if holds is self.verdict.fires), "")


def told(verdict: Verdict, names: Names) -> Told:
    """Why a rule fires or not, thing by thing."""
    lines = [(one.holds, _check(one, names)) for one in verdict.checks]
    after = ""
    if verdict.after is not None:
        after = _("It would fire, but “%(rule)s” stops before it.") % {"rule": verdict.after.name}
    return Told(verdict, lines, after)


def moment(at: Any) -> str:
    """A moment in the reader's time, its day as it stands everywhere else: "3 Nov 2026 14:05"."""
    local = timezone.localtime(at)
    return f"{whole_day(local.date())} {date_format(local, 'H:i')}"


def _check(check: Check, names: Names) -> str:
    about, holds, detail = check
    match about:
        case "keyword_word":
            return _("The word “%(word)s” is in it") % {"word": detail}
        case "keyword_contains":
            return _("It contains “%(word)s”") % {"word": detail}
        case "keyword_exact":
            return _("The message is “%(word)s”") % {"word": detail}
        case "keyword_fuzzy":
            return _("“%(word)s” is one typo away from a keyword") % {"word": detail}
        case "keyword":
            return _("No keyword of it is in the message")
        case "nothing" if detail:
            return _("“%(rule)s” answers already") % {"rule": detail}
        case "order" if holds:
            return _("%(number)s is an order of theirs") % {"number": detail}
        case "order":
            return _("It names no order of theirs")
        case "payload" if not holds:
            return _("No such button or option was tapped")
        case "payload":
            return _("The tapped button sends back “%(payload)s”") % {"payload": detail}
        case "segment":
            name = names.of(Segment, int(detail))
            if holds:
                return _("They are in the segment “%(name)s”") % {"name": name}
            return _("They are not in the segment “%(name)s”") % {"name": name}
        case "starts":
            return _("It holds from %(moment)s") % {"moment": _read(detail)}
        case "ends":
            return _("It holds until %(moment)s") % {"moment": _read(detail)}
        case "people" if not holds:
            at = parse_datetime(detail)
            if at is None or at.year == 9999:
                return _("A person answers this conversation")
            return _("A person answered: rules are silent until %(moment)s") % {"moment": moment(at)}
    yes, no = _SAYINGS[about]
    return str(yes if holds else no) % {"detail": detail or "–"}


_SAYINGS: dict[str, tuple[Words, Words]] = {
    "enabled": (gettext_lazy("It is on"), gettext_lazy("It is off")),
    "nothing": (gettext_lazy("No other rule answers"), gettext_lazy("Another rule answers")),
    "first": (gettext_lazy("It is their first message"), gettext_lazy("They have written before")),
    "outside_hours": (gettext_lazy("It is outside opening hours"), gettext_lazy("It is in opening hours")),
    "hours_closed": (gettext_lazy("It is outside opening hours"), gettext_lazy("It is in opening hours")),
    "hours_open": (gettext_lazy("It is in opening hours"), gettext_lazy("It is outside opening hours")),
    "media": (gettext_lazy("A file of this kind came: %(detail)s"), gettext_lazy("No file of this kind came")),
    "referral": (
        gettext_lazy("They come from this ad or post: %(detail)s"),
        gettext_lazy("They do not come from this ad or post"),
    ),
    "any": (gettext_lazy("Any message counts"), gettext_lazy("Any message counts")),
    "channel": (gettext_lazy("It came to one of its numbers"), gettext_lazy("It came to another number")),
    "team": (gettext_lazy("It is with one of its teams"), gettext_lazy("It is with none of its teams")),
    "people": (gettext_lazy("No person answers at the moment"), gettext_lazy("A person answers this conversation")),
    "language": (
        gettext_lazy("They speak one of its languages: %(detail)s"),
        gettext_lazy("They speak none of its languages: %(detail)s"),
    ),
    "has_tags": (gettext_lazy("They have the tag %(detail)s"), gettext_lazy("They lack the tag %(detail)s")),
    "lacks_tags": (gettext_lazy("They lack the tag %(detail)s"), gettext_lazy("They have the tag %(detail)s")),
    "window": (gettext_lazy("The 24-hour window is open"), gettext_lazy("The 24-hour window is closed")),
}


def _read(text: str) -> str:
    at = parse_datetime(text)
    return moment(at) if at else text


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(quoted(one) for one in words[:6])
    return f"{shown}, …" if len(words) > 6 else shown


def _or(tags: Sequence[str]) -> str:
    return f" {_('or')} ".join(quoted(one) for one in tags)


def quoted(word: str) -> str:
    """A word as the reader's language quotes it."""
    return pgettext("a word in a list", "“%(word)s”") % {"word": word}
