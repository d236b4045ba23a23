"""What leaves for Zenvia, what never does, and what each of its answers means."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.ids import token_of
from envoi.providers.base import (
    Card,
    Channel,
    Form,
    Outgoing,
    Rejected,
    Slot,
)
from envoi.providers.table import PROVIDERS

ZENVIA = PROVIDERS["zenvia"]
CHANNEL = Channel(provider_id="551140001000", address="+551140001000")
LINK = {"link": "https://cdn.x/a.jpg"}


def body(outgoing: Outgoing) -> Any:
    return json.loads(ZENVIA.body(outgoing, CHANNEL))


def content(kind: str, **parts: Any) -> Any:
    sent = body(Outgoing(recipient="+5511999990000", token="t", kind=kind, content=parts))
    assert len(sent["contents"]) == 1
    return sent["contents"][0]


def filled(form: Form, *values: str) -> Any:
    sent = body(Outgoing(recipient="+5511999990000", token="t", form=form, values=values))
    return sent["contents"][0].get("fields")


def test_a_template_leaves_in_the_shape_of_the_sheet():
    """Zenvia sheet, 2: the example there, with our token."""
    form = Form(
        name="c2c3e42d-aaaa",
        language="pt_BR",
        header={"type": "image", "image": LINK},
        slots=(Slot("body", name="name"), Slot("body", name="cupom")),
    )
    sent = body(Outgoing(recipient="+5511999990000", token="e1.17.902", form=form, values=("Ana", "BF10")))
    assert sent == {
        "from": "551140001000",
        "to": "5511999990000",
        "externalId": "e1.17.902",
        "contents": [
            {
                "type": "template",
                "templateId": "c2c3e42d-aaaa",
                "fields": {"name": "Ana", "cupom": "BF10", "imageUrl": "https://cdn.x/a.jpg"},
            }
        ],
    }


def test_a_template_is_named_by_its_option_before_its_form():
    outgoing = Outgoing(recipient="+1", token="t", form=Form("x", "pt_BR"), options={"template_id": "uuid"})
    assert body(outgoing)["contents"] == [{"type": "template", "templateId": "uuid"}]


def test_every_part_of_a_template_that_zenvia_can_fill():
    url = Slot("button", index=0, sub_type="url", name="path")
    assert filled(Form("x", "pt", slots=(Slot("header", name="day"), url)), "Mon", "a/b") == {
        "day": "Mon",
        "path": "a/b",
    }
    assert filled(Form("x", "pt", slots=(Slot("body"), Slot("body"))), "a", "b") == {"1": "a", "2": "b"}
    assert filled(Form("x", "pt", slots=(Slot("button", index=0, sub_type="copy_code"),)), "BF10") == {"code": "BF10"}
    otp = Form("x", "pt", slots=(Slot("body"), Slot("button", index=0, sub_type="otp")))
    assert filled(otp, "493817", "493817") == {"token": "493817"}
    sections = [{"title": "T", "product_items": [{"product_retailer_id": "SKU"}]}]
    mpm = Form("x", "pt", slots=(Slot("button", index=0, sub_type="mpm"),))
    assert filled(mpm, json.dumps({"sections": sections})) == {
        "sections": [{"title": "T", "productItems": [{"productId": "SKU"}]}]
    }
    for kind, field in (("video", "videoUrl"), ("document", "documentUrl")):
        assert filled(Form("x", "pt", header={"type": kind, kind: LINK})) == {field: "https://cdn.x/a.jpg"}


def test_a_carousel_has_its_cards_and_one_map_of_words():
    cards = tuple(Card(slots=(Slot("body", name=f"p{n}"),), header={"type": "image", "image": LINK}) for n in (0, 1))
    assert filled(Form("x", "pt", slots=(Slot("body", name="name"),), cards=cards), "Ana", "a", "b") == {
        "name": "Ana",
        "p0": "a",
        "p1": "b",
        "cards": [
            {"imageUrl": "https://cdn.x/a.jpg", "orderPosition": 0},
            {"imageUrl": "https://cdn.x/a.jpg", "orderPosition": 1},
        ],
    }


def test_a_text_and_what_it_answers():
    outgoing = Outgoing(
        recipient="+5511999990000",
        token="t",
        kind="text",
        content={"body": "oi", "preview_url": True},
        reply_to="their-id",
    )
    sent = body(outgoing)
    assert sent["contents"] == [{"type": "text", "text": "oi"}]
    assert sent["idRef"] == "their-id"


def test_files_of_every_kind():
    assert content("image", link="https://a/b", caption="c") == {
        "type": "file",
        "fileUrl": "https://a/b",
        "fileCaption": "c",
    }
    assert content("document", id="https://a/b", filename="n.pdf", mime_type="application/pdf") == {
        "type": "file",
        "fileUrl": "https://a/b",
        "fileName": "n.pdf",
        "fileMimeType": "application/pdf",
    }
    assert content("sticker", **LINK)["fileMimeType"] == "image/webp"
    assert content("video", **LINK)["type"] == content("audio", voice=True, **LINK)["type"] == "file"


def test_a_place_and_a_person():
    assert content("location", latitude="-23.5", longitude=-46.6, name="MASP", address="") == {
        "type": "location",
        "latitude": -23.5,
        "longitude": -46.6,
        "name": "MASP",
    }
    card = {
        "name": {"formatted_name": "Rui Costa"},
        "phones": [{"phone": "+55", "type": "cell", "wa_id": "55"}, {"phone": "1", "type": "Boat"}],
        "org": {"company": "X"},
    }
    assert content("contacts", contacts=[card]) == {
        "type": "contacts",
        "contacts": [
            {
                "name": {"formattedName": "Rui Costa", "firstName": "Rui Costa"},
                "phones": [{"phone": "+55", "type": "CELL", "waId": "55"}, {"phone": "1"}],
                "org": {"company": "X"},
            }
        ],
    }
    assert card["phones"][1]["type"] == "Boat"


def test_buttons_and_lists():
    """Meta sheet, A.3, to Zenvia sheet, 2."""
    buttons = [{"type": "reply", "reply": {"id": "yes", "title": "Sim"}}]
    parts = {"body": {"text": "Pick"}, "footer": {"text": "f"}, "action": {"buttons": buttons}}
    expected = {"type": "button", "body": "Pick", "footer": "f", "buttons": [{"id": "yes", "title": "Sim"}]}
    assert content("interactive", type="button", **parts) == expected
    words = {"type": "text", "text": "H"}
    assert content("interactive", type="button", header=words, **parts) == {**expected, "header": words}
    picture = content("interactive", type="button", header={"type": "image", "image": LINK}, **parts)
    assert picture["header"] == {"type": "file", "fileUrl": "https://cdn.x/a.jpg"}

    rows = [{"id": "r1", "title": "Row", "description": "d"}, {"id": "r2", "title": "Other"}]
    action = {"button": "Open", "sections": [{"title": "S1", "rows": rows}]}
    assert content("interactive", type="list", header=words, body={"text": "Choose"}, action=action) == {
        "type": "list",
        "header": "H",
        "body": "Choose",
        "button": "Open",
        "sections": [{"title": "S1", "rows": rows}],
    }


def test_products_flows_and_the_question_for_a_number():
    product = {"catalog_id": "C", "product_retailer_id": "S"}
    assert content("interactive", type="product", action=product) == {
        "type": "product",
        "catalogId": "C",
        "productId": "S",
    }
    sections = [{"title": "T", "product_items": [{"product_retailer_id": "S"}]}]
    listed = content(
        "interactive",
        type="product_list",
        header={"type": "text", "text": "H"},
        body={"text": "B"},
        action={"catalog_id": "C", "sections": sections},
    )
    assert listed["sections"] == [{"title": "T", "productItems": [{"productId": "S"}]}]
    flow = {
        "flow_id": "F",
        "flow_cta": "Start",
        "flow_token": "T",
        "flow_action": "navigate",
        "flow_action_payload": {"screen": "FIRST", "data": {}},
    }
    assert content("interactive", type="flow", body={"text": "Fill"}, action={"parameters": flow}) == {
        "type": "flow",
        "body": "Fill",
        "flow": {
            "id": "F",
            "buttonText": "Start",
            "mode": "published",
            "token": "T",
            "action": {"type": "navigate", "screen": "FIRST", "data": {}},
        },
    }
    asked = content("interactive", type="request_contact_info", body={"text": "Number?"}, action={})
    assert asked == {"type": "contact_request", "body": "Number?"}


def interactive(kind: str, **parts: Any) -> Outgoing:
    return Outgoing(recipient="+1", token="t", kind="interactive", content={"type": kind, **parts})


def free(kind: str, **parts: Any) -> Outgoing:
    return Outgoing(recipient="+1", token="t", kind=kind, content=parts)


def template(*slots: Slot, values: tuple[str, ...] = ("x",), **more: Any) -> Outgoing:
    return Outgoing(recipient="+1", token="t", form=Form("x", "pt", slots=slots, **more), values=values)


REFUSED = {
    "a reaction": free("reaction", message_id="m", emoji="x"),
    "a read mark": free("read", message_id="m"),
    "a hologram": free("hologram", body="hi"),
    "no content": Outgoing(recipient="+1", token="t", kind="text"),
    "an upload of elsewhere": free("image", id="1037543291543636"),
    "words under a document": free("document", caption="c", **LINK),
    "words under a sound": free("audio", caption="c", **LINK),
    "a place nowhere": free("location", latitude="north", longitude=1),
    "a place off the globe": free("location", latitude=91, longitude=1),
    "no contact": free("contacts", contacts=[]),
    "a contact without a name": free("contacts", contacts=[{"phones": []}]),
    "a link button": interactive("cta_url", body={"text": "x"}),
    "a catalog": interactive("catalog_message", body={"text": "x"}),
    "a question for a place": interactive("location_request_message", body={"text": "x"}),
    "a free carousel": interactive("carousel", body={"text": "x"}),
    "a button without a title": interactive("button", body={"text": "x"}, action={"buttons": [{"reply": {"id": "1"}}]}),
    "a list with a picture": interactive(
        "list", header={"type": "image"}, body={"text": "x"}, action={"button": "b", "sections": [{"rows": []}]}
    ),
    "a flow by name": interactive("flow", action={"parameters": {"flow_name": "f"}}),
    "a product without a catalog": interactive("product", action={"product_retailer_id": "S"}),
    "too few values": template(Slot("body"), values=()),
    "a payload of a quick reply": template(Slot("button", index=0, sub_type="quick_reply")),
    "a flow button": template(Slot("button", index=0, sub_type="flow")),
    "a catalog button": template(Slot("button", index=0, sub_type="catalog")),
    "an offer": template(Slot("expires_at_ms")),
    "a header of a place": template(header={"type": "location", "location": {}}, values=()),
    "a header of a product": template(header={"type": "product", "product": {}}, values=()),
    "two variables of one name": template(Slot("header"), Slot("body"), values=("a", "b")),
    "a card without a picture": template(cards=(Card(), Card()), values=()),
    "sections that are none": template(Slot("button", index=0, sub_type="mpm"), values=("{",)),
    "nobody": Outgoing(recipient="", token="t", kind="text", content={"body": "x"}),
    "an id too long": Outgoing(recipient="US." + "1" * 80, token="t", kind="text", content={"body": "x"}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_zenvia_lacks_is_refused_before_the_network_with_a_sentence(what: str):
    with pytest.raises(Rejected) as caught:
        ZENVIA.body(REFUSED[what], CHANNEL)
    assert len(caught.value.failure.title) > 15
    assert caught.value.failure.action == "rejected"


def test_a_business_scoped_id_goes_out_as_it_is():
    outgoing = Outgoing(recipient="US.13491208655302741918", token="t", kind="text", content={"body": "x"})
    assert body(outgoing)["to"] == "US.13491208655302741918"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.dictionaries(TEXT, TEXT, max_size=6), st.integers(0, 2**59), st.integers(0, 2**59))
def test_every_value_comes_out_of_the_body_again(values: dict[str, str], contact: int, message: int):
    form = Form("x", "pt", slots=tuple(Slot("body", name=name) for name in values))
    outgoing = Outgoing(recipient="+1", token=token_of(contact, message), form=form, values=tuple(values.values()))
    sent = body(outgoing)
    assert sent["contents"][0].get("fields", {}) == values
    assert sent["externalId"] == token_of(contact, message)


WORDS = """type body text link action buttons reply sections rows contacts name latitude longitude parameters header
button list phones formatted_name flow product id title interactive""".split()
ANYTHING = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(WORDS) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
)


@given(
    st.sampled_from(["text", "image", "location", "contacts", "interactive", "document"]),
    st.dictionaries(st.sampled_from(WORDS), ANYTHING, max_size=5),
)
def test_no_content_at_all_does_worse_than_being_refused(kind: str, whole: dict[str, Any]):
    with suppress(Rejected):
        json.loads(ZENVIA.body(Outgoing(recipient="+1", token="t", kind=kind, content=whole), CHANNEL))
