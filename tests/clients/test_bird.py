"""Bird's own SDKs against our simulator: messagebird-sdk (the Bird API, `import bird`) and messagebird (Conversations).

What both sides agree on here is not our own misreading of Bird twice over. Webhooks made by the simulator are taken
by the SDKs' own verifiers, and the models of the new SDK are strict about every answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bird import Bird, RateLimitError, ValidationError
from bird._generated import WhatsAppMessageSendRequest
from messagebird import Client as MessageBird
from messagebird.http_client import HttpClient
from messagebird.request_validator import RequestValidator
from pyreqwest.client import ClientBuilder

from envoi.providers.http import Client as Http
from envoi.simulator.main import Simulator
from envoi.simulator.settings import Settings, changed
from tests.providers.bird import outbox
from tests.providers.bird.test_signatures import standard as signed
from tests.providers.bird.test_webhooks import CASES as ALL_CASES
from tests.simulator.bird.rig import (
    ACCOUNT,
    ANA,
    CHANNELS,
    KEYS,
    PHONE,
    SIGNING,
    TEMPLATES,
    WABA,
    WHSEC,
    Platform,
    Rig,
)
from tests.simulator.bird.test_messages import FREE, PROMO, VALUES

CHANNEL = CHANNELS["conversations"]


@pytest.fixture(params=["gen3"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def rig(mode: str) -> AsyncIterator[Rig]:
    platform = Platform()
    await platform.start()
    simulator = Simulator(seed=7, settings=changed(Settings(), {"speed": 100_000}))
    address = await simulator.start()
    one = Rig(simulator, address, platform, ClientBuilder().no_proxy().build(), Http(), mode)
    channel = {"id": CHANNELS[mode], "phone_number": PHONE}
    spec: dict[str, Any] = {"mode": mode, "access_key": KEYS[mode], "signing_key": SIGNING[mode], "waba": WABA}
    spec |= {"callback_url": platform.url, "channels": [channel], "templates": TEMPLATES}
    assert (await one.control("PUT", f"bird/accounts/{ACCOUNT}", spec))[0] == 200
    yield one
    await simulator.stop()
    await platform.stop()
    await one.client.close()
    await one.http.close()


@pytest.fixture
def client(rig: Rig) -> Iterator[Bird]:
    with Bird(api_key=KEYS["gen3"], base_url=f"{rig.address}/bird", max_retries=0) as one:
        yield one


async def entries(rig: Rig) -> list[dict[str, Any]]:
    response = await rig.client.get(f"{rig.address}/_simulator/ledger/messages").build().send()
    return [msgspec.json.decode(line) for line in (await response.text()).splitlines()]


CONTENTS: list[dict[str, Any]] = [
    {"text": {"body": "Oi", "preview_url": True}},
    {"image": {"url": "https://cdn.x/a.jpg", "caption": "c"}},
    {"video": {"url": "https://cdn.x/a.mp4"}},
    {"audio": {"url": "https://cdn.x/a.ogg", "voice": True}},
    {"sticker": {"url": "https://cdn.x/a.webp"}},
    {"document": {"url": "https://cdn.x/a.pdf", "filename": "a.pdf"}},
    {"location": {"latitude": -23.5, "longitude": -46.6, "name": "Loja"}},
    {"contact_cards": [{"name": {"formatted_name": "Bia"}, "phone_numbers": [{"phone_number": "+5511999990001"}]}]},
    {
        "interactive": {
            "type": "button",
            "body_text": "B",
            "buttons": [{"type": "quick_reply", "quick_reply": {"slug": "QUERO", "text": "Quero"}}],
        }
    },
    {"interactive": {"type": "cta_url", "body_text": "B", "cta_url": {"text": "Ver", "url": "https://x.example"}}},
    {
        "interactive": {
            "type": "list",
            "body_text": "B",
            "list": {"button_text": "Ver", "sections": [{"title": "S", "rows": [{"slug": "r", "text": "R"}]}]},
        }
    },
]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: next(iter(content)))
async def test_the_bird_sdk_sends_every_kind(content: dict[str, Any], rig: Rig, client: Bird):
    said = {"to": ANA, "from_": PHONE, "metadata": {"mid": "m1"}, **content}
    sent = await asyncio.to_thread(lambda: client.whatsapp.send(**said))
    assert (sent.status.value, sent.metadata) == ("accepted", {"mid": "m1"})
    [entry] = await entries(rig)
    assert (entry["wamid"], entry["opaque"], entry["kind"]) == (sent.id, "m1", next(iter(content)))


async def test_the_bird_sdk_sends_a_template_and_reads_it_again(rig: Rig, client: Bird):
    components = [
        {"type": "header", "parameters": [{"type": "image", "url": "https://cdn.x/a.jpg"}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "NOV"}]},
        {"type": "button", "parameters": [{"type": "text", "text": "A-1"}]},
    ]
    said = {"to": ANA, "from_": PHONE, "template": "promo", "language": "pt-BR", "components": components}
    sent = await asyncio.to_thread(lambda: client.whatsapp.send(**said))
    await rig.quiet()
    again = await asyncio.to_thread(client.whatsapp.get, sent.id)
    assert again.template is not None
    assert (again.template.slug, again.status.value) in [("promo", "sent"), ("promo", "delivered")]
    [entry] = await entries(rig)
    assert (entry["kind"], entry["template"], entry["category"]) == ("template", "promo", "MARKETING")


async def test_the_bird_sdk_reads_our_refusals(rig: Rig, client: Bird):
    with pytest.raises(ValidationError) as caught:
        await asyncio.to_thread(lambda: client.whatsapp.send(to="nobody", from_=PHONE, text={"body": "Oi"}))
    assert (caught.value.name, caught.value.details[0].param) == ("WhatsAppInvalidRecipient", "to")
    await rig.control("POST", f"bird/numbers/{PHONE}", {"throughput": 0})
    with pytest.raises(RateLimitError) as slow:
        await asyncio.to_thread(lambda: client.whatsapp.send(to=ANA, from_=PHONE, text={"body": "Oi"}))
    assert slow.value.retry_after == 1


async def test_the_bird_sdk_reads_marks_reacts_and_downloads(rig: Rig, client: Bird):
    said = await rig.say(image=True)
    picture = (await asyncio.to_thread(client.whatsapp.get, said)).image
    assert picture is not None
    assert picture.id is not None
    file = await asyncio.to_thread(client.whatsapp.messages.media, said, picture.id)
    assert (file.content_type, file.data[:4]) == ("image/png", b"\x89PNG")
    mark = await asyncio.to_thread(lambda: client.whatsapp.mark_read(said, typing_indicator=True))
    assert mark.typing_indicator is True
    reaction = await asyncio.to_thread(lambda: client.whatsapp.reaction.set(said, emoji="👍"))
    assert reaction.emoji == "👍"
    await asyncio.to_thread(client.whatsapp.reaction.remove, said)


async def test_the_bird_sdk_takes_a_template_through_its_life(rig: Rig, client: Bird):
    templates = client.whatsapp.templates
    body = {
        "type": "body",
        "text": "Oi {{nome}} !",
        "example_parameters": [{"type": "text", "name": "nome", "text": "Ana"}],
    }
    asked = {"waba": WABA, "slug": "oi", "category": "utility", "default_language": "pt-BR"}
    asked["languages"] = {"pt-BR": {"components": [body]}}  # type: ignore[assignment]
    made = await asyncio.to_thread(lambda: templates.create(**asked))  # type: ignore[arg-type]
    draft = made.draft_version_id
    assert draft is not None
    check = await asyncio.to_thread(lambda: templates.versions.submit("oi", draft, validate_only=True))
    assert check.valid
    submitted = await asyncio.to_thread(lambda: templates.versions.submit("oi", draft))
    assert submitted.version is not None
    async with asyncio.timeout(10):
        while (found := await asyncio.to_thread(templates.get, "oi")).status.value != "active":
            await asyncio.sleep(0.01)
    assert found.available_languages == ["pt-BR"]
    listed = await asyncio.to_thread(lambda: [one.slug for one in templates.list()])
    assert sorted(listed) == ["oi", "paused", "plain", "promo"]
    await asyncio.to_thread(templates.delete, "oi")


async def test_the_bird_sdk_lists_numbers_and_keeps_the_suppression_list(rig: Rig, client: Bird):
    numbers = await asyncio.to_thread(lambda: list(client.whatsapp.numbers.list()))
    assert [(one.phone_number, one.waba) for one in numbers] == [(PHONE, WABA)]
    await asyncio.to_thread(lambda: client.whatsapp.suppressions.add(address=ANA))
    rows = await asyncio.to_thread(lambda: list(client.whatsapp.suppressions.list()))
    assert [one.address for one in rows] == [ANA]


async def test_the_bird_sdk_opens_webhooks_and_takes_what_they_carry(rig: Rig, client: Bird):
    made = await asyncio.to_thread(
        lambda: client.webhooks.create(url=rig.platform.url, events=["whatsapp.received", "whatsapp.sent"])
    )
    assert made.secret.startswith("whsec_")
    await asyncio.to_thread(client.webhooks.delete, made.id)
    said = await rig.say(text="Oi")
    await asyncio.to_thread(lambda: client.whatsapp.send(to=ANA, from_=PHONE, text={"body": "Oi"}))
    await rig.say(button={"payload": "QUERO", "text": "Quero"})
    await rig.say(text="STOP")
    await rig.quiet()
    events = [client.webhooks.unwrap(one.body, one.headers, secret=WHSEC).root for one in rig.platform.deliveries]
    kinds = {event.type for event in events}
    assert {"whatsapp.received", "whatsapp.sent", "whatsapp_suppression.created"} <= kinds
    first = next(event for event in events if event.type == "whatsapp.received")
    assert (first.data.whatsapp_id, first.data.text.body) == (said, "Oi")


@pytest.mark.parametrize("mode", ["conversations"], indirect=True)
async def test_the_messagebird_sdk_converses_and_its_validator_takes_our_webhooks(rig: Rig):
    old = MessageBird(KEYS["conversations"], HttpClient(f"{rig.address}/bird/v1/", KEYS["conversations"], "test"))
    start = {"to": ANA, "channelId": CHANNEL, "type": "text", "content": {"text": "Oi"}}
    conversation = await asyncio.to_thread(old.conversation_start, start)
    message = {"type": "image", "content": {"image": {"url": "https://cdn.x/a.jpg"}}}
    sent = await asyncio.to_thread(old.conversation_create_message, conversation.id, message)
    again = await asyncio.to_thread(old.conversation_read_message, sent.id)
    assert (again.type, again.direction, again.channelId) == ("image", "sent", CHANNEL)
    listed = await asyncio.to_thread(old.conversation_list_messages, conversation.id)
    assert listed.count == 2
    assert [(entry["kind"], entry["to"]) for entry in await entries(rig)] == [("text", ANA), ("image", ANA)]

    hook = {"channelId": CHANNEL, "events": ["message.created"], "url": rig.platform.url}
    made = await asyncio.to_thread(old.conversation_create_webhook, hook)
    assert [one.id for one in (await asyncio.to_thread(old.conversation_list_webhooks)).items][-1] == made.id
    await rig.say(text="Oi")
    await rig.quiet()
    validator = RequestValidator(SIGNING["conversations"])
    for one in rig.platform.deliveries:
        claims = validator.validate_signature(one.headers["messagebird-signature-jwt"], one.url, one.body)
        assert claims["iss"] == "MessageBird"
    assert rig.platform.deliveries


@pytest.mark.parametrize(("kind", "content"), [(kind, content) for mode, kind, content in FREE if mode == "gen3"])
def test_our_bodies_are_what_birds_own_model_takes(kind: str, content: dict[str, Any]):
    body = outbox.body_of("gen3", kind=kind, content=content, reply_to="wam_01krdgeqcxet5s7t44vh8rt9mg")
    taken = WhatsAppMessageSendRequest.model_validate(body)
    assert taken.metadata == {"mid": "e1.17.902"}
    assert not taken.model_extra


def test_our_template_is_what_birds_own_model_takes():
    body = outbox.body_of("gen3", form=PROMO, values=VALUES)
    template = WhatsAppMessageSendRequest.model_validate(body).template
    assert template is not None
    assert template.components is not None
    assert [part.type.value for part in template.components] == ["header", "body", "button"]


# Not Bird's shapes on purpose: damaged, or from a version to come.
DAMAGED = {"gen3_group_join"}
CASES = [path for path in ALL_CASES if path.stem.startswith("gen3_") and path.stem not in DAMAGED]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_our_fixtures_are_what_birds_own_model_reads(case: Path):
    body = case.read_bytes()
    headers = signed(body)
    event = Bird(api_key=KEYS["gen3"]).webhooks.unwrap(body, headers, secret=WHSEC).root
    assert event.type == msgspec.json.decode(body)["type"]
