"""Nobody answers a customer: on the fast clock the alarms come, somebody else gets the conversation, a lead is told."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from envoi.core import clock
from envoi.inbox import service
from envoi.inbox.models import Conversation, ConversationEvent
from envoi.notifications.models import Notification
from envoi.team.models import Staff
from tests.rig import Rig, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+33639980001"
# Twenty minutes a second: two hours are six seconds.
SPEED = 1200
SIZES = [("wide", 1280, 900), ("phone", 390, 844)]


def shot(page: Page, name: str) -> None:
    """Where ENVOI_TEST_SHOTS names a folder, what the page looks like, wide, narrow and dark; it always has to fit."""
    for size, width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide: {size}"
        if folder := os.environ.get("ENVOI_TEST_SHOTS"):
            page.screenshot(path=str(Path(folder) / f"{name}-{size}.png"), full_page=True)
            page.emulate_media(color_scheme="dark")
            page.screenshot(path=str(Path(folder) / f"{name}-{size}-dark.png"), full_page=True)
            page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def agent(name: str, **more: object) -> Staff:
    """Somebody who is there: a page of theirs has just called."""
    email = f"{name.lower()}@example.com"
    return Staff.objects.create(email=email, name=name, role=Staff.Role.AGENT, seen_at=clock.now(), **more)


def test_a_customer_nobody_answers_raises_a_red_alert_and_goes_to_somebody_else(
    rig: Rig, page: Page, owner: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.begin(faults="none", speed=1, door="web")
    rig.shop(customers=1, throughput=20)
    values = {"share": "in_turn", "last_agent": False, "language": False, "skills": False, "strict": False}
    service.set_assignment(None, values=values, by=owner)
    people = {one.pk: one for one in (agent("Ana"), agent("Ben"))}

    page.goto("/account/login/")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").first.fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    # Away, so that what is handed over goes to an agent.
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Away").click()
    page.goto("/contacts/")
    bell = page.locator("#bell")
    expect(bell.locator("[data-unread]")).to_be_hidden()

    rig.simulated._call("POST", f"/_simulator/customers/{PHONE}/say", {"text": "Where is my parcel?"})
    wait_until(lambda: Conversation.objects.exists(), saying="the message opened no conversation")
    first = Conversation.objects.get().assignee_id
    assert first in people
    # From here on two hours are six seconds for whoever waits.
    monkeypatch.setenv("ENVOI_SERVICE_CLOCK", f"{SPEED} {clock.now().isoformat()}")
    rig.start("worker")

    # The page is not the inbox's, and was not reloaded: the bell counts.
    expect(bell.locator("[data-unread]")).to_have_text(re.compile(r"[1-9]"), timeout=45_000)
    wait_until(
        lambda: Conversation.objects.get().alarm == Conversation.Alarm.RED, saying="no red alert was raised in time"
    )
    red = "red_alert"
    wait_until(lambda: Notification.objects.filter(staff=owner, kind=red).exists(), saying="no lead was told")
    one = Conversation.objects.get()
    assert one.priority == Conversation.Priority.URGENT
    assert one.assignee_id in people.keys() - {first}
    assert Notification.objects.filter(staff_id=one.assignee_id, kind="assigned").exists()
    assert Notification.objects.filter(staff=owner, kind=red).count() == 1
    assert ConversationEvent.objects.filter(what="alarm", detail__alarm=3).count() == 1

    bell.locator("summary").click()
    expect(bell.get_by_text("Red alert")).to_be_visible()
    shot(page, "bell")
    page.locator("#bell[open]").get_by_text("Nobody has answered").click()
    expect(page.get_by_text("Red alert: nobody has answered for hours").first).to_be_visible()
    expect(page.get_by_text(f"Given to {people[one.assignee_id].name}").last).to_be_visible()
    # What it led to was seen with that.
    wait_until(
        lambda: not Notification.objects.filter(staff=owner, read_at=None).exclude(kind="window_closing").exists(),
        saying="looking at the conversation did not read what was told about it",
    )
    page.goto("/inbox/?view=red")
    expect(page.locator(".conv")).to_have_count(1)
    expect(page.locator(".conv").get_by_text("Urgent")).to_be_visible()


def test_the_service_is_set_in_a_browser(rig: Rig, page: Page, owner: Staff) -> None:
    rig.begin(faults="none", speed=1, door="web")
    agent("Ana")
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").first.fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Service", exact=True).click()
    expect(page.get_by_text("Always open")).to_be_visible()

    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"):
        page.get_by_label(day).fill("9:00-12:30, 13:30-18:00")
    for day in ("Saturday", "Sunday"):
        page.get_by_label(day).fill("")
    page.get_by_label("Time zone").fill("Europe/Paris")
    page.locator(".picker-button").click()
    page.locator(".picker-search").fill("Fran")
    page.locator(".picker-option:text-is('France (FR)')").click()
    page.get_by_label("Part of the country").select_option(label="Alsace")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_text("Good Friday")).to_be_visible()
    page.get_by_role("row").filter(has_text="Good Friday").get_by_role("button", name="We work that day").click()
    row = page.get_by_role("row").filter(has_text="Good Friday")
    expect(row.get_by_text("09:00-12:30, 13:30-18:00")).to_be_visible()
    shot(page, "hours")

    page.get_by_role("link", name="Targets").click()
    page.get_by_label("First answer, minutes").fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("What is set")).to_be_visible()
    shot(page, "targets")

    page.get_by_role("link", name="Alarms").click()
    card = page.locator("#alarm-3")
    card.get_by_label("Everybody of the team who is there").check()
    card.get_by_role("button", name="Save").click()
    expect(page.locator("#alarm-3").get_by_text("set", exact=True)).to_be_visible()
    shot(page, "alarms")

    page.get_by_role("link", name="Assignment").click()
    page.get_by_label("In turn").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("In turn")).to_be_checked()
    expect(page.get_by_text("room for 20").first).to_be_visible()
    shot(page, "assignment")

    page.goto("/notifications/settings/")
    expect(page.get_by_role("heading", name="What you are told")).to_be_visible()
    page.get_by_label("A customer wrote in a conversation of yours: E-mail").check()
    page.get_by_label("Quiet from").fill("22:00")
    page.get_by_label("Quiet until").fill("07:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("A customer wrote in a conversation of yours: E-mail")).to_be_checked()
    shot(page, "settings")
    page.goto("/notifications/")
    expect(page.get_by_text("Nothing yet")).to_be_visible()
