"""A segment over a tag that is gone: the check says so, and nobody who was to be left out is let in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import translation

from envoi.campaigns import actions, forecasts, preflight, queries
from envoi.campaigns.errors import Blocked
from envoi.campaigns.models import Campaign
from envoi.contacts import actions as people
from envoi.contacts.models import Contact, Tag
from envoi.segments.models import Segment
from envoi.team.models import Staff
from tests.campaigns.drafts import codes

pytestmark = pytest.mark.django_db

FRENCH = {"field": "language", "is": "is", "value": "fr"}
NO_ADS = {"field": "tag", "is": "has", "value": "no ads"}


@pytest.fixture
def campaign(crowd: Callable[..., Campaign]) -> Campaign:
    made = crowd(4, canary="never")
    people.tag([one.pk for one in Contact.objects.order_by("pk")[:3]], name="no ads")
    return made


def choose(campaign: Campaign, owner: Staff, rule: dict[str, object]) -> Campaign:
    Segment.objects.filter(pk=campaign.segment_id).update(rule=rule)
    return queries.campaign_for(owner, campaign.pk)


def test_a_missing_tag_that_chooses_is_a_warning(campaign: Campaign, owner: Staff) -> None:
    chosen = choose(campaign, owner, {"any": [NO_ADS, FRENCH]})
    assert "gone" not in codes(preflight.forecast(chosen).warnings)
    Tag.objects.all().delete()
    made = preflight.forecast(chosen)
    (said,) = [one.sentence for one in made.warnings if one.code == "gone"]
    assert said == "There is no tag “no ads” (any more): nobody has it."
    assert "lets_in" not in codes(made.blockers)
    assert actions.launch(campaign.pk, by=owner).state == "running"


@pytest.mark.parametrize("nested", [False, True], ids=["its own", "of a segment that it is made of"])
def test_a_missing_tag_that_leaves_out_stops_the_launch(
    campaign: Campaign, owner: Staff, client: Client, nested: bool
) -> None:
    rule: dict[str, object] = NO_ADS
    if nested:
        inner = Segment.objects.create(name="Do not disturb", rule=NO_ADS)
        rule = {"field": "segment", "is": "in", "value": inner.pk}
    chosen = choose(campaign, owner, {"all": [FRENCH, {"not": rule}]})
    assert preflight.forecast(chosen).will_get == 1
    # Looked at a moment before: what was counted then lets nobody in either.
    assert forecasts.ask(chosen, by=owner).data is not None
    Tag.objects.all().delete()
    said = "There is no tag “no ads” (any more), and the segment leaves out whoever has it: nobody is left out by it."
    with pytest.raises(Blocked) as refused:
        actions.launch(campaign.pk, by=owner)
    assert refused.value.sentence == said
    made = preflight.forecast(chosen)
    assert made.will_get == 4, "whom it would have gone to"
    kept = preflight.forecast_of(made.dump())
    assert [one.sentence for one in kept.blockers] == [said]
    forecasts.compute(chosen)
    client.force_login(owner)
    page = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert said in page
    assert "Can’t be sent yet" in page
    with translation.override("fr"):
        assert "no ads" in kept.blockers[0].sentence
