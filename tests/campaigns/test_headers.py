"""A campaign's header may be a file of the library: offered by its kind, kept by its id, refused when it is gone."""

from __future__ import annotations

import pytest

from envoi.campaigns.forms import CampaignForm
from envoi.channels.models import Channel
from envoi.media.models import File
from envoi.message_templates.models import Template
from envoi.segments.models import Segment
from envoi.team.models import Staff
from tests.media.conftest import library_file
from tests.media.files import png

pytestmark = pytest.mark.django_db

COMPONENTS = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://shop.example/a.png"]}},
    {"type": "BODY", "text": "New in the shop."},
]


def form(channel: Channel, owner: Staff, **sent: str) -> CampaignForm:
    template = Template.objects.create(
        account=channel.account,
        name="summer",
        language="en",
        category="marketing",
        state="approved",
        components=COMPONENTS,
    )
    segment = Segment.objects.create(name="All", rule={"all": []})
    data = {"name": "Summer", "segment": segment.pk, "channel": channel.pk, "template": template.pk}
    return CampaignForm({key: str(value) for key, value in data.items()} | sent, staff=owner)


def test_the_librarys_pictures_are_offered_and_the_choice_is_kept_by_its_id(channel: Channel, owner: Staff) -> None:
    picture: File = library_file(png(), "summer.png", "image/png")
    chosen = form(channel, owner, **{"file.header": str(picture.pk)})
    [row] = chosen.headers()
    assert row.files == ((picture.pk, "summer.png"),)
    assert chosen.is_valid(), chosen.errors
    assert chosen.mapping()["header"] == {"file": picture.pk}


def test_a_file_that_is_not_in_the_library_is_refused_with_a_sentence(channel: Channel, owner: Staff) -> None:
    chosen = form(channel, owner, **{"file.header": "999"})
    assert not chosen.is_valid()
    assert chosen.headers()[0].problem == "This file is not in the library."
