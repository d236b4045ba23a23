"""All of Meta's API that we use, against a simulator process: what we send is accepted and recorded as meant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from envoi.config.commands.simulated import Simulated
from envoi.core import clock
from envoi.core.events import ChannelChanged, TemplateChanged
from envoi.providers.base import Account, Channel, Delivery, Http, Outgoing, Rejected, SendError, Suspended
from envoi.providers.http import Client
from envoi.providers.meta import Meta

from .meta_templates import CASES, specs
from .simulated import ANA, APP, BUSINESS, NUMBER, SECRET, TOKEN, WABA, Listener, entries, put_account, say, until
from .simulated import simulator as simulator_process

META = Meta()
CHANNEL = Channel(provider_id=NUMBER, address=BUSINESS)
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with simulator_process(tmp_path_factory.mktemp("simulator")) as one:
        put_account(one, templates=specs())
        yield one


@pytest.fixture
def account(simulator: Simulated) -> Account:
    credentials = {"token": TOKEN, "app_secret": SECRET, "app_id": APP}
    return Account(provider_id=WABA, credentials=credentials, base_url=simulator.url, allow_base_url=True)


@pytest.fixture
async def http() -> AsyncIterator[Client]:
    async with Client() as one:
        yield one


async def sent(http: Http, account: Account, token: str, **more: Any) -> str:
    body = META.body(Outgoing(**{"recipient": ANA, "token": token, **more}), CHANNEL)
    return (await META.send(http, account, CHANNEL, body)).provider_id


async def test_a_template_of_every_kind_is_accepted(simulator: Simulated, account: Account, http: Client):
    ids = [await sent(http, account, f"t.{case.form.name}", form=case.form, values=case.values) for case in CASES]
    found = {row[0]: row[1:] for row in entries(simulator, "wamid", "opaque", "kind", "template", "category")}
    for wamid, case in zip(ids, CASES, strict=True):
        assert found[wamid] == (f"t.{case.form.name}", "template", case.form.name, case.category)


async def test_a_message_of_every_kind_is_accepted_inside_the_window(
    simulator: Simulated, account: Account, http: Client
):
    theirs = say(simulator, text="hola")
    uploaded = await META.media.upload(http, account, CHANNEL, name="a.png", mime_type="image/png", data=PNG)
    buttons = [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]
    rows = [{"id": "r1", "title": "Row"}]
    ask = {"body": {"text": "?"}}
    link = {"link": "https://shop.example/f"}
    contents: list[tuple[str, dict[str, Any]]] = [
        ("text", {"body": "hi", "preview_url": True}),
        ("image", {"id": uploaded.id, "caption": "c"}),
        ("video", link),
        ("audio", {**link, "voice": True}),
        ("document", {**link, "filename": "f.pdf"}),
        ("sticker", link),
        ("location", {"latitude": 48.85, "longitude": 2.35, "name": "Shop"}),
        ("contacts", {"contacts": [{"name": {"formatted_name": "Ana"}}]}),
        ("reaction", {"message_id": theirs, "emoji": "👍"}),
        ("interactive", {"type": "button", **ask, "action": {"buttons": buttons}}),
        ("interactive", {"type": "list", **ask, "action": {"button": "Open", "sections": [{"rows": rows}]}}),
        (
            "interactive",
            {
                "type": "cta_url",
                **ask,
                "action": {"name": "cta_url", "parameters": {"display_text": "Shop", "url": "https://x.example"}},
            },
        ),
        ("interactive", {"type": "product", "action": {"catalog_id": "C", "product_retailer_id": "SKU"}}),
        ("interactive", {"type": "location_request_message", **ask, "action": {"name": "send_location"}}),
    ]
    ids = [
        await sent(http, account, f"k.{at}", kind=kind, content=content, reply_to=theirs)
        for at, (kind, content) in enumerate(contents)
    ]
    found = {row[0]: row[1:] for row in entries(simulator, "wamid", "opaque", "kind", "to")}
    for at, (wamid, (kind, _)) in enumerate(zip(ids, contents, strict=True)):
        assert found[wamid] == (f"k.{at}", kind, ANA)


@pytest.mark.parametrize("typing", [False, True])
async def test_a_read_mark_makes_no_message(simulator: Simulated, account: Account, http: Client, typing: bool):
    theirs = say(simulator, text="hola")
    before = len(entries(simulator, "wamid"))
    assert await sent(http, account, "", kind="read", content={"message_id": theirs, "typing": typing}) == ""
    assert len(entries(simulator, "wamid")) == before


async def test_the_marketing_endpoint_takes_marketing_and_nothing_else(
    simulator: Simulated, account: Account, http: Client
):
    options = {"endpoint": "marketing_messages", "product_policy": "STRICT"}
    by_name = {case.form.name: case for case in CASES}
    wamid = await sent(http, account, "m.1", form=by_name["plain"].form, options=options)
    assert (wamid, "m.1") in entries(simulator, "wamid", "opaque")
    code = by_name["code"]
    with pytest.raises(SendError) as caught:
        await sent(http, account, "m.2", form=code.form, values=code.values, options=options)
    assert caught.value.failure.code == "134100"


async def test_media_go_up_come_down_and_are_deleted(account: Account, http: Client):
    media = META.media
    up = await media.upload(http, account, CHANNEL, name='a"b\r\né.png', mime_type="image/png", data=PNG)
    assert up.expires_at is not None
    assert 29 < (up.expires_at - clock.now()).total_seconds() / 86_400 <= 30
    down = await media.download(http, account, CHANNEL, {"id": up.id, "filename": "a.png"})
    assert down == ("image/png", PNG, "a.png")
    await media.delete(http, account, up.id)
    with pytest.raises(Rejected):
        await media.download(http, account, CHANNEL, {"id": up.id})
    with pytest.raises(Rejected):
        await media.delete(http, account, up.id)


async def test_a_customers_picture_comes_down_by_what_its_webhook_told(
    simulator: Simulated, account: Account, http: Client
):
    deliveries: list[Delivery] = []

    def answer(body: bytes, headers: dict[str, str]) -> int:
        deliveries.append(Delivery.at("https://x.example/h", query="", headers=headers, body=body))
        return 200

    listener = Listener(answer, verify_token="ours")
    try:
        await META.hooks.subscribe(http, account, listener.url, "ours")
        said = say(simulator, image=True)
        until(lambda: [fact for fact in facts(deliveries) if fact.provider_id == said], "the picture")
    finally:
        listener.close()
    (fact,) = [fact for fact in facts(deliveries) if fact.provider_id == said]
    down = await META.media.download(http, account, CHANNEL, fact.content["image"])
    assert (down.mime_type, down.data[:4]) == ("image/png", b"\x89PNG")


async def test_templates_are_made_listed_edited_and_deleted(simulator: Simulated, account: Account, http: Client):
    templates = META.templates
    handle = await templates.sample(http, account, name="a.png", mime_type="image/png", data=PNG)
    made = await templates.create(
        http,
        account,
        {
            "name": "autumn",
            "language": "fr",
            "category": "marketing",
            "ttl_seconds": 43_200,
            "components": [
                {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle]}},
                {"type": "BODY", "text": "Les soldes d'automne sont ouverts pour vous et vos amis."},
            ],
        },
    )
    assert (made.name, made.category, made.state) == ("autumn", "marketing", "pending")
    await templates.submit(http, account, made.provider_id)

    async def listed() -> dict[str, Any]:
        return {one.provider_id: one for one in await templates.list_templates(http, account)}

    found = await listed()
    assert {case.form.name for case in CASES} < {one.name for one in found.values()}
    async with asyncio.timeout(20):
        while (await listed())[made.provider_id].state == "pending":
            await asyncio.sleep(0.02)
    assert (await listed())[made.provider_id].state == "approved"

    changed = [{"type": "BODY", "text": "Les soldes d'hiver sont ouverts pour vous et vos amis."}]
    await templates.edit(http, account, made.provider_id, {"components": changed})
    assert (await listed())[made.provider_id].components == changed
    simulator._call("POST", f"/_simulator/meta/templates/{made.provider_id}", {"status": "PAUSED"})
    assert (await listed())[made.provider_id].state == "paused"
    await templates.unpause(http, account, made.provider_id)
    await templates.delete(http, account, made.provider_id, "autumn")
    assert made.provider_id not in await listed()
    with pytest.raises(Rejected):
        await templates.edit(http, account, made.provider_id, {"components": changed})


async def test_a_list_of_many_pages_comes_whole(simulator: Simulated, account: Account, http: Client):
    many = [{"name": f"t{at}", "language": "fr", "components": [{"type": "BODY", "text": "x"}]} for at in range(250)]
    simulator._call("PUT", "/_simulator/meta/accounts/900", {"token": "other", "app_secret": "x", "templates": many})
    other = Account(provider_id="900", credentials={"token": "other"}, base_url=simulator.url, allow_base_url=True)
    found = await META.templates.list_templates(http, other)
    assert sorted(one.name for one in found) == sorted(one["name"] for one in many)


@pytest.mark.parametrize(
    ("lifetime", "category"), [(29, "utility"), (43_199, "marketing"), (-1, "marketing"), (901, "authentication")]
)
async def test_a_lifetime_that_meta_does_not_have_is_refused_before_the_network(
    account: Account, http: Client, lifetime: int, category: str
):
    with pytest.raises(Rejected, match="lifetime"):
        await META.templates.create(http, account, {"name": "x", "category": category, "ttl_seconds": lifetime})


async def test_numbers_come_with_their_limits_and_problems(simulator: Simulated, account: Account, http: Client):
    (number,) = await META.numbers.list_numbers(http, account)
    assert (number.provider_id, number.address, number.name) == (NUMBER, BUSINESS, "Demo")
    assert (number.quality, number.tier, number.throughput_per_second, number.state) == (
        "green",
        "TIER_10K",
        80,
        "connected",
    )
    assert number.problems == []
    simulator._call("POST", f"/_simulator/meta/numbers/{NUMBER}", {"status": "RESTRICTED"})
    try:
        (number,) = await META.numbers.list_numbers(http, account)
        assert (number.state, number.problems) == ("restricted", ["PHONE_NUMBER BLOCKED"])
        assert await META.numbers.problems(http, account, NUMBER) == ["PHONE_NUMBER BLOCKED"]
        with pytest.raises(Suspended):
            await sent(http, account, "r", form=CASES[0].form)
    finally:
        simulator._call("POST", f"/_simulator/meta/numbers/{NUMBER}", {"status": "CONNECTED"})


async def test_subscribing_sends_webhooks_to_the_address_and_they_verify_and_parse(
    simulator: Simulated, account: Account, http: Client
):
    refused: list[bytes] = []
    deliveries: list[Delivery] = []

    def answer(body: bytes, headers: dict[str, str]) -> int:
        delivery = Delivery.at("https://x.example/h", query="", headers=headers, body=body)
        deliveries.append(delivery)
        if META.verify(delivery, ["another", SECRET]):
            return 200
        refused.append(body)
        return 401

    listener = Listener(answer, verify_token="ours")
    try:
        with pytest.raises(SendError):
            await META.hooks.subscribe(http, account, listener.url, "theirs")
        await META.hooks.subscribe(http, account, listener.url, "ours")
        said = say(simulator, text="hola")
        until(lambda: [fact for fact in facts(deliveries) if fact.provider_id == said], "the message")
        assert refused == []
        wamid = await sent(http, account, "e1.17.902", form=CASES[0].form)
        until(lambda: wamid in [fact.provider_id for fact in facts(deliveries)], "the receipt")
    finally:
        listener.close()


def facts(deliveries: list[Delivery]) -> list[Any]:
    """Every fact that names a message."""
    found = [fact for delivery in deliveries for fact in META.parse(delivery)]
    return [fact for fact in found if hasattr(fact, "provider_id")]


async def test_events_of_the_account_reach_the_apps_own_address(simulator: Simulated, account: Account, http: Client):
    deliveries: list[Delivery] = []

    def answer(body: bytes, headers: dict[str, str]) -> int:
        deliveries.append(Delivery.at("https://x.example/h", query="", headers=headers, body=body))
        return 200

    listener = Listener(answer)
    try:
        put_account(simulator, templates=specs(), callback_url=listener.url)
        simulator._call("POST", f"/_simulator/meta/numbers/{NUMBER}", {"tier": "TIER_100K"})
        simulator._call("POST", "/_simulator/meta/templates/plain", {"status": "PAUSED"})
        simulator._call("POST", "/_simulator/meta/templates/plain", {"status": "APPROVED"})

        def seen() -> set[type]:
            return {type(fact) for delivery in deliveries for fact in META.parse(delivery)}

        until(lambda: {ChannelChanged, TemplateChanged} <= seen(), "an event of each kind")
        assert all(META.verify(delivery, [SECRET]) for delivery in deliveries)
    finally:
        listener.close()


async def test_a_wrong_token_or_number_is_a_named_error(account: Account, http: Client):
    body = META.body(Outgoing(recipient=ANA, token="t", form=CASES[0].form), CHANNEL)
    revoked = Account(
        provider_id=WABA, credentials={"token": "revoked"}, base_url=account.base_url, allow_base_url=True
    )
    with pytest.raises(Suspended) as caught:
        await META.send(http, revoked, CHANNEL, body)
    assert (caught.value.scope, caught.value.failure.code) == ("account", "190")
    with pytest.raises(Suspended):
        await META.numbers.list_numbers(http, revoked)
    with pytest.raises(Suspended) as caught:
        await META.send(http, account, Channel(provider_id="999"), body)
    assert (caught.value.scope, caught.value.failure.code) == ("channel", "100")
