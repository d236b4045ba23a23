"""A marketer builds “high value and interacted in 7 days” with the keyboard, sees its count, and asks why."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from envoi.contacts.models import Contact
from envoi.core import clock
from envoi.orders.actions import NewOrder, add_orders
from envoi.segments.models import Segment
from envoi.team.models import Staff
from tests.rig import Rig
from tests.stories.test_main_job import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def customers() -> None:
    """Ines spends much and wrote lately, Karim spends much, Li wrote lately."""
    now = clock.now()
    for number, (name, amount, wrote) in enumerate((("Ines", 250, 2), ("Karim", 300, 40), ("Li", 20, 1))):
        one = Contact.objects.create(
            phone=f"+336399800{number:02d}", name=name, last_inbound_at=now - timedelta(days=wrote)
        )
        add_orders([NewOrder(one.pk, "1", now - timedelta(days=5), Decimal(amount), "EUR")])


def choose(page: Page, button: str, typed: str) -> None:
    """Open a picker by the keyboard, type a part of a word, take the first."""
    page.get_by_role("button", name=button).last.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [1280, 390])
def test_high_value_and_interacted_is_built_by_the_keyboard(rig: Rig, page: Page, owner: Staff, width: int) -> None:
    rig.begin(faults="none", door="web")
    customers()
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page)
    page.goto("/segments/new/")
    page.get_by_label("Name").first.fill("High value, interacted")

    choose(page, "What:", "average")
    expect(page.get_by_role("button", name="What: Average order")).to_be_focused()
    page.get_by_label("Comparison").select_option(">")
    page.locator("input[name='value.n2']").fill("200")
    expect(page.locator("#people")).to_contain_text("2 people")
    page.get_by_role("button", name="Add a condition").click()
    expect(page.get_by_role("button", name="What: Tag")).to_be_focused()
    choose(page, "What: Tag", "interacted")
    page.locator("input[name='value.n3']").fill("7")
    people = page.locator("#people")
    expect(people).to_contain_text("1 person")
    expect(people).to_contain_text(
        "Average order is more than 200 and wrote to us or read a message in the last 7 days"
    )
    expect(people.get_by_role("link", name="Ines")).to_be_visible()

    # Why Karim is not in.
    page.get_by_label("Why is somebody in, or out?").fill("Karim")
    page.keyboard.press("Enter")
    expect(page.locator("#why")).to_contain_text("is not in")
    expect(page.locator("#why .fails").last).to_contain_text("Wrote to us or read a message in the last 7 days")

    # A group within, and out again.
    page.get_by_role("button", name="Add a group").click()
    expect(page.locator(".bunch.inner")).to_be_visible()
    page.get_by_role("button", name="Remove this group").click()
    expect(page.locator(".bunch.inner")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“High value, interacted” is saved.")).to_be_visible(timeout=20_000)
    made = Segment.objects.get()
    assert made.rule == {
        "all": [
            {"field": "orders.average", "is": ">", "value": 200},
            {"field": "interacted_days", "is": "within", "value": 7},
        ]
    }
