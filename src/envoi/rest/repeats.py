"""Idempotency-Key: a write that arrives twice is done once, and both times answered the same."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from .models import KeptAnswer

KEPT = timedelta(hours=24)
LONGEST = 255


class KeyReused(BadInput):
    """The same Idempotency-Key came with another request before."""


def word_of(request: HttpRequest) -> str:
    """The request's Idempotency-Key, "" without one. Raises BadInput for one that can't be kept."""
    word = request.headers.get("Idempotency-Key", "").strip()
    if len(word) > LONGEST or not word.isprintable():
        raise BadInput(_("An Idempotency-Key has at most 255 printable characters."))
    return word


def before(request: HttpRequest, key_id: int, word: str) -> HttpResponse | None:
    """The answer that was kept for this word, or None: then the word is ours until this transaction ends.

    Whoever comes with the same word meanwhile waits here for our end. Raises KeyReused for another request.
    """
    fingerprint = _fingerprint(request)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            -- answer_once: a second one waits for the transaction of the first. What is over counts as never said.
            INSERT INTO kept_answers AS k (key_id, word, fingerprint)
            VALUES (%(key)s, %(word)s, %(fingerprint)s)
                ON CONFLICT (key_id, word) DO UPDATE
               SET fingerprint = excluded.fingerprint, status = NULL, body = NULL, created_at = now()
             WHERE k.created_at < now() - make_interval(secs => %(kept)s)
            RETURNING id
            """,
            {"key": key_id, "word": word, "fingerprint": fingerprint, "kept": KEPT.total_seconds()},
        )
        if cursor.fetchone():
            return None
    found = KeptAnswer.objects.get(key_id=key_id, word=word)
    if found.fingerprint != fingerprint:
        raise KeyReused(_("This Idempotency-Key came with another request before: take a new one for each."))
    response = HttpResponse(bytes(found.body or b""), status=found.status or 200, content_type="application/json")
    if found.status == 204:
        del response["Content-Type"]
    response["Idempotency-Replayed"] = "true"
    return response


def keep(key_id: int, word: str, response: HttpResponse) -> None:
    """Keep the answer, in the transaction of what it answers."""
    KeptAnswer.objects.filter(key_id=key_id, word=word).update(status=response.status_code, body=response.content)


def forget(limit: int = 5_000) -> int:
    """Delete up to `limit` answers that are over; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM kept_answers
             WHERE id IN (SELECT id FROM kept_answers WHERE created_at < now() - make_interval(secs => %(kept)s)
                           LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
            """,
            {"kept": KEPT.total_seconds(), "limit": limit},
        )
        return int(cursor.rowcount)


def _fingerprint(request: HttpRequest) -> str:
    parts = (str(request.method).encode(), request.get_full_path().encode(), request.body)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
