"""The real provider and the simulated Bird in all three modes, over HTTP: what goes out, what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from envoi.core.events import PreferenceChanged
from envoi.core.ids import MessageKey
from envoi.providers.base import (
    Account,
    Channel,
    Form,
    Rejected,
    SendError,
    Slot,
    Suspended,
    TemplateProblem,
    Throttled,
    Uncertain,
    Unreachable,
)
from envoi.providers.table import PROVIDERS

from .rig import ANA, BIRD, CHANNELS, PHONE, MakeRig, Rig

MODES = ["gen3", "gen2", "conversations"]
READS = {"phone": ANA, "on_whatsapp": True, "delivered": True, "reads": True, "read_after": 2, "replies": False}
HEADER = {"type": "image", "image": {"link": "https://cdn.x/a.jpg"}}
PROMO = Form(
    name="promo",
    language="pt_BR",
    header=HEADER,
    slots=(Slot("body"), Slot("body"), Slot("button", 0, "quick_reply"), Slot("button", 1, "url")),
)
VALUES = ("Ana", "NOV20", "STOP", "A-4192")


def named(rig: Rig, form: Form) -> Form:
    """Gen 2 names a template by its project."""
    name = f"{form.name}@{rig.templates[f'{form.name}/pt_BR']}" if rig.mode == "gen2" else form.name
    return Form(name=name, language=form.language, header=form.header, slots=form.slots)


@pytest.mark.parametrize("mode", MODES)
async def test_a_template_is_sent_delivered_and_read_with_our_own_id(mode: str, make_bird: MakeRig):
    rig = await make_bird(mode, scenario={"customers": [READS]}, speed=100)
    accepted = await rig.send(form=named(rig, PROMO), values=VALUES)
    ledger = await rig.quiet()
    assert rig.platform.states(accepted.provider_id) == ["sent", "delivered", "read"]
    assert {fact.key for fact in rig.platform.facts} == {MessageKey(17, 902)}  # type: ignore[union-attr]
    assert {fact.channel for fact in rig.platform.facts} == {rig.channel.provider_id}  # type: ignore[union-attr]
    assert (rig.platform.unverified, ledger["accepted"], ledger["unique_opaque"]) == (0, 1, 1)


@pytest.mark.parametrize("mode", MODES)
async def test_a_tapped_button_comes_back_as_the_answer_to_our_message(mode: str, make_bird: MakeRig):
    habits = {"button_rate": 1.0, "stop_rate": 0.0}
    script = {**READS, "replies": True, "reply_after": 5}
    rig = await make_bird(mode, scenario={"customers": [script]}, customers=habits)
    accepted = await rig.send(form=named(rig, PROMO), values=VALUES)
    await rig.quiet()
    [message] = rig.platform.messages()
    assert (message.kind, message.text, message.sender.phone) == ("interactive", "Quero", ANA)
    assert message.content["interactive"]["button_reply"] == {"id": "Quero", "title": "Quero"}
    if mode != "conversations":
        assert message.reply_to == accepted.provider_id


FREE: list[tuple[str, str, dict[str, Any]]] = [
    *[(mode, "text", {"body": "Oi"}) for mode in MODES],
    *[(mode, "image", {"link": "https://cdn.x/a.jpg", "caption": "c"}) for mode in MODES],
    *[(mode, "document", {"link": "https://cdn.x/a.pdf", "filename": "a.pdf"}) for mode in MODES],
    ("gen3", "video", {"link": "https://cdn.x/a.mp4"}),
    ("gen3", "audio", {"link": "https://cdn.x/a.ogg", "voice": True}),
    ("gen3", "sticker", {"link": "https://cdn.x/a.webp"}),
    ("gen3", "location", {"latitude": -23.5, "longitude": -46.6, "name": "Loja"}),
    ("gen3", "contacts", {"contacts": [{"name": {"formatted_name": "Bia"}, "phones": [{"phone": "+5511"}]}]}),
    ("conversations", "location", {"latitude": 1.5, "longitude": 2.5}),
    ("conversations", "sticker", {"link": "https://cdn.x/a.webp"}),
]
REPLY = {"type": "reply", "reply": {"id": "QUERO", "title": "Quero"}}
ROWS = [{"id": f"r{n}", "title": f"R{n}"} for n in range(2)]
LINK = {"name": "cta_url", "parameters": {"display_text": "Ver", "url": "https://x.example"}}
CARD = {"header": {"type": "image", "image": {"link": "https://cdn.x/a.jpg"}}, "action": LINK}
INTERACTIVE: list[tuple[str, dict[str, Any]]] = [
    *[(mode, {"type": "button", "body": {"text": "B"}, "action": {"buttons": [REPLY]}}) for mode in MODES],
    ("gen3", {"type": "list", "body": {"text": "B"}, "action": {"button": "Ver", "sections": [{"rows": ROWS}]}}),
    ("gen3", {"type": "cta_url", "body": {"text": "B"}, "action": LINK}),
    ("gen2", {"type": "cta_url", "body": {"text": "B"}, "action": LINK}),
    ("gen3", {"type": "carousel", "body": {"text": "B"}, "action": {"cards": [CARD, CARD]}}),
    ("gen3", {"type": "location_request_message", "body": {"text": "B"}, "action": {"name": "send_location"}}),
]
FREE += [(mode, "interactive", content) for mode, content in INTERACTIVE]


@pytest.mark.parametrize(("mode", "kind", "content"), FREE)
async def test_every_free_kind_goes_inside_the_window(mode: str, kind: str, content: Any, make_bird: MakeRig):
    rig = await make_bird(mode, scenario={"customers": [{**READS, "window_open": True}]})
    accepted = await rig.send(kind=kind, content=content)
    await rig.quiet()
    assert rig.platform.states(accepted.provider_id)[:1] == ["sent"]
    assert rig.platform.unverified == 0


@pytest.mark.parametrize("mode", MODES)
async def test_outside_the_window_bird_accepts_and_then_fails(mode: str, make_bird: MakeRig):
    rig = await make_bird(mode)
    accepted = await rig.send(kind="text", content={"body": "Oi"})
    await rig.quiet()
    failure = rig.platform.failure(accepted.provider_id)
    assert failure.code == ("service_window_expired" if mode == "gen3" else "131047")
    assert failure.action == "rejected"


@pytest.mark.parametrize("mode", MODES)
async def test_a_failure_of_whatsapp_keeps_its_own_code(mode: str, make_bird: MakeRig):
    rig = await make_bird(mode, scenario={"customers": [{"phone": ANA, "on_whatsapp": False}]})
    accepted = await rig.send(form=named(rig, PROMO), values=VALUES)
    await rig.quiet()
    assert rig.platform.failure(accepted.provider_id).code == "131026"


async def test_a_stop_word_suppresses_by_itself_and_marketing_is_then_rejected(make_bird: MakeRig):
    rig = await make_bird()
    await rig.say(text="STOP")
    await rig.quiet()
    accepted = await rig.send(form=PROMO, values=VALUES)
    await rig.quiet()
    assert rig.platform.failure(accepted.provider_id).action == "opted_out"
    preferences = [fact for fact in rig.platform.facts if isinstance(fact, PreferenceChanged)]
    assert [(fact.channel, fact.wants_marketing) for fact in preferences] == [
        ("", False),
        (rig.channel.provider_id, False),
    ]
    await rig.control("POST", f"customers/{ANA}/resume", {"phone_number_id": rig.channel.provider_id})
    again = await rig.send(form=PROMO, values=VALUES, token="e1.17.903")
    await rig.quiet()
    assert rig.platform.states(again.provider_id)[:1] == ["sent"]


@pytest.mark.parametrize("mode", MODES)
async def test_what_a_customer_writes_arrives_with_who_they_are(mode: str, make_bird: MakeRig):
    rig = await make_bird(mode, scenario={"customers": [{"phone": ANA, "name": "Ana Souza"}]})
    said = await rig.say(text="Oi")
    await rig.quiet()
    [message] = rig.platform.messages()
    assert (message.provider_id, message.text, message.sender.name) == (said, "Oi", "Ana Souza")
    assert message.sender.phone == ANA


async def test_a_customer_without_a_phone_is_known_by_their_id(make_bird: MakeRig):
    rig = await make_bird(scenario={"customers": [{**READS, "phone_hidden": True, "user_id": "BR.1502938475610293"}]})
    await rig.say(text="Oi")
    accepted = await rig.send(recipient="BR.1502938475610293", kind="text", content={"body": "Oi"})
    await rig.quiet()
    [message] = rig.platform.messages()
    assert (message.sender.phone, message.sender.user_id) == (None, "BR.1502938475610293")
    assert rig.platform.states(accepted.provider_id) == ["sent", "delivered", "read"]


async def test_a_reaction_and_a_read_mark_answer_what_a_customer_wrote(make_bird: MakeRig):
    rig = await make_bird()
    said = await rig.say(text="Oi")
    assert (await rig.send(kind="reaction", content={"message_id": said, "emoji": "👍"})).provider_id
    await rig.send(kind="reaction", content={"message_id": said, "emoji": ""})
    await rig.send(kind="read", content={"message_id": said, "typing": True})
    with pytest.raises(Rejected):
        await rig.send(kind="read", content={"message_id": "wam_unknown"})


REFUSALS: list[tuple[str, dict[str, Any], type[SendError], str]] = [
    ("gen3", {"form": Form(name="missing", language="pt_BR")}, Rejected, "not_found"),
    ("gen3", {"form": Form(name="paused", language="pt_BR")}, Rejected, "validation"),
    ("gen3", {"form": Form(name="promo", language="pt_BR")}, TemplateProblem, "WhatsAppTemplateParameterMismatch"),
    ("gen3", {"recipient": "nobody", "kind": "text", "content": {"body": "Oi"}}, Rejected, "WhatsAppInvalidRecipient"),
    (
        "gen3",
        {
            "kind": "interactive",
            "content": {"type": "button", "body": {"text": "B"}, "action": {"buttons": [REPLY, REPLY]}},
        },
        Rejected,
        "WhatsAppInteractiveDuplicateLabel",
    ),
    (
        "gen3",
        {
            "kind": "interactive",
            "content": {"type": "button", "body": {"text": "B"}, "action": {"buttons": [REPLY] * 4}},
        },
        Rejected,
        "WhatsAppInteractiveLimitExceeded",
    ),
    ("gen2", {"form": Form(name="missing", language="pt_BR")}, Rejected, "gen2/422"),
    ("conversations", {"form": Form(name="missing", language="pt_BR")}, Rejected, "conversations/20"),
]


@pytest.mark.parametrize(("mode", "message", "kind", "code"), REFUSALS)
async def test_a_refusal_is_read_as_what_it_is(
    mode: str, message: Any, kind: type[SendError], code: str, make_bird: MakeRig
):
    rig = await make_bird(mode)
    with pytest.raises(kind) as caught:
        await rig.send(**message)
    assert caught.value.failure.code == code
    assert (await rig.quiet())["accepted"] == 0


@pytest.mark.parametrize("mode", MODES)
async def test_a_revoked_key_suspends_the_account_and_a_wrong_number_the_channel(mode: str, make_bird: MakeRig):
    rig = await make_bird(mode)
    right, rig.channel = rig.channel, Channel(provider_id="+5500000000")
    with pytest.raises(Suspended) as caught:
        await rig.send(kind="text", content={"body": "Oi"})
    assert caught.value.scope == "channel"
    credentials = {**rig.account.credentials, "access_key": "bk_us1_revoked"}
    rig.channel = right
    rig.account = Account(provider_id="b1", credentials=credentials, base_url=rig.account.base_url, allow_base_url=True)
    with pytest.raises(Suspended) as caught:
        await rig.send(kind="text", content={"body": "Oi"})
    assert caught.value.scope == "account"


@pytest.mark.parametrize("mode", MODES)
async def test_too_fast_is_throttled(mode: str, make_bird: MakeRig):
    channels = [{"id": CHANNELS[mode], "phone_number": PHONE, "throughput": 1}]
    rig = await make_bird(mode, account={"channels": channels})
    await rig.send(kind="text", content={"body": "Oi"})
    with pytest.raises(Throttled) as caught:
        await rig.send(kind="text", content={"body": "Oi"}, token="e1.17.903")
    assert caught.value.after >= 1


AFTER = ["error_500_after", "drop_after", "timeout_after"]


@pytest.mark.parametrize("fault", ["error_500", "error_503", "drop_before", *AFTER])
@pytest.mark.parametrize("mode", MODES)
async def test_nothing_goes_twice_whatever_breaks(mode: str, fault: str, make_bird: MakeRig):
    """At the Bird API a server's failure may be tried again, for a repeat replays the first acceptance."""
    script = {**READS, "fault": fault, "window_open": True}
    rig = await make_bird(mode, scenario={"customers": [script]}, faults={"hold_seconds": 0.05})
    with pytest.raises(SendError) as caught:
        await rig.send(kind="text", content={"body": "Oi"})
    by_server = fault.startswith("error")
    assert type(caught.value) is (Unreachable if by_server and mode == "gen3" else Uncertain)
    if mode == "gen3":
        await rig.send(kind="text", content={"body": "Oi"})
    ledger = await rig.quiet()
    assert ledger["duplicates"] == 0
    assert ledger["accepted"] == (1 if mode == "gen3" or fault in AFTER else 0)
    if ledger["accepted"]:
        assert [fact.key for fact in rig.platform.facts][:1] == [MessageKey(17, 902)]  # type: ignore[union-attr]


async def test_another_message_with_the_same_token_is_no_repeat(make_bird: MakeRig):
    rig = await make_bird()
    first = await rig.send(kind="text", content={"body": "Oi"})
    assert (await rig.send(kind="text", content={"body": "Oi"})) == first
    assert (await rig.send(kind="text", content={"body": "Tchau"})) != first


def test_the_table_of_providers_has_bird():
    assert isinstance(PROVIDERS["bird"], type(BIRD))
