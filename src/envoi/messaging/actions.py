"""The ledger for Django's callers: the same functions, on Django's own connection and in its transaction."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection, transaction

from ..core.events import MessageReceived
from . import ledger


def ledger_db() -> psycopg.Connection[Any]:
    """Django's current psycopg connection, for the ledger's functions; call it inside transaction.atomic()."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw


@transaction.atomic
def receive(fact: MessageReceived, *, channel_id: int, contact_id: int) -> bool:
    """Keep a customer's message once; False when it had come before."""
    return ledger.receive(ledger_db(), fact, contact_id=contact_id, channel_id=channel_id)
