"""The data folder of an installation (ENVOI_HOME) and the secret made once inside it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path


def home() -> Path:
    """The data folder, made when missing: ENVOI_HOME, by default ./.envoi."""
    folder = Path(os.environ.get("ENVOI_HOME") or ".envoi").expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def secret_key() -> str:
    """ENVOI_SECRET_KEY, or a key made once under ENVOI_HOME, readable by its owner alone."""
    if key := os.environ.get("ENVOI_SECRET_KEY"):
        return key
    path = home() / "secret_key"
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        # Two processes may start at once: the link is all or nothing, and whoever comes second reads the first's key.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()
