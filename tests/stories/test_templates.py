"""A template's life in a browser: written with a preview, handed in, approved, sent with values by a campaign."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from envoi.team.models import Staff
from tests.rig import Rig, wait_until

from .test_main_job import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

LINK = "https://shop.example/autumn.jpg"


def test_a_template_from_the_first_word_to_the_customers_phone(rig: Rig, page: Page, owner: Staff) -> None:
    rig.begin(faults="none", speed=200, settings={"review_seconds": 200.0}, door="web")
    rig.shop(customers=3, throughput=80)
    rig.start("worker")
    rig.start("dispatch")
    Staff.objects.filter(pk=owner.pk).update(role=Staff.Role.MARKETER)
    sign_in(page)

    # Writing: the bubble follows every word, a variable asks for its sample, buttons come one by one.
    page.get_by_role("link", name="Templates").click()
    page.get_by_role("link", name="New template").click()
    page.get_by_label("Name", exact=True).fill("autumn_story")
    page.get_by_label("Language", exact=True).last.select_option("en")
    page.get_by_label("Above the text").select_option("image")
    page.get_by_label("Link to a sample").fill(LINK)
    page.get_by_label("Text", exact=True).fill("Hello ")
    page.get_by_role("button", name="First name").click()
    page.get_by_label("Text", exact=True).press_sequentially(", the code {{code}} takes 20 % off until Sunday.")
    expect(page.locator("#preview").get_by_text("takes 20 % off until Sunday")).to_be_visible()
    page.get_by_role("textbox", name="{{first_name}}").fill("Élodie")
    page.get_by_role("textbox", name="{{code}}").fill("AUTUMN20")
    expect(page.locator("#preview").get_by_text("Hello Élodie, the code AUTUMN20 takes")).to_be_visible()
    expect(page.locator("#preview").get_by_text("autumn.jpg")).to_be_visible()

    page.get_by_role("button", name="Add a button").click()
    page.get_by_label("It says").fill("Yes please")
    page.get_by_role("button", name="Add a button").click()
    page.get_by_label("What it does").nth(1).select_option("url")
    page.get_by_label("Address", exact=True).first.fill("https://shop.example/{{1}}")
    page.get_by_label("It says").nth(1).fill("To the shop")
    page.get_by_role("textbox", name="link of button 2").fill("autumn")
    expect(page.locator("#preview").get_by_text("To the shop")).to_be_visible()
    page.get_by_role("button", name="Save and hand in").click()

    # The page follows: handed in, looked at, approved, without being reloaded.
    expect(page.get_by_text("WhatsApp is looking at it")).to_be_visible()
    expect(page.locator("#template-head").get_by_text("approved", exact=True)).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Use in a campaign").click()

    # The campaign says what goes into the header, the text and the link.
    page.get_by_label("Name", exact=True).fill("Autumn story")
    page.get_by_label("Who gets it").select_option(label="All")
    expect(page.get_by_label("Image: link")).to_have_value(LINK)
    page.get_by_label("Text for code").fill("STORY20")
    page.get_by_label("Text for button.2").fill("story")
    expect(page.locator("#preview").get_by_text("the code STORY20 takes")).to_be_visible()
    page.get_by_role("button", name="Save the draft and check it").click()
    page.get_by_role("button", name="Send to 3 people").click()
    page.locator("#launch").get_by_role("button", name="Send to 3 people").click()
    expect(page.get_by_text("finished").first).to_be_visible(timeout=60_000)

    wait_until(lambda: len(list(rig.simulated.accepted())) == 3, saying="three were sent")
    sent = [entry["body"]["template"] for entry in rig.simulated.bodies()]
    assert {one["name"] for one in sent} == {"autumn_story"}
    assert sent[0]["components"] == [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": LINK}}]},
        {
            "type": "body",
            "parameters": [
                {"type": "text", "parameter_name": "first_name", "text": "Client"},
                {"type": "text", "parameter_name": "code", "text": "STORY20"},
            ],
        },
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "story"}]},
    ]
