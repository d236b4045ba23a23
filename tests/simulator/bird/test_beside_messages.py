"""Files, templates with their review, numbers and webhooks of the simulated Bird, by the real provider."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from envoi.providers.base import Form, Rejected, RemoteTemplate, Slot

from .rig import ANA, BIRD, CHANNELS, PHONE, WHSEC, MakeRig, Rig

MODES = ["gen3", "gen2", "conversations"]
BODY = {"type": "BODY", "text": "Oi {{1}}, tudo bem ?", "example": {"body_text": [["Ana"]]}}
BUTTONS = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Sim"}]}


async def listed(rig: Rig, name: str, state: str = "", *, language: str = "pt_BR") -> RemoteTemplate:
    """The template, once it is in this state."""
    async with asyncio.timeout(10):
        while True:
            found = await BIRD.templates.list_templates(rig.http, rig.account)
            for one in found:
                if one.name == name and one.language == language and state in ("", one.state):
                    return one
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("mode", MODES)
async def test_a_customers_picture_comes_down(mode: str, make_bird: MakeRig):
    rig = await make_bird(mode)
    await rig.say(image=True)
    await rig.quiet()
    [message] = rig.platform.messages()
    assert message.kind == "image"
    file = await BIRD.media.download(rig.http, rig.account, rig.channel, message.content["image"])
    assert (file.mime_type, file.data[:4]) == ("image/png", b"\x89PNG")


async def test_a_picture_is_gone_after_thirty_days(make_bird: MakeRig):
    rig = await make_bird(speed=1e9)
    await rig.say(image=True)
    await rig.quiet()
    [message] = rig.platform.messages()
    await asyncio.sleep(0.01)
    with pytest.raises(Rejected) as caught:
        await BIRD.media.download(rig.http, rig.account, rig.channel, message.content["image"])
    assert caught.value.failure.code == "media_gone"


@pytest.mark.parametrize("link", ["", "http://other.example/x", "ftp://x/y", "file:///etc/passwd"])
async def test_a_file_is_fetched_from_no_unsafe_address(link: str, make_bird: MakeRig):
    rig = await make_bird("gen2")
    with pytest.raises(Rejected):
        await BIRD.media.download(rig.http, rig.account, rig.channel, {"link": link})


async def test_a_file_goes_up_in_gen_2_and_its_id_can_be_sent(make_bird: MakeRig):
    rig = await make_bird("gen2", scenario={"customers": [{"phone": ANA, "window_open": True, "on_whatsapp": True}]})
    up = {"name": 'a"\r\n.pdf', "mime_type": "application/pdf", "data": b"%PDF\r\n--x"}
    uploaded = await BIRD.media.upload(rig.http, rig.account, rig.channel, **up)
    accepted = await rig.send(kind="document", content={"id": uploaded.id, "filename": "a.pdf"})
    await rig.quiet()
    assert rig.platform.states(accepted.provider_id)[:1] == ["sent"]
    file = await BIRD.media.download(rig.http, rig.account, rig.channel, {"link": uploaded.id, "filename": "a.pdf"})
    assert (file.data, file.mime_type, file.name) == (b"%PDF\r\n--x", "application/pdf", "a.pdf")


@pytest.mark.parametrize("mode", ["gen3", "conversations"])
async def test_the_other_modes_take_no_upload(mode: str, make_bird: MakeRig):
    rig = await make_bird(mode)
    with pytest.raises(Rejected):
        await BIRD.media.upload(rig.http, rig.account, rig.channel, name="a", mime_type="image/png", data=b"x")


async def test_a_template_is_made_checked_reviewed_sent_edited_and_deleted(make_bird: MakeRig):
    rig = await make_bird(scenario={"customers": [{"phone": ANA, "on_whatsapp": True}]})
    asked: dict[str, Any] = {"name": "oi", "language": "pt_BR", "category": "marketing", "components": [BODY, BUTTONS]}
    made = await BIRD.templates.create(rig.http, rig.account, asked)
    assert (made.name, made.language, made.state) == ("oi", "pt_BR", "draft")
    await BIRD.templates.submit(rig.http, rig.account, made.provider_id)
    approved = await listed(rig, "oi", "approved")
    assert approved.provider_id == made.provider_id
    assert list(approved.components) == [BODY, BUTTONS]

    form = Form(name="oi", language="pt_BR", slots=(Slot("body"),))
    accepted = await rig.send(form=form, values=("Ana",))
    await rig.quiet()
    assert rig.platform.states(accepted.provider_id)[:1] == ["sent"]

    english = await BIRD.templates.create(rig.http, rig.account, {**asked, "language": "en"})
    await BIRD.templates.submit(rig.http, rig.account, english.provider_id)
    await listed(rig, "oi", "approved", language="en")
    changed = {"type": "BODY", "text": "Olá {{1}} !", "example": {"body_text": [["Ana"]]}}
    await BIRD.templates.edit(rig.http, rig.account, english.provider_id, {"components": [changed]})
    assert list((await listed(rig, "oi", "approved", language="en")).components) == [changed]
    await BIRD.templates.delete(rig.http, rig.account, english.provider_id, "oi")
    left = [one.language for one in await BIRD.templates.list_templates(rig.http, rig.account) if one.name == "oi"]
    assert left == ["pt_BR"]
    await BIRD.templates.delete(rig.http, rig.account, made.provider_id, "oi")
    assert "oi" not in {one.name for one in await BIRD.templates.list_templates(rig.http, rig.account)}


async def test_a_check_says_what_is_wrong_and_a_review_why_it_refused(make_bird: MakeRig):
    rig = await make_bird()
    asked = {
        "name": "bad",
        "language": "en",
        "category": "utility",
        "components": [{"type": "BODY", "text": "Hi {{1}}"}],
    }
    made = await BIRD.templates.create(rig.http, rig.account, asked)
    with pytest.raises(Rejected) as caught:
        await BIRD.templates.submit(rig.http, rig.account, made.provider_id)
    assert "example parameters" in caught.value.failure.detail
    scam = {**asked, "name": "scam", "components": [{"type": "BODY", "text": "Tell us your password now"}]}
    made = await BIRD.templates.create(rig.http, rig.account, scam)
    await BIRD.templates.submit(rig.http, rig.account, made.provider_id)
    refused = await listed(rig, "scam", "rejected", language="en")
    assert refused.reason.startswith("scam. It asks for secrets")
    with pytest.raises(Rejected):
        await BIRD.templates.create(rig.http, rig.account, {**asked, "name": "Not A Slug"})
    with pytest.raises(Rejected):
        await BIRD.templates.edit(rig.http, rig.account, made.provider_id, {"category": "marketing"})


async def test_messagebirds_templates_are_in_review_at_once(make_bird: MakeRig):
    rig = await make_bird("conversations")
    asked = {"name": "oi", "language": "pt_BR", "category": "utility", "components": [BODY]}
    made = await BIRD.templates.create(rig.http, rig.account, asked)
    assert made.state == "pending"
    assert list((await listed(rig, "oi", "approved")).components) == [BODY]


async def test_gen_2_lists_what_its_editor_made(make_bird: MakeRig):
    rig = await make_bird("gen2")
    found = await BIRD.templates.list_templates(rig.http, rig.account)
    states = {one.name.partition("@")[0]: one.state for one in found}
    assert states == {"promo": "approved", "plain": "approved", "paused": "disabled"}
    assert {one.name.partition("@")[2] for one in found} == set(rig.templates.values())
    for act in (
        BIRD.templates.create(rig.http, rig.account, {"name": "x"}),
        BIRD.templates.edit(rig.http, rig.account, "x", {}),
        BIRD.templates.delete(rig.http, rig.account, "x", "x"),
    ):
        with pytest.raises(Rejected):
            await act


async def test_long_lists_come_whole(make_bird: MakeRig):
    body = [{"type": "BODY", "text": "Oi"}]
    many = [{"name": f"t{n}", "language": "pt_BR", "components": body} for n in range(120)]
    rig = await make_bird(account={"templates": many})
    assert len(await BIRD.templates.list_templates(rig.http, rig.account)) == 120


async def test_numbers_with_their_limits(make_bird: MakeRig):
    rig = await make_bird()
    await rig.control("POST", f"bird/numbers/{PHONE}", {"quality_rating": "yellow", "messaging_limit": "tier_250"})
    [number] = await BIRD.numbers.list_numbers(rig.http, rig.account)
    assert (number.provider_id, number.quality, number.tier) == (PHONE, "yellow", "TIER_250")
    assert (number.state, number.throughput_per_second) == ("CONNECTED", 80)
    older = await make_bird("gen2")
    assert [one.provider_id for one in await BIRD.numbers.list_numbers(older.http, older.account)] == [CHANNELS["gen2"]]
    oldest = await make_bird("conversations")
    with pytest.raises(Rejected):
        await BIRD.numbers.list_numbers(oldest.http, oldest.account)


@pytest.mark.parametrize("mode", MODES)
async def test_a_webhook_is_opened_and_its_secret_signs(mode: str, make_bird: MakeRig):
    rig = await make_bird(mode, account={"callback_url": ""})
    ours = "our-secret-of-32-letters-and-more"
    theirs = await BIRD.hooks.subscribe(rig.http, rig.account, rig.platform.url, ours)
    signs = "signing-key-of-more-than-32-letters" if mode == "conversations" else theirs or ours
    assert (theirs is not None) is (mode == "gen3"), "only the Bird API makes a secret of its own"
    rig.platform.secrets = [signs]
    await rig.say(text="Oi")
    await rig.quiet()
    assert ([one.text for one in rig.platform.messages()], rig.platform.unverified) == (["Oi"], 0)
    rig.platform.secrets = [WHSEC]
    await rig.say(text="Oi")
    await rig.quiet()
    assert rig.platform.unverified == 1


NONSENSE = [b"", b"{", b"[]", b"null", b'{"to":7}', b'{"receiver":[]}', b'{"receiver":{"contacts":[7]}}', b"[" * 10_000]
NONSENSE += [
    b'{"slug":"x","category":"utility","languages":7}',
    b'{"from":"+551140001000","to":"+5511999990000","interactive":{"type":"button","body_text":"x","buttons":7}}',
]
PATHS = {
    "gen3": ["/v1/whatsapp/messages", "/v1/webhooks", "/v1/whatsapp/templates", "/v1/nowhere", "/"],
    "gen2": [f"/workspaces/ws-1/channels/{CHANNELS['gen2']}/messages", "/workspaces/x", "/organizations"],
    "conversations": ["/v1/send", "/v1/conversations/start", "/v1/webhooks", "/v1/nowhere"],
}


@pytest.mark.parametrize("mode", MODES)
async def test_nonsense_is_refused_and_breaks_nothing(mode: str, make_bird: MakeRig):
    rig = await make_bird(mode)
    for path in PATHS[mode]:
        for raw in NONSENSE:
            status, _ = await rig.call("POST", path, raw=raw)
            assert 400 <= status < 500, (path, raw[:20], status)
        assert (await rig.call("GET", path, key="wrong"))[0] in (401, 404)
    assert (await rig.control("POST", "reset", {}))[0] == 200
    assert (await rig.control("POST", "reset", {"accounts": True}))[0] == 200
    assert (await rig.control("PUT", "bird/accounts/x", {"mode": "gen4", "access_key": "k"}))[0] == 400
