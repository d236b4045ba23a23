"""What Bird keeps of a customer: accounts, channels, templates, webhook endpoints; it refuses to speak HTTP."""

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from envoi.simulator.countries import digits_of
from envoi.simulator.customers import Customer
from envoi.simulator.ledger import Entry
from envoi.simulator.limits import SecondWindow
from envoi.simulator.webhooks import Mailbox

Mode = Literal["gen3", "gen2", "conversations"]


class ChannelSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A number as the control API describes it. `id` left out is the phone number, as gen3 names it."""

    phone_number: str
    id: str = ""
    name: str = "Demo"
    throughput: int = 80
    quality_rating: str = "green"
    messaging_limit: str = "tier_10k"
    status: str = "connected"


class TemplateSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A template in one language as the control API describes it, in Meta's shapes, as for Meta's face."""

    name: str
    language: str
    category: str = "MARKETING"
    status: str = "APPROVED"
    components: list[dict[str, Any]] = []
    parameter_format: str = "POSITIONAL"
    quality: str | None = None
    id: str | None = None


class AccountSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An account as the control API describes it; no `callback_url` means no webhooks until one is subscribed.

    `signing_key` is "whsec_…" in gen3.
    """

    access_key: str
    mode: Mode = "gen3"
    signing_key: str = ""
    callback_url: str = ""
    workspace_id: str = "workspace"
    organization_id: str = "organization"
    waba: str = "waba"
    portfolio_id: str = "portfolio"
    channels: list[ChannelSpec] = []
    templates: list[TemplateSpec] = []


@dataclass(slots=True, eq=False)
class Channel:
    """One WhatsApp number and what its limits have counted."""

    spec: ChannelSpec
    account: "Account"
    wan: str
    window: SecondWindow = field(default_factory=SecondWindow)

    @property
    def id(self) -> str:
        return self.spec.id or self.phone

    @property
    def phone(self) -> str:
        return f"+{digits_of(self.spec.phone_number)}"


@dataclass(slots=True)
class Wording:
    """One language of one version; components in the Bird API's shapes, and in Meta's where they came so."""

    components: list[dict[str, Any]]
    status: str | None = None
    category: str = ""
    rejection: dict[str, Any] | None = None
    revision: int = 1
    original: list[dict[str, Any]] = field(default_factory=list)

    def component(self, kind: str) -> dict[str, Any]:
        return next((one for one in self.components if one.get("type") == kind), {})


@dataclass(slots=True)
class Version:
    id: str
    languages: dict[str, Wording] = field(default_factory=dict)
    submitted_at: str | None = None


@dataclass(slots=True, eq=False)
class Template:
    """One template with all its languages. `project_id` is its name in gen2."""

    id: str
    slug: str
    project_id: str
    category: str
    default_language: str
    draft: Version | None = None
    pending: Version | None = None
    live: Version | None = None

    @property
    def status(self) -> str:
        if self.live:
            return "active"
        if self.pending is None:
            return "draft"
        rejected = all(wording.status == "rejected" for wording in self.pending.languages.values())
        return "rejected" if rejected else "pending"

    @property
    def shown(self) -> dict[str, Wording]:
        """The languages with what was decided about each, the newest version first."""
        found: dict[str, Wording] = {}
        for version in (self.draft, self.live, self.pending):
            found |= version.languages if version else {}
        return found


@dataclass(slots=True, eq=False)
class Endpoint:
    """A receiver of webhooks. `events` are names, or (gen2) one event with its service."""

    id: str
    url: str
    events: list[str]
    secret: str
    mailbox: Mailbox
    status: str = "active"
    channel_id: str = ""
    description: str | None = None


@dataclass(slots=True)
class Medium:
    id: str
    content: bytes
    mime_type: str
    expires_at: float


@dataclass(slots=True, eq=False)
class Record:
    """A message that was accepted or received: what its webhooks and its reading tell again."""

    channel: Channel
    customer: Customer
    content: dict[str, Any]
    created_at: str
    inbound: bool = False
    entry: Entry | None = None
    times: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Account:
    """One workspace (or, in conversations mode, one MessageBird account)."""

    id: str
    spec: AccountSpec
    channels: dict[str, Channel] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    media: dict[str, Medium] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    replays: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    suppressed: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def mode(self) -> Mode:
        return self.spec.mode

    def template(self, reference: Any) -> Template | None:
        """By id, slug or project id."""
        for template in self.templates.values():
            if reference in (template.id, template.slug, template.project_id):
                return template
        return None
