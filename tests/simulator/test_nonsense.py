"""Whatever a client sends, the answer is a provider's, never a stack trace."""

from collections.abc import Iterator
from typing import Any

from tests.simulator.rig import NUMBER, WABA, Rig, template

ANA = "+33639980001"
ODD: tuple[Any, ...] = (None, [], {}, "", "\x00", 0, -1, 1e400, True, [None], [[]], {"a": []}, "x" * 5000)

MESSAGES: list[dict[str, Any]] = [
    template(
        ANA,
        "order",
        opaque="1",
        components=[
            {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://x.example/a.png"}}]},
            {"type": "body", "parameters": [{"type": "text", "parameter_name": "order_id", "text": "a"}]},
            {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "a"}]},
        ],
    ),
    {"to": ANA, "type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}}]},
    {"to": ANA, "type": "location", "location": {"latitude": 1, "longitude": 1}},
    {"status": "read", "message_id": "x", "typing_indicator": {"type": "text"}},
    {
        "to": ANA,
        "type": "interactive",
        "interactive": {
            "type": "list",
            "header": {"type": "text", "text": "h"},
            "body": {"text": "b"},
            "footer": {"text": "f"},
            "action": {"button": "b", "sections": [{"title": "t", "rows": [{"id": "1", "title": "t"}]}]},
        },
    },
]
NEW_TEMPLATE = {
    "name": "fresh",
    "language": "fr",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "h {{a}}", "example": {"header_text_named_params": [{}]}},
        {"type": "BODY", "text": "b {{a}} c d", "example": {"body_text_named_params": [{"param_name": "a"}]}},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "t"}]},
    ],
}


def spoiled(value: Any) -> Iterator[Any]:
    """Every copy of a JSON value with one place in it replaced by something odd."""
    yield from ODD
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: part for name, part in value.items() if name != key}
            for odd in spoiled(inner):
                yield {**value, key: odd}
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for odd in spoiled(inner):
                yield [*value[:index], odd, *value[index + 1 :]]


async def expect_no_bug(rig: Rig, path: str, body: Any) -> None:
    status, answer = await rig.call("POST", path, body)
    assert status in (200, 400, 404), (body, answer)
    assert status == 200 or answer["error"]["fbtrace_id"], body


async def test_a_spoiled_message_never_breaks_the_simulator(rig: Rig) -> None:
    await rig.set(throughput_limit=False, pair_limit=False)
    await rig.say(ANA, text="bonjour")
    for message in MESSAGES:
        for body in spoiled({"messaging_product": "whatsapp", **message}):
            await expect_no_bug(rig, f"/v25.0/{NUMBER}/messages", body)


async def test_a_spoiled_template_never_breaks_the_simulator(rig: Rig) -> None:
    for body in spoiled(NEW_TEMPLATE):
        await expect_no_bug(rig, f"/v25.0/{WABA}/message_templates", body)
        await rig.call("DELETE", f"/v25.0/{WABA}/message_templates?name=fresh")
    status, _ = await rig.call("POST", f"/v25.0/{WABA}/message_templates", NEW_TEMPLATE)
    assert status == 200
