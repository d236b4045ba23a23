"""One of everything that an address may name, and browsers to ask for it: for tests of every address at once."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from envoi.campaigns import actions as campaigns
from envoi.channels.models import Channel
from envoi.contacts.models import Contact, Import, Tag
from envoi.inbox import actions as inbox
from envoi.inbox import canned
from envoi.inbox.service_tables import ServiceTarget, SkillRule
from envoi.message_templates.models import Template
from envoi.messaging.models import LimitSettings
from envoi.notifications.models import Notification
from envoi.orders.models import ExchangeRate, Order, OrderSettings
from envoi.replies import actions as replies
from envoi.replies import codes
from envoi.rest.shapes import paired
from envoi.segments.models import Segment
from envoi.team import invitations, keys, teams
from envoi.team.actions import add_staff
from envoi.team.hour_tables import OpeningException
from envoi.team.models import Invitation, Staff, StaffSession


class World:
    """One of everything that an address may name."""

    def __init__(self, channel: Channel, owner: Staff) -> None:
        LimitSettings.objects.get_or_create(pk=1)
        self.target = add_staff(email="target@example.com", role="agent", password="a long sentence", by=None)
        contact = Contact.objects.create(phone="+33639980001", name="Zoé", language="fr")
        other = Contact.objects.create(phone="+33639980002", name="Zoe", language="fr")
        segment = Segment.objects.create(name="All", rule={"field": "language", "is": "is", "value": "fr"})
        template = Template.objects.create(
            account=channel.account,
            name="offer",
            language="fr",
            category="marketing",
            state="approved",
            components=[{"type": "BODY", "text": "Bonjour"}],
        )
        campaign = campaigns.create(
            name="Autumn", segment_id=segment.pk, channel_id=channel.pk, template_id=template.pk, variables={}, by=owner
        )
        self.campaign_id = campaign.pk
        OrderSettings.objects.create(currency="EUR")
        rate = ExchangeRate.objects.create(
            currency="USD", own="EUR", day=timezone.now().date(), rate="0.9", source="test", changed_by=owner
        )
        one = Import.objects.create(
            kind="contacts", state="finished", file_name="a.csv", path="nowhere", started_by=owner
        )
        team = teams.make("Sales", by=owner)
        invited = Invitation.objects.create(
            email="new@example.com", role="agent", made_by=owner, expires_at=timezone.now() + timedelta(days=7)
        )
        key = keys.make(name="Shop", scopes=["read"], by=owner)[0]
        session = StaffSession.objects.create(staff=self.target, session_key="s" * 32)
        conversation_id = inbox.open_with(contact.pk, channel.pk, by=None)
        self.paired = paired(contact.pk, conversation_id)
        said = canned.add(shortcut="hours", title="Hours", text="From 9 to 18", language="", team_id=None, by=owner)
        rule = replies.save_rule(
            name="Thanks",
            trigger={"on": "keyword", "words": ["thanks"]},
            conditions={},
            actions=[{"do": "text", "texts": [{"language": "", "text": "With pleasure"}]}],
            by=owner,
        )
        pool = codes.save_pool(name="Autumn", again="same", low_at=10, empty=[{"text": "None is left"}], by=owner)
        entry = replies.save_entry(question="When?", answer="From 9 to 18", language="", by=owner)
        skill = SkillRule.objects.create(pk=rule.pk, skill="returns", tag=Tag.objects.create(name="returns"))
        day = OpeningException.objects.create(day=timezone.now().date(), hours="", made_by=owner)
        row = ServiceTarget.objects.create(priority=1, first_seconds=60)
        told = Notification.objects.create(staff=owner, kind=Notification.Kind.ASSIGNED, link="/inbox/")
        Order.objects.bulk_create(
            [Order(contact=contact, external_id="A1", amount="10", currency="EUR", at=timezone.now())]
        )
        self.values: dict[str, Any] = {
            "account_id": channel.account_id,
            "auto_tag_id": 1,
            "bar_id": 1,
            "call_id": 1,
            "campaign_id": campaign.pk,
            "canned_id": said.pk,
            "channel_id": channel.pk,
            "contact_id": contact.pk,
            "conversation_id": conversation_id,
            "currency": "EUR",
            "entry_id": entry.pk,
            "event_id": 1,
            "exception_id": day.pk,
            "file_id": 1,
            "gone_id": other.pk,
            "import_id": one.pk,
            "invitation_id": invited.pk,
            "kept_id": contact.pk,
            "key_id": key.pk,
            "market": "France",
            "merge_id": 1,
            "message_id": 1,
            "name": "a.png",
            "notification_id": told.pk,
            "order_id": Order.objects.get(contact=contact).id,
            "pool_id": pool.pk,
            "provider": "meta",
            "rate_id": rate.pk,
            "reply_id": rule.pk,
            "row_id": row.pk,
            "rule_id": skill.pk,
            "seal": "nothing",
            "sealed": invitations.link_of(invited).rstrip("/").rsplit("/", 1)[1],
            "segment_id": segment.pk,
            "session_id": session.pk,
            "staff_id": self.target.pk,
            "state": "paused",
            "tag_id": Tag.objects.create(name="regular").pk,
            "team_id": team.pk,
            "template_id": template.pk,
            "what": "check",
        }

    def at(self, pattern: str) -> str:
        """An address with the numbers of this world. The API's id of a conversation has its contact's in it."""
        values = self.values | ({"conversation_id": self.paired} if "{" in pattern else {})
        return re.sub(r"[<{](?:\w+:)?(\w+)[>}]", lambda match: str(values[match[1]]), pattern)


def browser(base: str, staff: Staff | None) -> httpx.Client:
    """Somebody's browser: signed in, and with the token that forms carry."""
    token = "t" * 32
    cookies = {"envoi_csrf": token}
    if staff is not None:
        client = Client()
        client.force_login(staff)
        cookies["envoi_session"] = client.cookies["envoi_session"].value
    return httpx.Client(base_url=base, cookies=cookies, headers={"X-CSRFToken": token}, timeout=30)


def status(http: httpx.Client, method: str, path: str, **more: Any) -> tuple[int, str, str]:
    """The status, where it leads, and the page."""
    if method == "GET" and path.endswith("live"):
        # A stream goes on for ten minutes, beyond the end of the test's server: asked in this process, and left.
        client = Client()
        client.cookies.load({one.name: one.value or "" for one in http.cookies.jar})
        answer = client.get(path)
        answer.close()
        return answer.status_code, answer.headers.get("location", ""), ""
    answer = http.request(method, path, **more)
    page = answer.text if answer.headers.get("content-type", "").startswith("text/html") else ""
    return answer.status_code, answer.headers.get("location", ""), page


def sends(page: str, path: str) -> set[str]:
    """The names of the addresses to which forms and buttons of a page send something."""
    there = set(re.findall(r'(?:hx-post|formaction)="([^"]+)"', page))
    for form in re.findall(r'<form\b[^>]*method="post"[^>]*>', page):
        action = re.search(r'\baction="([^"]*)"', form)
        there.add(action[1] if action and action[1] else path)
    return {resolve(urlsplit(urljoin(path, html.unescape(one))).path).view_name for one in there}
