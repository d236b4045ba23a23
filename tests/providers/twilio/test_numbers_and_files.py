"""Senders, webhook addresses and customers' files, against the simulator and against odd servers."""

from __future__ import annotations

from typing import Any

import pytest

from envoi.core.events import MessageReceived, Receipt
from envoi.core.ids import MessageKey
from envoi.providers.base import (
    Account,
    Channel,
    Delivery,
    Form,
    Outgoing,
    Rejected,
    SendError,
    Suspended,
    Uncertain,
)
from envoi.providers.http import Client
from envoi.providers.twilio import Twilio
from tests.simulator.twilio.making import MakeRig
from tests.simulator.twilio.rig import ANA, SENDER, TOKEN, Rig

from .conftest import Odd, account_at

TWILIO = Twilio()
CHANNEL = Channel(provider_id=SENDER, address=SENDER)

# --- Numbers and webhook addresses ---------------------------------------------------------------------------------


async def test_a_number_is_named_by_its_address(rig: Rig, http: Client):
    (number,) = await TWILIO.numbers.list_numbers(http, account_at(rig))
    assert (number.provider_id, number.address, number.name) == (SENDER, SENDER, "Demo")
    assert (number.quality, number.tier, number.state) == ("green", "TIER_10K", "online")


async def test_subscribing_tells_senders_and_service(make_rig: MakeRig, http: Client):
    service = "MG" + "a" * 32
    rig = await make_rig(account={"callback_url": "", "status_callback_url": "", "services": {service: [SENDER]}})
    account = account_at(rig, messaging_service_sid=service, webhook_url="")
    await TWILIO.hooks.subscribe(http, account, rig.receiver.url, "")
    await rig.say(text="oi")
    await TWILIO.send(
        http,
        account,
        CHANNEL,
        TWILIO.body(Outgoing(recipient=ANA, token="e1.1.2", kind="text", content={"body": "x"}), CHANNEL),
    )
    await rig.quiet()
    assert rig.receiver.inbound()
    assert "delivered" in rig.receiver.statuses()


# --- What comes back -----------------------------------------------------------------------------------------------


def deliveries(rig: Rig) -> list[Delivery]:
    found = []
    for post in rig.receiver.posts:
        address, _, query = post.url.partition("?")
        found.append(Delivery.at(address, query=query, headers=post.headers, body=post.body))
    return found


@pytest.mark.parametrize("shared_key", [None, {"id": "webhooks_sharedkey_1", "secret": "shared"}])
async def test_the_simulators_webhooks_are_verified_and_understood(
    make_rig: MakeRig, http: Client, shared_key: dict[str, str] | None
):
    rig = await make_rig(account={"shared_key": shared_key})
    await rig.say(text="olá & tchau")
    outgoing = Outgoing(recipient=ANA, token="e1.17.902", form=Form(rig.sids["plain"], "pt_BR"))
    accepted = await TWILIO.send(http, account_at(rig), CHANNEL, TWILIO.body(outgoing, CHANNEL))
    await rig.quiet()
    secrets = TWILIO.secrets({"auth_token": TOKEN, "shared_key": "shared"})
    assert all(TWILIO.verify(delivery, secrets) for delivery in deliveries(rig))
    assert not any(TWILIO.verify(delivery, ["another"]) for delivery in deliveries(rig))
    facts = [fact for delivery in deliveries(rig) for fact in TWILIO.parse(delivery)]
    receipts = [fact for fact in facts if isinstance(fact, Receipt)]
    assert [receipt.state for receipt in receipts][:2] == ["sent", "delivered"]
    assert {(receipt.provider_id, receipt.key) for receipt in receipts} == {(accepted.provider_id, MessageKey(17, 902))}
    assert [fact.text for fact in facts if isinstance(fact, MessageReceived)][:1] == ["olá & tchau"]


async def picture(rig: Rig) -> dict[str, Any]:
    await rig.say(image=True)
    await rig.quiet()
    (fact,) = TWILIO.parse(deliveries(rig)[0])
    assert isinstance(fact, MessageReceived)
    return dict(fact.content["image"])


async def test_a_customers_file_is_fetched_without_showing_the_storage_our_credentials(rig: Rig, http: Client):
    ref = await picture(rig)
    got = await TWILIO.media.download(http, account_at(rig), CHANNEL, ref)
    assert (got.mime_type, got.data[:4]) == ("image/png", b"\x89PNG")
    with pytest.raises(Suspended):
        await TWILIO.media.download(http, account_at(rig, auth_token="wrong"), CHANNEL, ref)
    with pytest.raises(Rejected):
        await TWILIO.media.download(http, account_at(rig), CHANNEL, {"url": f"{ref['url']}0"})


@pytest.mark.parametrize(
    "url", ["", "https://evil.example/x", "https://api.twilio.com.evil.example/x", "file:///etc/passwd"]
)
async def test_only_twilio_is_shown_our_credentials(rig: Rig, http: Client, url: str):
    plain = Account(provider_id="AC1", credentials={"auth_token": "x"})
    for account in (account_at(rig), plain):
        with pytest.raises(Rejected) as refusal:
            await TWILIO.media.download(http, account, CHANNEL, {"url": url})
        assert refusal.value.failure.code == "media_url"


@pytest.mark.parametrize(
    ("status", "body", "header", "code"),
    [
        (200, b"x" * (16 * 1_048_576 + 1), "content-type: image/png", "too_large"),
        (302, b"", "location: http://elsewhere.example/x", "media_url"),
        (307, b"", "location: /again", "media_url"),
        (404, b"", "content-type: text/html", "gone"),
        (500, b"", "content-type: text/html", "http_500"),
    ],
)
async def test_a_file_that_can_not_be_had(odd: Odd, http: Client, status: int, body: bytes, header: str, code: str):
    account = odd.says(status, body, header)
    with pytest.raises(SendError) as error:
        await TWILIO.media.download(http, account, CHANNEL, {"url": f"{account.base_url}/2010-04-01/x"})
    assert error.value.failure.code == code
    assert len([head for head in odd.heads if "authorization" in head.lower()]) == 1


async def test_there_is_no_upload(rig: Rig, http: Client):
    with pytest.raises(Rejected):
        await TWILIO.media.upload(http, account_at(rig), CHANNEL, name="a.png", mime_type="image/png", data=b"x")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"contents": 1, "senders": {}}', b"x" * 2_000_000])
async def test_an_odd_answer_is_an_error_and_never_an_empty_list(odd: Odd, http: Client, body: bytes):
    account = odd.says(200, body, "content-type: text/html")
    for listing in (TWILIO.templates.list_templates, TWILIO.numbers.list_numbers):
        with pytest.raises(Uncertain):
            await listing(http, account)


async def test_odd_items_of_a_list_make_nothing_fail(odd: Odd, http: Client):
    items = b'[1, null, {}, {"sid": 1, "types": [], "approval_requests": 1, "properties": []}]'
    account = odd.says(200, b'{"contents": ' + items + b', "senders": ' + items + b', "meta": {"next_page_url": 1}}')
    assert len(await TWILIO.templates.list_templates(http, account)) == 2
    assert len(await TWILIO.numbers.list_numbers(http, account)) == 2
