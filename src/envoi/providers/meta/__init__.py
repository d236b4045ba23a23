"""Meta's WhatsApp Cloud API. "A.5" and the like are sections of the Meta fact sheet (November 2026).

sending: bodies and answers · webhooks: signatures and facts · errors: what to do about each code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.events import Fact
from ..base import Accepted, Account, Advice, Channel, Delivery, Http, Outgoing
from . import errors, sending, webhooks


class Meta:
    """Text and template messages out; statuses, template changes, preferences and everything inbound in."""

    name = "meta"
    media = None
    templates = None
    numbers = None
    hooks = None

    def body(self, outgoing: Outgoing, channel: Channel) -> bytes:
        """See sending.body."""
        return sending.body(outgoing)

    async def send(self, http: Http, account: Account, channel: Channel, body: bytes) -> Accepted:
        """See sending.send. Credentials: "token", and "api_version" for another version than the default."""
        return await sending.send(http, account, channel, body)

    def advice(self, code: str) -> Advice | None:
        """See errors.advice."""
        return errors.advice(code)

    def secrets(self, credentials: Mapping[str, Any]) -> tuple[str, ...]:
        """Credentials: "app_secret" and, while it is being changed, "app_secret_old" (D.1)."""
        found = (credentials.get(key) for key in ("app_secret", "app_secret_old"))
        return tuple(secret for secret in found if isinstance(secret, str) and secret)

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> bool:
        """See webhooks.verify."""
        return webhooks.verify(delivery.headers, delivery.body, secrets)

    def handshake(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """See webhooks.handshake."""
        return webhooks.handshake(query, verify_token)

    def parse(self, delivery: Delivery) -> list[Fact]:
        """See webhooks.parse."""
        return webhooks.parse(delivery.body)
