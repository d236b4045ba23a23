"""Public addresses of files for providers that fetch them: signed, and good until a moment that they carry."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from datetime import datetime, timedelta
from urllib.parse import quote

from . import clock
from .addresses import base_url
from .home import secret_key

# A provider may queue a message for hours before it fetches (Twilio sheet, 8: 4 h); a day more costs nothing.
LIFE = timedelta(days=1)
_SEAL = re.compile(r"([1-9][0-9]{0,17})\.([0-9]{1,12})\.([A-Za-z0-9_-]{32})")


def file_link(file_id: int, name: str) -> str:
    """An address at which anybody may fetch this file, for one to two days.

    It is the same all day long, so that who fetches once for many messages does (Meta sheet, A.2: kept per address).
    """
    ends = int((clock.now() + 2 * LIFE).timestamp()) // 86_400 * 86_400
    return f"{base_url()}/files/public/{file_id}.{ends}.{_sign(secret_key(), file_id, ends)}/{quote(name, safe='')}"


def file_behind(seal: str, *, at: datetime | None = None) -> int | None:
    """The file that a seal of ours opens `at` this moment (None: now); None for any other text, and for an old one."""
    match = _SEAL.fullmatch(seal)
    if match is None:
        return None
    file_id, ends = int(match[1]), int(match[2])
    roots = [secret_key(), os.environ.get("ENVOI_SECRET_KEY_OLD") or ""]
    right = any(hmac.compare_digest(_sign(root, file_id, ends), match[3]) for root in roots if root)
    return file_id if right and (at or clock.now()).timestamp() < ends else None


def _sign(root: str, file_id: int, ends: int) -> str:
    key = hashlib.sha256(b"envoi.links.1" + root.encode()).digest()
    digest = hmac.digest(key, f"{file_id}.{ends}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:24]).decode()
