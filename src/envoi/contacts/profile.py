"""What staff do to one contact: its words, its owner, notes, blocking. Each leaves a line in the contact's story."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import available_timezones

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import attributes, consents, events
from .changed import note_changed
from .identities import shortened
from .models import Contact, Note
from .names import plain_name
from .words import country_of_word, language_of

LONGEST_NOTE = 5_000


@transaction.atomic
def change(
    contact_id: int,
    *,
    name: str,
    language: str,
    country: str,
    time_zone: str,
    owner_id: int | None,
    values: Mapping[str, str],
    by: Staff | None,
) -> Contact:
    """Write down what is known of somebody; returns the contact.

    time_zone: "" for the one that the phone says. values: the company's attributes by key, as typed; a key that is not
    among them stays as it is. Raises BadInput for what can't be meant, with nothing changed.
    """
    require(by, "contacts.write")
    contact = _held(contact_id)
    code = country_of_word(country) if country.strip() else ""
    if code is None:
        raise BadInput(_("“%(text)s” is no country: write its two letters, such as FR.") % {"text": country[:60]})
    if time_zone and time_zone not in available_timezones():
        raise BadInput(_("“%(text)s” is no time zone: write it as Europe/Paris.") % {"text": time_zone[:60]})
    if owner_id is not None and not Staff.objects.filter(pk=owner_id, is_active=True).exists():
        raise BadInput(_("Choose somebody who works here."))
    kinds = {one.key: one for one in attributes.definitions()}
    said = dict(contact.attributes)
    for key, text in values.items():
        value = attributes.clean(kinds[key], text) if key in kinds else (text.strip() or None)
        if value is None:
            said.pop(key, None)
        else:
            said[key] = value

    will_be = {
        "name": plain_name(name),
        "language": language_of(language),
        "country": code,
        "timezone": time_zone,
        "owner_id": owner_id,
        "attributes": said,
    }
    changed = [field for field, value in will_be.items() if getattr(contact, field) != value]
    if not changed:
        return contact
    for field, value in will_be.items():
        setattr(contact, field, value)
    contact.updated_at = timezone.now()
    note_changed([contact_id])
    contact.save(update_fields=[*(field.removesuffix("_id") for field in changed), "updated_at"])
    if "owner_id" in changed:
        events.record([contact_id], "owner", {"owner": str(contact.owner) if contact.owner else ""}, by)
    if what := [field for field in changed if field != "owner_id"]:
        events.record([contact_id], "changed", {"what": what}, by)
    note(by, "contacts.change", f"contact/{contact_id}", {"what": changed})
    return contact


@transaction.atomic
def block(contact_id: int, *, reason: str, by: Staff | None) -> None:
    """Never write to somebody again, whatever for, until they are unblocked; the trace says so of each message."""
    require(by, "contacts.write")
    contact = _held(contact_id)
    words = shortened(" ".join(reason.split()), 200)
    if not words:
        raise BadInput(_("Say why: colleagues will ask."))
    Contact.objects.filter(pk=contact.pk).update(blocked_at=timezone.now(), blocked_reason=words)
    note_changed([contact_id])
    events.record([contact_id], "blocked", {"reason": words}, by)
    note(by, "contacts.block", f"contact/{contact_id}", {"reason": words})


@transaction.atomic
def unblock(contact_id: int, *, by: Staff | None) -> None:
    """Let them be written to again, as far as their consent goes."""
    require(by, "contacts.write")
    contact = _held(contact_id)
    if contact.blocked_at is None:
        return
    Contact.objects.filter(pk=contact.pk).update(blocked_at=None, blocked_reason="")
    note_changed([contact_id])
    events.record([contact_id], "unblocked", {}, by)
    note(by, "contacts.unblock", f"contact/{contact_id}")


@transaction.atomic
def add_note(contact_id: int, *, text: str, by: Staff | None) -> None:
    """Keep a note about somebody; only staff sees it."""
    require(by, "contacts.write")
    words = text.replace("\0", "").strip()
    if not 0 < len(words) <= LONGEST_NOTE:
        raise BadInput(_("A note has 1 to 5,000 characters."))
    contact = _held(contact_id)
    Note.objects.create(contact_id=contact.pk, text=words, by=by)


@transaction.atomic
def write_consent(contact_id: int, *, purpose: str, state: str, proof: str, by: Staff | None) -> None:
    """Write down what somebody told one of the staff, with how and when."""
    require(by, "contacts.write")
    if purpose not in ("marketing", "service") or state not in ("granted", "withdrawn"):
        raise BadInput(_("Choose what they agreed to or withdrew."))
    words = " ".join(proof.replace("\0", "").split())
    if not words:
        raise BadInput(_("Say how and when they agreed: consent without it is no proof."))
    _held(contact_id)
    connection.ensure_connection()
    consents.record(
        connection.connection,
        contact_id,
        purpose=purpose,  # type: ignore[arg-type]
        state=state,  # type: ignore[arg-type]
        source="staff",
        proof=words[:1_000],
        by=by.pk if by else None,
    )
    note_changed([contact_id])
    note(by, "contacts.consent", f"contact/{contact_id}", {"purpose": purpose, "state": state})


def _held(contact_id: int) -> Contact:
    contact = Contact.objects.select_for_update(no_key=True).filter(pk=contact_id, erased_at=None).first()
    if contact is None:
        raise NotFound(_("There is no such contact."))
    return contact
