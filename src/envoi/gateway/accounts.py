"""Which account a webhook address belongs to: a copy of `accounts`, a few seconds old at most.

Accounts are few, so all are read at once: guessed addresses cost the database nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

from ..core.addresses import hook_url
from ..core.vault import Unreadable, unseal
from ..providers.table import PROVIDERS
from .database import Database, Unavailable

log = logging.getLogger("envoi.gateway")

# How old the copy may be for an address that it knows, and for one that it does not (an account just added).
KNOWN_FOR = 5.0
UNKNOWN_FOR = 1.0


@dataclass(frozen=True, slots=True)
class Owner:
    """The account behind an address. `secrets` is None when they can't be read (another ENVOI_SECRET_KEY)."""

    account_id: int
    provider: str
    hook_key: str
    address: str
    secrets: tuple[str, ...] | None
    verify_token: str


class Accounts:
    """Finds owners. Raises Unavailable only when it never could read the table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._owners: dict[tuple[str, str], Owner] = {}
        self._by_path: dict[str, Owner] = {}
        self._sealed: dict[int, tuple[bytes, str, Owner]] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    def known(self, path: str) -> Owner | None:
        """The account with this path (/hooks/provider/key), when that is known without asking."""
        return self._by_path.get(path) if self._age() <= KNOWN_FOR else None

    async def owner(self, provider: str, hook_key: str) -> Owner | None:
        """The account of this provider with this key, None when there is none."""
        found = self._owners.get((provider, hook_key))
        if self._age() > (KNOWN_FOR if found else UNKNOWN_FOR):
            await self._refresh()
            found = self._owners.get((provider, hook_key))
        return found

    async def owner_anew(self, provider: str, hook_key: str) -> Owner | None:
        """As owner, from a copy a second old at most: for a signature that yesterday's secrets did not make."""
        if self._age() > UNKNOWN_FOR:
            await self._refresh()
        return self._owners.get((provider, hook_key))

    def _age(self) -> float:
        return time.monotonic() - self._read_at

    async def _refresh(self) -> None:
        async with self._reading:
            if self._age() < UNKNOWN_FOR:
                return  # another request has just read it
            try:
                rows = await self._database.execute("SELECT id, provider, hook_key, credentials FROM accounts")
            except Unavailable:
                if self._read_at == float("-inf"):
                    raise
                # What was true a moment ago is better than no answer: storing decides about the 503.
                return
            self._owners = {(row[1], row[2]): self._open(row[0], row[1], row[2], bytes(row[3])) for row in rows}
            self._by_path = {f"/hooks/{provider}/{key}": owner for (provider, key), owner in self._owners.items()}
            self._read_at = time.monotonic()

    def _open(self, account_id: int, provider: str, hook_key: str, sealed: bytes) -> Owner:
        before = self._sealed.get(account_id)
        if before is not None and before[:2] == (sealed, hook_key):
            return before[2]
        owner = self._unseal(account_id, provider, hook_key, sealed)
        self._sealed[account_id] = (sealed, hook_key, owner)
        return owner

    def _unseal(self, account_id: int, provider: str, hook_key: str, sealed: bytes) -> Owner:
        address = hook_url(provider, hook_key)
        try:
            credentials: dict[str, Any] = unseal(sealed)
        except (Unreadable, ValueError):
            log.error("account %s: its credentials can't be read", account_id)
            return Owner(account_id, provider, hook_key, address, None, "")
        wire = PROVIDERS.get(provider)
        secrets = wire.secrets(credentials) if wire else ()
        return Owner(account_id, provider, hook_key, address, secrets, str(credentials.get("verify_token") or ""))
