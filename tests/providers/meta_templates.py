"""A template of every kind (Meta sheet, A.5 and C.1): as it was approved, our form with values, what has to leave."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from envoi.providers.base import Card, Form, Slot

OFFER_ENDS = 1_893_456_000_000
LINK = "https://shop.example/i.jpg"
PLACE = {"latitude": "48.85", "longitude": "2.35", "name": "Shop", "address": "1 rue X"}
SECTIONS = [{"title": "T", "product_items": [{"product_retailer_id": "SKU"}]}]
MPM = {"thumbnail_product_retailer_id": "SKU", "sections": SECTIONS}


@dataclass(frozen=True)
class Case:
    approved: list[dict[str, Any]]
    form: Form
    values: tuple[str, ...]
    leaves: list[dict[str, Any]]
    category: str = "MARKETING"
    parameter_format: str = "POSITIONAL"


def text(value: str, name: str = "") -> dict[str, Any]:
    return {"type": "text", "text": value} | ({"parameter_name": name} if name else {})


def body(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"type": "body", "parameters": list(parameters)}


def header(kind: str, content: Any) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": kind, kind: content}]}


def button(sub_type: str, index: int, parameter: dict[str, Any]) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}


def buttons(*kinds: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": [{"text": "Go", **kind} for kind in kinds]}


def form(name: str, *slots: Slot, **more: Any) -> Form:
    return Form(name=name, language="fr", slots=slots, **more)


def static_header(kind: str, content: Any) -> Case:
    approved = [{"type": "HEADER", "format": kind.upper()}, BODY]
    return Case(approved, form(f"{kind}_header", header={"type": kind, kind: content}), (), [header(kind, content)])


def one_button(kind: str, sub_type: str, value: str, parameter: dict[str, Any], **more: Any) -> Case:
    return Case(
        [BODY, buttons({"type": kind, **more})],
        form(f"{sub_type}_button", Slot("button", index=0, sub_type=sub_type)),
        (value,),
        [button("CATALOG" if sub_type == "catalog" else sub_type, 0, parameter)],
    )


def action(**fields: Any) -> dict[str, Any]:
    return {"type": "action", "action": fields}


BODY = {"type": "BODY", "text": "Nos nouveautés sont là."}
CARD = [
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "Le {{1}}"},
    buttons({"type": "URL", "url": "https://x.example/{{1}}"}),
]
CARD_SLOTS = (Slot("body"), Slot("button", index=0, sub_type="url"))

CASES: list[Case] = [
    Case([BODY], form("plain"), (), []),
    Case(
        [{"type": "HEADER", "format": "TEXT", "text": "{{1}} !"}, {"type": "BODY", "text": "{{1}}, {{2}} ici."}],
        form("positional", Slot("header"), Slot("body"), Slot("body")),
        ("Soldes", "Ana", "-20 %"),
        [{"type": "header", "parameters": [text("Soldes")]}, body(text("Ana"), text("-20 %"))],
    ),
    Case(
        [{"type": "BODY", "text": "Bonjour {{first_name}}, code {{code}} ici."}],
        form("named", Slot("body", name="first_name"), Slot("body", name="code")),
        ("Ana", "S20"),
        [body(text("Ana", "first_name"), text("S20", "code"))],
        parameter_format="NAMED",
    ),
    static_header("image", {"link": LINK}),
    static_header("video", {"link": LINK}),
    static_header("document", {"link": LINK, "filename": "a.pdf"}),
    static_header("location", PLACE),
    static_header("product", {"product_retailer_id": "SKU", "catalog_id": "C1"}),
    one_button("QUICK_REPLY", "quick_reply", "stop", {"type": "payload", "payload": "stop"}),
    one_button("URL", "url", "cmp17/902", text("cmp17/902"), url="https://x.example/{{1}}"),
    one_button("COPY_CODE", "copy_code", "SAVE20", {"type": "coupon_code", "coupon_code": "SAVE20"}),
    one_button("FLOW", "flow", "T", action(flow_token="T")),
    one_button("CATALOG", "catalog", "SKU", action(thumbnail_product_retailer_id="SKU")),
    one_button("MPM", "mpm", json.dumps(MPM), action(**MPM)),
    Case(
        [{"type": "BODY", "add_security_recommendation": True}, buttons({"type": "OTP", "otp_type": "COPY_CODE"})],
        form("code", Slot("body"), Slot("button", index=0, sub_type="otp")),
        ("493817", "493817"),
        [body(text("493817")), button("url", 0, text("493817"))],
        category="AUTHENTICATION",
    ),
    Case(
        [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Vite", "has_expiration": True}},
            {"type": "BODY", "text": "Bonjour {{1}}, vite !"},
            buttons({"type": "COPY_CODE"}, {"type": "URL", "url": "https://x.example/{{1}}"}),
        ],
        form(
            "offer",
            Slot("body"),
            Slot("expires_at_ms"),
            Slot("button", index=0, sub_type="copy_code"),
            Slot("button", index=1, sub_type="url"),
            header={"type": "image", "image": {"link": LINK}},
        ),
        ("Ana", str(OFFER_ENDS), "SAVE20", "902"),
        [
            header("image", {"link": LINK}),
            body(text("Ana")),
            {
                "type": "limited_time_offer",
                "parameters": [
                    {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": OFFER_ENDS}}
                ],
            },
            button("copy_code", 0, {"type": "coupon_code", "coupon_code": "SAVE20"}),
            button("url", 1, text("902")),
        ],
    ),
    Case(
        [{"type": "BODY", "text": "Bonjour {{1}}, voici."}, {"type": "CAROUSEL", "cards": [{"components": CARD}] * 2}],
        form(
            "carousel",
            Slot("body"),
            cards=(
                Card(slots=CARD_SLOTS, header={"type": "image", "image": {"link": LINK}}),
                Card(slots=CARD_SLOTS, header={"type": "image", "image": {"link": LINK}}),
            ),
        ),
        ("Ana", "sac", "s/1", "gant", "g/2"),
        [
            body(text("Ana")),
            {
                "type": "carousel",
                "cards": [
                    {
                        "card_index": index,
                        "components": [header("image", {"link": LINK}), body(text(name)), button("url", 0, text(path))],
                    }
                    for index, (name, path) in enumerate([("sac", "s/1"), ("gant", "g/2")])
                ],
            },
        ],
    ),
]


def specs() -> list[dict[str, Any]]:
    """All of them as the simulator's TemplateSpec."""
    return [
        {
            "name": case.form.name,
            "language": "fr",
            "category": case.category,
            "parameter_format": case.parameter_format,
            "components": case.approved,
        }
        for case in CASES
    ]
