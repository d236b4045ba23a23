"""The ledger for Django's callers: the same functions, on Django's own connection and in its transaction; files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..channels.queries import PORTFOLIO_KEY
from ..core.errors import Problem
from ..core.events import MessageReceived
from ..media import actions as media
from ..media import queries as files
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import activity, attachments, ledger, queries
from .models import Lane


class InUse(Problem):
    """A message that has still to leave needs the file."""


def ledger_db() -> psycopg.Connection[Any]:
    """Django's current psycopg connection, for the ledger's functions; call it inside transaction.atomic()."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw


@transaction.atomic(savepoint=False)  # in intake's transaction, once a batch
def receive(received: Sequence[tuple[int, int, MessageReceived]]) -> list[int | None]:
    """Keep what customers wrote, (contact_id, channel_id, message) each; None for each that had come before."""
    kept = ledger.receive(ledger_db(), received)
    activity.note_received(
        [(row[0], message_id) for row, message_id in zip(received, kept, strict=True) if message_id is not None]
    )
    return kept


@transaction.atomic(savepoint=False)  # for every message that comes in, most of which have no file
def attach(fact: MessageReceived, *, contact_id: int) -> int:
    """Note the files of a message just received, and have the worker fetch them; returns how many there are."""
    return attachments.note(fact, contact_id=contact_id)


@transaction.atomic
def delete_file(file_id: int, *, by: Staff | None) -> None:
    """Delete a file of the library. Raises NotFound, and InUse while a message that has still to leave needs it."""
    require(by, "media.write")
    file = files.library_file(by, file_id, lock=True)
    uses = queries.uses_of_files([file_id]).get(file_id)
    if uses:
        raise InUse(_("“%(name)s” is still needed: %(uses)s.") % {"name": file.name, "uses": uses.sentence()})
    media.drop([file_id])
    note(by, "media.delete", f"file {file_id}", {"name": file.name})


@transaction.atomic
def say(contact_id: int, *, channel_id: int, text: str) -> int | None:
    """Queue a text of our own to a customer, ahead of all marketing; returns its id.

    None when the channel has no key to reach them by. It goes while their window is open, or is skipped.
    """
    recipient = recipient_on(contact_id, channel_id)
    if recipient is None:
        return None
    return ledger.enqueue(
        ledger_db(),
        contact_id=contact_id,
        channel_id=channel_id,
        lane_id=service_lane(channel_id),
        recipient=recipient,
        kind="text",
        category="service",
        text=text,
        content={"body": text},
    )


def recipient_on(contact_id: int, channel_id: int) -> str | None:
    """What this channel writes to this customer by: their phone, else their id in its business, else nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT COALESCE(c.phone, (SELECT i.value FROM identities i
                                       WHERE i.contact_id = c.id AND i.kind = 'user_id' AND i.scope = {PORTFOLIO_KEY}
                                       LIMIT 1))
              FROM contacts c
              JOIN channels ch ON ch.id = %(channel)s
              JOIN accounts a ON a.id = ch.account_id
             WHERE c.id = %(contact)s
            """,  # noqa: S608  (our own text)
            {"contact": contact_id, "channel": channel_id},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def service_lane(channel_id: int, form: dict[str, Any] | None = None) -> int:
    """The service lane of this form, made once: what goes here is few, and an empty lane costs nothing."""
    Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
    lanes = Lane.objects.filter(channel_id=channel_id, priority=Lane.Priority.SERVICE)
    unused = (
        lanes.exclude(state=Lane.State.CLOSED).filter(form__isnull=True) if form is None else lanes.filter(form=form)
    )
    lane = unused.order_by("pk").first()
    if lane is None:
        return ledger.add_lane(ledger_db(), channel_id, priority=Lane.Priority.SERVICE, form=form)
    if lane.state == Lane.State.HELD:
        # The provider refused this template before; whether it takes it now is what the test is for.
        ledger.set_lane(ledger_db(), lane.pk, "open")
    return lane.pk
