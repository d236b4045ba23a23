"""Campaigns that are forecast and planned, with people to reach and receipts that say what they cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from envoi.campaigns import actions, planning
from envoi.campaigns.models import Campaign
from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.core.events import Receipt
from envoi.core.ids import MessageKey
from envoi.message_templates.models import Template
from envoi.messaging import ledger
from envoi.messaging.actions import ledger_db
from envoi.messaging.limit_tables import Pair
from envoi.segments.models import Segment


def people(count: int, *, start: str = "+3363998", **more: Any) -> list[Contact]:
    known = {"language": "fr", "name": "Client", "marketing": "granted"} | more
    return Contact.objects.bulk_create(
        [Contact(phone=f"{start}{Contact.objects.count() + n:04}", **known) for n in range(count)]
    )


def promoted(customers: list[Contact], channel: Channel, at: datetime) -> None:
    Pair.objects.bulk_create(Pair(contact=one, channel=channel, promoted_at=at) for one in customers)


def draft(channel: Channel, template: Template, **more: Any) -> Campaign:
    segment, _made = Segment.objects.get_or_create(
        name="French", defaults={"rule": {"field": "language", "is": "is", "value": "fr"}}
    )
    made = actions.create(
        name=f"Autumn {Campaign.objects.count()}",
        segment_id=segment.pk,
        channel_id=channel.pk,
        template_id=template.pk,
        variables={"1": {"field": "first_name"}},
        by=None,
        **more,
    )
    return Campaign.objects.select_related("template", "channel__account", "segment").get(pk=made.pk)


def plan(campaign: Campaign) -> None:
    while planning.plan_stretch(campaign.pk):
        pass


def codes(advice: Any) -> set[str]:
    return {one.code for one in advice}


def deliver(messages: Any, **pricing_words: str) -> None:
    words = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"} | pricing_words
    ledger.settle(
        ledger_db(),
        [
            Receipt(
                channel="1099",
                provider_id=f"wamid.{one.id}",
                key=MessageKey(one.contact_id, one.id),
                state="delivered",
                at=timezone.now(),
                pricing=words,
            )
            for one in messages
        ],
    )
