"""What Twilio keeps of an account: senders, services, contents, messages, media; it refuses to speak HTTP."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec

from envoi.simulator.ledger import Entry
from envoi.simulator.limits import SecondWindow
from envoi.simulator.webhooks import Mailbox


class SenderSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A WhatsApp sender: its number in E.164, and its limit in messages per real second."""

    sender: str
    name: str = "Demo"
    throughput: int = 80
    quality_rating: str = "HIGH"
    messaging_limit: str = "10K Customers/24hr"
    status: str = "ONLINE"


class ContentSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A content template; left out, `sid` follows from account, name and language."""

    name: str
    language: str
    types: dict[str, Any]
    variables: dict[str, str] = {}
    category: str = "MARKETING"
    status: str = "approved"
    sid: str = ""


class SharedKey(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A key that signs webhooks instead of the Auth Token."""

    id: str
    secret: str
    algorithm: str = "HMAC_SHA256"


class AccountSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An account as the control API describes it.

    `callback_url` gets inbound messages, `status_callback_url` the statuses of messages without a StatusCallback.
    `api_keys` are secrets by SK… SID, `services` senders by MG… SID. A webhook that fails is repeated
    `retry_count` times, which is never unless an account asks for it. With `advanced_opt_out`, STOP blocks.
    """

    auth_token: str
    api_keys: dict[str, str] = {}
    callback_url: str = ""
    status_callback_url: str = ""
    shared_key: SharedKey | None = None
    portfolio_id: str = "portfolio"
    senders: list[SenderSpec] = []
    services: dict[str, list[str]] = {}
    contents: list[ContentSpec] = []
    retry_count: int = 0
    advanced_opt_out: bool = False
    requests_per_second: int = 200


@dataclass(slots=True, eq=False)
class Sender:
    """One WhatsApp sender, where its webhooks go, and until when its queue is busy (real monotonic seconds)."""

    spec: SenderSpec
    account: "Account"
    callback_url: str = ""
    status_callback_url: str = ""
    busy_until: float = 0.0
    opted_out: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return self.spec.sender

    @property
    def sid(self) -> str:
        return made_sid("XE", self.account.sid, self.id)


@dataclass(slots=True, eq=False)
class Content:
    """One Content resource with its approval."""

    sid: str
    friendly_name: str
    language: str
    types: dict[str, Any]
    variables: dict[str, Any]
    created: float
    name: str = ""
    category: str = ""
    status: str = "unsubmitted"
    rejection_reason: str = ""

    @property
    def kind(self) -> str:
        return next(iter(self.types), "")


@dataclass(slots=True, eq=False)
class Message:
    """One outbound message as it is read back, with the address for its statuses."""

    entry: Entry
    body: str
    status_callback: str
    service: str
    media: int
    final: str = ""


@dataclass(slots=True)
class Medium:
    """A customer's file."""

    sid: str
    message_sid: str
    mime_type: str
    content: bytes


@dataclass(slots=True, eq=False)
class Account:
    """One account with all it has."""

    sid: str
    spec: AccountSpec
    senders: dict[str, Sender] = field(default_factory=dict)
    contents: dict[str, Content] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    media: dict[str, Medium] = field(default_factory=dict)
    inbound_sids: set[str] = field(default_factory=set)
    services: dict[str, dict[str, str]] = field(default_factory=dict)
    window: SecondWindow = field(default_factory=SecondWindow)
    mailbox: Mailbox | None = None

    def secret_of(self, user: str) -> str | None:
        """The password that goes with a user name: the account's own SID, or one of its API keys."""
        return self.spec.auth_token if user == self.sid else self.spec.api_keys.get(user)


def made_sid(prefix: str, *about: str) -> str:
    """A SID that follows from what it names: two letters and 32 hex digits."""
    return prefix + blake2b("\x1f".join(about).encode(), digest_size=16).hexdigest()
