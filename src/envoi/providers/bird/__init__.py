"""Bird, in the three ways that its customers reach it. "3.2" and the like are sections of the Bird fact sheet.

Credentials: "mode" ("gen3", the default · "gen2" · "conversations"), "access_key", "signing_key" (whsec_… in gen3)
and "signing_key_old"; gen3 also "region" when the key names none, "waba"; gen2 "workspace_id", "organization_id";
conversations "namespace" of its templates.

calling: addresses, keys, answers · gen3, gen2, conversations: messages · …_webhooks: facts · signatures · templates,
template_shapes · media · numbers · errors: what to do about each code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from ...core.events import Fact, Failure
from ..base import Accepted, Account, Advice, Channel, Delivery, Http, Outgoing, Uncertain
from . import conversations, errors, gen2, gen3, signatures, webhooks
from .calling import ask, json_of, mode_of, refuse, start
from .filling import fill
from .media import BirdMedia
from .numbers import BirdHooks, BirdNumbers
from .reading import MISSHAPEN, fields
from .templates import BirdTemplates

MODES = {"gen3": gen3, "gen2": gen2, "conversations": conversations}

# Calls beside the messages: their answer may name nothing.
WITHOUT_ID = ("reaction", "read")


class Bird:
    """Every kind of message that the account's API has; the others are refused with a sentence."""

    name = "bird"
    template_key: Literal["name", "id"] = "name"
    media = BirdMedia()
    templates = BirdTemplates()
    numbers = BirdNumbers()
    hooks = BirdHooks()

    def body(self, outgoing: Outgoing, channel: Channel) -> bytes:
        """The message as it is: which of the three APIs words it, only the account knows (see send)."""
        if outgoing.form is not None:
            fill(outgoing.form, outgoing.values)
        elif outgoing.content is None:
            raise refuse("The message has no content", outgoing.kind)
        return msgspec.json.encode(outgoing)

    async def send(self, http: Http, account: Account, channel: Channel, body: bytes) -> Accepted:
        """Word it for the account's API and send it. Raises Rejected before the network for what that API lacks."""
        outgoing = msgspec.json.decode(body, type=Outgoing)
        api = MODES[mode_of(account)]
        try:
            call = api.call(account, channel, outgoing)
        except MISSHAPEN as error:
            raise refuse("The message's content is not what its kind asks for", outgoing.kind) from error
        answer = await ask(http, account, call)
        found = api.accepted_id(fields(json_of(answer)))
        if not found and not (outgoing.form is None and outgoing.kind in WITHOUT_ID):
            raise Uncertain(Failure("no_message_id", "Accepted, but without a message id", start(answer), "uncertain"))
        return Accepted(found)

    def advice(self, code: str) -> Advice | None:
        """See errors.advice."""
        return errors.advice(code)

    def secrets(self, credentials: Mapping[str, Any]) -> tuple[str, ...]:
        """Credentials: "signing_key" and, while it is being changed, "signing_key_old"."""
        found = (credentials.get(key) for key in ("signing_key", "signing_key_old"))
        return tuple(secret for secret in found if isinstance(secret, str) and secret)

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> bool:
        """See signatures.verify."""
        return signatures.verify(delivery, secrets)

    def handshake(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """Bird checks no address by GET."""
        return None

    def urgent(self, body: bytes) -> bool:
        """See webhooks.urgent."""
        return webhooks.urgent(body)

    def parse(self, delivery: Delivery) -> list[Fact]:
        """See webhooks.parse."""
        return webhooks.parse(delivery)
