"""Reading segments: which there are, whom they choose, what uses them, and why somebody is in one or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import CASCADE, Model
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from ..contacts.models import Contact
from ..core.errors import NotFound
from ..team.models import Staff
from ..team.rights import require
from .compiling import compile_each
from .counting import count, counted, sample
from .errors import BadRule
from .known import Known
from .models import AutoTag, Segment
from .references import refers_to
from .saying import leaf_in_words, pushed_down
from .shapes import Rule, shape

__all__ = ["Segment", "count", "counted", "sample"]


def segments(staff: Staff | None) -> list[Segment]:
    """Every segment, by name."""
    require(staff, "segments.read")
    return list(Segment.objects.order_by("name"))


def segments_of(contact_id: int) -> list[Segment]:
    """The segments that this contact is in now, by name: every rule asked of this one contact, in one statement.

    A rule that can't be asked any more (what it names is gone) has nobody in it.
    """
    known, askable = Known(), []
    rules: list[Rule] = []
    for segment in Segment.objects.order_by("name"):
        with suppress(BadRule):
            rule = pushed_down(segment.rule, known)
            compile_each([rule], known)
            askable.append(segment)
            rules.append(rule)
    answers = _ask_each(rules, contact_id, known) if rules else []
    return [segment for segment, holds in zip(askable, answers, strict=True) if holds]


def segment_for(staff: Staff | None, segment_id: int) -> Segment:
    """One segment. Raises NotFound."""
    require(staff, "segments.read")
    found = Segment.objects.filter(pk=segment_id).first()
    if found is None:
        raise NotFound(_("There is no such segment."))
    return found


@dataclass(frozen=True, slots=True)
class Use:
    """Something that needs a segment: `kind` is its table, `address` its page, if it has one."""

    kind: str
    name: str
    address: str = ""


# Rules of automatic answers keep theirs in JSON; they live higher on the street, and are read by their table's name.
IN_REPLIES = """
SELECT (conditions ->> 'segment')::bigint, id, name FROM reply_rules
 WHERE jsonb_typeof(conditions -> 'segment') = 'number' ORDER BY name
"""


def uses_of(segment: Segment) -> list[Use]:
    """Whatever needs this segment: other segments that name it, and every row that points at it.

    By the foreign keys that PostgreSQL and Django know of, so that what is built later is found without a word here,
    and by the rules of automatic answers.
    """
    found = [
        Use("segments", one.name, _address("segments:show", one.pk))
        for one in Segment.objects.exclude(pk=segment.pk).order_by("name")
        if segment.pk in refers_to(one.rule)
    ]
    for model, name in _pointing_here():
        rows = model._default_manager.filter(**{name: segment.pk}).order_by("pk")
        if model is AutoTag:
            rows = rows.select_related("tag")
        found += [_use(model._meta.db_table, row) for row in rows]
    found += [
        Use("reply_rules", name, _address("replies:show", rule_id))
        for segment_id, rule_id, name in _in_replies()
        if segment_id == segment.pk
    ]
    return found


def uses_of_all() -> dict[int, int]:
    """How many things need each segment, in one statement a table."""
    counted: dict[int, int] = {}
    for one in Segment.objects.all():
        for segment_id in refers_to(one.rule) - {one.pk}:
            counted[segment_id] = counted.get(segment_id, 0) + 1
    for model, name in _pointing_here():
        for segment_id in model._default_manager.values_list(f"{name}_id", flat=True):
            counted[segment_id] = counted.get(segment_id, 0) + 1
    for segment_id, _rule, _name in _in_replies():
        counted[segment_id] = counted.get(segment_id, 0) + 1
    return counted


def _in_replies() -> list[tuple[int, int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(IN_REPLIES)
        return cursor.fetchall()


def _pointing_here() -> Iterator[tuple[type[Model], str]]:
    """Tables with a foreign key to segments, and its name; what goes with a segment, as a list's people do, is none."""
    for relation in Segment._meta.related_objects:
        if relation.on_delete is not CASCADE:
            yield relation.related_model, relation.field.name


@dataclass(frozen=True, slots=True)
class Why:
    """One part of a rule and whether it holds for somebody; `parts` are those of a group (`join`: all, any)."""

    holds: bool
    words: str = ""
    join: str = ""
    parts: tuple[Why, ...] = ()


def why(rule: Rule, contact_id: int) -> Why:
    """Which parts of the rule hold for this contact, each asked by the SQL that counts. Raises BadRule, NotFound."""
    known = Known()
    rule = pushed_down(rule, known)
    asked: list[Rule] = []
    _collect(rule, asked)
    answers = _ask_each(asked, contact_id, known)
    return _why(rule, iter(answers), known)


def contacts_named(staff: Staff | None, text: str, *, limit: int = 6) -> list[Contact]:
    """Whom somebody may mean by a phone number, a contact's number or a name, the newest first."""
    require(staff, "contacts.read")
    words = text.replace("\0", "").strip()
    digits = "".join(one for one in words if one.isdigit())
    known = Contact.objects.filter(erased_at=None).order_by("-pk")
    if words.startswith("#") and digits:
        return list(known.filter(pk=min(int(digits), 2**62)))
    if len(digits) >= 6:
        exact = known.filter(phone=f"+{digits.removeprefix('00')}")[:1]
        return list(exact) or list(known.filter(phone__endswith=digits.removeprefix("0"))[:limit])
    return list(known.filter(name__icontains=words)[:limit]) if len(words) > 1 else []


def members(segment: Segment, *, limit: int = 50) -> list[Contact]:
    """The newest people on a list."""
    return list(
        Contact.objects.raw(
            """
            SELECT c.* FROM segment_members m JOIN contacts c ON c.id = m.contact_id
             WHERE m.segment_id = %(segment)s ORDER BY m.at DESC, c.id DESC LIMIT %(limit)s
            """,
            {"segment": segment.pk, "limit": limit},
        )
    )


def auto_tags(staff: Staff | None) -> list[AutoTag]:
    """Every tag that a segment keeps, by the tag's name."""
    require(staff, "segments.read")
    return list(AutoTag.objects.select_related("segment", "tag").order_by("tag__name"))


def _collect(rule: Any, asked: list[Rule]) -> None:
    match shape(rule):
        case "not", part:
            _collect(part, asked)
        case (("all" | "any"), parts):
            for part in parts:
                _collect(part, asked)
        case _:
            asked.append(rule)


def _ask_each(asked: list[Rule], contact_id: int, known: Known) -> list[bool]:
    """One statement for all leaves: each by its own condition on this one contact."""
    conditions, together = compile_each(asked, known)
    columns = ", ".join(["true", *(f"({one}) IS TRUE" for one in conditions)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {together.source} WHERE c.id = %(_contact)s",  # noqa: S608
            {**together.params, "_contact": contact_id},
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound(_("There is no such contact."))
    return list(row[1:])


def _why(rule: Rule, answers: Any, known: Known) -> Why:
    match shape(rule):
        case "not", part:
            inside = _why(part, answers, known)
            return Why(not inside.holds, words=_("not: %(condition)s") % {"condition": inside.words})
        case ("all" | "any") as join, parts:
            inside_all = tuple(_why(part, answers, known) for part in parts)
            holds = all(one.holds for one in inside_all) if join == "all" else any(one.holds for one in inside_all)
            return Why(holds, join=join, parts=inside_all)
        case _:
            return Why(next(answers), words=leaf_in_words(rule, known))


def _use(table: str, row: Any) -> Use:
    if isinstance(row, AutoTag):
        return Use("auto_tags", row.tag.name)
    return Use(table, str(row), _address(f"{table}:show", row.pk))


def _address(name: str, key: int) -> str:
    try:
        return reverse(name, args=[key])
    except NoReverseMatch:
        return ""
