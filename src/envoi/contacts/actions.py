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

from ..core import clock, jobs
from ..core.errors import BadInput, NotFound, Problem
from ..core.phone import BadPhone, country_of, e164
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import consents, erased, events
from .changed import note_changed
from .identities import (
    contact_for_person,
    contacts_for_people,
    everybody_with_a_key,
    everybody_with_a_key_of,
    fill_in,
    link,
    shortened,
)
from .models import Consent, Contact, Import, Source, Tag
from .moves import move_identity
from .names import plain_name
from .options import ImportOptions
from .preparing import JOBS
from .stored import is_stored, is_to_unpack, path_of
from .undoing import KEPT
from .words import language_of

__all__ = [
    "AlreadyKnown",
    "AlreadyOver",
    "CannotUndo",
    "add_contact",
    "can_undo",
    "cancel_import",
    "contact_for_person",
    "contacts_for_people",
    "everybody_with_a_key",
    "everybody_with_a_key_of",
    "fill_in",
    "import_again",
    "move_identity",
    "note_all_inbound",
    "note_inbound",
    "record_consent",
    "start_import",
    "tag",
    "undo_import",
    "untag",
]

WINDOW = timedelta(hours=24)
UNDO_JOBS = {Import.Kind.CONTACTS: "contacts.undo_import", Import.Kind.ORDERS: "orders.undo_import"}


class AlreadyKnown(Problem):
    """The phone belongs to another contact."""


class AlreadyOver(Problem):
    """The import has ended."""


class CannotUndo(Problem):
    """The import can't be taken back."""


def note_inbound(contact_id: int, *, at: datetime) -> None:
    """Remember that they wrote at `at`: free words are allowed for 24 hours after. An older message changes nothing."""
    note_all_inbound({contact_id: at})


@transaction.atomic(savepoint=False)  # in intake's transaction, once a batch
def note_all_inbound(latest: Mapping[int, datetime]) -> None:
    """`note_inbound` for many: when each contact wrote last."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE contacts
               SET last_inbound_at = l.at,
                   window_open_until = GREATEST(window_open_until, l.at + make_interval(secs => %(window)s))
              FROM unnest(%(ids)s::bigint[], %(ats)s::timestamptz[]) AS l (id, at)
             WHERE contacts.id = l.id AND (last_inbound_at IS NULL OR last_inbound_at < l.at)
            """,
            {"ids": list(latest), "ats": list(latest.values()), "window": WINDOW.total_seconds()},
        )


@transaction.atomic
def record_consent(
    contact_id: int,
    *,
    purpose: Literal["marketing", "service"],
    state: consents.State,
    source: str,
    text: str = "",
    proof: str = "",
    at: datetime | None = None,
    by: Staff | None = None,
) -> None:
    """Append one line to the ledger; the contact's own column follows the newest line. Both commit together.

    source: where it came from; text: what the person saw or wrote; proof: where to find it again;
    at: when they decided, now when None; by: which of the staff wrote it down.
    """
    said = {"source": source, "text": text, "proof": proof, "at": at, "by": by.pk if by else None}
    consents.record(_raw(), contact_id, purpose=purpose, state=state, **said)  # type: ignore[arg-type]
    note_changed([contact_id])


@transaction.atomic
def tag(contact_ids: Iterable[int], *, name: str, by: Staff | None = None) -> int:
    """Put a tag on contacts, made when it is new; returns how many did not have it. Unknown ids are passed over."""
    require(by, "contacts.write")
    ids = list(contact_ids)
    word, _created = Tag.objects.get_or_create(name=_tag_name(name))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH put AS (
                INSERT INTO contact_tags (contact_id, tag_id)
                SELECT id, %(tag)s FROM contacts WHERE id = ANY(%(ids)s) ORDER BY id
                    -- What a rule put is a person's own from now on.
                    ON CONFLICT (contact_id, tag_id) DO UPDATE SET by_rule = false WHERE contact_tags.by_rule
                RETURNING xmax = 0 AS is_new
            )
            SELECT count(*) FILTER (WHERE is_new) FROM put
            """,
            {"tag": word.pk, "ids": ids},
        )
        put = int(cursor.fetchone()[0])
    note_changed(ids)
    return put


@transaction.atomic
def untag(contact_ids: Iterable[int], *, name: str, by: Staff | None = None) -> int:
    """Take a tag off contacts; returns how many had it."""
    require(by, "contacts.write")
    word = _tag_name(name)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM contact_tags
             WHERE contact_id = ANY(%(ids)s) AND tag_id = (SELECT id FROM tags WHERE name = %(name)s)
            RETURNING contact_id
            """,
            {"ids": list(contact_ids), "name": word},
        )
        gone = [row[0] for row in cursor.fetchall()]
    events.record(gone, "untagged", {"tag": word}, by)
    note_changed(gone)
    return len(gone)


@transaction.atomic
def add_contact(
    *,
    phone: str = "",
    customer: str = "",
    name: str = "",
    language: str = "",
    country: str = "",
    tags: Iterable[str] = (),
    marketing: str = Consent.UNKNOWN,
    proof: str = "",
    by: Staff | None,
) -> int:
    """Add one contact by hand and return its id; contact, tags, consent and the audit line commit together.

    customer: the company's own number of them; one of it and the phone is needed.
    country: for a phone without country code; proof: how and when they agreed, needed with marketing="granted".
    Raises BadInput for what can't be understood, AlreadyKnown for a phone that somebody has.
    """
    require(by, "contacts.write")
    number = _typed(phone, country) if phone.strip() else None
    own = shortened(customer, 160)
    keys = [(kind, value, "") for kind, value in (("customer", own), ("phone", number)) if value]
    if not keys:
        raise BadInput(_("Write a phone or your own customer number: without one nobody can be found again."))
    if marketing not in Consent.values:
        raise BadInput(_("Consent is “unknown”, “granted” or “withdrawn”."))
    if marketing == Consent.GRANTED and not proof.strip():
        raise BadInput(_("Say how and when they agreed: consent without it is no proof."))
    contact = Contact.objects.create(
        phone=number,
        name=plain_name(name),
        language=language_of(language),
        country=country.upper() or (country_of(number) if number else ""),
        source=Source.STAFF,
    )
    if link(contact.pk, keys) != len(keys):
        raise AlreadyKnown(_("%(phone)s is a contact already.") % {"phone": " / ".join(key[1] for key in keys)})
    for word in tags:
        tag([contact.pk], name=word, by=by)
    if marketing in ("granted", "withdrawn"):
        record_consent(contact.pk, purpose="marketing", state=marketing, source="staff", proof=proof.strip(), by=by)  # type: ignore[arg-type]
    erased.meet([contact.pk])
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
    queue: bool = True,
    draft: bool = False,
) -> Import:
    """Store the file below MEDIA_ROOT/imports/<id>/ and queue the job that reads it; row and job commit together.

    options: see ImportOptions. queue: False for who reads the file itself, here and now.
    draft: only store it; preparing.choose says later what its columns are. The worker turns a large workbook into CSV
    first.
    Raises BadInput for options that can't be meant.
    """
    require(by, "contacts.import")
    if kind not in JOBS:
        raise BadInput(_("An import brings contacts or orders."))
    chosen = ImportOptions.parse(options)
    one = Import.objects.create(
        kind=kind, file_name=shortened(Path(file_name).name, 200) or "file", options=chosen.stored(), started_by=by
    )
    if draft:
        one.state = Import.State.DRAFT
    stored = Path(settings.MEDIA_ROOT) / "imports" / str(one.pk) / "upload"
    stored.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with stored.open("wb") as target:
        os.chmod(stored, 0o600)
        shutil.copyfileobj(file, target, 1 << 20)
    one.path = str(stored.relative_to(settings.MEDIA_ROOT))
    one.bytes_total = stored.stat().st_size
    if draft and is_to_unpack(one):
        one.state = Import.State.UNPACKING
        jobs.defer("contacts.unpack", import_id=one.pk)
    one.save(update_fields=["path", "bytes_total", "state"])
    note(by, "contacts.import", f"import/{one.pk}", {"file": one.file_name, "kind": kind})
    if queue and not draft:
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
    if one.state in (Import.State.QUEUED, Import.State.UNPACKING):
        one.state = Import.State.CANCELLED
    one.save(update_fields=["cancel_requested", "state"])
    note(by, "contacts.cancel_import", f"import/{one.pk}")
    return one


@transaction.atomic
def undo_import(import_id: int, *, by: Staff | None, queue: bool = True) -> Import:
    """Take a whole import back. Raises CannotUndo, with the reason, for one that is not finished or too long ago."""
    require(by, "contacts.import")
    one = Import.objects.select_for_update().filter(pk=import_id).first()
    if one is None:
        raise NotFound(_("There is no such import."))
    if one.state in (Import.State.UNDONE, Import.State.UNDOING):
        raise CannotUndo(_("This import was undone already."))
    if one.state != Import.State.FINISHED or one.finished_at is None:
        raise CannotUndo(_("This import brought nothing in, so there is nothing to undo."))
    if one.finished_at < clock.now() - KEPT:
        raise CannotUndo(
            _("What this import changed is kept for %(days)s days, and they are over.") % {"days": KEPT.days}
        )
    one.state = Import.State.UNDOING
    one.save(update_fields=["state"])
    note(by, "contacts.undo_import", f"import/{one.pk}", {"file": one.file_name, "rows": one.rows_read})
    if queue:
        jobs.defer(UNDO_JOBS[Import.Kind(one.kind)], import_id=one.pk)
    return one


@transaction.atomic
def import_again(import_id: int, *, by: Staff | None) -> Import:
    """A new draft of a stored file, with the columns and choices of before. Raises NotFound, BadInput without the file.

    For who took an import back, or met an end that was none: nobody has to find the file again.
    """
    require(by, "contacts.import")
    before = Import.objects.filter(pk=import_id).first()
    if before is None:
        raise NotFound(_("There is no such import."))
    if not is_stored(before):
        raise BadInput(_("The stored file is gone: send it again."))
    with path_of(before).open("rb") as file:
        return start_import(
            kind=before.kind, file_name=before.file_name, file=file, options=before.options, by=by, draft=True
        )


def can_undo(one: Import) -> bool:
    """Whether a finished import is still young enough."""
    return one.finished_at is not None and one.finished_at >= clock.now() - KEPT


def _typed(phone: str, country: str) -> str:
    try:
        return e164(phone, country=country or None)
    except BadPhone:
        said = {"phone": phone.strip()[:40]}
        if not country and not phone.strip().startswith(("+", "00")) and any(map(str.isdigit, phone)):
            raise BadPhone(_("“%(phone)s” has no country code: write it as +33…") % said) from None
        raise BadPhone(_("“%(phone)s” is no phone number that exists.") % said) from None


def _tag_name(name: str) -> str:
    word = " ".join(name.replace("\0", "").split())
    if not word or len(word) > 60:
        raise BadInput(_("A tag has 1 to 60 characters."))
    return word


def _raw() -> psycopg.Connection[Any]:
    """Django's current psycopg connection, within its transaction."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw
