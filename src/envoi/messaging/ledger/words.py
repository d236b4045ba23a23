"""What the ledger's functions take and give: claims, refusals, outcomes. Frozen values without behaviour.

Those that each message has are msgspec's: made in a tenth of the time of a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from ...core.events import Failure

Connection = psycopg.Connection[Any]


ORDER = [
    "queued",
    "sending",
    "skipped",
    "cancelled",
    "uncertain",
    "accepted",
    "sent",
    "failed",
    "delivered",
    "read",
]


class Claimed(msgspec.Struct, frozen=True):
    """A message that this process alone may send until `lease_until`. `values` fill the lane's form.

    `priority` is its lane's: 0 for replies and authentication, 1 for utility, 2 for marketing.
    """

    id: int
    contact_id: int
    lane_id: int
    recipient: str
    promotional: bool
    values: list[str] | None
    content: dict[str, Any] | None
    attempts: int
    expires_at: datetime | None
    lease_until: datetime
    priority: int = 2


@dataclass(frozen=True, slots=True)
class Refusal:
    """A customer's limit said no: until when (then the message waits), or for good (`until` None: it is skipped)."""

    message: Claimed
    reason: str
    until: datetime | None


class Sent(msgspec.Struct, frozen=True):
    """The provider took the message, gave it an id, and perhaps holds it back for a quality check."""

    message: Claimed
    provider_id: str
    at: datetime
    held: bool = False


@dataclass(frozen=True, slots=True)
class PutBack:
    """The message surely did not leave and is to be tried again at `until`."""

    message: Claimed
    reason: str
    until: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will not take this message: it failed."""

    message: Claimed
    failure: Failure
    at: datetime


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody can say whether it left (`why`); its receipt will, or a person."""

    message: Claimed
    why: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What `enqueue_recipients` did with one stretch of an audience."""

    queued: int
    skipped: int
