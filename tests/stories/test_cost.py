"""Before the send a marketer sees who, when and for how much; afterwards what it really cost."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from envoi.rates import actions as rates
from envoi.team.models import Staff
from tests.rig import Rig
from tests.stories.test_main_job import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

CARD = """Market,Currency,Marketing,Utility,Authentication,Authentication-International,Service
{market},USD,{price},0.02,0.02,n/a,
"""


def test_the_promised_cost_is_the_real_cost(rig: Rig, page: Page, owner: Staff) -> None:
    rig.begin(faults="none", speed=5000, settings={"faults": {"never_delivered": 0}}, door="web")
    campaign = rig.shop(customers=12, throughput=40)
    rig.db.execute("UPDATE contacts SET marketing = 'withdrawn' WHERE name = 'Client 12'")
    rig.db.execute(
        "INSERT INTO pairs (contact_id, channel_id, promoted_at)"
        " SELECT id, %s, now() FROM contacts WHERE name = 'Client 11'",
        [campaign.channel_id],
    )
    # Whatever came with Envoi: this company has a card of its own.
    rig.db.execute("TRUNCATE rates, markets, provider_fees")
    rates.bring_in(CARD.format(market="Italy", price="0.05"), date(2026, 1, 1), source="card", by=None)
    rig.start("dispatch")
    rig.start("worker")
    sign_in(page)

    # A card that lacks a country stops the launch and says which.
    page.goto(f"/campaigns/{campaign.pk}/")
    expect(page.get_by_text("has no price for FR")).to_be_visible()
    expect(page.get_by_role("button", name="Can’t be sent yet")).to_be_disabled()

    # The administrator brings the card in, and sees first what it changes.
    page.get_by_role("alert").get_by_role("link", name="Prices").click()
    page.get_by_role("link", name="Bring in Meta’s card").click()
    card = CARD.format(market="Other", price="0.1000").encode()
    page.set_input_files("input[type=file]", {"name": "usd.csv", "mimeType": "text/csv", "buffer": card})
    page.get_by_label("Holds from").fill("2026-10-01")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("keep their price: Italy (USD)")).to_be_visible()
    page.get_by_role("button", name=re.compile("Let it hold from")).click()
    expect(page.get_by_text("3 prices are kept.")).to_be_visible()

    # Who, when, for how much.
    page.goto(f"/campaigns/{campaign.pk}/")
    page.get_by_role("button", name="Count again").click()
    panel = page.locator("#preflight")
    expect(panel.get_by_text("Opted out")).to_be_visible()
    expect(panel.get_by_text("Had a promotion less than 24 hours ago")).to_be_visible()
    expect(panel.get_by_text("1.10 USD").first).to_be_visible()
    page.get_by_role("button", name="Send to 11 people").click()
    expect(page.get_by_text("Send to 11 people for about 1.10")).to_be_visible()
    page.locator("#launch").get_by_role("button", name="Send to 11 people").click()

    # Ten were delivered and billed; one still waits for the end of their day.
    cost = page.locator("#cost")
    expect(cost.get_by_text("10 delivered messages priced")).to_be_visible(timeout=60_000)
    expect(cost.get_by_text("1.00 USD").first).to_be_visible()
    # A phone's line under the name says the same, and is there unseen.
    columns = page.locator("#recipient-rows .extra")
    expect(columns.filter(has_text="0.1000 USD").first).to_be_visible(timeout=15_000)
    expect(columns.filter(has_text="until ").first).to_be_visible()
    page.get_by_role("link", name="Client 1", exact=True).click()
    expect(page.get_by_text("It cost 0.1000 USD.")).to_be_visible()
