"""A phone of 390 pixels: nothing is squeezed to a letter, pushed out of the screen or left unsaid."""

from __future__ import annotations

from io import BytesIO

import pytest
from playwright.sync_api import Locator, Page, expect

from envoi.campaigns.models import Campaign
from envoi.channels.models import Channel
from envoi.config.commands.simulated import answers
from envoi.contacts.actions import start_import
from envoi.contacts.models import Contact
from envoi.message_templates.models import Template
from envoi.messaging.models import Message, MessageEvent
from envoi.segments.models import Segment
from envoi.team import teams
from envoi.team.models import Staff
from tests.rig import Rig, wait_until

from .test_one_person import fits, shot

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "Rue du Faubourg-Saint-Honoré, bâtiment C, escalier 4, deuxième étage à gauche, 75008 Paris, France"


def is_inside(one: Locator) -> bool:
    box = one.bounding_box()
    assert box
    return box["x"] >= 0 and box["x"] + box["width"] <= 390


def left_out(channel: Channel) -> Campaign:
    segment = Segment.objects.create(name="All", rule={"all": []})
    template = Template.objects.create(
        account=channel.account, name="autumn", language="en", category="marketing", state="approved", components=[]
    )
    made = Campaign.objects.create(
        name="Autumn", state="finished", segment=segment, channel=channel, template=template, variables={}
    )
    contact = Contact.objects.create(phone="+33639980001", name="Ines Wang")
    message = Message.objects.create(
        contact=contact,
        channel=channel,
        campaign_id=made.pk,
        direction="out",
        kind="template",
        category="marketing",
        state="skipped",
        template=template,
        values=[],
        reason="no_consent",
    )
    MessageEvent.objects.create(contact=contact, message_id=message.id, what="skipped", detail={"reason": "no_consent"})
    return made


def test_lists_say_all_on_a_phone(rig: Rig, page: Page, owner: Staff, channel: Channel) -> None:
    campaign = left_out(channel)
    teams.make("Sales", by=owner)
    file = f"phone,street,name\n+33639980009,{LONG},Wang\n".replace(LONG, f'"{LONG}"').encode()
    draft = start_import(kind="contacts", file_name="new.csv", file=BytesIO(file), options={}, by=None, draft=True)
    rig.start("web", "--port", str(rig.port))
    wait_until(lambda: answers(f"http://127.0.0.1:{rig.port}/health/live"), saying="the pages did not start")
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto("/team/audit/")
    for moment in page.locator("#audit-rows time").all():
        box = moment.bounding_box()
        assert box
        assert box["height"] < 30, "the time stands on one line"
        assert is_inside(moment)
    assert fits(page)
    shot(page, "audit-390")

    page.goto(f"/contacts/imports/{draft.pk}/columns/")
    for choice in page.locator(".columns-of-file select").all():
        assert is_inside(choice)
    expect(page.get_by_text(LONG[:20])).to_be_visible()
    assert fits(page)
    shot(page, "columns-390")

    page.goto(f"/campaigns/{campaign.pk}/recipients/?state=skipped")
    why = page.locator("#recipients .why")
    expect(why).to_be_visible()
    expect(why).to_have_text("No consent to promotions")
    assert is_inside(why)
    assert fits(page)
    shot(page, "recipients-390")
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(why).to_be_hidden()
    expect(page.get_by_role("cell", name="No consent to promotions", exact=True)).to_be_visible()
