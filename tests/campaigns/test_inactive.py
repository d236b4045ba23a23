"""Promotions leave out who was inactive for 90 days, and say so before anything is sent; a campaign may say no."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from envoi.campaigns import headcount, queries
from envoi.campaigns.audience import audience_of
from envoi.campaigns.preflight import LIFETIME
from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.message_templates.models import Template
from envoi.messaging.activity_tables import Activity
from envoi.orders.actions import NewOrder, add_orders
from envoi.segments import queries as segments
from envoi.segments.inactivity import inactive
from envoi.segments.models import Segment

pytestmark = pytest.mark.django_db

EVERYBODY: dict[str, list[str]] = {"all": []}
COMPONENTS = [{"type": "BODY", "text": "Hello"}]
INACTIVE = {"field": "inactive_days", "is": "since_days", "value": 90}


@pytest.fixture
def people() -> dict[str, Contact]:
    """One of each: long gone, wrote, read, bought, and new."""
    now = timezone.now()
    made = {
        name: Contact.objects.create(
            phone=f"+336399800{number:02d}", name=name, marketing="granted", created_at=now - timedelta(days=days)
        )
        for number, (name, days) in enumerate(
            (("gone", 200), ("wrote", 200), ("read", 200), ("bought", 200), ("new", 3), ("wrote long ago", 400))
        )
    }
    Contact.objects.filter(name="wrote").update(last_inbound_at=now - timedelta(days=89))
    Contact.objects.filter(name="wrote long ago").update(last_inbound_at=now - timedelta(days=91))
    Activity.objects.create(contact=made["read"], last_seen_at=now - timedelta(days=10))
    add_orders([NewOrder(made["bought"].pk, "1", now - timedelta(days=10), Decimal(5), "EUR")])
    add_orders([NewOrder(made["gone"].pk, "1", now - timedelta(days=150), Decimal(5), "EUR")])
    return made


@pytest.mark.parametrize(
    ("category", "exclude", "left_out"), [("marketing", True, 2), ("marketing", False, 0), ("utility", True, 0)]
)
def test_the_inactive_are_left_out_of_promotions_alone(
    people: dict[str, Contact], channel: Channel, category: str, exclude: bool, left_out: int
) -> None:
    groups = headcount.groups(
        EVERYBODY,
        {},
        components=COMPONENTS,
        category=category,
        channel_id=channel.pk,
        lifetime=LIFETIME,
        exclude_inactive=exclude,
    )
    assert sum(one.people for one in groups if one.reason == "inactive") == left_out
    assert sum(one.people for one in groups) == len(people)


def test_the_preview_of_a_draft_says_how_many(people: dict[str, Contact], channel: Channel) -> None:
    template = Template.objects.create(
        account=channel.account, name="x", language="en", category="marketing", state="approved", components=COMPONENTS
    )
    segment = Segment.objects.create(name="All", rule=EVERYBODY)
    reach = queries.reach(segment_id=segment.pk, channel_id=channel.pk, template_id=template.pk, variables={})
    assert ("inactive", "Inactive for 90 days", 2) in reach.skipped
    assert reach.will_get == 4


def test_the_segment_of_the_inactive_has_those_who_are_left_out(people: dict[str, Contact], channel: Channel) -> None:
    chosen = {one.name for one in segments.sample(INACTIVE, 10)}
    assert chosen == {"gone", "wrote long ago"}
    asked = Contact.objects.raw(f"SELECT c.* FROM contacts c WHERE {inactive(90)}")
    assert {one.name for one in asked} == chosen
    audience = audience_of(INACTIVE, {}, components=COMPONENTS, category="marketing", channel_id=channel.pk)
    assert "inactive" in audience.sql
