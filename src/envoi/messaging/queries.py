"""Reading messages and their traces."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..contacts.models import Contact
from ..core.errors import NotFound
from ..media.models import File
from ..media.queries import files_by_id
from ..message_templates.wording import Bubble, bubble, filled_by
from .models import Activity, ActivityHour, ActivityMonth, Attachment, Message, MessageEvent, Place


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line of "why did this customer (not) get it": what happened, when, and the rule or the provider's words."""

    at: datetime
    what: str
    detail: dict[str, Any]


def messages_of(contact_id: int, *, limit: int = 200) -> list[Message]:
    """A contact's messages in and out, newest first."""
    return list(
        Message.objects.filter(contact_id=contact_id)
        .select_related("template", "channel")
        .order_by("-created_at", "-id")[:limit]
    )


def message_for(contact_id: int, message_id: int, *, campaign_id: int | None = None) -> Message:
    """One message, with `campaign_id` only when it is of that campaign. Raises NotFound."""
    found = Message.objects.select_related("template", "channel", "contact")
    if campaign_id is not None:
        found = found.filter(campaign_id=campaign_id)
    try:
        return found.get(contact_id=contact_id, id=message_id)
    except Message.DoesNotExist:
        raise NotFound(_("There is no such message.")) from None


def trace_of(contact_id: int, message_id: int) -> list[TraceLine]:
    """The message's story, oldest first: queued, every wait with its rule, accepted, receipts with price or error."""
    return traces_of([message_for(contact_id, message_id)])[message_id]


def traces_of(messages: Iterable[Message]) -> dict[int, list[TraceLine]]:
    """`trace_of` for many, by message id, in one statement."""
    every = list(messages)
    found: dict[int, list[MessageEvent]] = {message.id: [] for message in every}
    contacts = {message.contact_id for message in every}
    # By contact first: the index leads with it, as all that belongs to a customer does.
    events = MessageEvent.objects.filter(contact_id__in=contacts, message_id__in=found).order_by("at", "id")
    for event in events:
        found[event.message_id].append(event)
    return {message.id: _story(message, found[message.id]) for message in every}


def _story(message: Message, events: Iterable[MessageEvent]) -> list[TraceLine]:
    ending = message.state if message.state in ("skipped", "received") else "queued"
    lines = [TraceLine(message.created_at, ending, _cause(message))]
    # A receipt's line carries the provider's time, not ours of reading it: the story is told as it happened.
    own = {"sent": message.sent_at, "delivered": message.delivered_at, "read": message.read_at}
    if message.accepted_at and not any(event.what in ("held", "accepted") for event in events):
        lines.append(TraceLine(message.accepted_at, "accepted", {}))
    for event in events:
        detail = dict(event.detail or {})
        if event.what == "skipped" and lines[0].what == "skipped":
            lines[0] = TraceLine(message.created_at, "queued", {})
        if event.what in ("delivered", "read", "sent") and message.pricing:
            detail.setdefault("pricing", message.pricing)
        if event.what in ("delivered", "read") and message.price is not None:
            detail |= {"price": str(message.price), "currency": message.currency}
        lines.append(TraceLine(own.get(event.what) or event.at, event.what, detail))
    return sorted(lines, key=lambda line: line.at)


def _cause(message: Message) -> dict[str, Any]:
    return {"reason": message.reason} if message.reason else {}


def bubble_of(message: Message, headers: Mapping[str, Mapping[str, Any]] | None = None) -> Bubble:
    """The message as its customer saw it; headers: what its template's headers showed (headers_of)."""
    if message.template is None:
        return Bubble("", "", message.text, "", ())
    components = message.template.components
    return bubble(components, filled_by(components, message.values or []), headers)


def headers_of(messages: Iterable[Message]) -> dict[int, dict[str, dict[str, Any]]]:
    """What the headers of templates showed, by message id and by the header's key, as campaigns say it (wording).

    A single message keeps its own; those of a campaign share their lane's form.
    """
    templates = [one for one in messages if one.template_id is not None]
    found = {one.id: dict(kept) for one in templates if (kept := (one.content or {}).get("headers"))}
    campaigns = {one.campaign_id for one in templates if one.campaign_id is not None}
    if not campaigns:
        return found
    with connection.cursor() as cursor:
        # Campaigns live higher on the street; of them the lane alone is asked for.
        cursor.execute(
            """
            SELECT c.id, l.form -> 'header', l.form -> 'cards'
              FROM campaigns c JOIN lanes l ON l.id = c.lane_id
             WHERE c.id = ANY(%(ids)s)
            """,
            {"ids": list(campaigns)},
        )
        shared = {row[0]: _chosen(_json(row[1]), _json(row[2])) for row in cursor.fetchall()}
    return found | {one.id: shared[one.campaign_id] for one in templates if shared.get(one.campaign_id or 0)}


def _chosen(header: Any, cards: Any) -> dict[str, dict[str, Any]]:
    """A form's header parameters ({"type": "image", "image": {…}}) as what was chosen for each header."""
    parameters = {"header": header}
    for number, card in enumerate(cards if isinstance(cards, list) else [], start=1):
        parameters[f"card.{number}.header"] = card.get("header") if isinstance(card, Mapping) else None
    return {
        key: dict(one[one["type"]])
        for key, one in parameters.items()
        if isinstance(one, Mapping) and isinstance(one.get(one.get("type")), Mapping)
    }


def _json(value: Any) -> Any:
    """Django's cursors hand JSON over as text."""
    return json.loads(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Shown:
    """A file of a message as a page shows it: the file once it is here, else its state and, for a failure, why."""

    kind: str
    state: str
    file: File | None = None
    reason: str = ""


def files_of(messages: Iterable[Message]) -> dict[int, list[Shown]]:
    """What customers sent and what was sent to them, by message id; messages without files are left out."""
    every = list(messages)
    contacts = {message.contact_id for message in every}
    ids = [message.id for message in every]
    shown: dict[int, list[Shown]] = {}
    # By contact first: the unique index leads with it, as all that belongs to a customer does.
    found = Attachment.objects.filter(contact_id__in=contacts, message_id__in=ids).select_related("file")
    for one in found.order_by("message_id", "place"):
        shown.setdefault(one.message_id, []).append(Shown(one.kind, one.state, one.file, one.reason))
    headers = headers_of(every)
    # Of a template its own header; what a carousel shows stands on its cards.
    ours = {
        message.id: list(
            file_ids_in(headers.get(message.id, {}).get("header") if message.template_id else message.content)
        )
        for message in every
        if message.direction == "out"
    }
    files = files_by_id({file_id for several in ours.values() for file_id in several})
    for message_id, file_ids in ours.items():
        for file_id in file_ids:
            file = files.get(file_id)
            state = "stored" if file else "deleted"
            shown.setdefault(message_id, []).append(Shown(file.kind if file else "document", state, file))
    return shown


def file_ids_in(content: Any) -> Iterator[int]:
    """The library's files that a message's content, or a lane's form, names as {"file": 12}."""
    if isinstance(content, Mapping):
        if isinstance(content.get("file"), int):
            yield content["file"]
        for value in content.values():
            yield from file_ids_in(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from file_ids_in(value)


@dataclass(frozen=True, slots=True)
class Uses:
    """What needs a file: queues of campaigns that have not ended, and messages that have still to leave."""

    lanes: int = 0
    waiting: int = 0

    def sentence(self) -> str:
        """Both in words, those that there are."""
        parts = []
        if self.lanes:
            parts.append(ngettext("%(n)s campaign sends it", "%(n)s campaigns send it", self.lanes) % {"n": self.lanes})
        if self.waiting:
            words = ngettext("%(n)s message waits to leave", "%(n)s messages wait to leave", self.waiting)
            parts.append(words % {"n": self.waiting})
        return ", ".join(parts)


def uses_of_files(file_ids: Collection[int]) -> dict[int, Uses]:
    """Who needs these files still, by id; what nobody needs is left out."""
    with connection.cursor() as cursor:
        # Lanes are few; of the outbox, which may be long, only whole messages have a content (templates have none).
        cursor.execute(
            """
            SELECT (found #>> '{}')::bigint, count(*) FILTER (WHERE lane), count(*) FILTER (WHERE NOT lane)
              FROM (SELECT true AS lane, jsonb_path_query(form, 'strict $.**.file ? (@.type() == "number")') AS found
                      FROM lanes WHERE form IS NOT NULL AND state <> 'closed'
                    UNION ALL
                    SELECT false, jsonb_path_query(content, 'strict $.**.file ? (@.type() == "number")')
                      FROM outbox WHERE content IS NOT NULL) AS uses
             WHERE (found #>> '{}')::bigint = ANY(%(ids)s)
             GROUP BY 1
            """,
            {"ids": list(file_ids)},
        )
        return {file_id: Uses(lanes, waiting) for file_id, lanes, waiting in cursor.fetchall()}


def receipts_missing(campaign_id: int) -> bool:
    """Whether the provider took messages of this campaign and told us of none what became of it."""
    with connection.cursor() as cursor:
        # messages_by_campaign: two probes.
        cursor.execute(
            """
            SELECT EXISTS (SELECT 1 FROM messages WHERE campaign_id = %(campaign)s AND state = 'accepted')
               AND NOT EXISTS (SELECT 1 FROM messages WHERE campaign_id = %(campaign)s
                                  AND state IN ('sent', 'delivered', 'read', 'failed'))
            """,
            {"campaign": campaign_id},
        )
        row = cursor.fetchone()
    return bool(row and row[0])


@dataclass(frozen=True, slots=True)
class Habits:
    """What one customer does with what they get. Shares and delays are None where there is nothing to divide by."""

    counts: Activity
    months: list[ActivityMonth]
    hours: list[list[int]]
    read_rate: float | None
    reply_seconds: float | None
    reply_rate: float | None


def habits_of(contact_id: int) -> Habits | None:
    """A customer's activity: sums, the last twelve months, the hours of their week (Monday first); None for none."""
    counts = Activity.objects.filter(contact_id=contact_id).first()
    if counts is None:
        return None
    struck = dict(ActivityHour.objects.filter(contact_id=contact_id).values_list("hour", "times"))
    flat = [struck.get(hour, 0) for hour in range(168)]
    return Habits(
        counts=counts,
        months=list(ActivityMonth.objects.filter(contact_id=contact_id).order_by("-month")[:12]),
        hours=[flat[day * 24 : day * 24 + 24] for day in range(7)],
        # A read that came without its delivery was delivered all the same.
        read_rate=counts.read / max(counts.delivered, counts.read) if counts.read or counts.delivered else None,
        reply_seconds=counts.reply_seconds / counts.replies if counts.replies else None,
        reply_rate=min(1.0, counts.replies / counts.delivered) if counts.delivered else None,
    )


def zone_of(contact: Contact) -> str:
    """Where a contact is: their own time zone, else what the phone says, else the country; "" when nothing does."""
    if contact.timezone:
        return contact.timezone
    keys = [key for key in ((contact.phone or "")[:5], contact.country) if key]
    zones = dict(Place.objects.filter(key__in=keys).values_list("key", "west"))
    return next((zones[key] for key in keys if zones.get(key)), "")
