"""The wire's vocabulary: what goes out, what came of it, what a provider must be able to do.

It refuses to know Django, SQL and retries: an error is named for the sender's next move, the sender makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from ..core.events import Action, Fact, Failure

Component = Literal["header", "body", "button"]


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place that a value fills; `index` and `sub_type` are a button's, `name` a named variable's."""

    component: Component
    index: int | None = None
    sub_type: str = ""
    name: str | None = None


class Form(msgspec.Struct, frozen=True, omit_defaults=True):
    """What all messages of a lane have in common; stored as JSON in `lanes.form` (`dump` and `load`).

    `header` is a whole header parameter that is the same for everybody, such as
    {"type": "image", "image": {"id": "…"}}.
    """

    name: str
    language: str
    slots: tuple[Slot, ...] = ()
    header: dict[str, Any] | None = None
    kind: Literal["template"] = "template"

    def dump(self) -> dict[str, Any]:
        """This form as plain JSON values; what has its default is left out."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Form:
        """The form behind `dump`. Raises msgspec.ValidationError when it is none."""
        return msgspec.convert(stored, cls)


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One message about to leave: a form with its values, or a whole `content` of its own `kind`.

    `recipient` is a phone in E.164, or else the provider's business-scoped id of the person.
    `token` (core.ids.token_of) comes back with every receipt.
    """

    recipient: str
    token: str
    form: Form | None = None
    values: Sequence[str] = ()
    kind: str = "template"
    content: Mapping[str, Any] | None = None
    reply_to: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider needs of an account. `credentials` are unsealed; their keys depend on the provider.

    `base_url` is another address than the provider's own (simulator, proxy, test); it receives the token, so
    it is honoured only with `allow_base_url` (ENVOI_PROVIDER_URLS=1).
    """

    provider_id: str
    credentials: Mapping[str, Any]
    base_url: str = ""
    allow_base_url: bool = False

    def address(self, own: str) -> str:
        """Where to send: `own`, unless the account may carry its own address and does."""
        return (self.base_url if self.allow_base_url and self.base_url else own).rstrip("/")

    def secret(self, key: str) -> str:
        """A credential as text, "" when it is missing."""
        return str(self.credentials.get(key) or "")


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider needs of a number: its id there, and the address that customers see."""

    provider_id: str
    address: str = ""


class Accepted(NamedTuple):
    """The provider took the message. `held`: it keeps it back for now, and may still drop it."""

    provider_id: str
    held: bool = False


class Answer(NamedTuple):
    """An HTTP answer, whole; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """What a provider sends with (providers.http.Client): raises Unreachable, Uncertain or Suspended."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer: ...


class SendError(Exception):
    """Why a message was not accepted. The subclass is the sender's next move, `after` the seconds to wait.

    `growth` multiplies the wait with every earlier try of the same message.
    """

    def __init__(self, failure: Failure, *, after: float = 0.0, growth: float = 1.0) -> None:
        super().__init__(f"{failure.code} {failure.title}: {failure.detail}".rstrip(": "))
        self.failure = failure
        self.after = after
        self.growth = growth

    def seconds(self, tries: int) -> float:
        """How long to wait when `tries` earlier tries went the same way (0 at first), a week at most."""
        return min(self.after * self.growth ** min(tries, 20), 604_800.0)


class Rejected(SendError):
    """This message will never go. `opted_out`: the customer refuses marketing, so record that."""

    opted_out = False


class Wait(SendError):
    """This customer can't be written to before `after` seconds; nothing was sent."""


class Throttled(SendError):
    """This channel is too fast: nothing was sent, and nothing should be for `after` seconds."""


class Suspended(SendError):
    """This channel or its whole account (`scope`) is stopped until a person acts; nothing was sent."""

    scope: Literal["channel", "account"] = "account"


class TemplateProblem(SendError):
    """This template can't be sent now, whoever the customer is; nothing was sent."""


class Unreachable(SendError):
    """Nothing left this machine: try again."""


class Uncertain(SendError):
    """Perhaps sent: never send it blindly again, its receipt settles it.

    With `after`, the channel had better rest that long, or more messages end like this one.
    """


ACTIONS: dict[Action, type[SendError]] = {
    "rejected": Rejected,
    "opted_out": Rejected,
    "wait": Wait,
    "throttled": Throttled,
    "suspended": Suspended,
    "template": TemplateProblem,
    "unreachable": Unreachable,
    "uncertain": Uncertain,
}


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a provider's error table: what to do about a code. `source` says who told us."""

    action: Action
    title: str
    after: float = 0.0
    growth: float = 1.0
    scope: Literal["channel", "account"] = "account"
    source: str

    def error(self, failure: Failure) -> SendError:
        """The exception that this row asks for."""
        error = ACTIONS[self.action](failure, after=self.after, growth=self.growth)
        if isinstance(error, Rejected):
            error.opted_out = self.action == "opted_out"
        if isinstance(error, Suspended):
            error.scope = self.scope
        return error


class Provider(Protocol):
    """One provider: pure functions over bytes, and one that sends. It keeps no state."""

    name: str

    def body(self, outgoing: Outgoing) -> bytes:
        """The request body of a message. Raises Rejected for what this provider has no way to send."""

    async def send(self, http: Http, account: Account, channel: Channel, body: bytes) -> Accepted:
        """Post one body made by `body`. Raises a SendError."""

    def advice(self, code: str) -> Advice | None:
        """What the error table says of a code, also of a failed receipt's; None when it has no row."""

    def secrets(self, credentials: Mapping[str, Any]) -> tuple[str, ...]:
        """The secrets of an account that may have signed a webhook: today's, and the one before it."""

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """Whether one of `secrets` signed these bytes, in constant time. Header names in lower case."""

    def handshake(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """The text that answers a provider's GET check of our address, None to refuse."""

    def parse(self, body: bytes) -> list[Fact]:
        """What a webhook tells, in order. Never raises: what it can't read is Unknown."""
