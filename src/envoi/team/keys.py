"""API keys: making, revoking, opening the door with one. A key's secret is known to its maker alone."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from . import changes
from .actions import acting_key, note
from .models import ApiKey, Staff
from .rights import require
from .scopes import scopes_of

SHOWN = 12  # characters of a key that stay visible, so that a person tells theirs from the others
LOOKED_AT = timedelta(minutes=1)  # how exactly we know when a key was used last


@transaction.atomic
def make(*, name: str, scopes: Iterable[str], by: Staff | None) -> tuple[ApiKey, str]:
    """Make a key; returns it with its secret, which is not kept and can't be shown again.

    A key may do what its scopes say and never more than its maker may; one made by the operator has its scopes alone.
    Raises BadInput for a name or a scope that can't be meant.
    """
    require(by, "team.write")
    word = " ".join(name.replace("\0", "").split())
    if not word or len(word) > 120:
        raise BadInput(_("A name has 1 to 120 characters."))
    secret = f"envoi_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        name=word, shown=secret[:SHOWN], digest=_digest(secret), scopes=scopes_of(scopes), made_by=by
    )
    note(by, "key.make", f"key/{key.pk}", {"name": word, "scopes": key.scopes})
    return key, secret


@transaction.atomic
def revoke(key_id: int, *, by: Staff | None) -> ApiKey:
    """End a key for good, from this moment on. One that has ended already stays as it is. Raises NotFound."""
    require(by, "team.write")
    key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None:
        raise NotFound(_("There is no such key."))
    if key.revoked_at is None:
        key.revoked_at, key.revoked_by = timezone.now(), by
        key.save(update_fields=["revoked_at", "revoked_by"])
        note(by, "key.revoke", f"key/{key.pk}", {"name": key.name})
    return key


def keys(staff: Staff | None) -> list[ApiKey]:
    """Every key, those in use first, the newest of them first."""
    require(staff, "team.write")
    every = ApiKey.objects.select_related("made_by", "revoked_by").order_by("-pk")
    return sorted(every, key=lambda key: key.revoked_at is not None)


def opened_by(secret: str) -> ApiKey | None:
    """The key of this secret, with its maker, None when it opens nothing: unknown, revoked, or its maker has left."""
    key = ApiKey.objects.select_related("made_by").filter(digest=_digest(secret), revoked_at=None).first()
    if key is None or (key.made_by is not None and not key.made_by.is_active):
        return None
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - LOOKED_AT:
        # Asked again in the row itself: of many calls at once, one writes.
        unused = Q(last_used_at=None) | Q(last_used_at__lt=now - LOOKED_AT)
        ApiKey.objects.filter(unused, pk=key.pk).update(last_used_at=now)
    return key


@contextmanager
def acting(key: ApiKey) -> Iterator[None]:
    """While this lasts, every line of the audit log says that the key did it."""
    before = acting_key.set(key.pk)
    try:
        with changes.acting(staff=key.made_by_id, key=key.pk, request=str(uuid.uuid4()), way="api"):
            yield
    finally:
        acting_key.reset(before)


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash: nobody tries them all.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
