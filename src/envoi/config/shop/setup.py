"""Sets the demo shop up by the same actions that people use: account, number, template, imports, segment, campaign."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import time

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ...campaigns import actions as campaigns
from ...campaigns.models import Campaign
from ...channels import actions as channels
from ...channels.models import Account, Channel
from ...contacts import actions as contacts
from ...contacts.imports import run as run_contacts
from ...contacts.models import Contact, Import
from ...core.errors import Problem
from ...message_templates import actions as templates
from ...message_templates.models import Template
from ...messaging import limit_actions as limits
from ...orders.imports import run as run_orders
from ...segments import actions as segments
from ...segments import ready
from ...segments.queries import count
from ...team import actions as team
from ...team.models import Staff
from . import people, wording
from .account import ADDRESS, PLAYED

SHOP = "Record shop"
EMAIL = "owner@shop.example"
PASSWORD = "demo-shop-1"  # noqa: S105  (printed on the terminal; the demo listens on this machine only)

# Its own words for a segment; readers of other languages see them in theirs (Segment.title).
BOUGHT = _("Has bought from us")
RULE = {
    "all": [
        {"field": "tag", "is": "has", "value": "demo shop"},
        {"field": "orders.count", "is": ">=", "value": 1},
    ]
}


@dataclass(frozen=True, slots=True)
class Shop:
    """What was set up."""

    account: Account
    channel: Channel
    campaign: Campaign
    customers: int


def exists() -> bool:
    """Whether this database holds the demo shop already."""
    return Account.objects.filter(name=SHOP).exists()


def is_empty() -> bool:
    """Whether nobody has used this database yet."""
    return not Contact.objects.exists() and not Account.objects.exists()


def owner() -> Staff:
    """The shop's owner."""
    return Staff.objects.get(email=EMAIL)


def at_any_hour() -> None:
    """Nobody waits for the morning, or for WhatsApp to deliver marketing in the United States.

    A demo and a trial by chaos run at any hour, and numbers of fiction are mostly American.
    """
    limits.set_hours(quiet_from=time(0), quiet_to=time(0), zone="UTC", by=None)
    for bar in limits.bars(by=None):
        limits.end_bar(bar.pk, by=None)


def open_shop(*, provider: str, simulator_url: str, customers: int, throughput: int, seed: int) -> Shop:
    """Make the whole shop in an empty installation. Raises Problem when an import fails."""
    owner = team.add_staff(email=EMAIL, role=Staff.Role.OWNER, password=PASSWORD, name="Shop owner", by=None)
    account, channel, template = open_account(
        provider, simulator_url=simulator_url, throughput=throughput, tier=PLAYED[provider].tier
    )
    at_any_hour()
    _bring(customers, seed)
    segment = segments.save_segment(name=str(BOUGHT), rule=RULE, by=None, ready="bought")
    _ready_made(owner)
    campaign = campaigns.create(
        name="Autumn offer",
        segment_id=segment.pk,
        channel_id=channel.pk,
        template_id=template.pk,
        variables=wording.VARIABLES,
        # Nobody who watches a demo wants to wait an hour for its trial, however many customers they asked for.
        policy={"canary": "never"},
        by=owner,
    )
    return Shop(account, channel, campaign, customers)


def _ready_made(owner: Staff) -> None:
    """Every ready-made segment, counted once, so that their list says something from the first look on."""
    for one in ready.take([one.key for one in ready.ready(owner)], tags=False, by=owner):
        segments.remember_count(one.pk, count(one.rule))


def open_account(
    provider: str, *, simulator_url: str, throughput: int, tier: str = ""
) -> tuple[Account, Channel, Template]:
    """An account at a played provider, its number, and the demo's wording as approved there.

    tier: the daily limit that the simulator will say; "" leaves it to the first look at the provider.
    """
    played = PLAYED[provider]
    account = channels.connect_account(
        provider=provider,
        name=SHOP,
        provider_id=played.account_id,
        credentials=played.credentials,
        base_url=simulator_url + played.path,
        by=None,
    )
    channel = channels.add_channel(
        account.pk,
        name=SHOP,
        address=ADDRESS,
        provider_id=played.channel_id,
        throughput_per_second=throughput,
        tier=tier,
        # Nobody who looks at a demo waits until a number has proven itself.
        has_sent=not tier,
        by=None,
    )
    template = templates.store_template(
        account.pk,
        name=wording.NAME,
        language=wording.LANGUAGE,
        category="marketing",
        state="approved",
        components=wording.COMPONENTS,
        provider_id=played.template_id,
    )
    return account, channel, template


def reconnect(*, simulator_url: str) -> Shop:
    """The shop of an earlier demo, with the simulator's address of today."""
    account = Account.objects.get(name=SHOP)
    account.base_url = simulator_url + PLAYED[account.provider].path
    account.state, account.state_reason, account.problem = Account.State.ACTIVE, "", ""
    account.save(update_fields=["base_url", "state", "state_reason", "problem"])
    # What an earlier demo's end made of it: its simulator was gone before its worker.
    account.channels.filter(state=Channel.State.SUSPENDED).update(state=Channel.State.ACTIVE, state_reason="")
    campaign = Campaign.objects.order_by("pk").select_related("channel").first()
    assert campaign is not None
    return Shop(account, campaign.channel, campaign, Contact.objects.count())


def _bring(customers: int, seed: int) -> None:
    people_file, orders_file = io.StringIO(newline=""), io.StringIO(newline="")
    people.write_contacts(people_file, customers, seed=seed)
    people.write_orders(orders_file, customers, today=timezone.now())
    for kind, text, options in (
        (
            "contacts",
            people_file.getvalue(),
            {"tags": ["demo shop"], "consent": {"source": "demo shop", "text": "Yes, send me offers"}},
        ),
        ("orders", orders_file.getvalue(), {}),
    ):
        one = contacts.start_import(
            kind=kind,
            file_name=f"{kind}.csv",
            file=io.BytesIO(text.encode()),
            options=options,
            by=None,
            queue=False,
        )
        (run_contacts if kind == "contacts" else run_orders)(one.pk)
        one.refresh_from_db()
        if one.state != Import.State.FINISHED:
            raise Problem(f"The demo shop's {kind} could not be imported: {one.problem}")
