"""Every kind of message as parts of a bubble: from the provider's own shapes, and from whatever else may come."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.errors import BadInput
from envoi.inbox.asking import Question, content_of, message_of
from envoi.inbox.speech import DRAWN, speech

FIXTURES = Path(__file__).parent.parent / "providers" / "fixtures" / "meta"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=12), inside, max_size=3),
    max_leaves=12,
)


def received(name: str):
    facts = json.loads((FIXTURES / f"{name}.facts.json").read_text())
    fact = facts[0] if isinstance(facts, list) else facts
    return speech(fact["kind"], inbound=True, text=fact["text"], content=fact["content"])


def test_a_location_says_where_and_leads_to_a_map() -> None:
    place = received("in_location").place
    assert place is not None
    assert (place.name, place.address, place.coordinates) == ("Shop", "Calle 1", "40.40000, -3.70000")
    assert place.link.startswith("https://www.openstreetmap.org/?mlat=40.4")


def test_a_contact_card_says_how_to_reach_somebody() -> None:
    (person,) = received("in_contacts").people
    assert (person.name, person.reach) == ("Leo", ("+34 600 111 223",))


def test_answers_to_buttons_lists_and_forms_are_read() -> None:
    assert received("in_interactive_button").text == "Yes"
    chosen = received("in_interactive_list")
    assert (chosen.text, chosen.note) == ("Row", "…")
    assert received("in_interactive_flow").answers == (("a", "1"),)
    assert received("in_button").sign == "reply"


def test_an_order_in_the_chat_lists_what_is_wanted() -> None:
    order = received("in_order")
    assert (order.text, [(one.name, one.quantity, one.price) for one in order.products]) == (
        "two please",
        [("SKU", "2", "9.5 EUR")],
    )


def test_what_whatsapp_keeps_for_phones_is_said_in_words() -> None:
    assert "poll" in received("in_unsupported_poll").note
    assert "hologram" in received("in_of_a_kind_to_come").note


def test_an_advertisement_and_a_forwarded_message_are_told() -> None:
    assert received("in_text_from_an_ad").ad == "-20%"
    assert received("in_text_forwarded_often").forwarded


def test_a_files_own_name_is_not_taken_for_words() -> None:
    assert received("in_document").text == ""
    assert speech("image", inbound=False, text="Look", content={"file": 3, "caption": "Look"}).text == "Look"


@given(
    kind=st.sampled_from(sorted(DRAWN)) | st.text(max_size=8),
    inbound=st.booleans(),
    text=st.text(max_size=30),
    part=ANYTHING,
)
def test_no_shape_of_content_breaks_a_thread(kind: str, inbound: bool, text: str, part: object) -> None:
    content = {kind: part, "referral": part, "context": part} if inbound else part
    made = speech(kind, inbound=inbound, text=text, content=content)
    assert isinstance(made.text, str)
    assert all(isinstance(one.title, str) for one in made.options)


def test_a_question_with_buttons_or_a_list_is_what_whatsapp_takes() -> None:
    asked = Question(body="Tea or coffee?", buttons=["Tea", "", "Coffee"])
    buttons = message_of(asked).content["action"]["buttons"]
    assert [one["reply"]["title"] for one in buttons] == ["Tea", "Coffee"]
    assert speech("interactive", inbound=False, text="", content=content_of(asked)).options[1].title == "Coffee"
    choice = Question(shape="list", body="Which?", label="Choose", rows=[("A", "the first"), ("", ""), ("B", "")])
    (section,) = message_of(choice).content["action"]["sections"]
    assert [row.get("description") for row in section["rows"]] == ["the first", None]


@pytest.mark.parametrize(
    "asked",
    [
        Question(body="", buttons=["Yes"]),
        Question(body="Well?"),
        Question(body="Well?", buttons=["Yes", "Yes"]),
        Question(body="Well?", buttons=["x" * 21]),
        Question(shape="list", body="Well?", rows=[("A", "")]),
        Question(shape="list", body="Well?", label="Choose", rows=[("A", "y" * 73)]),
        Question(body="z" * 1_025, buttons=["Yes"]),
    ],
)
def test_what_whatsapp_would_refuse_gets_a_sentence_first(asked: Question) -> None:
    with pytest.raises(BadInput):
        message_of(asked)
