"""A developer's day: a key, a customer, a segment, a campaign, and why each customer did or did not get it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from envoi.team.models import ApiKey, Staff
from tests.rest.conftest import Caller
from tests.rig import Rig, wait_until
from tests.stories.test_main_job import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def secret(rig: Rig) -> str:
    """What `envoi key add` prints."""
    words = [sys.executable, "-m", "envoi.cli", "key", "add", "Shop", "--scope", "all"]
    environment = rig.environment()
    made = subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=120)
    assert "only time" in made.stderr
    lines = made.stdout.splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.fixture
def api(rig: Rig, secret: str) -> Iterator[Caller]:
    caller = Caller(f"http://127.0.0.1:{rig.port}", secret)
    yield caller
    caller.http.close()


def people(api: Caller) -> None:
    """Twelve who agreed, one who did not, one who withdrew."""
    for n in range(14):
        made = api.post(
            "/contacts", {"phone": f"+3363998{n:04d}", "name": f"Zoé {n}", "language": "fr", "tags": ["vip"]}
        )
        if n < 12 or n == 13:
            line = {"purpose": "marketing", "state": "granted", "source": "checkout", "text": "I agree to offers"}
            api.post(f"/contacts/{made['id']}/consents", line)
        if n == 13:
            line = {"purpose": "marketing", "state": "withdrawn", "source": "letter"}
            assert api.post(f"/contacts/{made['id']}/consents", line)["consent"]["marketing"] == "withdrawn"


def test_from_a_key_to_one_customers_trace(rig: Rig, api: Caller) -> None:
    rig.begin(faults="none", speed=2000, door="web")
    draft = rig.shop(customers=0, throughput=80)
    rig.start("dispatch")
    rig.start("worker")
    people(api)

    rule = {"field": "tag", "is": "has", "value": "vip"}
    preview = api.post("/segments/preview", {"rule": rule}, expect=200)
    assert (preview["count"], len(preview["items"])) == (14, 10)
    segment = api.post("/segments", {"name": "Vips", "rule": rule})
    assert api.get(f"/segments/{segment['id']}/count") == {"count": 14}

    campaign = api.post(
        "/campaigns",
        {
            "name": "Autumn by API",
            "segment": segment["id"],
            "channel": draft.channel_id,
            "template": draft.template_id,
            "variables": {"first_name": {"field": "first_name"}, "code": {"text": "AUTUMN20"}},
            "policy": {"canary": "never"},
            "budget": {"amount": "50", "currency": "USD"},
        },
    )
    at = f"/campaigns/{campaign['id']}"
    assert campaign["budget"] == {"amount": "50.00", "currency": "USD"}
    # Without a card of prices no budget can be kept, and this installation has none.
    assert api.patch(at, {"budget": None})["budget"] is None
    before = api.post(f"{at}/preflight", expect=200)
    assert before["state"] == "counted"
    assert (before["total"], before["recipients"]) == (14, 12)
    assert {one["reason"]: one["people"] for one in before["skipped"]} == {"no_consent": 1, "opted_out": 1}
    assert before["cost"]["currency"] == "USD"
    assert before["blockers"] == []

    word = {"Idempotency-Key": "launch-1"}
    assert api.http.post(f"{at}/launch", headers=word).status_code == 200
    assert api.http.post(f"{at}/launch", headers=word).headers["idempotency-replayed"] == "true"
    assert api.post(f"{at}/launch", expect=409)["type"].endswith("already-launched")
    wait_until(lambda: api.get(at)["state"] == "finished", saying="the campaign did not finish")
    rig.wait_for_receipts()

    report = api.get(f"{at}/report")
    # Without faults one may still have no WhatsApp.
    assert (report["recipients"], report["accepted"] + report["failed"], report["skipped"]) == (14, 12, 2)
    assert report["accepted"] > 8
    assert rig.simulated.ledger()["duplicates"] == 0
    recipients = api.everything(f"{at}/recipients", limit=5)
    assert len(recipients) == 14
    skipped = {one["reason"]: one for one in recipients if one["state"] == "skipped"}
    assert set(skipped) == {"no_consent", "opted_out"}
    assert skipped["opted_out"]["last"]["rule"] == "opted_out"
    reached = next(one for one in recipients if one["state"] in ("delivered", "read"))
    message = api.get(f"/messages/{reached['message']}")
    assert "AUTUMN20" in message["text"]
    assert [line["what"] for line in message["trace"]][:2] == ["queued", "accepted"]
    assert message["trace"][-1]["what"] == reached["state"]
    # The list by the provider's id finds it as well.
    found = api.get("/messages", provider_id=message["provider_id"])["items"]
    assert [one["id"] for one in found] == [message["id"]]


def test_an_answer_goes_out_while_the_customers_window_is_open(rig: Rig, api: Caller) -> None:
    rig.begin(faults="none", speed=2000, door="web")
    channel = rig.shop(customers=0, throughput=80).channel_id
    rig.start("dispatch")
    to = {"phone": "+33639980001"}
    text = {"channel": channel, "to": to, "kind": "text", "text": "It is on its way."}
    problem = api.post("/messages", text, expect=409)
    assert problem["type"].endswith("window-closed")
    assert api.get("/contacts", phone="+33639980001")["items"] == []

    # A template may go at any time.
    order = {"first_name": "Zoé", "code": "A-17"}
    named = {"name": "autumn_offer", "language": "en"}
    contact = api.post("/contacts", to)["id"]
    line = {"purpose": "marketing", "state": "granted", "source": "checkout", "text": "I agree"}
    api.post(f"/contacts/{contact}/consents", line)
    missing = {"channel": channel, "to": {"contact": contact}, "kind": "template", "template": named}
    assert [one["pointer"] for one in api.post("/messages", missing, expect=422)["errors"]] == [
        "/template/values/first_name",
        "/template/values/code",
    ]
    sent = api.post("/messages", missing | {"template": named | {"values": order}}, expect=202)
    assert (sent["state"], sent["text"].partition(",")[0]) == ("queued", "Hello Zoé")
    wait_until(lambda: api.get(f"/messages/{sent['id']}")["state"] in ("delivered", "read"), saying="not delivered")

    _customer_says(rig, "+33639980001", "Where is my parcel?")
    wait_until(lambda: bool(api.get("/messages", contact=contact, direction="in")["items"]), saying="nothing came in")
    assert api.get(f"/contacts/{contact}")["window_open_until"] is not None
    answer = api.post("/messages", text, expect=202)
    wait_until(lambda: api.get(f"/messages/{answer['id']}")["state"] in ("delivered", "read"), saying="not delivered")
    texts = [one["text"] for one in api.everything("/messages", limit=1, contact=contact)]
    assert texts[0] == "It is on its way."
    assert "Where is my parcel?" in texts
    rig.wait_for_receipts()


def test_an_owner_makes_a_key_on_a_page_and_revokes_it(rig: Rig, page: Page, owner: Staff) -> None:
    rig.begin(faults="none", door="web")
    sign_in(page)
    page.get_by_text("Owner").first.click()
    page.get_by_role("link", name="API keys").click()
    expect(page.get_by_text("No key yet")).to_be_visible()
    page.get_by_label("Name").fill("CRM")
    page.get_by_role("checkbox", name="contacts:read").check()
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator(".secret-once").inner_text()
    caller = Caller(f"http://127.0.0.1:{rig.port}", secret)
    caller.get("/contacts")
    caller.get("/campaigns", expect=403)
    # It is shown once.
    page.goto("/team/keys/")
    expect(page.get_by_text("CRM", exact=False).first).to_be_visible()
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke", exact=True).click()
    page.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_text("“CRM” opens nothing any more.")).to_be_visible()
    caller.get("/contacts", expect=401)
    assert ApiKey.objects.get().revoked_by == owner
    # The description of the API is a page of ours, without anything from elsewhere.
    page.goto("/api/v1/docs")
    expect(page.get_by_role("heading", name="Envoi API, version 1")).to_be_visible()
    caller.http.close()


def test_who_may_not_change_the_team_makes_no_key(client: Any, owner: Staff) -> None:
    owner.role = Staff.Role.MARKETER
    owner.save()
    client.force_login(owner)
    assert client.get("/team/keys/").status_code == 403
    assert client.post("/team/keys/", {"name": "X", "scopes": ["contacts:read"]}).status_code == 403
    assert not ApiKey.objects.exists()
    assert b"API keys" not in client.get("/").content


def _customer_says(rig: Rig, phone: str, text: str) -> None:
    body = f'{{"text": "{text}"}}'.encode()
    address = f"{rig.simulated.url}/_simulator/customers/{phone.removeprefix('+')}/say"
    with urlopen(Request(address, data=body, method="POST"), timeout=30):  # noqa: S310  (our own loopback address)
        pass
