"""A marketer's morning: sign in, import customers, launch, watch, pause, resume, look one recipient up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from envoi.team.models import Staff
from tests.rig import Rig, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 160


def customers_csv(folder: Path) -> Path:
    """A shop's export: semicolons, Windows-1252, a bad number, somebody without a name, somebody twice."""
    rows = [f"+33 6 39 98 {n // 100:02d} {n % 100:02d};Élodie Girard {n};fr;yes" for n in range(PEOPLE)]
    rows += ["call me;Hugo Lambert;fr;yes", "+33 6 39 98 50 00;;fr;yes", rows[0]]
    path = folder / "clients.csv"
    path.write_bytes(("téléphone;nom;langue;marketing\r\n" + "\r\n".join(rows) + "\r\n").encode("cp1252"))
    return path


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").first.fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_from_a_customer_file_to_receipts(rig: Rig, page: Page, owner: Staff, tmp_path: Path) -> None:
    rig.begin(faults="realistic", speed=5000, settings={"faults": {"never_delivered": 0}}, door="web")
    rig.shop(customers=0, throughput=25)
    rig.start("dispatch")
    rig.start("worker")
    sign_in(page)

    # Import: the good rows go in, the bad one comes back with its reason.
    page.get_by_role("link", name="Import").first.click()
    page.set_input_files("input[type=file]", customers_csv(tmp_path))
    page.get_by_role("button", name="Go on to the columns").click()
    page.get_by_label("Everybody in this file agreed to receive marketing messages").check()
    page.get_by_label("Where did they agree?").fill("checkout form")
    page.get_by_role("button", name="Import at once").click()
    expect(page.get_by_text("finished").first).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("rejected|Rejected|Download")).first.click()
    rejects = download.value.path().read_text("utf-8-sig")
    assert "call me" in rejects
    assert len(rejects.splitlines()) == 2
    assert rig.number("SELECT count(*) FROM contacts") == PEOPLE + 1

    # The draft says who will get it and who not, before anything is sent.
    page.get_by_role("link", name="Campaigns").click()
    page.get_by_role("link", name="Autumn").click()
    expect(page.get_by_text("“first_name” is missing")).to_be_visible()
    page.get_by_role("button", name=f"Send to {PEOPLE} people").click()
    page.locator("#launch").get_by_role("button", name=f"Send to {PEOPLE} people").click()

    # The funnel fills by itself, stops when told to, and goes on.
    expect(page.get_by_text("running").first).to_be_visible()
    wait_until(lambda: rig.number("SELECT count(*) FROM messages WHERE accepted_at IS NOT NULL") > 15, saying="unsent")
    page.get_by_role("button", name="Pause").click()
    page.locator("#pause").get_by_role("button", name="Pause sending").click()
    expect(page.get_by_text("paused").first).to_be_visible()
    wait_until(
        lambda: not rig.number("SELECT count(*) FROM outbox WHERE state = 'sending'"), seconds=5, saying="not paused"
    )
    waiting = rig.waiting()
    assert waiting > 20
    page.get_by_role("button", name="Resume").click()
    page.locator("#resume").get_by_role("button", name=re.compile("still waiting")).click()
    expect(page.get_by_text("finished").first).to_be_visible(timeout=60_000)
    assert rig.simulated.ledger()["duplicates"] == 0

    # One recipient's story, line by line.
    page.get_by_role("link", name="Élodie Girard").first.click()
    expect(page.get_by_text("Planned").first).to_be_visible()
    expect(page.get_by_text(re.compile("Accepted by the provider|Failed|Uncertain")).first).to_be_visible()
    rig.wait_for_receipts()


def test_a_stranger_sees_nothing_but_the_sign_in(rig: Rig, page: Page, owner: Staff) -> None:
    rig.begin(faults="none", door="web")
    campaign = rig.shop(customers=3, throughput=80)
    for path in ("/", "/contacts/", f"/campaigns/{campaign.pk}/", f"/campaigns/{campaign.pk}/live"):
        page.goto(path)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_every_page_speaks_three_languages_and_asks_nobody_else(rig: Rig, page: Page, owner: Staff) -> None:
    rig.begin(faults="none", door="web")
    campaign = rig.shop(customers=3, throughput=80)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    sign_in(page)
    for language, heading in (("fr", "Vue d’ensemble"), ("zh-hans", "概览"), ("en", "Overview")):
        page.context.add_cookies(
            [{"name": "django_language", "value": language, "url": f"http://127.0.0.1:{rig.port}"}]
        )
        page.goto("/")
        expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        for path in ("contacts/", "contacts/import/", "segments/", "templates/", "channels/", "campaigns/"):
            answer = page.goto(f"/{path}")
            assert answer is not None
            assert answer.status == 200
        answer = page.goto(f"/campaigns/{campaign.pk}/")
        assert answer is not None
        assert answer.status == 200
    assert hosts == {f"127.0.0.1:{rig.port}"}
