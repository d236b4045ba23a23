"""Secrets at rest: encrypted with a key derived from ENVOI_SECRET_KEY; it never logs what it holds."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .home import secret_key


class Unreadable(Exception):
    """The secret was written with another ENVOI_SECRET_KEY than the ones set now."""


def _fernet(root: str) -> Fernet:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"envoi.vault.1").derive(root.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _keys() -> MultiFernet:
    roots = [secret_key()]
    if old := os.environ.get("ENVOI_SECRET_KEY_OLD"):
        roots.append(old)
    return MultiFernet([_fernet(root) for root in roots])


def seal(secret: Mapping[str, Any]) -> bytes:
    """Encrypt a small mapping (an account's credentials) for storage."""
    return _keys().encrypt(json.dumps(dict(secret)).encode())


def unseal(token: bytes) -> dict[str, Any]:
    """Read back what `seal` wrote, with today's key or ENVOI_SECRET_KEY_OLD. Raises Unreadable."""
    try:
        opened: dict[str, Any] = json.loads(_keys().decrypt(bytes(token)))
    except InvalidToken as error:
        raise Unreadable("A stored secret can't be read: was ENVOI_SECRET_KEY changed?") from error
    return opened
