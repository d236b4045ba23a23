"""From a person's yes to consent: at once, or after they confirmed it (double opt-in)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import psycopg
from django.db import connection, transaction
from django.utils.translation import gettext as _

from . import consents
from .models import Contact, ContactSettings

Answer = Literal["granted", "pending", ""]


def settings() -> ContactSettings:
    """What is set; the defaults when nothing ever was."""
    return ContactSettings.objects.filter(id=1).first() or ContactSettings()


def question() -> str:
    """What somebody who asks for promotions is asked, when a yes has to be confirmed."""
    return settings().question or _("Would you like to receive our offers here? Reply YES to confirm, STOP to refuse.")


@transaction.atomic
def says_yes(
    contact_id: int, *, asks: bool, source: str, text: str, proof: str = "", at: datetime | None = None
) -> Answer:
    """Somebody agreed by a word of their own or by a form; returns what their marketing consent became.

    asks: it is a wish of its own (START, a form); else it only means something to who is to confirm. With double
    opt-in the first yes is `pending`, and the next one, in a message of theirs, is the consent: both are in the ledger.
    "" when nothing changed.
    """
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    said = {"text": text, "proof": proof, "at": at}
    if contact.marketing == "pending" and source == "keyword":
        _record(contact_id, "granted", source="confirmation", **said)
        return "granted"
    if not asks:
        return ""
    if settings().double_opt_in and contact.marketing != "granted":
        _record(contact_id, "pending", source=source, **said)
        return "pending"
    _record(contact_id, "granted", source=source, **said)
    return "granted"


def _record(contact_id: int, state: consents.State, **said: object) -> None:
    connection.ensure_connection()
    raw: psycopg.Connection[object] = connection.connection
    consents.record(raw, contact_id, purpose="marketing", state=state, **said)  # type: ignore[arg-type]
