"""The wire's vocabulary: what goes out, what came of it, what a provider must be able to do.

It refuses to know Django, SQL and retries: an error is named for the sender's next move, the sender makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable
from urllib.parse import parse_qsl

import msgspec

from ..core import clock
from ..core.events import Fact
from .refusals import ACTIONS as ACTIONS
from .refusals import Advice as Advice
from .refusals import Rejected as Rejected
from .refusals import SendError as SendError
from .refusals import Suspended as Suspended
from .refusals import TemplateProblem as TemplateProblem
from .refusals import Throttled as Throttled
from .refusals import Uncertain as Uncertain
from .refusals import Unreachable as Unreachable
from .refusals import Wait as Wait

Component = Literal["header", "body", "expires_at_ms", "button"]

MEBIBYTE = 1_048_576


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place that a value fills; `index` and `sub_type` are a button's, `name` a named variable's.

    `sub_type` is url (the suffix), quick_reply (its payload), copy_code (the coupon), otp (the one-time code), flow
    (its token), catalog (the thumbnail's product) or mpm. The last three also take a whole action as JSON text,
    which is all that mpm takes. `expires_at_ms` is when a limited-time offer ends: milliseconds since 1970.
    """

    component: Component
    index: int | None = None
    sub_type: str = ""
    name: str | None = None


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """One card of a carousel: its own places and its own header, as in a Form."""

    slots: tuple[Slot, ...] = ()
    header: dict[str, Any] | None = None


class Form(msgspec.Struct, frozen=True, omit_defaults=True):
    """What all messages of a lane have in common; stored as JSON in `lanes.form` (`dump` and `load`).

    `header` is a whole header parameter that is the same for everybody, such as
    {"type": "image", "image": {"id": "…"}}: an image, video, document, location or product. Values come in the
    order of `slots`, then of each card's slots.
    """

    name: str
    language: str
    slots: tuple[Slot, ...] = ()
    header: dict[str, Any] | None = None
    cards: tuple[Card, ...] = ()
    kind: Literal["template"] = "template"

    @property
    def size(self) -> int:
        """How many values fill it."""
        return len(self.slots) + sum(len(card.slots) for card in self.cards)

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
    `token` (core.ids.token_of) comes back with every receipt. `options` are for one provider alone, and others
    ignore them. Contents have Meta's shapes, whatever the provider (Meta sheet, A.2 to A.4):

    text {body, preview_url} · image, video, audio, document, sticker {id or link, caption, filename, voice} ·
    location {latitude, longitude, name, address} · contacts {contacts: […]} · interactive (A.3, whole) ·
    reaction {message_id, emoji} · read {message_id, typing}
    """

    recipient: str
    token: str
    form: Form | None = None
    values: Sequence[str] = ()
    kind: str = "template"
    content: Mapping[str, Any] | None = None
    reply_to: str = ""
    options: Mapping[str, Any] = {}


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


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What reached a webhook address. `url` is the one that the provider called; header names are in lower case.

    Once it was stored, `parse` gets the same body, url and query, of the headers content-type alone, and the time at
    which it came.
    """

    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime | None = None

    @classmethod
    def at(
        cls,
        address: str,
        *,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        received_at: datetime | None = None,
    ) -> Delivery:
        """A delivery to `address` with its query as it stood behind the question mark."""
        return cls(
            url=f"{address}?{query}" if query else address,
            query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
            headers=headers,
            body=body,
            received_at=received_at,
        )

    @property
    def at_our_door(self) -> datetime:
        """When it came: the time of what a provider tells without a time of its own. Now, while it is not stored."""
        return self.received_at or clock.now()


class Answer(NamedTuple):
    """An HTTP answer, whole; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """What a provider sends with (providers.http.Client): raises Unreachable, Uncertain or Suspended."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer: ...

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int = MEBIBYTE
    ) -> Answer: ...


class Uploaded(NamedTuple):
    """A file at the provider: good in messages of the same account until `expires_at`, None for without an end."""

    id: str
    expires_at: datetime | None


class Downloaded(NamedTuple):
    """A customer's file, whole. Its type is the provider's word: never trust it with more than storing."""

    mime_type: str
    data: bytes
    name: str = ""


class RemoteTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template as its provider has it. Category, state and quality are our words, components Meta's shapes."""

    provider_id: str
    name: str
    language: str
    category: str
    state: str
    components: Sequence[Mapping[str, Any]] = ()
    quality: str = ""
    reason: str = ""


class RemoteNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number as its provider has it; what the provider does not tell is "" or None."""

    provider_id: str
    address: str
    name: str = ""
    quality: str = ""
    tier: str = ""
    throughput_per_second: int | None = None
    state: str = ""
    problems: Sequence[str] = ()


class Media(Protocol):
    """Files to and from a provider. All raise a SendError."""

    async def upload(
        self, http: Http, account: Account, channel: Channel, *, name: str, mime_type: str, data: bytes
    ) -> Uploaded:
        """Give the provider a file to send by its id. Raises Rejected for a type or size that can't be sent."""

    def by_link(self, account: Account) -> bool:
        """Whether it fetches files by itself from a public address, and takes no uploads."""

    async def download(self, http: Http, account: Account, channel: Channel, ref: Mapping[str, Any]) -> Downloaded:
        """Fetch what an inbound message refers to: `ref` is its media object, as parse left it."""


class Templates(Protocol):
    """Templates at a provider. All raise a SendError."""

    async def list_templates(self, http: Http, account: Account) -> list[RemoteTemplate]:
        """Every template of the account."""

    async def create(self, http: Http, account: Account, template: Mapping[str, Any]) -> RemoteTemplate:
        """Make one from {name, language, category, components …} (Meta sheet, C.1)."""

    async def edit(self, http: Http, account: Account, provider_id: str, changes: Mapping[str, Any]) -> None:
        """Replace its components (all of them) or its category."""

    async def delete(self, http: Http, account: Account, provider_id: str, name: str) -> None:
        """Delete this one; other languages of the same name stay."""

    async def submit(self, http: Http, account: Account, provider_id: str) -> None:
        """Hand it in for review; where creating already does that, nothing is left to do."""


@runtime_checkable
class Samples(Protocol):
    """What Templates have besides where a header's example is a file in the provider's keeping."""

    async def sample(self, http: Http, account: Account, *, name: str, mime_type: str, data: bytes) -> str:
        """The handle of an example file, for the `header_handle` of a header. Raises a SendError."""


class Numbers(Protocol):
    """The numbers of an account."""

    async def list_numbers(self, http: Http, account: Account) -> list[RemoteNumber]:
        """Every number, with what limits it. Raises a SendError."""


@runtime_checkable
class Owners(Protocol):
    """What Numbers have besides where accounts belong to a business that shares a limit of people a day."""

    async def portfolio(self, http: Http, account: Account) -> str:
        """The id of the business behind the account, "" when the token may not see it. Raises a SendError."""


# "missing": nothing is sent to that address; "inactive": the provider stopped, and somebody has to set
# it up again.
HookHealth = Literal["active", "degraded", "inactive", "missing", ""]


class Hooks(Protocol):
    """Telling a provider where to send webhooks."""

    async def subscribe(self, http: Http, account: Account, url: str, secret: str) -> str | None:
        """Have webhooks of the account sent to `url`, signed (or let in) by `secret`. Raises a SendError.

        Returns the secret that the provider made itself and shows this one time, None where ours holds. Calling it
        again for the same address makes no second subscription wherever the provider lists what there is.
        """

    async def health(self, http: Http, account: Account, url: str) -> HookHealth:
        """How the subscription for `url` fares, "" where the provider does not tell. Raises a SendError."""


class Provider(Protocol):
    """One provider: pure functions over bytes, and one that sends. It keeps no state.

    What it has no API for is None: ask `if provider.media is not None`.
    """

    name: str
    # What a form calls its template: the name that we gave it, or the id that the provider gave it.
    template_key: Literal["name", "id"]

    @property
    def media(self) -> Media | None: ...

    @property
    def templates(self) -> Templates | None: ...

    @property
    def numbers(self) -> Numbers | None: ...

    @property
    def hooks(self) -> Hooks | None: ...

    def body(self, outgoing: Outgoing, channel: Channel) -> bytes:
        """The request body of a message. Raises Rejected for what this provider has no way to send."""

    async def send(self, http: Http, account: Account, channel: Channel, body: bytes) -> Accepted:
        """Post one body made by `body`. Raises a SendError."""

    def advice(self, code: str) -> Advice | None:
        """What the error table says of a code, also of a failed receipt's; None when it has no row."""

    def secrets(self, credentials: Mapping[str, Any]) -> tuple[str, ...]:
        """The secrets of an account that may have signed a webhook: today's, and the one before it."""

    def verify(self, delivery: Delivery, secrets: Sequence[str]) -> bool:
        """Whether one of `secrets` signed this delivery, in constant time."""

    def handshake(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """The text that answers a provider's GET check of our address, None to refuse."""

    def urgent(self, body: bytes) -> bool:
        """Whether a webhook may carry what somebody wrote, told from its bytes alone; surely receipts are not urgent.

        It is asked for every webhook before the 200, so it reads no JSON. A wrong guess costs time, nothing else.
        """

    def parse(self, delivery: Delivery) -> list[Fact]:
        """What a webhook tells, in order. Never raises: what it can't read is Unknown."""
