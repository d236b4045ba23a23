"""What Zenvia keeps of a customer: senders, templates, subscriptions, files; it refuses to speak HTTP."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from envoi.simulator.limits import SecondWindow
from envoi.simulator.webhooks import Mailbox


class SenderSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A WhatsApp integration as the control API describes it; `id` is its number in digits."""

    id: str
    name: str = "Demo"


class TemplateSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A template as the control API describes it, in Zenvia's names; no `senderId` means the first sender."""

    name: str
    locale: str
    components: dict[str, Any]
    category: str = "MARKETING"
    status: str = "APPROVED"
    examples: dict[str, Any] = {}
    senderId: str = ""
    qualityScore: str = "GREEN"
    id: str | None = None


class AccountSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An account as the control API describes it.

    With `token_secret` its calls must be signed. `throughput` is calls to send per real second and token: Zenvia
    publishes none. With `private_files` customers' files are for the token alone (sheet, 7, by (K)). `callback_url`
    subscribes both kinds of events there, with `hook_headers`.
    """

    token: str
    token_secret: str = ""
    throughput: int = 80
    private_files: bool = False
    callback_url: str = ""
    hook_headers: dict[str, str] = {}
    senders: list[SenderSpec] = []
    templates: list[TemplateSpec] = []


@dataclass(slots=True, eq=False)
class Template:
    """One template in one language, of one sender. `round` counts reviews: an old one decides nothing."""

    id: str
    name: str
    locale: str
    sender_id: str
    category: str
    status: str
    components: dict[str, Any]
    examples: dict[str, Any]
    quality: str = "UNKNOWN"
    comments: list[dict[str, str]] = field(default_factory=list)
    created_at: str = ""
    updated_at: str = ""
    round: int = 0

    def part(self, name: str) -> dict[str, Any]:
        """The component of this name, or an empty one."""
        found = self.components.get(name)
        return found if isinstance(found, dict) else {}

    @property
    def buttons(self) -> list[dict[str, Any]]:
        return objects(self.part("buttons").get("items"))


@dataclass(slots=True, eq=False)
class Subscription:
    """Where one kind of event goes (sheet, 4)."""

    id: str
    event_type: str
    url: str
    headers: dict[str, str]
    criteria: dict[str, Any]
    status: str
    version: str
    created_at: str
    updated_at: str
    mailbox: Mailbox

    def hears(self, event_type: str, direction: str) -> bool:
        """Whether an event goes here. DEGRADED still hears, INACTIVE does not (sheet, 4)."""
        wanted = self.criteria.get("direction", "ALL")
        fits = event_type == "MESSAGE_STATUS" or wanted in ("ALL", direction)
        return self.event_type == event_type and self.status != "INACTIVE" and fits


@dataclass(slots=True)
class File:
    """A stored file; everybody who has its address may fetch it, unless it is for one `token`."""

    id: str
    mime_type: str
    name: str
    content: bytes
    created_at: str
    delete_at: str = ""
    token: str = ""


@dataclass(slots=True, eq=False)
class Account:
    """One customer of Zenvia."""

    id: str
    spec: AccountSpec
    senders: dict[str, "Sender"] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    window: SecondWindow = field(default_factory=SecondWindow)


@dataclass(slots=True, eq=False)
class Sender:
    """One WhatsApp integration."""

    id: str
    spec: SenderSpec
    account: Account


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, none when it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def moment(at: float) -> str:
    """Unix seconds as Zenvia writes them."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
