"""An agent looks after one person in a real browser: notes, blocking, merging and parting, on any screen."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from envoi.channels.models import Channel
from envoi.config.commands.simulated import answers
from envoi.contacts import actions, attributes
from envoi.contacts.models import Contact
from envoi.core.events import Person
from envoi.messaging import activity
from envoi.messaging.models import ActivityCheckpoint
from envoi.orders.actions import NewOrder, add_orders
from envoi.team.models import Staff
from tests.records.test_merging import sent, told, wrote
from tests.rig import Rig, wait_until

SIZES = [(1280, 900), (390, 844)]


@pytest.fixture
def ana(transactional_db: None, owner: Staff, channel: Channel) -> int:
    """Somebody of whom there is something to tell."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    ActivityCheckpoint.objects.update_or_create(id=1, defaults={"done_to": long_ago})
    contact_id = actions.contact_for_person(
        Person(phone="+33639980001", user_id="FR.4821907735512093", name="Ana Lima", username="ana.l", scope="9000")
    )
    now = timezone.now()
    actions.record_consent(contact_id, purpose="marketing", state="granted", source="checkout form", text="Write to me")
    actions.tag([contact_id], name="vip")
    message = sent(contact_id, channel, states=())
    told(contact_id, message, "sent", "delivered", "read")
    for hours in range(5):
        wrote(contact_id, channel, now - timedelta(hours=hours * 7), f"wamid.IN{hours}")
    add_orders([NewOrder(contact_id, "A1", now - timedelta(days=3), Decimal("49.90"), "EUR")])
    attributes.define(key="size", label="Size", kind="choice", choices=["S", "M", "L"], by=owner)
    attributes.define(key="birthday", label="Birthday", kind="date", by=owner)
    Contact.objects.filter(pk=contact_id).update(attributes={"size": "M", "birthday": "1990-02-28"})
    activity.roll_up()
    return contact_id


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("ENVOI_TEST_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_person_is_noted_blocked_merged_and_parted(rig: Rig, page: Page, ana: int) -> None:
    other = actions.contact_for_person(Person(phone="+33639980002", name="Ana L."))
    actions.record_consent(other, purpose="marketing", state="withdrawn", source="keyword", text="STOP")
    rig.start("web", "--port", str(rig.port))
    wait_until(lambda: answers(f"http://127.0.0.1:{rig.port}/health/live"), saying="the pages did not start")
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()

    page.goto(f"/contacts/{ana}/")
    expect(page.get_by_role("heading", name="Ana Lima")).to_be_visible()
    page.get_by_placeholder("A note for your colleagues").fill("Prefers the morning")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("Note by Owner")).to_be_visible()

    page.get_by_role("button", name="Block").first.click()
    page.get_by_placeholder("Why?").fill("asked us to")
    page.locator("#block").get_by_role("button", name="Block").click()
    expect(page.get_by_text("Blocked: never written to.")).to_be_visible()
    page.get_by_role("button", name="Unblock").click()
    expect(page.get_by_role("button", name="Block").first).to_be_visible()

    page.get_by_role("link", name="Merge").click()
    page.get_by_role("searchbox").fill("Ana L")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Ana L.").click()
    expect(page.get_by_text("the withdrawal counts for both")).to_be_visible()
    shot(page, "merge")
    page.get_by_role("button", name="Merge").first.click()
    page.locator("#merge").get_by_role("button", name="Merge").click()
    expect(page.get_by_text("The two records are one.")).to_be_visible()
    expect(page.get_by_text("Merged with Ana L.")).to_be_visible()
    assert Contact.objects.get(pk=ana).marketing == "withdrawn"
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_text("They are two again.")).to_be_visible()
    assert dict(Contact.objects.values_list("pk", "marketing")) == {ana: "granted", other: "withdrawn"}

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            for name, address in (
                ("person", f"/contacts/{ana}/"),
                ("edit", f"/contacts/{ana}/edit/"),
                ("words", "/contacts/words/"),
                ("attributes", "/contacts/attributes/"),
                ("same", "/contacts/perhaps-the-same/"),
                ("compare", f"/contacts/{ana}/merge/{other}/"),
                ("data", f"/contacts/{ana}/data/"),
                ("list", "/contacts/"),
            ):
                page.goto(address)
                shot(page, f"{name}-{scheme}-{width}")
                assert fits(page), (name, width)
