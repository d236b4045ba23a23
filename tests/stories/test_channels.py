"""An administrator connects an account of each provider by hand, sets its webhook up, and sends themselves a test."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from envoi.config.shop.account import ADDRESS, PLAYED
from envoi.team.models import Staff
from tests.rig import Rig

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+33639980001"
FIELDS = {
    "meta": {"Access token": "token", "App secret": "app_secret"},
    "twilio": {"Auth token": "auth_token"},
    "bird": {"Access key": "access_key"},
    "zenvia": {"API token": "token"},
}


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").first.fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


@pytest.mark.parametrize("provider", ["meta", "twilio", "bird", "zenvia"])
def test_from_nothing_to_a_test_on_ones_own_phone(
    rig: Rig, page: Page, owner: Staff, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the pages show and tell the providers: this installation, as they reach it.
    monkeypatch.setenv("ENVOI_BASE_URL", f"http://127.0.0.1:{rig.port}")
    quick = {"throughput_limit": False, "pair_limit": False}
    rig.begin(faults="none", speed=200, settings=quick, door="web")
    rig.start("dispatch")
    rig.start("worker")
    played = PLAYED[provider]
    hooks = ("callback_url", "status_callback_url")
    spec = {key: value for key, value in played.spec("", 80).items() if key not in hooks}
    rig.simulated.put_account(provider, played.control, spec)
    sign_in(page)

    page.get_by_role("link", name="Channels").click()
    page.get_by_role("link", name="Connect an account").first.click()
    page.get_by_role("link", name=provider.capitalize()).click()
    page.get_by_label("Name", exact=True).fill("Record shop")
    page.locator("#id_provider_id").fill(played.account_id)
    for label, key in FIELDS[provider].items():
        page.get_by_label(label, exact=True).fill(played.credentials[key])
    page.get_by_text("Further fields").click()
    page.locator("#id_base_url").fill(rig.simulated.url + played.path)
    if region := played.credentials.get("region"):
        page.get_by_label(re.compile("Region")).fill(region)
    page.get_by_role("button", name="Connect").click()

    expect(page.get_by_role("heading", level=1, name="Record shop")).to_be_visible()
    expect(page.get_by_text("Last checked")).to_be_visible()
    if provider == "zenvia":
        page.get_by_role("link", name="Add a number").first.click()
        page.get_by_label("Name", exact=True).fill("Record shop")
        page.get_by_label("Number", exact=True).fill(ADDRESS)
        page.locator("#id_provider_id").fill(played.channel_id)
        page.get_by_role("button", name="Add a number").click()
    expect(page.get_by_role("cell", name=re.compile(re.escape(ADDRESS)))).to_be_visible()

    page.get_by_role("button", name="Set up the webhook").click()
    expect(page.get_by_text("The provider sends its webhooks here.")).to_be_visible()

    page.get_by_role("link", name="Send me a test").click()
    rig.simulated._call("POST", f"/_simulator/customers/{PHONE}/say", {"text": "hello"})
    page.get_by_label("Your phone").fill(PHONE)
    page.get_by_label("What to send").select_option(label="A text of your own")
    page.get_by_role("button", name="Send the test").click()
    expect(page.get_by_text("the whole way works")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Accepted by the provider")).to_be_visible()
    assert rig.number("SELECT count(*) FROM messages WHERE direction = 'out' AND state IN ('delivered', 'read')") == 1
    rig.wait_for_receipts()
