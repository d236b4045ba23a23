"""The ledger for Django's callers: the same functions, on Django's own connection and in its transaction; files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..core.errors import Problem
from ..core.events import MessageReceived
from ..media import actions as media
from ..media import queries as files
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import attachments, ledger, queries


class InUse(Problem):
    """A message that has still to leave needs the file."""


def ledger_db() -> psycopg.Connection[Any]:
    """Django's current psycopg connection, for the ledger's functions; call it inside transaction.atomic()."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw


@transaction.atomic
def receive(received: Sequence[tuple[int, int, MessageReceived]]) -> list[int | None]:
    """Keep what customers wrote, (contact_id, channel_id, message) each; None for each that had come before."""
    return ledger.receive(ledger_db(), received)


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
