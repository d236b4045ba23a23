"""Writing first to a customer: templates alone; what may not leave yet says why and until when, and can be had back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.messaging.models import Message, Outbox, Pair
from envoi.team.models import Staff
from tests.rig import Rig, wait_until

from .test_inbox import (  # noqa: F401  (fixtures)
    PHONE,
    address,
    at_desk,
    ben,
    browser,
    bubble,
    conversation_of,
    open_shop,
    say,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_writes_first_is_offered_templates_and_sees_why_one_waits(
    rig: Rig,
    browser: Browser,  # noqa: F811
    ben: Staff,  # noqa: F811
) -> None:
    open_shop(rig)
    customer = Contact.objects.get(phone=PHONE)
    Pair.objects.create(
        contact=customer, channel=Channel.objects.get(), promoted_at=timezone.now() - timedelta(hours=20)
    )
    with at_desk(browser, rig, ben) as page:
        page.goto(f"/inbox/with/{customer.pk}/")
        page.get_by_role("button", name="Begin the conversation").click()

        # The templates stand there by themselves, and nothing was typed in vain.
        offer = page.locator("#panel .offers a").first
        expect(offer).to_contain_text("autumn offer")
        expect(page.locator("#words")).to_be_disabled()
        expect(page.locator("#words")).to_have_accessible_description(re.compile("only a template may go"))
        expect(page.locator("#closed-why")).to_be_visible()
        expect(page.get_by_role("button", name="Emoji")).to_be_hidden()
        # They can be closed and had again by the key of a reply; a note for colleagues may always be written.
        page.locator("#panel [data-panel-close]").click()
        expect(offer).to_have_count(0)
        page.locator("body").press("r")
        expect(offer).to_be_focused()
        page.locator(".modes").get_by_text("Note").click()
        expect(page.locator("#words")).to_be_enabled()
        page.locator(".modes").get_by_text("Reply").click()
        expect(page.locator("#words")).to_be_disabled()

        offer.click()
        page.get_by_label("{{code}}").fill("FIRST10")
        page.get_by_role("button", name="Send the template").click()
        expect(bubble(page, "FIRST10")).to_be_visible()
        waits = page.locator("#lines .waits")
        expect(waits).to_contain_text("Had a promotion less than 24 hours ago: it waits until ")
        assert Message.objects.get(direction="out").state == "queued"
        # The last word is ours: the templates are for whoever asks for them.
        page.goto(address(conversation_of()))
        expect(waits).to_be_visible()
        expect(page.locator("#words")).to_be_disabled()
        expect(offer).to_have_count(0)

        # Another rule may keep it next: the page hears of it without being loaded again.
        rig.db.execute("UPDATE channels SET state = 'paused'")
        expect(waits).to_contain_text("The channel is paused: it waits until that is over.")
        rig.db.execute("UPDATE channels SET state = 'active'")
        expect(waits).to_contain_text("Had a promotion less than 24 hours ago")

        page.get_by_role("button", name="Take it back").click()
        expect(bubble(page, "FIRST10")).to_have_count(0)
        expect(page.get_by_text("An answer was taken back before it left")).to_be_visible()
        assert Message.objects.get(direction="out").state == "cancelled"
        assert not Outbox.objects.exists()

        # What is not taken back leaves when its time has come, and the page shows it.
        page.get_by_role("link", name="Choose a template").click()
        offer.click()
        page.get_by_label("{{code}}").fill("SECOND10")
        page.get_by_role("button", name="Send the template").click()
        expect(waits).to_be_visible()
        Pair.objects.update(promoted_at=timezone.now() - timedelta(hours=25))
        Outbox.objects.update(due_at=timezone.now())
        wait_until(lambda: len(list(rig.simulated.accepted())) == 1, saying="the template did not leave")
        expect(waits).to_have_count(0)
        expect(bubble(page, "SECOND10").locator(".receipt")).to_have_attribute(
            "title", re.compile("Sent|Delivered|Read")
        )

        # Once they write, words are free.
        say(rig, "Thank you!")
        expect(bubble(page, "Thank you!")).to_be_visible()
        expect(page.locator("#words")).to_be_enabled()
