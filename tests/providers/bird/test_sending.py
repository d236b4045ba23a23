"""What leaves for each of Bird's three APIs, and what is refused before the network."""

from __future__ import annotations

from typing import Any

import pytest

from envoi.providers.base import Card, Form, Slot

from .outbox import PHONE, UUID, body_of, outgoing, request_of

LINK = "https://cdn.x/a.jpg"
HEADER = {"type": "image", "image": {"link": LINK}}
PROMO = Form(
    name="promo_nov",
    language="pt_BR",
    header=HEADER,
    slots=(
        Slot("body", name="first_name"),
        Slot("button", index=0, sub_type="quick_reply"),
        Slot("button", index=1, sub_type="url"),
    ),
)
VALUES = ("Ana", "STOP", "A-4192")


def test_a_template_leaves_in_the_shape_of_the_sheet():
    """Bird sheet, 3.2: the example there, with our token; a quick reply takes no value."""
    method, url, headers, body = request_of("gen3", outgoing(form=PROMO, values=VALUES, reply_to="wam_1"))
    assert (method, url) == ("POST", "https://us1.platform.bird.com/v1/whatsapp/messages")
    assert headers["authorization"] == "Bearer bk_us1_secret"
    assert body == {
        "to": "+5511999990000",
        "from": PHONE,
        "template": {
            "slug": "promo_nov",
            "language": "pt-BR",
            "components": [
                {"type": "header", "parameters": [{"type": "image", "url": LINK}]},
                {"type": "body", "parameters": [{"type": "text", "name": "first_name", "text": "Ana"}]},
                {"type": "button", "parameters": [{"type": "text", "text": "A-4192"}]},
            ],
        },
        "in_reply_to_message_id": "wam_1",
        "metadata": {"mid": "e1.17.902"},
    }


def test_a_carousel_and_a_coupon():
    card = Card(header={"type": "video", "video": {"link": LINK}}, slots=(Slot("body"), Slot("button", 0, "url")))
    form = Form(name="wat_1", language="en", slots=(Slot("button", 0, "copy_code"),), cards=(card, card))
    template = body_of("gen3", form=form, values=("C1", "a", "b", "c", "d"), options={"bid_multiplier": 1.5})[
        "template"
    ]
    assert template["id"] == "wat_1"
    assert template["bid_multiplier"] == 1.5
    coupon, carousel = template["components"]
    assert coupon == {"type": "button", "parameters": [{"type": "text", "text": "C1"}]}
    assert [part["type"] for part in carousel["cards"][1]["components"]] == ["header", "body", "button"]
    assert carousel["cards"][1]["components"][2]["parameters"] == [{"type": "text", "text": "d"}]


def test_the_same_message_has_the_same_key_and_another_has_another():
    def key(**message: Any) -> str:
        return request_of("gen3", outgoing(kind="text", **message))[2]["idempotency-key"]

    assert key(content={"body": "a"}) == key(content={"body": "a"})
    others = [{"content": {"body": "b"}}, {"content": {"body": "a"}, "token": "e1.17.903"}]
    others.append({"content": {"body": "a"}, "recipient": "+5511999990001"})
    assert len({key(**other) for other in [*others, {"content": {"body": "a"}}]}) == 4


CONTACT = {
    "name": {"formatted_name": "Bia"},
    "phones": [{"phone": "+551", "type": "CELL"}],
    "emails": [{"email": "b@x"}],
}
REPLY = {"type": "reply", "reply": {"id": "QUERO", "title": "Quero"}}
BUTTONS = {
    "type": "button",
    "header": {"type": "text", "text": "H"},
    "body": {"text": "B"},
    "footer": {"text": "F"},
    "action": {"buttons": [REPLY]},
}
ROW = {"id": "r", "title": "R", "description": "D"}
LIST = {
    "type": "list",
    "body": {"text": "B"},
    "action": {"button": "Ver", "sections": [{"title": "S", "rows": [ROW]}]},
}
TARGET = {"name": "cta_url", "parameters": {"display_text": "Ver", "url": "https://x.example"}}
CTA = {"type": "cta_url", "body": {"text": "B"}, "action": TARGET}
CAROUSEL = {
    "type": "carousel",
    "body": {"text": "B"},
    "action": {"cards": [{"header": {"type": "image", "image": {"link": LINK}}, "action": TARGET}] * 2},
}


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("text", {"body": "Oi", "preview_url": True}, {"text": {"body": "Oi", "preview_url": True}}),
        ("image", {"link": LINK, "caption": "c"}, {"image": {"url": LINK, "caption": "c"}}),
        ("video", {"link": LINK}, {"video": {"url": LINK}}),
        ("audio", {"link": LINK, "voice": True}, {"audio": {"url": LINK, "voice": True}}),
        ("document", {"link": LINK, "filename": "n.pdf"}, {"document": {"url": LINK, "filename": "n.pdf"}}),
        ("sticker", {"link": LINK}, {"sticker": {"url": LINK}}),
        (
            "location",
            {"latitude": 1.5, "longitude": 2, "name": "L", "extra": 1},
            {"location": {"latitude": 1.5, "longitude": 2, "name": "L"}},
        ),
        (
            "contacts",
            {"contacts": [CONTACT]},
            {
                "contact_cards": [
                    {
                        "name": {"formatted_name": "Bia"},
                        "phone_numbers": [{"phone_number": "+551", "type": "CELL"}],
                        "emails": [{"email": "b@x"}],
                    }
                ]
            },
        ),
        (
            "interactive",
            BUTTONS,
            {
                "interactive": {
                    "type": "button",
                    "header": {"type": "text", "text": "H"},
                    "body_text": "B",
                    "footer_text": "F",
                    "buttons": [{"type": "quick_reply", "quick_reply": {"slug": "QUERO", "text": "Quero"}}],
                }
            },
        ),
        (
            "interactive",
            LIST,
            {
                "interactive": {
                    "type": "list",
                    "body_text": "B",
                    "list": {
                        "button_text": "Ver",
                        "sections": [{"title": "S", "rows": [{"slug": "r", "text": "R", "description": "D"}]}],
                    },
                }
            },
        ),
        (
            "interactive",
            CTA,
            {
                "interactive": {
                    "type": "cta_url",
                    "body_text": "B",
                    "cta_url": {"text": "Ver", "url": "https://x.example"},
                }
            },
        ),
        (
            "interactive",
            {"type": "location_request_message", "body": {"text": "B"}, "action": {"name": "send_location"}},
            {"interactive": {"type": "location_request_message", "body_text": "B"}},
        ),
    ],
)
def test_every_kind_of_the_bird_api(kind: str, content: dict[str, Any], expected: dict[str, Any]):
    common = {"to": "+5511999990000", "from": PHONE, "metadata": {"mid": "e1.17.902"}}
    assert body_of("gen3", kind=kind, content=content) == {**common, **expected}


def test_a_business_scoped_id_goes_where_a_phone_goes():
    message = outgoing(recipient="BR.1502938475610293", kind="text", content={"body": "Oi"})
    assert request_of("gen3", message)[3]["to"] == "BR.1502938475610293"


@pytest.mark.parametrize(
    ("kind", "content", "method", "path", "body"),
    [
        ("reaction", {"message_id": "wam_1", "emoji": "👍"}, "PUT", "wam_1/reaction", {"emoji": "👍"}),
        ("reaction", {"message_id": "wam_1", "emoji": ""}, "DELETE", "wam_1/reaction", None),
        ("read", {"message_id": "wam_1", "typing": True}, "POST", "wam_1/read", {"typing_indicator": True}),
        ("read", {"message_id": "../x"}, "POST", "..%2Fx/read", {}),
    ],
)
def test_a_reaction_and_a_read_mark_have_calls_of_their_own(
    kind: str, content: dict[str, Any], method: str, path: str, body: Any
):
    asked = request_of("gen3", outgoing(kind=kind, content=content))
    assert (asked[0], asked[1].partition("/messages/")[2], asked[3]) == (method, path, body)


def test_gen_2_in_the_shape_of_the_sheet():
    method, url, headers, body = request_of("gen2", outgoing(kind="text", content={"body": "Oi"}, reply_to="m0"))
    assert (method, url) == ("POST", f"https://api.bird.com/workspaces/ws-1/channels/{UUID}/messages")
    assert headers["authorization"] == "AccessKey k"
    assert body == {
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+5511999990000"}]},
        "body": {"type": "text", "text": {"text": "Oi"}},
        "replyTo": {"id": "m0", "type": "message"},
        "reference": "e1.17.902",
    }


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (
            "image",
            {"link": LINK, "caption": "c"},
            {"type": "image", "image": {"images": [{"mediaUrl": LINK}], "text": "c"}},
        ),
        (
            "document",
            {"link": "https://x/n.pdf", "filename": "n.pdf"},
            {
                "type": "file",
                "file": {
                    "files": [{"mediaUrl": "https://x/n.pdf", "contentType": "application/pdf", "filename": "n.pdf"}]
                },
            },
        ),
        (
            "audio",
            {"id": "https://up/1"},
            {"type": "file", "file": {"files": [{"mediaUrl": "https://up/1", "contentType": "audio/ogg"}]}},
        ),
        (
            "interactive",
            {"type": "button", "body": {"text": "B"}, "action": {"buttons": [REPLY]}},
            {
                "type": "text",
                "text": {
                    "text": "B",
                    "actions": [{"type": "postback", "postback": {"text": "Quero", "payload": "QUERO"}}],
                },
            },
        ),
        (
            "interactive",
            CTA,
            {
                "type": "text",
                "text": {
                    "text": "B",
                    "actions": [{"type": "link", "link": {"text": "Ver", "url": "https://x.example"}}],
                },
            },
        ),
    ],
)
def test_every_body_of_gen_2(kind: str, content: dict[str, Any], expected: dict[str, Any]):
    assert body_of("gen2", kind=kind, content=content)["body"] == expected


def test_a_template_of_gen_2_fills_keys():
    form = Form(name="promo@p-1", language="pt_BR", header=HEADER, slots=(Slot("body"), Slot("button", 1, "url")))
    assert body_of("gen2", form=form, values=("Ana", "x"))["template"] == {
        "projectId": "p-1",
        "version": "latest",
        "locale": "pt-BR",
        "parameters": [
            {"type": "string", "key": "header", "value": LINK},
            {"type": "string", "key": "1", "value": "Ana"},
            {"type": "string", "key": "button_1", "value": "x"},
        ],
    }


def test_conversations_in_the_shape_of_the_sheet():
    method, url, headers, body = request_of("conversations", outgoing(kind="text", content={"body": "Oi"}))
    assert (method, url) == ("POST", "https://conversations.messagebird.com/v1/send")
    assert headers["authorization"] == "AccessKey k"
    ours = {"trackId": "e1.17.902", "source": {"mid": "e1.17.902"}}
    assert body == {"to": "+5511999990000", "from": UUID, "type": "text", "content": {"text": "Oi"}, **ours}


@pytest.mark.parametrize(
    ("kind", "content", "name", "expected"),
    [
        ("document", {"link": LINK, "caption": "c"}, "file", {"url": LINK, "caption": "c"}),
        ("audio", {"link": LINK, "caption": "c"}, "audio", {"url": LINK}),
        ("sticker", {"link": LINK}, "whatsappSticker", {"link": LINK}),
        ("location", {"latitude": 1, "longitude": 2}, "location", {"location": {"latitude": 1, "longitude": 2}}),
        ("interactive", BUTTONS, "interactive", BUTTONS),
    ],
)
def test_every_kind_of_conversations(kind: str, content: dict[str, Any], name: str, expected: dict[str, Any]):
    body = body_of("conversations", kind=kind, content=content)
    assert body["type"] == name
    assert body["content"] == ({name: expected} if kind != "location" else expected)


def test_a_template_of_conversations_has_params_or_components():
    plain = Form(name="promo", language="pt_BR", slots=(Slot("body"),))
    hsm = body_of("conversations", form=plain, values=("Ana",))["content"]["hsm"]
    assert hsm == {
        "namespace": "ns",
        "templateName": "promo",
        "language": {"policy": "deterministic", "code": "pt_BR"},
        "params": [{"default": "Ana"}],
    }
    rich = body_of("conversations", form=PROMO, values=VALUES)["content"]["hsm"]["components"]
    assert rich[0] == {"type": "header", "parameters": [{"type": "image", "image": {"url": LINK}}]}
    assert rich[2] == {
        "type": "button",
        "sub_type": "url",
        "index": "1",
        "parameters": [{"type": "text", "text": "A-4192"}],
    }
