"""A customer's number or id that changed: whoever they were, they are found by the old key and by the new one.

Nothing is merged and nothing deleted here: when both keys belonged to somebody, both contacts stay with their history.
An opt-out of either counts for both, and promotions go to the one who has the new number.
"""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection, transaction

from ..core.events import IdentityChanged, Person
from ..core.phone import line_of
from ..team.actions import note
from ..team.models import AuditEntry
from . import consents
from .changed import note_changed
from .events import record
from .identities import keys_of, link, owners_by_kind, written
from .models import Contact

VERB = "contacts.identity"
CHANGED = "Their number or id changed; they had withdrawn under the other one."


@transaction.atomic
def move_identity(fact: IdentityChanged) -> list[int]:
    """Follow a change of number or id; returns the contacts that it concerns, [] when nobody here has the old key.

    The same fact again changes nothing.
    """
    olds, news = owners_by_kind(keys_of(fact.old)), owners_by_kind(keys_of(fact.new))
    before = olds.get("user_id") or olds.get("phone")
    if before is None:
        return []
    concerned = sorted({*olds.values(), *news.values()})
    people = {
        one.pk: one for one in Contact.objects.select_for_update(no_key=True).filter(pk__in=concerned).order_by("pk")
    }
    # Who has the new key keeps it: they may have written from it before we heard of the change.
    free = [key for key in keys_of(fact.new) if key[0] not in news]
    heir = news.get("phone") or news.get("user_id") or before
    moved = link(heir, free) if free else 0
    number = fact.new.phone
    if number and fact.old.phone and number != fact.old.phone:
        owner = owners_by_kind(keys_of(Person(phone=number))).get("phone", heir)
        moved += _take_number(people, fact.old.phone, number, heir=owner)
    moved += _spread_withdrawals(people, fact)
    if moved:
        note_changed(concerned)
        detail = {
            "old": fact.old.phone or fact.old.user_id,
            "new": fact.new.phone or fact.new.user_id,
            "at": fact.at.isoformat(),
        }
        for one in concerned:
            _note_once(f"contact/{one}", detail)
    return concerned


def _note_once(subject: str, detail: dict[str, Any]) -> None:
    """The change is announced by a message from the old number, which finds that number's contact each time."""
    if not AuditEntry.objects.filter(subject=subject, verb=VERB, detail=detail).exists():
        note(None, VERB, subject, detail)
        record([int(subject.removeprefix("contact/"))], "moved", detail)


def _take_number(people: dict[int, Contact], old: str, new: str, *, heir: int) -> int:
    """Nobody is written to at the old number any more: it may be a stranger's soon. Their identity keeps it."""
    moved = 0
    for one in people.values():
        had = one.phone is not None and line_of(one.phone) == line_of(old)
        if one.pk == heir and (had or one.phone is None):
            one.phone = written(new)
        elif one.pk != heir and had:
            one.phone = None
        else:
            continue
        one.save(update_fields=["phone"])
        moved += 1
    return moved


def _spread_withdrawals(people: dict[int, Contact], fact: IdentityChanged) -> int:
    """One person's no is their no under every key."""
    spread = 0
    for purpose in ("marketing", "service"):
        states = {one.pk: getattr(one, purpose) for one in people.values()}
        if "withdrawn" not in states.values():
            continue
        for contact_id, state in states.items():
            if state != "withdrawn":
                consents.record(
                    _raw(),
                    contact_id,
                    purpose=purpose,
                    state="withdrawn",
                    source="provider",
                    text=CHANGED,
                    proof=f"identity {fact.at.isoformat()}",
                )
                spread += 1
    return spread


def _raw() -> psycopg.Connection[Any]:
    """Django's current psycopg connection, within its transaction."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw
