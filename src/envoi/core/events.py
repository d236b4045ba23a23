"""Facts: what a provider told us, in our words. Frozen, without behaviour, the same for every provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from .ids import MessageKey

ReceiptState = Literal["sent", "delivered", "read", "failed"]

# What to do next after a failure: the closed list that every provider's codes are mapped to.
Action = Literal["rejected", "wait", "opted_out", "throttled", "suspended", "template", "unreachable", "uncertain"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote or was written to; phone or user_id may be missing (Meta sheet, A.9), not both at once.

    phone is E.164; user_id is the provider's business-scoped id, which holds within `scope` (intake knows which: the
    business portfolio of the account); name and username are what the person calls themselves, no keys.
    """

    phone: str | None = None
    user_id: str | None = None
    name: str = ""
    username: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A provider's own words for why a message failed; `code` is text since not all providers number theirs.

    action is what follows, by the provider's table: "rejected" ends this message only, "wait" also leaves this
    customer in peace for a day, "opted_out" ends promotions to this customer until they ask for them again.
    """

    code: str
    title: str = ""
    detail: str = ""
    action: Action = "rejected"


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A customer wrote to one of our numbers. `channel` is the provider's id of that number.

    `content` is Meta's message object, or the like of it made from another provider's words (Meta sheet, D.4): what
    it is under its kind, and beside it `referral` (the ad that led here), `context`, `errors`.
    """

    channel: str
    sender: Person
    provider_id: str
    at: datetime
    kind: str
    text: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message that we sent. `key` is our own token, back from the provider, when it was kept."""

    channel: str
    provider_id: str
    key: MessageKey | None
    state: ReceiptState
    at: datetime
    recipient: Person = Person()
    failure: Failure | None = None
    pricing: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TemplateChanged:
    """A template's approval, category or quality moved; what did not move is None. State is one of ours."""

    name: str
    language: str
    provider_id: str = ""
    state: str | None = None
    category: str | None = None
    quality: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PreferenceChanged:
    """A customer stopped or resumed marketing in WhatsApp itself (Meta sheet, H: opt-out)."""

    channel: str
    person: Person
    wants_marketing: bool
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """A customer has another number or business-scoped id from now on; what stayed is in both, or in neither."""

    channel: str
    old: Person
    new: Person
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """Something about one of our numbers moved; what did not move is None.

    It is named by the provider's id or, where the provider leaves that out, by its address in E.164. `event` is the
    provider's own name for what happened, `failure` a problem that it reports without a message.
    """

    channel: str = ""
    address: str = ""
    event: str = ""
    quality: str | None = None
    tier: str | None = None
    throughput_per_second: int | None = None
    name: str | None = None
    failure: Failure | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Something about an account as a whole moved; `event` is the provider's own name for it.

    state is "active", "restricted" (some sending is refused, until `until` when that is known) or "suspended";
    tier how many people may be written to first in 24 hours.
    """

    account: str
    event: str
    state: str | None = None
    tier: str | None = None
    until: datetime | None = None
    reason: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something this version does not understand: kept whole, never dropped, never an error."""

    kind: str
    raw: Any


Fact = (
    MessageReceived
    | Receipt
    | TemplateChanged
    | PreferenceChanged
    | IdentityChanged
    | ChannelChanged
    | AccountChanged
    | Unknown
)
