"""A rule on its page: what was typed so far, whatever of it can be meant, and the buttons that change its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..contacts.lookup import all_tags
from ..core.paging import whole
from ..media.models import File
from ..message_templates.models import Template
from ..message_templates.wording import variables
from ..segments.queries import segments
from ..team.models import Staff, Team
from ..team.rights import may
from ..web import typed_moments
from . import telling
from .checking import MOST_ACTIONS, WITH_WORDS
from .models import PromoPool, ReplyRule
from .saying import payload_of
from .wording import OF_CONTACT, OF_ORDER

WITH_TEXTS = ("text", "promo", "menu", "media")


@dataclass(slots=True)
class Version:
    """A text in one language, and for a menu its options, one a line."""

    language: str = ""
    text: str = ""
    options: str = ""
    button: str = ""


@dataclass(slots=True)
class Step:
    """One action as typed. `key` names its fields; `chosen` is what its one choice holds (pool, file, tag, url …)."""

    key: str
    do: str
    chosen: str = ""
    versions: list[Version] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    places: Sequence[str] = ()

    @property
    def label(self) -> Any:
        """What it does."""
        return telling.ACTIONS[self.do]

    @property
    def has_texts(self) -> bool:
        """Whether it says something in each language."""
        return self.do in WITH_TEXTS

    @property
    def filled(self) -> list[tuple[str, str]]:
        """A template's places with what fills each."""
        return [(place, self.values.get(place, "")) for place in self.places]


@dataclass(slots=True)
class Draft:
    """A rule as its page has it. zone: by which clock its times were typed, "" for that of this request."""

    name: str = ""
    on: str = "keyword"
    how: str = "fuzzy"
    words: str = ""
    kinds: list[str] = field(default_factory=list)
    has_tags: str = ""
    lacks_tags: str = ""
    segment: str = ""
    hours: str = ""
    languages: str = ""
    window: bool = False
    with_people: bool = False
    stops: bool = True
    settles: bool = True
    enabled: bool = True
    channels: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    starts_at: str = ""
    ends_at: str = ""
    zone: str = ""
    steps: list[Step] = field(default_factory=list)

    @property
    def asks_more(self) -> bool:
        """Whether any condition is set: its part of the page is open then."""
        said = (self.has_tags, self.lacks_tags, self.segment, self.hours, self.languages, self.starts_at, self.ends_at)
        return any(said) or self.window or self.with_people or bool(self.channels) or bool(self.teams)

    @property
    def takes_words(self) -> bool:
        """Whether the trigger has words of its own, other than kinds of media."""
        return self.on in WITH_WORDS and self.on != "media"

    def given(self) -> dict[str, Any]:
        """What actions.save_rule takes. Raises BadInput for a time that is none."""
        trigger: dict[str, Any] = {"on": self.on}
        if self.on == "media":
            trigger["words"] = self.kinds
        elif self.takes_words:
            trigger["words"] = _lines(self.words)
        if self.on == "keyword":
            trigger["how"] = self.how
        conditions = {
            "has_tags": _commas(self.has_tags),
            "lacks_tags": _commas(self.lacks_tags),
            "segment": whole(self.segment),
            "hours": self.hours,
            "languages": _commas(self.languages),
            "window": self.window,
            "with_people": self.with_people,
        }
        return {
            "name": self.name,
            "trigger": trigger,
            "conditions": conditions,
            "actions": [_action(one) for one in self.steps],
            "stops": self.stops,
            "settles": self.settles,
            "enabled": self.enabled,
            "channels": [key for one in self.channels if (key := whole(one)) is not None],
            "teams": [key for one in self.teams if (key := whole(one)) is not None],
            "starts_at": typed_moments.read(self.starts_at, self.zone),
            "ends_at": typed_moments.read(self.ends_at, self.zone),
        }

    def press(self, do: str) -> None:
        """Change the shape of the rule as a button asks: add, remove, up and down for actions, and languages."""
        verb, _colon, about = do.partition(":")
        place = next((number for number, one in enumerate(self.steps) if one.key == about), None)
        if verb == "add" and about in telling.ACTIONS and len(self.steps) < MOST_ACTIONS:
            self.steps.append(_new_step(about, self.steps))
        elif verb == "language":
            for one in self.steps:
                if one.key == about:
                    one.versions.append(Version())
        elif place is not None and verb == "remove":
            self.steps.pop(place)
        elif place is not None and verb in ("up", "down"):
            other = max(0, min(place + (-1 if verb == "up" else 1), len(self.steps) - 1))
            self.steps.insert(other, self.steps.pop(place))


def empty() -> Draft:
    """What a new rule begins with: keywords, and a text."""
    return Draft(steps=[_new_step("text", [])])


def draft_of(rule: ReplyRule) -> Draft:
    """A rule as it is kept."""
    trigger, asked = rule.trigger, rule.conditions
    words = trigger.get("words", [])
    return Draft(
        name=rule.name,
        on=trigger["on"],
        how=trigger.get("how", "fuzzy"),
        words="\n".join(words) if trigger["on"] != "media" else "",
        kinds=list(words) if trigger["on"] == "media" else [],
        has_tags=", ".join(asked.get("has_tags", ())),
        lacks_tags=", ".join(asked.get("lacks_tags", ())),
        segment=str(asked.get("segment", "")),
        hours=asked.get("hours", ""),
        languages=", ".join(asked.get("languages", ())),
        window=bool(asked.get("window")),
        with_people=bool(asked.get("with_people")),
        stops=rule.stops,
        settles=rule.settles,
        enabled=rule.enabled,
        channels=[str(one) for one in rule.channels],
        teams=[str(one) for one in rule.teams],
        starts_at=typed_moments.shown(rule.starts_at),
        ends_at=typed_moments.shown(rule.ends_at),
        steps=[_step_of(f"a{number}", action) for number, action in enumerate(rule.actions, 1)],
    )


def draft_sent(data: QueryDict) -> Draft:
    """A rule as the page sent it, whatever it holds."""
    on = data.get("on", "")
    return Draft(
        name=data.get("name", ""),
        on=on if on in telling.TRIGGERS else "keyword",
        how=data.get("how", "fuzzy"),
        words=data.get("words", ""),
        kinds=[one for one in data.getlist("kinds") if one in telling.MEDIA],
        has_tags=data.get("has_tags", ""),
        lacks_tags=data.get("lacks_tags", ""),
        segment=data.get("segment", ""),
        hours=data.get("hours", ""),
        languages=data.get("languages", ""),
        window=data.get("window") == "on",
        with_people=data.get("with_people") == "on",
        stops=data.get("stops", "stop") == "stop",
        settles=data.get("settles") == "on",
        enabled=data.get("enabled") == "on",
        channels=data.getlist("channels"),
        teams=data.getlist("teams"),
        starts_at=data.get("starts_at", ""),
        ends_at=data.get("ends_at", ""),
        zone=data.get("zone", ""),
        steps=[_step_sent(one, data) for one in data.getlist("step")[:MOST_ACTIONS]],
    )


@dataclass(frozen=True, slots=True)
class Offers:
    """What the page's choices offer."""

    channels: Sequence[Any]
    teams: Sequence[Any]
    segments: Sequence[Any]
    tags: Sequence[str]
    pools: Sequence[tuple[str, str]]
    templates: Sequence[tuple[str, str]]
    files: Sequence[tuple[str, str]]
    takers: Sequence[tuple[str, str]]
    variables: Sequence[str]


def offers(staff: Staff) -> Offers:
    """Read once a page."""
    templates = Template.objects.filter(state=Template.State.APPROVED).order_by("name", "language")
    files = File.objects.filter(source=File.Source.UPLOAD).order_by("-id")[:200]
    people = Staff.objects.filter(is_active=True).order_by("name", "email")
    teams = list(Team.objects.order_by("name"))
    return Offers(
        channels=list(Channel.objects.order_by("pk")),
        teams=teams,
        segments=segments(staff) if may(staff, "segments.read") else [],
        tags=[one.name for one in all_tags(staff)],
        pools=[(str(one.pk), one.name) for one in PromoPool.objects.order_by("name")],
        templates=[(str(one.pk), str(one)) for one in templates],
        files=[(str(one.pk), one.name) for one in files],
        takers=[
            *((f"team:{one.pk}", _("Team %(name)s") % {"name": one.name}) for one in teams),
            *((f"staff:{one.pk}", str(one)) for one in people),
        ],
        variables=[f"{{{{{name}}}}}" for name in (*OF_CONTACT[:2], *OF_ORDER)],
    )


def _new_step(do: str, others: Sequence[Step]) -> Step:
    number = max((int(one.key[1:]) for one in others), default=0) + 1
    versions = [Version()] if do in WITH_TEXTS else []
    return Step(f"a{number}", do, versions=versions, chosen={"consent": "granted", "priority": "1"}.get(do, ""))


def _step_of(key: str, action: Mapping[str, Any]) -> Step:
    do = action["do"]
    chosen = ""
    match do:
        case "promo" | "template":
            chosen = str(action["pool" if do == "promo" else "template"])
        case "media":
            chosen = str(action["file"])
        case "tag" | "untag":
            chosen = action["tag"]
        case "consent":
            chosen = action["state"]
        case "assign":
            chosen = f"team:{action['team']}" if "team" in action else f"staff:{action['staff']}"
        case "priority":
            chosen = str(action["priority"])
        case "webhook":
            chosen = action["url"]
    versions = [
        Version(one["language"], one["text"], _options_shown(one.get("options", ())), one.get("button", ""))
        for one in action.get("texts", ())
    ]
    if do in WITH_TEXTS and not versions:
        versions = [Version()]
    return Step(key, do, chosen, versions, dict(action.get("values", {})), _places(do, chosen))


def _step_sent(sent: str, data: QueryDict) -> Step:
    key, _colon, do = sent.partition(":")
    key = f"a{whole(key[1:]) or 1}"
    do = do if do in telling.ACTIONS else "text"
    chosen = data.get(f"chosen.{key}", "")
    columns = (data.getlist(f"{name}.{key}") for name in ("language", "text", "options", "button"))
    languages, texts, options, buttons = columns
    blank = [""] * len(texts)
    versions = [
        Version(language, text, option, button)
        for language, text, option, button in zip(
            languages or blank, texts, options or blank, buttons or blank, strict=False
        )
    ]
    places = _places(do, chosen)
    values = {place: data.get(f"value.{key}.{place}", "") for place in places}
    return Step(key, do, chosen, versions, values, places)


def _places(do: str, chosen: str) -> Sequence[str]:
    """The variables of a chosen template."""
    if do != "template" or (key := whole(chosen)) is None:
        return ()
    template = Template.objects.filter(pk=key).first()
    return [one.key for one in variables(template.components)] if template else ()


def _action(step: Step) -> dict[str, Any]:
    given: dict[str, Any] = {"do": step.do}
    if step.has_texts:
        given["texts"] = [_version(step, one) for one in step.versions]
    match step.do:
        case "promo":
            given["pool"] = whole(step.chosen)
        case "template":
            given |= {"template": whole(step.chosen), "values": step.values}
        case "media":
            given["file"] = whole(step.chosen)
        case "tag" | "untag":
            given["tag"] = step.chosen
        case "consent":
            given["state"] = step.chosen
        case "assign":
            kind, _colon, key = step.chosen.partition(":")
            if kind in ("staff", "team"):
                given[kind] = whole(key)
        case "priority":
            given["priority"] = whole(step.chosen)
        case "webhook":
            given["url"] = step.chosen
    return given


def _version(step: Step, version: Version) -> dict[str, Any]:
    given: dict[str, Any] = {"language": version.language, "text": version.text}
    if step.do == "menu":
        given |= {"options": _options(version.options), "button": version.button}
    return given


def _options(text: str) -> list[dict[str, str]]:
    """Options as typed: a line each, “name | description | what comes back”."""
    found = []
    for line in filter(None, map(str.strip, text.replace("｜", "|").splitlines())):
        title, description, payload = (part.strip() for part in f"{line}||".split("|")[:3])
        found.append({"title": title, "description": description, "payload": payload})
    return found


def _options_shown(options: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for one in options:
        payload = payload_of(one) if one.get("payload") else ""
        parts = [one["title"], one.get("description", ""), payload]
        while parts[-1] == "":
            parts.pop()
        lines.append(" | ".join(parts))
    return "\n".join(lines)


def _lines(text: str) -> list[str]:
    """Words as typed: one a line, or with commas between."""
    plain = text.replace("，", ",").replace("、", ",").replace("،", ",")
    return [word for line in plain.splitlines() for one in line.split(",") if (word := one.strip())]


def _commas(text: str) -> list[str]:
    return [word for one in text.replace("，", ",").replace("،", ",").split(",") if (word := one.strip())]
