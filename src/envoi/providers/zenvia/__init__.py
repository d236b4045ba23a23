"""Zenvia's API v2 for WhatsApp. "Sheet" is the Zenvia fact sheet (November 2026).

contents and template_fields: what goes out · sending, calls: how, and what answers mean · errors: what to do about
each code · webhooks, inbound: what comes in · files, templates, hooks: the rest of its API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ...core.events import Fact
from ..base import Accepted, Account, Advice, Channel, Delivery, Hooks, Http, Media, Outgoing, Templates
from . import errors, sending, webhooks
from .files import Files
from .hooks import Subscriptions
from .templates import RemoteTemplates


class Zenvia:
    """Everything that the sheet's API has; numbers it has none for, and they are Zenvia's console's business.

    An account's provider_id is the sender id that new templates belong to, a channel's its own sender id.
    """

    name = "zenvia"
    template_key: Literal["name", "id"] = "id"
    numbers = None

    def __init__(self) -> None:
        self.media: Media = Files()
        self.templates: Templates = RemoteTemplates()
        self.hooks: Hooks = Subscriptions()

    def body(self, outgoing: Outgoing, channel: Channel) -> bytes:
        """See sending.body."""
        return sending.body(outgoing, channel)

    async def send(self, http: Http, account: Account, channel: Channel, body: bytes) -> Accepted:
        """See sending.send. Credentials: "token", its "token_secret" if it is a signature token, "api_version"."""
        return await sending.send(http, account, body)

    def advice(self, code: str) -> Advice | None:
        """See errors.advice."""
        return errors.advice(code)

    def secrets(self, credentials: Mapping[str, Any]) -> tuple[str, ...]:
        """Credentials: "hook_secret" and, while it is being changed, "hook_secret_old"."""
        found = (credentials.get(key) for key in ("hook_secret", "hook_secret_old"))
        return tuple(secret for secret in found if isinstance(secret, str) and secret)

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> bool:
        """See webhooks.verify."""
        return webhooks.verify(delivery, secrets)

    def handshake(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """Zenvia checks no address by GET."""
        return None

    def urgent(self, body: bytes) -> bool:
        """See webhooks.urgent."""
        return webhooks.urgent(body)

    def parse(self, delivery: Delivery) -> list[Fact]:
        """See webhooks.parse."""
        return webhooks.parse(delivery)
