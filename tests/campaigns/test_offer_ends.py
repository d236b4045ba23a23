"""The end of a limited offer is meant by the clock of the page on which it was typed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from envoi.campaigns.models import Campaign
from envoi.channels.models import Channel
from envoi.message_templates.models import Template
from envoi.segments.models import Segment
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db

COMPONENTS = [
    {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Soldes", "has_expiration": True}},
    {"type": "BODY", "text": "Trois jours seulement."},
]


@pytest.fixture
def page(owner: Staff) -> Client:
    client = Client()
    client.force_login(owner)
    client.cookies["envoi_zone"] = "Asia/Tokyo"
    return client


@pytest.fixture
def sent(channel: Channel) -> dict[str, str]:
    template = Template.objects.create(
        account=channel.account,
        name="offer",
        language="fr",
        category="marketing",
        state="approved",
        components=COMPONENTS,
    )
    segment = Segment.objects.create(name="All", rule={"all": []})
    chosen = {"name": "Soldes", "segment": segment.pk, "channel": channel.pk, "template": template.pk}
    return {key: str(value) for key, value in chosen.items()}


def test_the_end_of_an_offer_is_kept_as_it_was_meant(page: Client, sent: dict[str, str]) -> None:
    empty = page.get("/campaigns/new/", sent).content.decode()
    assert '<input type="hidden" name="zone.offer.ends" value="Asia/Tokyo">' in empty
    assert 'By the clock of <span class="zone">Asia/Tokyo</span>.' in empty
    typed = sent | {"text.offer.ends": "2031-03-01T18:30", "zone.offer.ends": "Asia/Tokyo"}
    page.cookies["envoi_zone"] = "America/New_York"
    # The preview draws the fields again, where the template has changed.
    again = page.get("/campaigns/new/preview/", typed).content.decode()
    assert '<input type="hidden" name="zone.offer.ends" value="Asia/Tokyo">' in again
    assert page.post("/campaigns/new/", typed).status_code == 302
    campaign = Campaign.objects.get()
    ends = int(campaign.variables["offer.ends"]["text"]) / 1000
    assert datetime.fromtimestamp(ends, UTC) == datetime(2031, 3, 1, 9, 30, tzinfo=UTC)
    kept = page.get(f"/campaigns/{campaign.pk}/edit/").content.decode()
    assert 'value="2031-03-01T04:30"' in kept
    assert '<input type="hidden" name="zone.offer.ends" value="America/New_York">' in kept


@pytest.mark.parametrize("more", [{}, {"zone.offer.ends": "nowhere"}])
def test_an_end_by_no_known_clock_is_refused(page: Client, sent: dict[str, str], more: dict[str, str]) -> None:
    answer = page.post("/campaigns/new/", sent | {"text.offer.ends": "2031-03-01T18:30"} | more)
    assert answer.status_code == 422
    assert "did not say in which time zone" in answer.content.decode()
    assert not Campaign.objects.exists()
