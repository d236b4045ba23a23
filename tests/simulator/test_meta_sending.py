"""What Meta accepts and refuses."""

from typing import Any

import pytest

from tests.simulator.rig import NUMBER, TEMPLATES, MakeRig, Rig, body_parameters, template, text

ANA = "+33639980001"


async def test_an_accepted_template_is_answered_in_metas_shape(rig: Rig) -> None:
    status, body = await rig.send(template(ANA))
    assert status == 200
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": ANA, "wa_id": "33639980001"}]
    assert body["messages"][0]["message_status"] == "accepted"
    assert body["messages"][0]["id"].startswith("wamid.")


async def test_a_call_without_a_version_in_its_path_works_too(rig: Rig) -> None:
    status, _ = await rig.call("POST", f"/{NUMBER}/messages", {"messaging_product": "whatsapp", **template(ANA)})
    assert status == 200


@pytest.mark.parametrize(("token", "code"), [(None, 0), ("wrong", 190)])
async def test_a_missing_or_wrong_token_is_401(rig: Rig, token: str | None, code: int) -> None:
    status, body = await rig.call("POST", f"/v25.0/{NUMBER}/messages", template(ANA), token=token)
    assert status == 401
    assert body["error"]["code"] == code
    assert set(body["error"]) == {"message", "type", "code", "error_data", "fbtrace_id"}
    assert body["error"]["error_data"]["messaging_product"] == "whatsapp"


async def test_an_unknown_number_is_error_100_with_subcode_33(rig: Rig) -> None:
    status, body = await rig.call("POST", "/v25.0/999/messages", template(ANA))
    assert (status, body["error"]["code"], body["error"]["error_subcode"]) == (400, 100, 33)


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b""])
async def test_a_body_that_is_not_a_json_object_is_error_100(rig: Rig, raw: bytes) -> None:
    status, body = await rig.call("POST", f"/v25.0/{NUMBER}/messages", raw=raw)
    assert (status, body["error"]["code"]) == (400, 100)


@pytest.mark.parametrize("path", [f"/v25.0/{NUMBER}/nonsense", "/v25.0/222/nonsense", "/", "/v25.0/"])
async def test_an_unknown_route_is_a_graph_error(rig: Rig, path: str) -> None:
    status, body = await rig.call("GET", path)
    assert status == 400
    assert body["error"]["code"] in (100, 2500)


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        (template(ANA, "unknown"), 404, 132001),
        (template(ANA) | {"template": {"name": "plain", "language": {"code": "en"}}}, 404, 132001),
        (template(ANA, "paused"), 400, 132015),
        (template(ANA, "disabled"), 400, 132016),
        (template(ANA, "hello"), 400, 132000),
        (template(ANA, "hello", components=body_parameters("a")), 400, 132000),
        (template(ANA, "plain", components=body_parameters("a")), 400, 132000),
        (template(ANA, "hello", components=body_parameters("a", "b\nc")), 400, 132018),
        (template(ANA, "hello", components=body_parameters("a", "b" * 1020)), 400, 132005),
        (
            template(ANA, "hello", components=[{"type": "body", "parameters": [{"type": "image"}, {"type": "image"}]}]),
            400,
            132012,
        ),
        (template(ANA, "order", components=[]), 400, 132012),
        (text(ANA), 400, 131047),
        (text(ANA, "x" * 4097), 400, 100),
        (template(ANA, opaque="x" * 513), 400, 100),
        (template("12"), 400, 131009),
        (template("+33170000000"), 400, 131021),
        ({"type": "text", "text": {"body": "x"}}, 400, 100),
        ({"to": ANA, "type": "poem"}, 400, 100),
        ({"to": ANA, "type": "image", "image": {}}, 400, 131008),
        ({"to": ANA, "type": "image", "image": {"id": "nobody"}}, 400, 100),
        ({"to": ANA, "recipient_type": "bsuid", "type": "text"}, 400, 100),
        ({"recipient": "+33639980001", "type": "text"}, 400, 131009),
        ({"to": ANA, "type": "text", "text": "bonjour"}, 400, 100),
        ({"to": ["x"], "type": "text", "text": {"body": "x"}}, 400, 100),
        (template(ANA) | {"template": []}, 400, 100),
        (template(ANA, "hello", components={"type": "body"}), 400, 100),
        (template(ANA, "hello", components=[None]), 400, 100),
        ({"to": ANA, "type": {"a": 1}}, 400, 100),
    ],
)
async def test_a_faulty_message_is_refused_with_its_code(
    rig: Rig, message: dict[str, Any], status: int, code: int
) -> None:
    got, body = await rig.send(message)
    assert (got, body["error"]["code"]) == (status, code), body
    ledger = await rig.ledger()
    assert ledger["accepted"] == 0
    assert ledger["refused"] == {str(code): 1}


def order(*, names: tuple[str, str] = ("first_name", "order_id"), suffix: str | None = "42") -> dict[str, Any]:
    parameters = [{"type": "text", "parameter_name": name, "text": "A1"} for name in names]
    link = {"link": "https://x.example/a.png"}
    components: list[dict[str, Any]] = [
        {"type": "header", "parameters": [{"type": "image", "image": link}]},
        {"type": "body", "parameters": parameters},
        {"type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [{"type": "payload", "payload": "ok"}]},
    ]
    if suffix is not None:
        value = {"type": "text", "text": suffix}
        components.append({"type": "button", "sub_type": "url", "index": "1", "parameters": [value]})
    return template(ANA, "order", components=components)


async def test_named_values_may_come_in_any_order(rig: Rig) -> None:
    assert (await rig.send(order()))[0] == 200


@pytest.mark.parametrize(
    ("message", "code"),
    [(order(names=("first_name", "nonsense")), 132018), (order(suffix=None), 131008)],
)
async def test_wrong_names_and_missing_button_values_are_refused(rig: Rig, message: dict[str, Any], code: int) -> None:
    _, body = await rig.send(message)
    assert body["error"]["code"] == code


INTERACTIVE_BODY = {"body": {"text": "Choisissez"}}
LIST_ROW = {"id": "r1", "title": "Ligne"}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text", {"body": "bonjour", "preview_url": True}),
        ("image", {"link": "https://x.example/a.png", "caption": "voilà"}),
        ("video", {"link": "https://x.example/a.mp4"}),
        ("audio", {"link": "https://x.example/a.ogg", "voice": True}),
        ("document", {"link": "https://x.example/a.pdf", "filename": "a.pdf"}),
        ("sticker", {"link": "https://x.example/a.webp"}),
        ("location", {"latitude": 48.8, "longitude": "2.3"}),
        ("contacts", [{"name": {"formatted_name": "Ana", "first_name": "Ana"}}]),
        ("reaction", {"message_id": "wamid.X", "emoji": "👍"}),
        (
            "interactive",
            {
                "type": "button",
                **INTERACTIVE_BODY,
                "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Oui"}}]},
            },
        ),
        (
            "interactive",
            {"type": "list", **INTERACTIVE_BODY, "action": {"button": "Voir", "sections": [{"rows": [LIST_ROW]}]}},
        ),
        (
            "interactive",
            {
                "type": "cta_url",
                **INTERACTIVE_BODY,
                "action": {"name": "cta_url", "parameters": {"display_text": "Voir", "url": "https://x.example"}},
            },
        ),
    ],
)
async def test_every_kind_can_be_sent_inside_the_window(rig: Rig, kind: str, content: Any) -> None:
    await rig.say(ANA, text="bonjour")
    status, body = await rig.send({"to": ANA, "type": kind, kind: content})
    assert status == 200, body


@pytest.mark.parametrize(
    "content",
    [
        {"type": "button", **INTERACTIVE_BODY, "action": {"buttons": []}},
        {
            "type": "button",
            **INTERACTIVE_BODY,
            "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "x" * 21}}]},
        },
        {
            "type": "list",
            **INTERACTIVE_BODY,
            "action": {"button": "Voir", "sections": [{"rows": [{"id": f"{i}", "title": "t"} for i in range(11)]}]},
        },
        {"type": "list", "action": {"button": "Voir", "sections": []}},
        {"type": "riddle"},
        [],
    ],
)
async def test_a_malformed_interactive_message_is_refused(rig: Rig, content: Any) -> None:
    await rig.say(ANA, text="bonjour")
    status, body = await rig.send({"to": ANA, "type": "interactive", "interactive": content})
    assert status == 400
    assert body["error"]["code"] in (100, 131008, 131009)


async def test_the_window_opens_when_the_customer_writes_and_shuts_again(rig: Rig) -> None:
    assert (await rig.send(text(ANA)))[1]["error"]["code"] == 131047
    await rig.say(ANA, text="bonjour")
    wamid = await rig.sent(text(ANA))
    await rig.quiet()
    assert rig.platform.statuses(wamid)[0]["pricing"]["category"] == "service"
    await rig.call("POST", f"/_simulator/customers/{ANA}/close_window", {})
    assert (await rig.send(text(ANA)))[1]["error"]["code"] == 131047


async def test_a_message_from_a_customer_can_be_marked_as_read(rig: Rig) -> None:
    message_id = await rig.say(ANA, text="bonjour")
    mark = {"status": "read", "message_id": message_id, "typing_indicator": {"type": "text"}}
    assert await rig.send(mark) == (200, {"success": True})
    assert (await rig.send({"status": "read", "message_id": "wamid.other"}))[1]["error"]["code"] == 100


async def test_a_number_without_plus_gets_the_senders_country_code(rig: Rig) -> None:
    _, body = await rig.send(template("0639980001".lstrip("0")))
    assert body["contacts"] == [{"input": "639980001", "wa_id": "33639980001"}]


async def test_brazilian_and_mexican_numbers_come_back_normalised(rig: Rig) -> None:
    _, brazil = await rig.send(template("+55 (31) 98765-4321"))
    _, mexico = await rig.send(template("+52 55 1234 5678"))
    assert brazil["contacts"][0]["wa_id"] == "553187654321"
    assert mexico["contacts"][0]["wa_id"] == "5215512345678"


async def test_a_user_id_belongs_in_recipient_and_is_lost_in_to(rig: Rig) -> None:
    await rig.sent(template(ANA))
    await rig.quiet()
    user_id = rig.platform.statuses()[0]["recipient_user_id"]
    assert user_id.startswith("FR.")

    _, body = await rig.send({"recipient": user_id} | {k: v for k, v in template("").items() if k != "to"})
    assert body["contacts"] == [{"input": user_id, "user_id": user_id}]
    lost = await rig.sent(template(user_id))
    await rig.quiet()
    assert rig.platform.names(body["messages"][0]["id"])
    assert rig.platform.names(lost) == []
    assert [row["customer"] for row in await rig.rows()][:2] == ["33639980001"] * 2


async def test_a_number_refuses_more_than_its_throughput_and_recovers(make_rig: MakeRig) -> None:
    number = {"id": NUMBER, "display_phone_number": "+33170000000", "throughput": 5}
    rig = await make_rig(account={"numbers": [number], "templates": TEMPLATES})
    answers = [await rig.send(template(f"+3363998{i:04d}")) for i in range(8)]
    assert [status for status, _ in answers] == [200] * 5 + [400] * 3
    assert answers[-1][1]["error"]["code"] == 130429
    ledger = await rig.ledger()
    assert ledger["accepted"] == 5
    assert ledger["refused"] == {"130429": 3}
    assert ledger["peak_per_second"] == {NUMBER: 8}


async def test_a_pair_may_burst_to_45_and_then_must_wait(make_rig: MakeRig) -> None:
    rig = await make_rig(speed=1, customers={"reply_rate": 0})
    answers = [await rig.send(template(ANA)) for _ in range(47)]
    assert [status for status, _ in answers] == [200] * 45 + [400] * 2
    assert answers[-1][1]["error"]["code"] == 131056
    await rig.set(speed=100_000)
    assert (await rig.send(template(ANA)))[0] == 200


async def test_a_number_that_is_not_connected_refuses_to_send(rig: Rig) -> None:
    await rig.call("POST", f"/_simulator/meta/numbers/{NUMBER}", {"status": "RESTRICTED"})
    status, body = await rig.send(template(ANA))
    assert (status, body["error"]["code"]) == (403, 368)


async def test_the_marketing_endpoint_takes_marketing_templates_only(rig: Rig) -> None:
    path = f"/v25.0/{NUMBER}/marketing_messages"
    product = {"messaging_product": "whatsapp"}
    assert (await rig.call("POST", path, product | template(ANA)))[0] == 200
    assert (await rig.call("POST", path, product | order()))[1]["error"]["code"] == 134100
