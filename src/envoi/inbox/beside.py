"""What stands beside a thread: colleagues, teams and numbers to choose from, and what is known of the customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..contacts import attributes
from ..contacts.models import Contact, Note, Tag
from ..contacts.queries import contact_for as contact_for
from ..contacts.queries import notes_of
from ..messaging.queries import zone_of
from ..orders import queries as orders
from ..segments.models import Segment
from ..segments.queries import segments_of
from ..team.models import Staff, Team
from ..team.rights import may, require
from .models import Conversation
from .places import url_of

MOST_TAGS = 300


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody to whom a conversation may be given, or who may be called in a note."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another conversation with the same customer."""

    href: str
    at: Any
    state_word: str


@dataclass(frozen=True, slots=True)
class Side:
    """The right pane. `attributes` are (label, kind, value); `zone` the customer's time zone, "" when unknown."""

    attributes: list[tuple[str, str, Any]]
    zone: str
    totals: Any
    orders: list[Any]
    notes: list[Note]
    earlier: list[Earlier]
    tag_choices: list[str]
    may_change: bool


def side_of(by: Staff, contact: Contact, *, conversation_id: int) -> Side:
    """All that the right pane shows without being asked further."""
    require(by, "contacts.read")
    return Side(
        attributes=attributes.shown(contact.attributes, attributes.definitions()),
        zone=zone_of(contact),
        totals=orders.totals_of(contact.pk),
        orders=orders.orders_of(contact.pk, limit=4),
        notes=notes_of(contact.pk, limit=5),
        earlier=_earlier(contact.pk, conversation_id),
        tag_choices=list(Tag.objects.order_by("name").values_list("name", flat=True)[:MOST_TAGS]),
        may_change=may(by, "contacts.write") and not contact.erased_at,
    )


def segments_with(by: Staff, contact_id: int) -> list[Segment]:
    """The segments that this customer is in now."""
    require(by, "contacts.read")
    return segments_of(contact_id)


def colleagues(by: Staff) -> list[Colleague]:
    """Everybody who can sign in, by name."""
    require(by, "inbox.read")
    found = Staff.objects.filter(is_active=True).order_by("name", "email")
    return [Colleague(one.pk, str(one), one.email) for one in found if may(one, "inbox.write")]


def teams(by: Staff) -> list[tuple[int, str]]:
    """Every team, by name."""
    require(by, "inbox.read")
    return list(Team.objects.order_by("name").values_list("pk", "name"))


def numbers(by: Staff) -> list[tuple[int, str]]:
    """Every number of ours, by name."""
    require(by, "inbox.read")
    return list(Channel.objects.order_by("name", "pk").values_list("pk", "name"))


def tags_to_filter(by: Staff) -> list[tuple[int, str]]:
    """Tags by which the list can be narrowed."""
    require(by, "inbox.read")
    return list(Tag.objects.order_by("name").values_list("pk", "name")[:MOST_TAGS])


def _earlier(contact_id: int, conversation_id: int) -> list[Earlier]:
    found = Conversation.objects.filter(contact_id=contact_id).exclude(id=conversation_id).order_by("-last_at")[:20]
    words = {
        str(Conversation.State.OPEN): _("open"),
        str(Conversation.State.SNOOZED): _("snoozed"),
        str(Conversation.State.CLOSED): _("closed"),
    }
    return [Earlier(url_of(contact_id, one.id), one.last_at, words[one.state]) for one in found]
