"""What Meta keeps of a business: accounts, numbers, templates, media; it refuses to speak HTTP."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from envoi.simulator.countries import country_of, digits_of
from envoi.simulator.limits import SecondWindow
from envoi.simulator.lives import Life
from envoi.simulator.webhooks import Mailbox

_digits_of = cache(digits_of)  # a handful of business numbers, asked for with every message

SERVICE_ALLOWANCE = 1000  # free service messages per number and month (Meta fact sheet, F.1)


class NumberSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A business number as the control API describes it. `throughput` is messages per real second."""

    id: str
    display_phone_number: str
    verified_name: str = "Demo"
    throughput: int = 80
    quality_rating: str = "GREEN"
    tier: str = "TIER_10K"
    status: str = "CONNECTED"


class TemplateSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A template as the control API describes it; left out, `id` is made up, `quality` GREEN if approved."""

    name: str
    language: str
    category: str = "MARKETING"
    status: str = "APPROVED"
    components: list[dict[str, Any]] = []
    parameter_format: str = "POSITIONAL"
    quality: str | None = None
    id: str | None = None


class AccountSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A WhatsApp business account as the control API describes it; no `callback_url` means no webhooks."""

    token: str
    app_secret: str
    app_id: str = "app"
    callback_url: str = ""
    verify_token: str = ""
    name: str = "Demo"
    portfolio_id: str = "portfolio"
    handshake: bool = True
    numbers: list[NumberSpec] = []
    templates: list[TemplateSpec] = []


@dataclass(slots=True, eq=False)
class Template:
    """One template in one language."""

    id: str
    name: str
    language: str
    category: str
    status: str
    components: list[dict[str, Any]]
    parameter_format: str = "POSITIONAL"
    rejected_reason: str = "NONE"
    quality: str = "UNKNOWN"
    previous_category: str | None = None
    ttl_seconds: int | None = None
    accepted: int = 0
    held: list[Life] = field(default_factory=list)

    def component(self, kind: str) -> dict[str, Any]:
        """The component of this type, or an empty one."""
        for component in self.components:
            if str(component.get("type", "")).upper() == kind:
                return component
        return {}

    @property
    def buttons(self) -> list[dict[str, Any]]:
        buttons = self.component("BUTTONS").get("buttons") or []
        return [button for button in buttons if isinstance(button, dict)]


@dataclass(slots=True, eq=False)
class Number:
    """One business number and what its limits have counted."""

    spec: NumberSpec
    account: "Account"
    settings: dict[str, Any] = field(default_factory=dict)
    window: SecondWindow = field(default_factory=SecondWindow)
    service_messages: int = 0

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def digits(self) -> str:
        return _digits_of(self.spec.display_phone_number)

    @property
    def calling_code(self) -> str:
        return country_of(self.digits).calling_code


@dataclass(slots=True)
class Medium:
    """An uploaded file. Times are simulated seconds."""

    id: str
    mime_type: str
    content: bytes
    sha256: str
    expires_at: float
    filename: str = ""


@dataclass(slots=True, eq=False)
class Account:
    """One WhatsApp business account with its app's callback and perhaps an override (fact sheet, D.1)."""

    id: str
    spec: AccountSpec
    numbers: dict[str, Number] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    media: dict[str, Medium] = field(default_factory=dict)
    uploads: dict[str, str] = field(default_factory=dict)
    app_mailbox: Mailbox | None = None
    override_mailbox: Mailbox | None = None
    subscribed: bool = True

    def messages_mailbox(self) -> Mailbox | None:
        """Where messages and statuses go: the override when there is one, nowhere when unsubscribed."""
        return (self.override_mailbox or self.app_mailbox) if self.subscribed else None

    def fields_mailbox(self) -> Mailbox | None:
        """Where account and template fields go: always the app's own callback."""
        return self.app_mailbox if self.subscribed else None

    def has_medium(self, media_id: str, now: float) -> bool:
        """True while an uploaded or received file lives; `now` is simulated."""
        medium = self.media.get(media_id)
        return medium is not None and medium.expires_at > now

    def template(self, name: str, language: str) -> Template | None:
        for template in self.templates.values():
            if template.name == name and template.language == language and template.status != "DELETED":
                return template
        return None
