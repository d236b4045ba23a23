"""Figures as they are read."""

from __future__ import annotations

import pytest
from django.test import Client

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
