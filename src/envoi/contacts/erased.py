"""Those who withdrew and were erased: known again by a keyed hash of their keys, and by nothing else.

The hash is HMAC-SHA256 under a random key that stands sealed in contact_settings: whoever has the database alone can't
try all phone numbers, and a new ENVOI_SECRET_KEY changes nothing.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.vault import seal, unseal
from . import consents
from .models import ConsentEntry, ContactSettings, Suppression

SOURCE = "erasure"
# Words of their own after the erasure bring people back; a file, a form or one of the staff does not.
OWN_WORDS = ("keyword", "confirmation", "provider")
AT_ONCE = 10_000

KEYS = "SELECT contact_id, kind, value, scope FROM identities WHERE contact_id = ANY(%(ids)s)"


def remember(contact_id: int) -> int:
    """Keep hashes of the keys of somebody who withdrew, before they are erased; returns how many are kept."""
    kept = 0
    for purpose in ConsentEntry.Purpose.values:
        last = ConsentEntry.objects.filter(contact_id=contact_id, purpose=purpose).order_by("-at", "-id").first()
        if last is None or last.state != "withdrawn":
            continue
        secret = _secret()
        with connection.cursor() as cursor:
            cursor.execute(KEYS, {"ids": [contact_id]})
            hashes = [_hash(secret, *key) for _contact, *key in cursor.fetchall()]
        for one in hashes:
            Suppression.objects.get_or_create(hash=one, purpose=purpose, defaults={"withdrawn_at": last.at})
        kept += len(hashes)
    return kept


def meet(contact_ids: Iterable[int]) -> int:
    """Who of these contacts was erased after a withdrawal has withdrawn again; returns how many. Safe to call again.

    For contacts that were just made, or got a key. It costs one look at an empty table while nobody was erased so.
    """
    if not Suppression.objects.exists():
        return 0
    secret, met = _secret(), 0
    ids = iter(contact_ids)
    while stretch := list(islice(ids, AT_ONCE)):
        with connection.cursor() as cursor:
            cursor.execute(KEYS, {"ids": stretch})
            keys = {_hash(secret, *key): contact_id for contact_id, *key in cursor.fetchall()}
        for found in Suppression.objects.filter(hash__in=list(keys)).order_by("hash"):
            met += _withdraw(keys[found.hash], found.purpose, found.withdrawn_at)
    return met


def meet_in(cursor: Any, query: str) -> int:
    """`meet` for the contacts that a query yields, which is only asked when anybody was erased so."""
    if not Suppression.objects.exists():
        return 0
    cursor.execute(query)
    return meet([row[0] for row in cursor.fetchall()])


def _withdraw(contact_id: int, purpose: str, withdrawn_at: datetime) -> int:
    lines = ConsentEntry.objects.filter(contact_id=contact_id, purpose=purpose)
    if lines.filter(source=SOURCE).exists() or lines.filter(state="granted", source__in=OWN_WORDS).exists():
        return 0
    consents.record(
        _raw(),
        contact_id,
        purpose=purpose,  # type: ignore[arg-type]
        state="withdrawn",
        source=SOURCE,
        text=_("They had withdrawn before their record was erased."),
        proof=timezone.localtime(withdrawn_at).date().isoformat(),
    )
    return 1


def _secret() -> bytes:
    row, _made = ContactSettings.objects.select_for_update().get_or_create(id=1)
    if row.hash_key is None:
        row.hash_key = seal({"key": secrets.token_hex(32)})
        row.save(update_fields=["hash_key"])
    return bytes.fromhex(unseal(bytes(row.hash_key))["key"])


def _hash(secret: bytes, kind: str, value: str, scope: str) -> str:
    return hmac.digest(secret, f"{kind}\n{value}\n{scope}".encode(), "sha256").hex()


def _raw() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw
