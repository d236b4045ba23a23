"""Twilio's WhatsApp. "2" and the like are sections of the Twilio fact sheet (November 2026).

sending: forms and answers · interactive, components, contents: content templates · webhooks, signatures: what comes
in · media, numbers: files, senders · errors: what to do about each code · calls: how to call.

Credentials: "auth_token" and, while it is being changed, "auth_token_old"; with a SharedKey for webhooks
"shared_key" and "shared_key_old"; to call with an API key "api_key" and "api_key_secret"; "messaging_service_sid"
to send through a service; "webhook_url", where statuses shall go; "api_version" for another than the default. The
account's provider_id is its AC… SID, a channel's its number in E.164.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ...core.events import Fact
from ..base import Accepted, Account, Advice, Channel, Delivery, Http, Outgoing
from . import errors, sending, signatures, webhooks
from .contents import Templates
from .media import Media
from .numbers import Hooks, Numbers

SECRETS = ("auth_token", "auth_token_old", "shared_key", "shared_key_old")


class Twilio:
    """Messages by form, templates and interactive messages by ContentSid."""

    name = "twilio"
    template_key: Literal["name", "id"] = "id"
    media = Media()
    templates = Templates()
    numbers = Numbers()
    hooks = Hooks()

    def body(self, outgoing: Outgoing, channel: Channel) -> bytes:
        """See sending.body."""
        return sending.body(outgoing, channel)

    async def send(self, http: Http, account: Account, channel: Channel, body: bytes) -> Accepted:
        """See sending.send."""
        return await sending.send(http, account, body)

    def advice(self, code: str) -> Advice | None:
        """See errors.advice."""
        return errors.advice(code)

    def secrets(self, credentials: Mapping[str, Any]) -> tuple[str, ...]:
        """Both tokens and both shared keys: which of them signed, a webhook does not say reliably."""
        found = (credentials.get(key) for key in SECRETS)
        return tuple(secret for secret in found if isinstance(secret, str) and secret)

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> bool:
        """See signatures.verify."""
        return signatures.verify(delivery, secrets)

    def handshake(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """Twilio has no handshake, so nobody is answered."""
        return None

    def urgent(self, body: bytes) -> bool:
        """See webhooks.urgent."""
        return webhooks.urgent(body)

    def parse(self, delivery: Delivery) -> list[Fact]:
        """See webhooks.parse."""
        return webhooks.parse(delivery)
