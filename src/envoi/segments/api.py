"""/segments, and the list of /contacts, which may be asked for a segment's people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Query, Router, Schema, Status
from pydantic import Field

from ..contacts.api import ContactOut, all_shown
from ..contacts.api import router as contacts
from ..contacts.lookup import with_tags
from ..rest.requests import KeyRequest
from ..rest.shapes import Cursor, Given, Id, Limit, Listing, Name, cursor_of, place, whole_list
from . import actions, people, queries
from .known import Known
from .rules import BadRule, in_words, remarks

router = Router(tags=["segments"])

Rule = Annotated[
    dict[str, Any],
    Field(
        description='{"all": [rules]}, {"any": [rules]}, {"not": rule}, or {"field": …, "is": …, "value": …}.',
        examples=[{"field": "tag", "is": "has", "value": "vip"}],
    ),
]


class SegmentGiven(Given):
    """A name and a rule."""

    name: Name
    rule: Rule


class SegmentPart(Given):
    """What of a segment may be changed."""

    name: Name = ""
    rule: Rule = {}


class RuleGiven(Given):
    """A rule to try, and how many people to show."""

    rule: Rule
    limit: Annotated[int, Field(ge=0, le=50)] = 10


class SegmentOut(Schema):
    """A saved rule, or a list of people. `words` says it in a sentence, `problem` why it can't be meant any more.

    `remarks`: what it names and nobody has any more, such as a tag that was deleted.
    """

    id: Id
    name: str
    kind: str
    rule: dict[str, Any]
    words: str
    problem: str
    remarks: list[str]
    created_at: datetime


class Count(Schema):
    """How many contacts a rule chooses at this moment."""

    count: int


class Preview(Count):
    """Whom a rule chooses now: how many, in words, and the newest few of them."""

    words: str
    items: list[ContactOut]


@contacts.get("", response=Listing[ContactOut])
def list_contacts(
    request: KeyRequest,
    q: Annotated[str, Query(max_length=200, description="Part of a name or of a phone.")] = "",
    phone: Annotated[str, Query(max_length=40, description="Exactly this phone, with its country code.")] = "",
    tag: Annotated[str, Query(max_length=60)] = "",
    segment: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listing[ContactOut]:
    """Contacts, the newest first; those of a segment in the order of their ids."""
    after = place(cursor, digits=segment is not None)
    page = people.people(request.by, search=q, phone=phone, tag=tag, segment_id=segment, after=after, limit=limit)
    return Listing(items=all_shown(page.items), next=cursor_of(page.next))


@router.get("", response=Listing[SegmentOut])
def list_segments(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> Listing[SegmentOut]:
    """Every segment."""
    return whole_list(queries.segments(request.by), cursor, limit, _shown)


@router.post("", response={201: SegmentOut})
def create_segment(request: KeyRequest, given: SegmentGiven) -> Status[SegmentOut]:
    """Save a rule under a name."""
    return Status(201, _shown(actions.save_segment(name=given.name, rule=given.rule, by=request.by)))


@router.post("/preview", response=Preview)
def preview_rule(request: KeyRequest, given: RuleGiven) -> Preview:
    """Whom a rule would choose, without saving it."""
    queries.segments(request.by)
    items = queries.sample(given.rule, given.limit)
    tagged = all_shown(with_tags(items))
    return Preview(count=queries.count(given.rule), words=in_words(given.rule), items=tagged)


@router.get("/{segment_id}", response=SegmentOut)
def get_segment(request: KeyRequest, segment_id: Id) -> SegmentOut:
    """One segment."""
    return _shown(queries.segment_for(request.by, segment_id))


@router.patch("/{segment_id}", response=SegmentOut)
def change_segment(request: KeyRequest, segment_id: Id, given: SegmentPart) -> SegmentOut:
    """Change its name, its rule, or both. What was launched already keeps the rule that it was launched with."""
    before = queries.segment_for(request.by, segment_id)
    said = {"name": before.name, "rule": before.rule} | given.said()
    return _shown(actions.save_segment(**said, segment_id=segment_id, by=request.by))


@router.delete("/{segment_id}", response={204: None})
def delete_segment(request: KeyRequest, segment_id: Id) -> Status[None]:
    """Delete a segment that nothing refers to: no campaign, no other segment, no tag that follows it."""
    actions.delete_segment(segment_id, by=request.by)
    return Status(204, None)


@router.get("/{segment_id}/count", response=Count)
def count_segment(request: KeyRequest, segment_id: Id) -> Count:
    """How many it chooses now."""
    return Count(count=queries.count(queries.segment_for(request.by, segment_id).rule))


@router.get("/{segment_id}/preview", response=Preview)
def preview_segment(request: KeyRequest, segment_id: Id) -> Preview:
    """Whom it chooses now."""
    return preview_rule(request, RuleGiven(rule=queries.segment_for(request.by, segment_id).rule))


def _shown(segment: Any) -> SegmentOut:
    words, problem, odd, known = "", "", [], Known()
    try:
        words, odd = in_words(segment.rule, known), remarks(segment.rule, known)
    except BadRule as bad:
        problem = bad.sentence
    return SegmentOut(
        id=segment.pk,
        name=segment.name,
        kind=segment.kind,
        rule=segment.rule,
        words=words,
        problem=problem,
        remarks=odd,
        created_at=segment.created_at,
    )
