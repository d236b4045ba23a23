"""Subscriptions and files: the provider against the simulated Zenvia, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from envoi.core.events import MessageReceived
from envoi.providers.base import Account, Form, Rejected
from envoi.providers.zenvia.files import LIMITS, is_zenvias

from .rig import ZENVIA, MakeRig, Rig

assert ZENVIA.media is not None
assert ZENVIA.hooks is not None
MEDIA, HOOKS = ZENVIA.media, ZENVIA.hooks


# --- Subscriptions ---------------------------------------------------------------------------------------------------


async def test_subscribing_twice_makes_two_subscriptions_and_mends_them(make_zenvia: MakeRig):
    rig = await make_zenvia(account={"callback_url": ""})
    await rig.say(text="nobody listens")
    await HOOKS.subscribe(rig.http, rig.account, rig.platform.url, "hook-secret")
    status, subscriptions = await rig.call("GET", "/zenvia/v2/subscriptions")
    assert status == 200
    assert {one["eventType"] for one in subscriptions} == {"MESSAGE", "MESSAGE_STATUS"}
    for one in subscriptions:
        await rig.control("POST", f"zenvia/subscriptions/{one['id']}", {"status": "INACTIVE"})
    await rig.say(text="nobody listens any more")
    await HOOKS.subscribe(rig.http, rig.account, rig.platform.url, "hook-secret")
    assert len((await rig.call("GET", "/zenvia/v2/subscriptions"))[1]) == 2
    await rig.say(text="heard")
    await rig.send(form=Form("plain-id", "pt_BR"))
    await rig.quiet()
    assert [fact.text for fact in rig.platform.facts if isinstance(fact, MessageReceived)] == ["heard"]
    assert rig.platform.receipts()


async def test_two_subscriptions_both_hear_and_a_third_is_refused(zenvia: Rig):
    wanted = {
        "eventType": "MESSAGE",
        "webhook": {"url": zenvia.platform.url + "2", "headers": {"X-Hook-Secret": "hook-secret"}},
        "criteria": {"channel": "whatsapp", "direction": "ALL"},
    }
    status, second = await zenvia.call("POST", "/zenvia/v2/subscriptions", wanted)
    assert status == 200
    assert (await zenvia.call("POST", "/zenvia/v2/subscriptions", wanted))[0] == 409
    await zenvia.say(text="Oi")
    await zenvia.quiet()
    assert len(zenvia.platform.events) == 2
    assert len({event["subscriptionId"] for event in zenvia.platform.events}) == 2
    assert len({event["id"] for event in zenvia.platform.events}) == 1
    assert (await zenvia.call("DELETE", f"/zenvia/v2/subscriptions/{second['id']}"))[0] == 204
    assert (await zenvia.call("GET", f"/zenvia/v2/subscriptions/{second['id']}"))[0] == 404


# --- Files -----------------------------------------------------------------------------------------------------------


async def test_an_upload_is_sent_by_its_id(zenvia: Rig):
    made = await MEDIA.upload(
        zenvia.http, zenvia.account, zenvia.channel, name="a.pdf", mime_type="application/pdf", data=b"%PDF\r\n--x"
    )
    assert made.expires_at is None
    await zenvia.say(text="Oi")
    await zenvia.send(kind="document", content={"id": made.id, "filename": "a.pdf"})
    assert (await zenvia.quiet())["delivered"] == 1
    fetched = await MEDIA.download(zenvia.http, zenvia.account, zenvia.channel, {"link": made.id})
    assert (fetched.mime_type, fetched.data) == ("application/pdf", b"%PDF\r\n--x")


@pytest.mark.parametrize("mime_type", ["image/jpeg", "image/webp", "audio/ogg", "video/mp4"])
async def test_a_file_too_large_or_empty_is_refused_before_the_network(zenvia: Rig, mime_type: str):
    most = LIMITS.get(mime_type) or LIMITS[mime_type.partition("/")[0]]
    for data in (b"", b"x" * (most + 1)):
        with pytest.raises(Rejected):
            await MEDIA.upload(zenvia.http, zenvia.account, zenvia.channel, name="a", mime_type=mime_type, data=data)
    assert (await zenvia.call("GET", "/zenvia/v2/files"))[1] == []


@pytest.mark.parametrize("private", [False, True])
async def test_a_customers_picture_is_fetched(make_zenvia: MakeRig, private: bool):
    rig = await make_zenvia(account={"private_files": private})
    await rig.say(image=True)
    await rig.quiet()
    [received] = [fact for fact in rig.platform.facts if isinstance(fact, MessageReceived)]
    assert received.kind == "image"
    fetched = await MEDIA.download(rig.http, rig.account, rig.channel, received.content["image"])
    assert fetched.mime_type == "image/png"
    assert fetched.data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "ref",
    [
        {},
        {"link": "http://169.254.169.254/latest/meta-data"},
        {"link": "file:///etc/passwd"},
        {"link": "https://[broken"},
        {"status": "REJECTED", "reason": "SIZE_LIMIT", "link": "https://x.example/a"},
    ],
)
async def test_an_address_that_no_file_comes_from_is_not_fetched(zenvia: Rig, ref: dict[str, Any]):
    with pytest.raises(Rejected):
        await MEDIA.download(zenvia.http, zenvia.account, zenvia.channel, ref)


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("https://files.zenvia.com/a", True),
        ("https://zenvia.com/a", True),
        ("http://files.zenvia.com/a", False),
        ("https://zenvia.com.evil.example/a", False),
        ("https://evilzenvia.com/a", False),
        ("https://zenvia.com@evil.example/a", False),
        ("https://evil.example/?zenvia.com", False),
    ],
)
def test_only_zenvia_ever_sees_the_token(address: str, ours: bool):
    account = Account(provider_id="1", credentials={"token": "t"})
    assert is_zenvias(account, address) is ours


async def test_a_file_that_is_gone_is_gone(zenvia: Rig):
    with pytest.raises(Rejected) as caught:
        await MEDIA.download(
            zenvia.http, zenvia.account, zenvia.channel, {"link": f"{zenvia.address}/zenvia/stored/none"}
        )
    assert caught.value.failure.code == "http_404"
