"""Writing segments and lists of people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..core import clock, jobs
from ..core.errors import BadInput, NotFound
from ..core.phone import BadPhone, e164
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .compiling import compile_rule
from .errors import NameTaken, StillUsed
from .known import KnownSegment
from .models import AutoTag, Segment
from .queries import uses_of
from .references import check_circle, refers_to
from .saying import quoted

__all__ = ["NameTaken", "StillUsed"]

MOST_PASTED = 100_000
EVERYBODYS_TAGS = "segments.tag_everybody"


@transaction.atomic
def save_segment(
    *,
    name: str,
    rule: dict[str, Any],
    by: Staff | None,
    segment_id: int | None = None,
    ready: str | None = None,
) -> Segment:
    """Save a new segment, or the one of `segment_id` under this name and rule; the audit line commits with it.

    ready: which ready-made one this is. Raises BadRule for a rule that can't be meant or goes round in a circle,
    BadInput for a bad name, NameTaken, NotFound.
    """
    require(by, "segments.write")
    name = _clean_name(name)
    compile_rule(rule)

    segment = _locked(segment_id) if segment_id is not None else Segment(created_by=by, ready=ready)
    if segment.kind == Segment.Kind.LIST:
        raise BadInput(_("“%(name)s” is a list: it has people and no rule.") % {"name": segment.name})
    if segment.pk and refers_to(rule):
        # Two people who each save one half of a circle at the same moment: the second waits and sees the first.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE segments IN SHARE ROW EXCLUSIVE MODE")
        check_circle(rule, of=KnownSegment(segment.pk, name, "rule", rule))
    _claim_name(segment, name)
    segment.rule, segment.counted, segment.counted_at = rule, None, None
    segment.save()
    if segment_id is not None and AutoTag.objects.exists():
        # Perhaps a tag follows this segment, or one that is made of it.
        jobs.defer(EVERYBODYS_TAGS, once="all")
    note(by, "segments.save", f"segment/{segment.pk}", {"rule": rule})
    return segment


@transaction.atomic
def save_list(*, name: str, by: Staff | None, segment_id: int | None = None) -> Segment:
    """Make an empty list of people, or give one another name. Raises BadInput, NameTaken, NotFound."""
    require(by, "segments.write")
    name = _clean_name(name)
    kind = Segment.Kind.LIST
    segment = _locked(segment_id) if segment_id is not None else Segment(kind=kind, rule={}, created_by=by)
    _claim_name(segment, name)
    segment.save()
    if segment_id is None:
        segment.rule = {"field": "segment", "is": "in", "value": segment.pk}
        segment.save(update_fields=["rule"])
    note(by, "segments.save", f"segment/{segment.pk}", {"kind": segment.kind})
    return segment


@transaction.atomic
def delete_segment(segment_id: int, *, by: Staff | None) -> None:
    """Delete a segment that nothing needs. Raises StillUsed, which says by what, and NotFound."""
    require(by, "segments.write")
    segment = _locked(segment_id)
    uses = uses_of(segment)
    if uses:
        named = ", ".join(quoted(one.name) for one in uses[:5])
        more = len(uses) - 5
        if more > 0:
            named = ngettext("%(named)s and %(more)d more", "%(named)s and %(more)d more", more) % {
                "named": named,
                "more": more,
            }
        raise StillUsed(
            _("“%(name)s” is still used by %(uses)s. Change those first.") % {"name": segment.name, "uses": named}
        )
    note(by, "segments.delete", f"segment/{segment.pk}", {"name": segment.name, "rule": segment.rule})
    segment.delete()


@dataclass(frozen=True, slots=True)
class Listed:
    """What came of adding people to a list: `unknown` are the pasted words that name nobody."""

    added: int
    already: int
    unknown: Sequence[str] = ()


@transaction.atomic
def add_chosen(segment_id: int, *, rule: dict[str, Any], by: Staff | None) -> Listed:
    """Put everybody whom a rule chooses now on a list, for good. Raises BadRule, BadInput, NotFound."""
    require(by, "segments.write")
    segment = _list(segment_id)
    condition = compile_rule(rule)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH chosen AS MATERIALIZED (SELECT c.id FROM {condition.source} WHERE {condition.where}), added AS (
                INSERT INTO segment_members (contact_id, segment_id)
                SELECT id, %(_segment)s FROM chosen ORDER BY id ON CONFLICT DO NOTHING RETURNING contact_id
            )
            SELECT (SELECT count(*) FROM chosen), (SELECT count(*) FROM added)
            """,  # noqa: S608
            {**condition.params, "_segment": segment.pk},
        )
        chosen, added = cursor.fetchone()
    return _listed(segment, added, chosen - added, (), by)


@transaction.atomic
def add_pasted(segment_id: int, *, text: str, country: str = "", by: Staff | None) -> Listed:
    """Put the people on a list whose phones or customer numbers somebody pasted, one a line or between commas.

    country: of phones without a country code. Nobody is made anew: what names nobody comes back. Raises BadInput.
    """
    require(by, "segments.write")
    segment = _list(segment_id)
    words = [word for one in re.split(r"[\n\r,;\t]", text.replace("\0", "")) if (word := one.strip()[:160])]
    if not words:
        raise BadInput(_("Paste phone numbers or customer numbers, one a line."))
    if len(words) > MOST_PASTED:
        raise BadInput(_("More than %(most)d at once are for an import with a tag.") % {"most": MOST_PASTED})
    numbers = [_number(word, country) for word in words]
    with connection.cursor() as cursor:
        # A customer number goes before a phone, as in imports: numbers are the company's own.
        cursor.execute(
            """
            SELECT w.place, COALESCE(
                   (SELECT min(i.contact_id) FROM identities i WHERE i.kind = 'customer' AND i.value = w.word),
                   (SELECT min(i.contact_id) FROM identities i WHERE i.kind = 'phone' AND i.value = w.phone))
              FROM unnest(%(words)s::text[], %(phones)s::text[]) WITH ORDINALITY AS w (word, phone, place)
            """,
            {"words": words, "phones": numbers},
        )
        found = {place - 1: contact_id for place, contact_id in cursor.fetchall() if contact_id is not None}
    people = set(found.values())
    added = add_people(segment.pk, people)
    unknown = tuple(dict.fromkeys(word for place, word in enumerate(words) if place not in found))
    return _listed(segment, added, len(people) - added, unknown, by)


def add_people(segment_id: int, contact_ids: Iterable[int]) -> int:
    """Put contacts on a list, in the caller's transaction; returns how many were not on it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO segment_members (contact_id, segment_id)
            SELECT id, %(segment)s FROM contacts WHERE id = ANY(%(ids)s) AND erased_at IS NULL ORDER BY id
                ON CONFLICT DO NOTHING
            """,
            {"segment": segment_id, "ids": list(contact_ids)},
        )
        return int(cursor.rowcount)


@transaction.atomic
def remove_people(segment_id: int, contact_ids: Iterable[int], *, by: Staff | None) -> int:
    """Take contacts off a list; returns how many were on it. Raises BadInput, NotFound."""
    require(by, "segments.write")
    segment = _list(segment_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM segment_members WHERE segment_id = %(segment)s AND contact_id = ANY(%(ids)s)",
            {"segment": segment.pk, "ids": list(contact_ids)},
        )
        removed = int(cursor.rowcount)
    _forget_count(segment)
    note(by, "segments.remove_people", f"segment/{segment.pk}", {"removed": removed})
    return removed


def remember_count(segment_id: int, people: int) -> datetime:
    """Note what was counted, for the list of segments; returns the time that it is of."""
    now = clock.now()
    Segment.objects.filter(pk=segment_id).update(counted=people, counted_at=now)
    return now


def _listed(segment: Segment, added: int, already: int, unknown: Sequence[str], by: Staff | None) -> Listed:
    _forget_count(segment)
    note(by, "segments.add_people", f"segment/{segment.pk}", {"added": added, "unknown": len(unknown)})
    return Listed(added, already, unknown)


def _forget_count(segment: Segment) -> None:
    Segment.objects.filter(pk=segment.pk).update(counted=None, counted_at=None)


def _locked(segment_id: int) -> Segment:
    segment = Segment.objects.select_for_update().filter(pk=segment_id).first()
    if segment is None:
        raise NotFound(_("There is no such segment."))
    return segment


def _list(segment_id: int) -> Segment:
    segment = _locked(segment_id)
    if segment.kind != Segment.Kind.LIST:
        raise BadInput(_("“%(name)s” has a rule: people come and go by it.") % {"name": segment.name})
    return segment


def _clean_name(name: str) -> str:
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > 120:
        raise BadInput(_("The name of a segment has 1 to 120 characters."))
    return name


def _claim_name(segment: Segment, name: str) -> None:
    if Segment.objects.filter(name=name).exclude(pk=segment.pk).exists():
        raise NameTaken(_("There is a segment “%(name)s” already.") % {"name": name})
    segment.name = name


def _number(word: str, country: str) -> str | None:
    try:
        return e164(word, country=country or None)
    except BadPhone:
        return None
