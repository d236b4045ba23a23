"""Writing people: knowing who wrote, consent, tags, one contact by hand, starting and stopping imports."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal

import psycopg
from django.conf import settings
from django.core.files.base import File
from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..core import jobs
from ..core.errors import BadInput, NotFound, Problem
from ..core.events import Person
from ..core.phone import country_of, e164
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import consents
from .models import Consent, Contact, Identity, Import, Tag
from .options import ImportOptions
from .words import language_of

WINDOW = timedelta(hours=24)
JOBS = {Import.Kind.CONTACTS: "contacts.run_import", Import.Kind.ORDERS: "orders.run_import"}


class AlreadyKnown(Problem):
    """The phone belongs to another contact."""


class AlreadyOver(Problem):
    """The import has ended."""


@transaction.atomic
def contact_for_person(person: Person, *, country: str = "") -> int:
    """The id of the contact who is this person, made when nobody is.

    A key that is new to us (their phone, say, when only the user id was known) is added to the same contact, and
    an empty name filled; the contact, its keys and its name commit together. When phone and user id belong to two
    contacts, the user id decides: WhatsApp gives it to one person, while numbers change hands.
    Two callers at once get the same contact. Raises BadInput for a person without any key.
    """
    keys = [(kind, value) for kind, value in (("phone", person.phone), ("user_id", person.user_id)) if value]
    if not keys:
        raise BadInput(_("This person has neither a phone nor an id."))
    known = _owners(keys)
    contact_id = known.get("user_id") or known.get("phone")
    if contact_id is None:
        contact_id = _made(keys, person, country=country)
    elif missing := [key for key in keys if key[0] not in known]:
        _link(contact_id, missing)
    _fill(contact_id, person)
    return contact_id


@transaction.atomic
def note_inbound(contact_id: int, *, at: datetime) -> None:
    """Remember that they wrote at `at`: free words are allowed for 24 hours after. An older message changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE contacts
               SET last_inbound_at = %(at)s, window_open_until = GREATEST(window_open_until, %(until)s)
             WHERE id = %(id)s AND (last_inbound_at IS NULL OR last_inbound_at < %(at)s)
            """,
            {"id": contact_id, "at": at, "until": at + WINDOW},
        )


@transaction.atomic
def record_consent(
    contact_id: int,
    *,
    purpose: Literal["marketing", "service"],
    state: Literal["granted", "withdrawn"],
    source: str,
    text: str = "",
    proof: str = "",
    at: datetime | None = None,
) -> None:
    """Append one line to the ledger; the contact's own column follows the newest line. Both commit together.

    source: where it came from; text: what the person saw or wrote; proof: where to find it again;
    at: when they decided, now when None.
    """
    consents.record(_raw(), contact_id, purpose=purpose, state=state, source=source, text=text, proof=proof, at=at)


@transaction.atomic
def tag(contact_ids: Iterable[int], *, name: str, by: Staff | None = None) -> int:
    """Put a tag on contacts, made when it is new; returns how many did not have it. Unknown ids are passed over."""
    require(by, "contacts.write")
    word, _created = Tag.objects.get_or_create(name=_tag_name(name))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contact_tags (contact_id, tag_id)
            SELECT id, %(tag)s FROM contacts WHERE id = ANY(%(ids)s) ORDER BY id
                ON CONFLICT DO NOTHING
            """,
            {"tag": word.pk, "ids": list(contact_ids)},
        )
        return int(cursor.rowcount)


@transaction.atomic
def untag(contact_ids: Iterable[int], *, name: str, by: Staff | None = None) -> int:
    """Take a tag off contacts; returns how many had it."""
    require(by, "contacts.write")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM contact_tags
             WHERE contact_id = ANY(%(ids)s) AND tag_id = (SELECT id FROM tags WHERE name = %(name)s)
            """,
            {"ids": list(contact_ids), "name": _tag_name(name)},
        )
        return int(cursor.rowcount)


@transaction.atomic
def add_contact(
    *,
    phone: str,
    name: str = "",
    language: str = "",
    country: str = "",
    tags: Iterable[str] = (),
    marketing: str = Consent.UNKNOWN,
    proof: str = "",
    by: Staff | None,
) -> int:
    """Add one contact by hand and return its id; contact, tags, consent and the audit line commit together.

    country: for a phone without country code; proof: how and when they agreed, needed with marketing="granted".
    Raises BadInput for what can't be understood, AlreadyKnown for a phone that somebody has.
    """
    require(by, "contacts.write")
    number = e164(phone, country=country or None)
    if marketing not in Consent.values:
        raise BadInput(_("Consent is “unknown”, “granted” or “withdrawn”."))
    if marketing == Consent.GRANTED and not proof.strip():
        raise BadInput(_("Say how and when they agreed: consent without it is no proof."))
    contact = Contact.objects.create(
        phone=number,
        name=_short(name, 200),
        language=language_of(language),
        country=country.upper() or country_of(number),
    )
    if _link(contact.pk, [("phone", number)]) != 1:
        raise AlreadyKnown(_("%(phone)s is a contact already.") % {"phone": number})
    for word in tags:
        tag([contact.pk], name=word, by=by)
    if marketing in ("granted", "withdrawn"):
        record_consent(contact.pk, purpose="marketing", state=marketing, source="staff", proof=proof.strip())  # type: ignore[arg-type]
    note(by, "contacts.add", f"contact/{contact.pk}")
    return contact.pk


@transaction.atomic
def start_import(
    *,
    kind: str,
    file_name: str,
    file: File[bytes] | BinaryIO,
    options: Mapping[str, Any],
    by: Staff | None,
) -> Import:
    """Store the file below MEDIA_ROOT/imports/<id>/ and queue the job that reads it; row and job commit together.

    options: see ImportOptions. Raises BadInput for options that can't be meant.
    """
    require(by, "contacts.import")
    if kind not in JOBS:
        raise BadInput(_("An import brings contacts or orders."))
    chosen = ImportOptions.parse(options)
    one = Import.objects.create(
        kind=kind, file_name=_short(Path(file_name).name, 200) or "file", options=chosen.stored(), started_by=by
    )
    stored = Path(settings.MEDIA_ROOT) / "imports" / str(one.pk) / "upload"
    stored.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with stored.open("wb") as target:
        os.chmod(stored, 0o600)
        shutil.copyfileobj(file, target, 1 << 20)
    one.path = str(stored.relative_to(settings.MEDIA_ROOT))
    one.bytes_total = stored.stat().st_size
    one.save(update_fields=["path", "bytes_total"])
    note(by, "contacts.import", f"import/{one.pk}", {"file": one.file_name, "kind": kind})
    jobs.defer(JOBS[Import.Kind(kind)], import_id=one.pk)
    return one


@transaction.atomic
def cancel_import(import_id: int, *, by: Staff | None) -> Import:
    """Ask an import to stop; nothing of its file is brought in. Raises AlreadyOver when it has ended."""
    require(by, "contacts.import")
    one = Import.objects.select_for_update().filter(pk=import_id).first()
    if one is None:
        raise NotFound(_("There is no such import."))
    if one.state in (Import.State.FINISHED, Import.State.FAILED, Import.State.CANCELLED):
        raise AlreadyOver(_("This import has ended already."))
    one.cancel_requested = True
    if one.state == Import.State.QUEUED:
        one.state = Import.State.CANCELLED
    one.save(update_fields=["cancel_requested", "state"])
    note(by, "contacts.cancel_import", f"import/{one.pk}")
    return one


def _owners(keys: list[tuple[str, str]]) -> dict[str, int]:
    """Which contact has each of the keys, by the key's kind."""
    return {
        kind: owner
        for kind, value in keys
        for owner in Identity.objects.filter(kind=kind, value=value).values_list("contact_id", flat=True)
    }


def _made(keys: list[tuple[str, str]], person: Person, *, country: str) -> int:
    """A new contact with these keys, or whoever got one of them first.

    The insert of a key that somebody else is inserting waits for them, and then finds the key taken.
    """
    phone = person.phone
    contact = Contact.objects.create(
        phone=phone, name=_short(person.name, 200), country=country or (country_of(phone) if phone else "")
    )
    if _link(contact.pk, keys) == len(keys):
        return contact.pk
    owners = _owners(keys)
    first = owners.get("user_id") if owners.get("user_id") != contact.pk else owners.get("phone")
    assert first is not None
    Identity.objects.filter(contact_id=contact.pk).update(contact_id=first)
    contact.delete()
    return first


def _link(contact_id: int, keys: list[tuple[str, str]]) -> int:
    """Give keys to a contact unless they are taken; returns how many it got. Sorted: nobody waits in a circle."""
    with connection.cursor() as cursor:
        got = 0
        for kind, value in sorted(keys):
            cursor.execute(
                """
                INSERT INTO identities (kind, value, contact_id) VALUES (%(kind)s, %(value)s, %(contact_id)s)
                    ON CONFLICT DO NOTHING
                """,
                {"kind": kind, "value": value, "contact_id": contact_id},
            )
            got += cursor.rowcount
    return got


def _fill(contact_id: int, person: Person) -> None:
    """Fill the name and the phone where they are empty; only a phone that is this contact's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE contacts c
               SET name = CASE WHEN c.name = '' THEN %(name)s ELSE c.name END,
                   phone = COALESCE(c.phone, own.value),
                   updated_at = now()
              FROM (SELECT 1) AS always
              LEFT JOIN identities own
                ON own.kind = 'phone' AND own.value = %(phone)s AND own.contact_id = %(id)s
             WHERE c.id = %(id)s
               AND ((c.name = '' AND %(name)s <> '') OR (c.phone IS NULL AND own.value IS NOT NULL))
            """,
            {"id": contact_id, "name": _short(person.name, 200), "phone": person.phone},
        )


def _tag_name(name: str) -> str:
    word = " ".join(name.replace("\0", "").split())
    if not word or len(word) > 60:
        raise BadInput(_("A tag has 1 to 60 characters."))
    return word


def _short(text: str, most: int) -> str:
    """What PostgreSQL can keep of a text from outside: without NUL, at most so many characters."""
    return text.replace("\0", "").strip()[:most]


def _raw() -> psycopg.Connection[Any]:
    """Django's current psycopg connection, within its transaction."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw
