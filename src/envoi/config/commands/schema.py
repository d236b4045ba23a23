"""Bringing the schema up to date, once at a time however many processes ask."""

from __future__ import annotations

from .. import start  # isort: skip

from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import MigrationSchemaMissing

from envoi.core.errors import Problem

__all__ = ["migrate", "start"]

LOCK = 0x_E5_01  # any number of our own: two machines that start at once migrate one after the other


def migrate() -> None:
    """Apply every migration that is missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except (MigrationSchemaMissing, DatabaseError) as error:
            words = str(error).strip().splitlines() or [type(error).__name__]
            raise Problem(f"The database's tables could not be made: {words[0]}") from error
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
