"""/replies: automatic replies as a program lists, writes and reorders them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Router, Schema, Status
from pydantic import Field

from ..rest.requests import KeyRequest
from ..rest.shapes import Cursor, Given, Id, Limit, Listing, Moment, Name, whole_list
from . import actions, queries

router = Router(tags=["replies"])

Word = Annotated[str, Field(max_length=100)]
TagName = Annotated[str, Field(max_length=60)]


class TriggerGiven(Given):
    """What a message must be. `words`: keywords, payloads, kinds of media or sources, by `on`; none means any."""

    on: Literal["keyword", "first", "outside_hours", "payload", "media", "referral", "order", "any", "nothing"]
    how: Literal["word", "contains", "exact", "fuzzy"] = "word"
    words: Annotated[list[Word], Field(max_length=200)] = []


class ConditionsGiven(Given):
    """What must be true beside it. hours: "open" or "closed"; with_people: even while a person answers."""

    has_tags: Annotated[list[TagName], Field(max_length=50)] = []
    lacks_tags: Annotated[list[TagName], Field(max_length=50)] = []
    segment: Id | None = None
    hours: Literal["", "open", "closed"] = ""
    window: bool = False
    languages: Annotated[list[Annotated[str, Field(max_length=12)]], Field(max_length=50)] = []
    with_people: bool = False


Action = Annotated[
    dict[str, Any],
    Field(
        description=(
            "text {texts} · promo {pool, texts} · template {template, values} · media {file, texts} · menu {texts with "
            "options and button} · tag, untag {tag} · consent {state} · assign {staff or team} · priority {priority} · "
            "close · webhook {url}. texts: [{language, text}], language “” for everybody else."
        ),
        examples=[{"do": "text", "texts": [{"language": "", "text": "Hello {{first_name|friend}}!"}]}],
    ),
]


class RuleGiven(Given):
    """A whole rule. It is asked after all that there are."""

    name: Name
    trigger: TriggerGiven
    conditions: ConditionsGiven = ConditionsGiven()
    actions: Annotated[list[Action], Field(min_length=1, max_length=10)]
    stops: bool = True
    settles: bool = True
    enabled: bool = True
    channels: Annotated[list[Id], Field(max_length=100)] = []
    teams: Annotated[list[Id], Field(max_length=100)] = []
    starts_at: Moment | None = None
    ends_at: Moment | None = None


class RulePart(Given):
    """What of a rule is changed. position: 1 is asked first."""

    name: Name = ""
    trigger: TriggerGiven | None = None
    conditions: ConditionsGiven = ConditionsGiven()
    actions: Annotated[list[Action], Field(min_length=1, max_length=10)] = []
    stops: bool = True
    settles: bool = True
    enabled: bool = True
    channels: Annotated[list[Id], Field(max_length=100)] = []
    teams: Annotated[list[Id], Field(max_length=100)] = []
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    position: Annotated[int, Field(ge=1, le=100_000)] = 1


class RuleOut(Schema):
    """A rule. fired: for how many messages in the last 7 days."""

    id: Id
    name: str
    position: int
    enabled: bool
    stops: bool
    settles: bool
    trigger: dict[str, Any]
    conditions: dict[str, Any]
    actions: list[dict[str, Any]]
    channels: list[int]
    teams: list[int]
    starts_at: datetime | None
    ends_at: datetime | None
    fired: int
    created_at: datetime


@router.get("", response=Listing[RuleOut])
def list_replies(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> Listing[RuleOut]:
    """Every rule; `position` says in which order they are asked."""
    places, fired = _places(request), queries.fired_lately(request.by)
    return whole_list(queries.rules(request.by), cursor, limit, lambda one: _shown(one, places, fired))


@router.post("", response={201: RuleOut})
def create_reply(request: KeyRequest, given: RuleGiven) -> Status[RuleOut]:
    """Make a rule."""
    made = actions.save_rule(**given.model_dump(), by=request.by)
    return Status(201, _one(request, made.pk))


@router.get("/{reply_id}", response=RuleOut)
def get_reply(request: KeyRequest, reply_id: Id) -> RuleOut:
    """One rule."""
    return _one(request, reply_id)


@router.patch("/{reply_id}", response=RuleOut)
def change_reply(request: KeyRequest, reply_id: Id, given: RulePart) -> RuleOut:
    """Change what is given; a trigger, conditions and actions each as a whole."""
    before = queries.rule_for(request.by, reply_id)
    said = given.said()
    position = said.pop("position", None)
    whole = {name: getattr(before, name) for name in RuleGiven.model_fields} | said
    if whole["trigger"] is None:
        whole["trigger"] = before.trigger
    actions.save_rule(**whole, by=request.by, rule_id=reply_id)
    if position is not None:
        actions.move(reply_id, position - _places(request)[reply_id], by=request.by)
    return _one(request, reply_id)


@router.delete("/{reply_id}", response={204: None})
def delete_reply(request: KeyRequest, reply_id: Id) -> Status[None]:
    """Delete a rule."""
    actions.delete_rule(reply_id, by=request.by)
    return Status(204, None)


def _places(request: KeyRequest) -> dict[int, int]:
    return {one.pk: place for place, one in enumerate(queries.rules(request.by), 1)}


def _one(request: KeyRequest, reply_id: int) -> RuleOut:
    return _shown(queries.rule_for(request.by, reply_id), _places(request), queries.fired_lately(request.by))


def _shown(one: queries.ReplyRule, places: dict[int, int], fired: dict[int, int]) -> RuleOut:
    return RuleOut(
        id=one.pk,
        name=one.name,
        position=places[one.pk],
        enabled=one.enabled,
        stops=one.stops,
        settles=one.settles,
        trigger=one.trigger,
        conditions=one.conditions,
        actions=one.actions,
        channels=one.channels,
        teams=one.teams,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        fired=fired.get(one.pk, 0),
        created_at=one.created_at,
    )
