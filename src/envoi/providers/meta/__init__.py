"""Meta's WhatsApp Cloud API. "A.5" and the like are sections of the Meta fact sheet (November 2026).

messages, template_sends and rendering: what leaves · sending and graph: calls and what their answers mean · media,
templates, numbers: the rest of its API · webhooks, inbound, changes and people: what comes in · errors: what to do
about each code.

Credentials of an account: "token"; "app_secret" and, while it is being changed, "app_secret_old"; "verify_token";
"app_id" for samples of template headers; "api_version" for another version than the default.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Literal

from ...core.events import Fact
from ..base import Accepted, Account, Advice, Channel, Delivery, Http, Outgoing
from . import errors, messages, sending, webhooks
from .media import MetaMedia
from .numbers import MetaHooks, MetaNumbers
from .rendering import rendering
from .templates import MetaTemplates


class Meta:
    """Everything that the sheet has, both ways."""

    name = "meta"
    template_key: Literal["name", "id"] = "name"
    media = MetaMedia()
    templates = MetaTemplates()
    numbers = MetaNumbers()
    hooks = MetaHooks()

    def body(self, outgoing: Outgoing, channel: Channel) -> bytes:
        """See messages.body. The number is in the address, not in the body."""
        known = rendering(outgoing, messages.body)
        return known.body(outgoing) if known else messages.body(outgoing)

    def send(self, http: Http, account: Account, channel: Channel, body: bytes) -> Coroutine[Any, Any, Accepted]:
        """See sending.send."""
        return sending.send(http, account, channel, body)

    def advice(self, code: str) -> Advice | None:
        """See errors.advice."""
        return errors.advice(code)

    def secrets(self, credentials: Mapping[str, Any]) -> tuple[str, ...]:
        """The app's secret, today's and the one before it (D.1)."""
        found = (credentials.get(key) for key in ("app_secret", "app_secret_old"))
        return tuple(secret for secret in found if isinstance(secret, str) and secret)

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> bool:
        """See webhooks.verify."""
        return webhooks.verify(delivery.headers, delivery.body, secrets)

    def handshake(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """See webhooks.handshake."""
        return webhooks.handshake(query, verify_token)

    def urgent(self, body: bytes) -> bool:
        """See webhooks.urgent."""
        return webhooks.urgent(body)

    def parse(self, delivery: Delivery) -> list[Fact]:
        """See webhooks.parse."""
        return webhooks.parse(delivery.body)
