"""Figures as they are read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.messaging.models import Message
from envoi.reports.queries import overview
from envoi.team import people
from envoi.team.models import Staff
from envoi.web.templatetags.look import percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (3 / 13, "23.1%"),
        (1 / 6, "16.7%"),
        (1 / 17, "5.9%"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.9996, "100%"),
        (0.065, "6.5%"),
    ],
)
def test_a_percentage_is_rounded_not_cut(share: float, said: str):
    assert percent(share) == said


@pytest.mark.django_db
def test_who_answers_customers_sees_that_work_and_no_link_that_is_refused(client: Client):
    agent = Staff.objects.create(email="ana@example.com", role=Staff.Role.AGENT, name="Ana")
    client.force_login(agent)
    html = client.get("/").content.decode()
    for view in ("mine", "unassigned", "waiting", "red"):
        assert f'href="/inbox/?view={view}"' in html
    for path in ("/", "/contacts/", "/orders/"):
        html = client.get(path).content.decode()
        assert 'href="/campaigns/"' not in html, path
        assert 'href="/contacts/import/"' not in html, path
    people.set_rights(agent.pk, {"inbox.read": False}, by=None)
    assert "/inbox/?view=mine" not in client.get("/").content.decode()


@pytest.mark.django_db
def test_replied_is_who_answers_us_and_not_who_writes_first(client: Client, owner: Staff, channel: Channel):
    now = timezone.now()

    def said(contact: Contact, direction: str, *, hours_ago: float, **more: object) -> None:
        at = now - timedelta(hours=hours_ago)
        given = {"kind": "text", "category": "service", "state": "received", "text": "x", "created_at": at}
        if direction == "out":
            given |= {"state": "delivered", "accepted_at": at, "sent_at": at}
        Message.objects.create(contact=contact, channel=channel, direction=direction, **given | more)

    first, answers, late, refused, after = (
        Contact.objects.create(phone=f"+3363998{number:04}", name=f"Client {number}") for number in range(5)
    )
    client.force_login(owner)
    said(first, "in", hours_ago=0)
    said(first, "in", hours_ago=0)
    said(late, "out", hours_ago=73.5)
    said(late, "in", hours_ago=0)
    said(refused, "out", hours_ago=1, state="failed", accepted_at=None, sent_at=None)
    said(refused, "in", hours_ago=0)
    said(after, "in", hours_ago=0)
    said(after, "out", hours_ago=-0.01)
    assert overview(owner).replied == 0
    said(answers, "out", hours_ago=30)
    said(answers, "in", hours_ago=0)
    said(answers, "in", hours_ago=0)
    assert overview(owner).replied == 1
    html = client.get("/").content.decode()
    assert "Who wrote first is not counted." in html
