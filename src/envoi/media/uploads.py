"""What each account's provider calls a file: find, claim, record, forget. Without Django: dispatch uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row

Connection = psycopg.Connection[Any]

# An id that ends while the message is on its way, or waits in a provider's queue, is of no use.
MARGIN = timedelta(hours=6)

# A refusal of an id this young has another cause than its age: uploading again and again would not help.
YOUNG = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What an upload needs of a row of `files`."""

    id: int
    name: str
    mime_type: str
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the account's provider calls the file; None for without an end."""

    provider_id: str
    expires_at: datetime | None


def stored_file(db: Connection, file_id: int) -> StoredFile | None:
    """The file with this id, None when there is none."""
    with db.cursor(row_factory=class_row(StoredFile)) as cursor:
        cursor.execute("SELECT id, name, mime_type, size, path FROM files WHERE id = %(id)s", {"id": file_id})
        return cursor.fetchone()


def find(db: Connection, account_id: int, file_id: int) -> Known | None:
    """A provider's id of the file that is good for a while yet."""
    with db.cursor(row_factory=class_row(Known)) as cursor:
        cursor.execute(
            """
            SELECT provider_id, expires_at
              FROM uploads
             WHERE account_id = %(account_id)s
               AND file_id = %(file_id)s
               AND provider_id <> ''
               AND (expires_at IS NULL OR expires_at > now() + %(margin)s)
            """,
            {"account_id": account_id, "file_id": file_id, "margin": MARGIN},
        )
        return cursor.fetchone()


def claim(db: Connection, account_id: int, file_id: int, *, lasts: timedelta) -> bool:
    """Take it upon this process to upload; False when another has, or when it has been done.

    Who is killed while uploading holds others up for `lasts` and no longer.
    """
    cursor = db.execute(
        """
        INSERT INTO uploads AS u (account_id, file_id, claimed_until)
        VALUES (%(account_id)s, %(file_id)s, now() + %(lasts)s)
            ON CONFLICT (account_id, file_id) DO UPDATE
           SET claimed_until = excluded.claimed_until, provider_id = '', expires_at = NULL
         WHERE (u.provider_id = '' AND (u.claimed_until IS NULL OR u.claimed_until < now()))
            OR (u.provider_id <> '' AND u.expires_at <= now() + %(margin)s)
        """,
        {"account_id": account_id, "file_id": file_id, "lasts": lasts, "margin": MARGIN},
    )
    return cursor.rowcount > 0


def record(db: Connection, account_id: int, file_id: int, provider_id: str, expires_at: datetime | None) -> None:
    """The upload is done. A file deleted in the meantime is no trouble: its row went with it."""
    db.execute(
        """
        UPDATE uploads
           SET provider_id = %(provider_id)s, expires_at = %(expires_at)s, uploaded_at = now(), claimed_until = NULL
         WHERE account_id = %(account_id)s AND file_id = %(file_id)s
        """,
        {"account_id": account_id, "file_id": file_id, "provider_id": provider_id, "expires_at": expires_at},
    )


def give_up(db: Connection, account_id: int, file_id: int) -> None:
    """The upload came to nothing: the next message may try at once."""
    db.execute(
        "UPDATE uploads SET claimed_until = NULL WHERE account_id = %(account_id)s AND file_id = %(file_id)s",
        {"account_id": account_id, "file_id": file_id},
    )


def forget(db: Connection, account_id: int, file_ids: list[int], used: list[str]) -> bool:
    """The provider refused a message with the ids `used` of these files: whether another try would use another id.

    What is old enough to have ended is forgotten; what somebody else has replaced meanwhile stays.
    """
    known = {"account_id": account_id, "file_ids": file_ids, "used": used, "young": YOUNG}
    db.execute(
        """
        DELETE FROM uploads
         WHERE account_id = %(account_id)s
           AND file_id = ANY(%(file_ids)s)
           AND provider_id = ANY(%(used)s)
           AND uploaded_at < now() - %(young)s
        """,
        known,
    )
    row = db.execute(
        """
        SELECT count(*) < cardinality(%(file_ids)s::bigint[])
          FROM uploads
         WHERE account_id = %(account_id)s
           AND file_id = ANY(%(file_ids)s)
           AND provider_id = ANY(%(used)s)
        """,
        known,
    ).fetchone()
    return row is not None and bool(row[0])
