"""Two records of one person become one, and two again when it was a mistake.

Rows move, so that nothing else has to know of merges; the record that goes is deleted and kept whole in `merges`
(docs/decisions/0015). A receipt that still names it finds its message: messaging.ledger.kin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..contacts import belongings, consents, duplicates, events
from ..contacts.belongings import Saved
from ..contacts.changed import note_changed
from ..contacts.models import Contact, Merge
from ..core.errors import BadInput, NotFound, Problem
from ..messaging.actions import ledger_db
from ..messaging.ledger import kin
from ..orders.actions import keep_files_away
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .belongings import ALL, DERIVE

# Filled from the other where the kept contact has nothing.
FILLED = ("phone", "username", "name", "language", "country", "timezone", "owner_id")
LATER = ("last_inbound_at", "window_open_until", "held_until", "held_at", "held_times")
RANK = ("unknown", "pending", "granted", "withdrawn")


class OnItsWay(Problem):
    """A message to one of them is leaving, or perhaps has left."""


class AlreadyUndone(Problem):
    """The merge was undone, or something that it moved was erased since."""


@dataclass(frozen=True, slots=True)
class Moving:
    """One table in the preview: how many rows the kept contact has, how many come, how many both have."""

    table: str
    kept: int
    coming: int
    both: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do. `fields`: name, the kept value, the other's, and what it will be."""

    kept: Contact
    gone: Contact
    fields: list[tuple[str, Any, Any, Any]]
    rows: list[Moving]
    withdrawn: bool
    doubles: int
    problem: str


def preview(staff: Staff | None, *, kept_id: int, gone_id: int) -> Preview:
    """What will be kept and what moves, by the same rules as `merge`; nothing is changed. Raises NotFound, BadInput."""
    require(staff, "contacts.merge")
    kept, gone = _both(kept_id, gone_id)
    will_be = _becomes(kept, gone)
    with connection.cursor() as cursor:
        rows = [
            Moving(
                one.table,
                belongings.count(cursor, one, kept_id),
                belongings.count(cursor, one, gone_id),
                belongings.clashes(cursor, one, gone=gone_id, kept=kept_id),
            )
            for one in ALL
            if one.merge in ("move", "point") and one.table not in ("outbox", "pairs", "message_events")
        ]
    fields = [
        (name, getattr(kept, name), getattr(gone, name), will_be.get(name))
        for name in (*FILLED, "marketing", "service")
    ]
    return Preview(
        kept=kept,
        gone=gone,
        fields=fields + _attributes(kept, gone),
        rows=[row for row in rows if row.coming or row.kept],
        withdrawn="withdrawn" in (kept.marketing, gone.marketing),
        doubles=kin.doubles(ledger_db(), gone=gone_id, kept=kept_id),
        problem=_on_its_way(gone_id),
    )


@transaction.atomic
def merge(*, kept_id: int, gone_id: int, by: Staff | None) -> Merge:
    """Make two records one; returns the merge, which `undo` takes. A withdrawal of either holds for both.

    Raises OnItsWay while a message to the one who goes is leaving or uncertain, Busy while a file of orders is written.
    """
    require(by, "contacts.merge")
    keep_files_away()
    # The outbox before the contacts: the order in which everybody holds them.
    waiting = kin.hold(ledger_db(), gone_id)
    _both(kept_id, gone_id)
    held = Contact.objects.select_for_update().filter(pk__in=(kept_id, gone_id)).order_by("pk")
    people = {one.pk: one for one in held}
    if len(people) < 2:
        raise NotFound(_("There is no such contact."))
    if {"sending", "uncertain"} & set(waiting):
        raise OnItsWay(_on_its_way(gone_id))
    kin.cancel_doubles(ledger_db(), gone=gone_id, kept=kept_id)

    with connection.cursor() as cursor:
        before = {one: _row(cursor, one) for one in (kept_id, gone_id)}
        will_be = _becomes(people[kept_id], people[gone_id])
        merged = Merge.objects.create(kept_id=kept_id, gone_id=gone_id, by=by)
        tables = {one.table: asdict(belongings.move(cursor, one, gone=gone_id, kept=kept_id)) for one in ALL}
        # Whatever still refers to them fails the commit: a table that nobody declared.
        cursor.execute("DELETE FROM contacts WHERE id = %(id)s", {"id": gone_id})
        for name, value in will_be.items():
            setattr(people[kept_id], name, value)
        people[kept_id].updated_at = timezone.now()
        people[kept_id].save()
        apart = duplicates.carry_apart(cursor, gone=gone_id, kept=kept_id)
        lines = _consent_lines(merged, before, will_be, by)
        _derive([kept_id])
        note_changed([kept_id])
        merged.saved = {
            "gone": before[gone_id],
            "before": before[kept_id],
            "after": _row(cursor, kept_id),
            "tables": tables,
            "lines": lines,
            "apart": apart,
        }
        merged.save(update_fields=["saved"])
    detail = {"merge": merged.pk, "gone": gone_id, "name": str(people[gone_id])}
    events.record([kept_id], "merged", detail, by)
    note(by, "contacts.merge", f"contact/{kept_id}", {"merge": merged.pk, "gone": gone_id})
    return merged


@transaction.atomic
def undo(merge_id: int, *, by: Staff | None) -> Merge:
    """Make two of them again, as they were; what has come to the kept contact since stays there.

    Raises AlreadyUndone, OnItsWay, Busy, and BadInput when a later merge of the same contact has to be undone first.
    """
    require(by, "contacts.merge")
    merged = Merge.objects.filter(pk=merge_id).first()
    if merged is None:
        raise NotFound(_("There is no such merge."))
    kept_id, gone_id = merged.kept_id, merged.gone_id
    keep_files_away()
    waiting = kin.hold(ledger_db(), kept_id)
    merged = Merge.objects.select_for_update().get(pk=merge_id)
    if merged.undone_at or not merged.saved:
        raise AlreadyUndone(_("This merge was undone already, or the person was erased since."))
    if Merge.objects.filter(gone_id=kept_id, undone_at=None).exists():
        raise BadInput(_("The merged contact was merged into another one since: undo that first."))
    if Merge.objects.filter(kept_id=kept_id, undone_at=None, pk__gt=merge_id).exists():
        raise BadInput(_("Another contact was merged into this one since: undo that first."))
    if {"sending", "uncertain"} & set(waiting):
        raise OnItsWay(_on_its_way(kept_id))
    Contact.objects.select_for_update().get(pk=kept_id)

    saved = merged.saved
    with connection.cursor() as cursor:
        belongings.insert(cursor, "contacts", [saved["gone"]])
        # The line that said "a withdrawal of either holds for both" was no word of anybody's.
        consents.take_back(ledger_db(), kept_id, saved["lines"])
        # Merges of before have none.
        duplicates.forget_apart(saved.get("apart", ()))
        for one in ALL:
            if one.table in saved["tables"]:
                back = Saved(**saved["tables"][one.table])
                belongings.move_back(cursor, one, back, gone=gone_id, kept=kept_id)
        belongings.restore(cursor, "contacts", ("id",), saved["before"], saved["after"])
    _derive([kept_id, gone_id])
    note_changed([kept_id, gone_id])
    merged.undone_at, merged.undone_by = timezone.now(), by
    merged.save(update_fields=["undone_at", "undone_by"])
    events.record([kept_id, gone_id], "parted", {"merge": merged.pk}, by)
    note(by, "contacts.undo_merge", f"contact/{kept_id}", {"merge": merged.pk, "gone": gone_id})
    return merged


def merged_into(contact_id: int) -> int | None:
    """Whom a contact has become, however many merges later; None when they were not merged."""
    found: int | None = None
    while (next_ := Merge.objects.filter(gone_id=found or contact_id, undone_at=None).first()) is not None:
        found = next_.kept_id
    return found


def merges_of(contact_id: int) -> list[Merge]:
    """The merges into this contact that can be undone, newest first."""
    return [one for one in Merge.objects.filter(kept_id=contact_id, undone_at=None).order_by("-pk") if one.saved]


def _becomes(kept: Contact, gone: Contact) -> dict[str, Any]:
    """What the kept contact will say: its own words, the other's where it has none."""
    will_be: dict[str, Any] = {name: getattr(kept, name) or getattr(gone, name) for name in FILLED}
    for name in LATER:
        will_be[name] = max((value for one in (kept, gone) if (value := getattr(one, name)) is not None), default=None)
    will_be["attributes"] = {**gone.attributes, **kept.attributes}
    will_be["created_at"] = min(kept.created_at, gone.created_at)
    blocked = kept if kept.blocked_at or not gone.blocked_at else gone
    will_be |= {"blocked_at": blocked.blocked_at, "blocked_reason": blocked.blocked_reason}
    for purpose in ("marketing", "service"):
        will_be[purpose] = _consent(kept, gone, purpose)
    return will_be


def _consent(kept: Contact, gone: Contact, purpose: str) -> str:
    """A withdrawal of either; else what was said last; what stands without a line in the ledger counts least."""
    states = {one.pk: getattr(one, purpose) for one in (kept, gone)}
    if "withdrawn" in states.values():
        return "withdrawn"
    last = consents.newest(ledger_db(), [kept.pk, gone.pk], purpose)
    if last is not None:
        return states[last]
    return max(states.values(), key=RANK.index)


def _consent_lines(
    merged: Merge, before: dict[int, dict[str, Any]], will_be: dict[str, Any], by: Staff | None
) -> list[int]:
    """Where only one of the two had withdrawn, the ledger says why both have now; returns the ids of its lines."""
    for purpose in ("marketing", "service"):
        said = {row[purpose] for row in before.values()}
        if will_be[purpose] == "withdrawn" and said != {"withdrawn"}:
            consents.record(
                ledger_db(),
                merged.kept_id,
                purpose=purpose,
                state="withdrawn",
                source="merge",
                text=_("One of the two records that were merged had withdrawn."),
                proof=f"merge {merged.pk}",
                by=by.pk if by else None,
            )
    return consents.lines_of(ledger_db(), merged.kept_id, proof=f"merge {merged.pk}")


def _derive(contact_ids: Sequence[int]) -> None:
    for work_out in DERIVE:
        work_out(contact_ids)


def _both(kept_id: int, gone_id: int) -> tuple[Contact, Contact]:
    if kept_id == gone_id:
        raise BadInput(_("Choose two different contacts."))
    found = Contact.objects.select_related("owner").in_bulk([kept_id, gone_id])
    if len(found) < 2:
        raise NotFound(_("There is no such contact."))
    if any(one.erased_at for one in found.values()):
        raise BadInput(_("A record that was erased can't be merged."))
    return found[kept_id], found[gone_id]


def _attributes(kept: Contact, gone: Contact) -> list[tuple[str, Any, Any, Any]]:
    will_be = {**gone.attributes, **kept.attributes}
    return [(key, kept.attributes.get(key), gone.attributes.get(key), will_be[key]) for key in sorted(will_be)]


def _on_its_way(contact_id: int) -> str:
    states = set(kin.waiting(ledger_db(), contact_id))
    if "sending" in states:
        return _("A message to them is leaving at this moment: try again in a few seconds.")
    if "uncertain" in states:
        return _("Nobody knows yet whether a message to them has left: settle it first.")
    return ""


def _row(cursor: Any, contact_id: int) -> dict[str, Any]:
    cursor.execute("SELECT to_jsonb(c)::text FROM contacts c WHERE id = %(id)s", {"id": contact_id})
    return belongings.rows_of(cursor)[0]
