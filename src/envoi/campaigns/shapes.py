"""What the API of campaigns takes and gives: drafts, their pre-flight, the report, recipients."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StrictBool, StrictFloat, StrictInt

from ..messaging.shapes import LineOut
from ..rest.shapes import (
    Given,
    Id,
    Moment,
    Money,
    Name,
    PairedId,
)
from .policy import Policy

PLAIN = Policy()

Variables = Annotated[
    dict[str, dict[str, Any]],
    Field(
        description="For each variable of the template {“field”: …, “fallback”: …} or {“text”: …}; for a header "
        "{“link”: …} or {“file”: …}.",
        examples=[{"first_name": {"field": "first_name", "fallback": "there"}}],
    ),
]
STATES = Literal[
    "", "queued", "sending", "accepted", "sent", "delivered", "read", "uncertain", "failed", "skipped", "cancelled"
]


Schedule = Annotated[
    Moment | None,
    Field(
        description="When a draft leaves by itself, with its zone, at most a year ahead; null: it waits for its "
        "launch. It needs the right to launch.",
        examples=["2026-12-24T09:00:00Z"],
    ),
]


class PolicyGiven(Given):
    """What a campaign is told of itself: its trial, when it stops, what becomes of unknown outcomes.

    Percentages are of 100.
    """

    canary: Literal["auto", "always", "never"] = PLAIN.canary  # type: ignore[assignment]
    canary_from: StrictInt = PLAIN.canary_from
    canary_size: StrictInt = PLAIN.canary_size
    canary_minutes: StrictInt = PLAIN.canary_minutes
    opted_out_percent: StrictFloat = PLAIN.opted_out_percent
    failed_percent: StrictFloat = PLAIN.failed_percent
    delivered_percent: StrictFloat = PLAIN.delivered_percent
    replied_percent: StrictFloat = PLAIN.replied_percent
    stop_at_yellow: StrictBool = PLAIN.stop_at_yellow
    uncertain: Literal["", "leave", "ask"] = PLAIN.uncertain  # type: ignore[assignment]
    uncertain_hours: StrictInt = PLAIN.uncertain_hours
    exclude_inactive: StrictBool = PLAIN.exclude_inactive


class CampaignGiven(Given):
    """A draft. Its channel and template are of one account."""

    name: Name
    segment: Id
    channel: Id
    template: Id
    variables: Variables = {}
    policy: PolicyGiven | None = None
    budget: Money | None = None
    schedule: Schedule = None


class CampaignPart(Given):
    """What of a draft may be changed. The budget may be changed while it runs, too."""

    name: Name = ""
    segment: Id = 1
    channel: Id = 1
    template: Id = 1
    variables: Variables = {}
    policy: PolicyGiven = PolicyGiven()
    budget: Money | None = None
    schedule: Schedule = None


class CampaignOut(Schema):
    """One template to one segment through one channel."""

    id: Id
    name: str
    state: str
    segment: Id
    channel: Id
    template: Id
    variables: dict[str, Any]
    policy: dict[str, Any]
    budget: Money | None
    held: str | None
    schedule: datetime | None
    schedule_problem: str
    created_at: datetime
    launched_at: datetime | None
    expires_at: datetime | None
    finished_at: datetime | None


class Reason(Schema):
    """So many people, and why."""

    reason: str
    label: str
    people: int
    until: datetime | None = None


class Advice(Schema):
    """One sentence, with a code that stays."""

    code: str
    detail: str


class Part(Schema):
    """What the recipients of one country cost; `unit` is null when no price is known."""

    country: str
    market: str
    category: str
    people: int
    free: int
    unit: Money | None
    cost: Money | None


class Share(Schema):
    """How much of a limit it takes; `limit` null: there is none."""

    what: str
    used: float
    before: float
    limit: float | None


class Preflight(Schema):
    """What a launch would do now. state: counting (ask again), counted, or impossible (`detail` says why)."""

    state: Literal["counting", "counted", "impossible"]
    detail: str = ""
    computed_at: datetime | None = None
    total: int = 0
    recipients: int = 0
    skipped: list[Reason] = []
    later: list[Reason] = []
    cost: Money | None = None
    fees: Money | None = None
    countries: list[Part] = []
    seconds: int = 0
    finish_at: datetime | None = None
    limits: list[Share] = []
    overlap: int = 0
    warnings: list[Advice] = []
    blockers: list[Advice] = []


class Code(Schema):
    """So many messages failed with this code of the provider's."""

    code: str
    title: str
    messages: int


class CountryCost(Schema):
    """What one country was to cost, and what it has cost."""

    country: str
    market: str
    promised: Money | None
    cost: Money | None
    delivered: int
    billed: int


class Report(Schema):
    """Where a campaign stands. From `accepted` to `read` each number includes those after it."""

    state: str
    recipients: int
    queued: int
    sending: int
    accepted: int
    sent: int
    delivered: int
    read: int
    replied: int
    failed: int
    skipped: int
    uncertain: int
    cancelled: int
    messages_per_second: float
    seconds_left: int | None
    skipped_by_reason: list[Reason]
    failed_by_code: list[Code]
    promised: Money | None
    cost: Money | None
    countries: list[CountryCost]


class ErrorOut(Schema):
    """The provider's words."""

    code: str
    title: str


class RecipientOut(Schema):
    """One recipient: where their message stands, the reason of the latest decision, and the last line of its trace."""

    message: PairedId
    contact: Id
    name: str
    phone: str
    state: str
    reason: str
    reason_label: str
    until: datetime | None
    error: ErrorOut | None
    price: Money | None
    at: datetime
    last: LineOut | None
