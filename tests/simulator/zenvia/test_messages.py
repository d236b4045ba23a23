"""The provider and the simulated Zenvia, over real HTTP: what is sent, what is refused, what is told later."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from envoi.core.events import MessageReceived, PreferenceChanged
from envoi.core.ids import MessageKey
from envoi.providers.base import Accepted, Form, Rejected, Slot, Suspended, TemplateProblem, Throttled, Uncertain

from .rig import ANA, SENDER, ZENVIA, MakeRig, Rig

PLAIN = Form("plain-id", "pt_BR")
PROMO = Form(
    "promo-id",
    "pt_BR",
    header={"type": "image", "image": {"link": "https://cdn.x/a.jpg"}},
    slots=(
        Slot("body", name="name"),
        Slot("body", name="cupom"),
        Slot("button", index=2, sub_type="url", name="path"),
    ),
)
READER: dict[str, Any] = {"customers": [{"phone": ANA, "reads": True, "replies": False}]}


async def test_a_template_is_sent_delivered_and_read_with_our_own_id(make_zenvia: MakeRig):
    rig = await make_zenvia(scenario=READER)
    accepted = await rig.send(form=PROMO, values=("Ana", "BF10", "a/b"))
    ledger = await rig.quiet()
    assert (ledger["accepted"], ledger["read"], ledger["duplicates"]) == (1, 1, 0)
    assert rig.platform.states(accepted.provider_id) == ["sent", "delivered", "read"]
    for receipt in rig.platform.receipts():
        assert (receipt.key, receipt.channel) == (MessageKey(17, 902), SENDER)
        assert receipt.recipient.phone == ANA
    assert rig.platform.unverified == 0


TAPPED = {"reply_to": "theirs"}
FREE: dict[str, dict[str, Any]] = {
    "text": {"kind": "text", "content": {"body": "oi"}, **TAPPED},
    "image": {"kind": "image", "content": {"link": "https://cdn.x/a.jpg", "caption": "c"}},
    "document": {"kind": "document", "content": {"link": "https://cdn.x/a.pdf", "filename": "a.pdf"}},
    "sticker": {"kind": "sticker", "content": {"link": "https://cdn.x/a.webp"}},
    "location": {"kind": "location", "content": {"latitude": -23.5, "longitude": -46.6}},
    "contacts": {
        "kind": "contacts",
        "content": {"contacts": [{"name": {"formatted_name": "Rui"}, "phones": [{"phone": "+55", "type": "CELL"}]}]},
    },
    "button": {
        "kind": "interactive",
        "content": {
            "type": "button",
            "header": {"type": "image", "image": {"link": "https://cdn.x/a.jpg"}},
            "body": {"text": "Pick"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Sim"}}]},
        },
    },
    "list": {
        "kind": "interactive",
        "content": {
            "type": "list",
            "body": {"text": "Pick"},
            "action": {"button": "Open", "sections": [{"title": "S", "rows": [{"id": "r", "title": "R"}]}]},
        },
    },
    "product": {
        "kind": "interactive",
        "content": {"type": "product", "action": {"catalog_id": "C", "product_retailer_id": "S"}},
    },
    "product_list": {
        "kind": "interactive",
        "content": {
            "type": "product_list",
            "header": {"type": "text", "text": "H"},
            "body": {"text": "B"},
            "action": {
                "catalog_id": "C",
                "sections": [{"title": "T", "product_items": [{"product_retailer_id": "S"}]}],
            },
        },
    },
    "flow": {
        "kind": "interactive",
        "content": {
            "type": "flow",
            "body": {"text": "B"},
            "action": {"parameters": {"flow_id": "F", "flow_cta": "Go", "flow_token": "T"}},
        },
    },
    "contact_request": {
        "kind": "interactive",
        "content": {"type": "request_contact_info", "body": {"text": "?"}, "action": {}},
    },
}


@pytest.mark.parametrize("kind", FREE)
async def test_every_free_kind_is_accepted_as_meant_inside_the_window(zenvia: Rig, kind: str):
    await zenvia.say(text="Oi")
    await zenvia.send(**FREE[kind])
    ledger = await zenvia.quiet()
    assert (ledger["accepted"], ledger["failed"], ledger["refused"]) == (1, 0, {})
    entry = zenvia.simulator.app.world.ledger.entries[0]
    assert entry.kind == {"image": "file", "document": "file", "sticker": "file"}.get(kind, kind)
    assert (entry.opaque, entry.to, entry.provider) == ("e1.17.902", "5511999990000", "zenvia")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"kind": "text", "content": {"body": "oi"}}, "131047"),
        ({"form": Form("paused-id", "pt_BR")}, "132015"),
    ],
)
async def test_what_the_channel_refuses_is_told_later(zenvia: Rig, asked: dict[str, Any], code: str):
    accepted = await zenvia.send(**asked)
    await zenvia.quiet()
    [receipt] = zenvia.platform.receipts(accepted.provider_id)
    assert receipt.state == "failed"
    assert receipt.failure is not None
    assert receipt.failure.code == code


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"form": Form("no-such-id", "pt_BR")}, TemplateProblem),
        ({"form": Form("waiting-id", "pt_BR")}, Rejected),
        ({"form": msgspec.structs.replace(PROMO, slots=()), "values": ()}, Rejected),
        ({"form": PLAIN, "recipient": "+12"}, Rejected),
        ({"form": PLAIN, "recipient": f"+{SENDER}"}, Rejected),
    ],
)
async def test_what_zenvia_refuses_at_once(zenvia: Rig, asked: dict[str, Any], kind: type[Exception]):
    with pytest.raises(kind):
        await zenvia.send(**asked)
    ledger = await zenvia.ledger()
    assert ledger["accepted"] == 0
    assert sum(ledger["refused"].values()) == 1


async def test_an_unknown_sender_ends_a_text_and_holds_a_template(zenvia: Rig):
    zenvia.channel = msgspec.structs.replace(zenvia.channel, provider_id="559999999999")
    with pytest.raises(Rejected):
        await zenvia.send(kind="text", content={"body": "oi"})
    with pytest.raises(TemplateProblem):
        await zenvia.send(form=PLAIN)


@pytest.mark.parametrize("token", ["another", ""])
async def test_a_wrong_token_suspends_the_account(zenvia: Rig, token: str):
    zenvia.account = msgspec.structs.replace(zenvia.account, credentials={"token": token})
    with pytest.raises(Suspended) as caught:
        await zenvia.send(form=PLAIN)
    assert caught.value.scope == "account"


async def test_a_signature_token_must_be_signed_and_another_must_not(make_zenvia: MakeRig):
    rig = await make_zenvia(account={"token_secret": "ABCDEF"})
    with pytest.raises(Suspended):
        await rig.send(form=PLAIN)
    rig.account = msgspec.structs.replace(
        rig.account, credentials={**rig.account.credentials, "token_secret": "ABCDEF"}
    )
    assert (await rig.send(form=PLAIN)).provider_id
    assert ZENVIA.templates is not None
    assert len(await ZENVIA.templates.list_templates(rig.http, rig.account)) == 4
    assert ZENVIA.media is not None
    await ZENVIA.media.upload(rig.http, rig.account, rig.channel, name="a.txt", mime_type="text/plain", data=b"x")
    unsigned = await make_zenvia()
    unsigned.account = msgspec.structs.replace(unsigned.account, credentials=rig.account.credentials)
    with pytest.raises(Suspended):
        await unsigned.send(form=PLAIN)


async def test_too_many_calls_a_second_are_throttled(make_zenvia: MakeRig):
    rig = await make_zenvia(account={"throughput": 1})

    async def one(n: int) -> object:
        return await rig.send(recipient=f"+55119999900{n:02d}", token=f"e1.1.{n}", form=PLAIN)

    outcomes = await asyncio.gather(*map(one, range(10)), return_exceptions=True)
    throttled = [outcome for outcome in outcomes if isinstance(outcome, Throttled)]
    assert throttled
    assert {error.after for error in throttled} == {1.0}
    assert (await rig.ledger())["refused"] == {"429": len(throttled)}


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [("error_500", 0), ("error_503", 0), ("drop_before", 0), ("error_500_after", 1), ("drop_after", 1)],
)
async def test_every_fault_is_uncertain_and_a_receipt_settles_what_was_sent(
    make_zenvia: MakeRig, fault: str, accepted: int
):
    rig = await make_zenvia(scenario={"customers": [{"phone": ANA, "fault": fault}]})
    with pytest.raises(Uncertain):
        await rig.send(form=PLAIN)
    ledger = await rig.quiet()
    assert (ledger["accepted"], ledger["faults"]) == (accepted, {fault: 1})
    assert {receipt.key for receipt in rig.platform.receipts()} == ({MessageKey(17, 902)} if accepted else set())


async def test_a_silent_answer_is_uncertain(make_zenvia: MakeRig):
    scenario = {"customers": [{"phone": ANA, "fault": "timeout_after"}]}
    rig = await make_zenvia(scenario=scenario, faults={"hold_seconds": 0.05})
    with pytest.raises(Uncertain):
        await rig.send(form=PLAIN)
    assert (await rig.quiet())["accepted"] == 1


@pytest.mark.parametrize("code", [131026, 131049, 131050, 132015, 368])
async def test_a_failure_of_the_channel_comes_back_with_its_action(make_zenvia: MakeRig, code: int):
    rig = await make_zenvia(scenario={"customers": [{"phone": ANA, "fails_with": code}]})
    await rig.send(form=PLAIN)
    await rig.quiet()
    [receipt] = rig.platform.receipts()
    assert receipt.failure is not None
    advice = ZENVIA.advice(str(code))
    assert advice is not None
    assert (receipt.failure.code, receipt.failure.action) == (str(code), advice.action)
    told = [fact for fact in rig.platform.facts if isinstance(fact, PreferenceChanged)]
    assert [fact.wants_marketing for fact in told] == ([False] if code == 131050 else [])


async def test_who_pressed_stop_gets_no_marketing(zenvia: Rig):
    await zenvia.control("POST", f"customers/{ANA}/stop", {"phone_number_id": SENDER})
    await zenvia.send(form=PLAIN)
    assert (await zenvia.quiet())["failures"] == {"131050": 1}


async def test_a_reply_and_a_tap_come_in_with_what_they_answer(make_zenvia: MakeRig):
    habits = {"read_rate": 1.0, "reply_rate": 1.0, "stop_rate": 0.0, "button_rate": 1.0}
    rig = await make_zenvia(customers=habits)
    accepted = await rig.send(form=PROMO, values=("Ana", "BF10", "a/b"))
    await rig.quiet()
    [tap] = [fact for fact in rig.platform.facts if isinstance(fact, MessageReceived)]
    assert (tap.kind, tap.text, tap.reply_to) == ("button", "Quero", accepted.provider_id)
    assert tap.content["button"]["payload"] == "QUERO"
    assert (tap.channel, tap.sender.phone) == (SENDER, ANA)


async def test_who_hides_the_phone_writes_under_an_id_and_can_be_answered(make_zenvia: MakeRig):
    hidden = {"phone": ANA, "user_id": "BR.1349120865530274", "phone_hidden": True}
    rig = await make_zenvia(scenario={"customers": [hidden]})
    await rig.say(text="Oi")
    await rig.quiet()
    [received] = [fact for fact in rig.platform.facts if isinstance(fact, MessageReceived)]
    assert (received.sender.phone, received.sender.user_id) == (None, "BR.1349120865530274")
    await rig.send(recipient="BR.1349120865530274", kind="text", content={"body": "oi"})
    assert (await rig.quiet())["failed"] == 0


async def test_an_event_comes_again_with_its_id_until_it_is_taken(zenvia: Rig):
    zenvia.platform.status = 503
    await zenvia.say(text="Oi")
    await zenvia.until(lambda: zenvia.platform.refused)
    zenvia.platform.status = 200
    await zenvia.quiet()
    assert [event["type"] for event in zenvia.platform.events] == ["MESSAGE"]


async def test_an_event_with_another_secret_is_not_believed(make_zenvia: MakeRig):
    rig = await make_zenvia(account={"hook_headers": {"X-Hook-Secret": "guessed"}})
    await rig.say(text="Oi")
    await rig.until(lambda: rig.platform.unverified)
    assert rig.platform.events == []


async def test_a_secret_is_changed_without_losing_an_event(zenvia: Rig):
    zenvia.platform.secrets = list(ZENVIA.secrets({"hook_secret": "new", "hook_secret_old": "hook-secret"}))
    await zenvia.say(text="before")
    await zenvia.quiet()
    assert ZENVIA.hooks is not None
    await ZENVIA.hooks.subscribe(zenvia.http, zenvia.account, zenvia.platform.url, "new")
    zenvia.platform.secrets = ["new"]
    await zenvia.say(text="after")
    await zenvia.quiet()
    assert [fact.text for fact in zenvia.platform.facts if isinstance(fact, MessageReceived)] == ["before", "after"]
    assert zenvia.platform.unverified == 0


async def test_in_a_harsh_world_no_message_is_told_wrong_and_none_is_doubled(make_zenvia: MakeRig):
    """What the provider calls accepted or refused is so; what it calls uncertain is settled by receipts alone."""
    rig = await make_zenvia(faults={"preset": "harsh", "hold_seconds": 0.05}, throughput_limit=False)
    gate = asyncio.Semaphore(20)

    async def one(n: int) -> object:
        async with gate:
            return await rig.send(recipient=f"+551198{n:07d}", token=f"e1.{n}.{n}", form=PLAIN)

    outcomes = await asyncio.gather(*map(one, range(400)), return_exceptions=True)
    ledger = await rig.quiet(seconds=60)
    accepted = {entry.opaque: entry.wamid for entry in rig.simulator.app.world.ledger.entries}
    assert ledger["duplicates"] == 0
    settled = {receipt.key.message_id for receipt in rig.platform.receipts() if receipt.key}
    uncertain = 0
    for n, outcome in enumerate(outcomes):
        token = f"e1.{n}.{n}"
        if isinstance(outcome, Uncertain):
            uncertain += 1
            assert (token in accepted) == (n in settled)
        else:
            assert isinstance(outcome, Accepted)
            assert accepted[token] == outcome.provider_id
            assert n in settled
    assert 0 < uncertain < 100
