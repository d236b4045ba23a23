"""What a template can hold becomes the form that a provider takes, the bubble that a customer sees, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from envoi.message_templates import composing, wording
from envoi.message_templates.parts import is_named
from tests.providers.meta_templates import CASES, LINK, Case

MPM_HEADER = {"product_retailer_id": "SKU", "catalog_id": "C1"}


def mapping_of(case: Case) -> dict[str, dict[str, Any]]:
    """What a campaign would say so that the form of the case comes out."""
    found: dict[str, dict[str, Any]] = {}
    for number, part in enumerate((case.form, *case.form.cards)):
        if part.header:
            found["header" if number == 0 else f"card.{number}.header"] = part.header[part.header["type"]]
    places = wording.variables(case.approved, optional=True)
    for place, value in zip(places, case.values, strict=True):
        found[place.key] = {"text": value}
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.form.name)
def test_the_form_of_every_kind_of_template_is_the_one_that_meta_takes(case: Case) -> None:
    mapping = mapping_of(case)
    assert wording.form_of(case.form.name, "fr", case.approved, mapping) == case.form
    assert wording.missing_headers(case.approved, mapping) == []
    assert len(wording.needed(case.approved, mapping)) == case.form.size


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.form.name)
def test_what_has_a_header_of_its_own_is_missing_until_it_is_chosen(case: Case) -> None:
    chosen = [part for part in (case.form, *case.form.cards) if part.header]
    assert len(wording.missing_headers(case.approved, {})) == len(chosen)


def test_a_header_is_a_file_of_ours_or_a_link() -> None:
    assert wording.header_of("image", {"file": 12}) == {"type": "image", "image": {"file": 12}}
    assert wording.header_of("document", {"link": LINK, "filename": "a.pdf"}) == {
        "type": "document",
        "document": {"link": LINK, "filename": "a.pdf"},
    }
    assert wording.header_of("video", {"filename": "a.mp4"}) is None
    assert wording.header_of("product", MPM_HEADER) == {"type": "product", "product": MPM_HEADER}


def test_a_one_time_code_is_asked_for_once_and_sent_twice() -> None:
    code = [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}]
    places = wording.variables(code)
    assert [(one.key, one.slot.component) for one in places] == [("1", "body"), ("1", "button")]
    seen = wording.bubble(code, {"1": "493817"})
    assert "493817" in seen.body
    assert seen.buttons[0].text == "Copy code"


def test_optional_places_belong_to_the_form_once_one_is_filled() -> None:
    components = [
        {"type": "BODY", "text": "Hello {{1}}, look."},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}, {"type": "QUICK_REPLY", "text": "No"}]},
    ]
    assert wording.form_of("x", "en", components, {"1": {"text": "a"}}).size == 1
    mapping = {"1": {"text": "a"}, "button.2": {"text": "not-now"}}
    assert wording.form_of("x", "en", components, mapping).size == 3
    assert [one.default for one in wording.needed(components, mapping)] == ["", "Yes", "No"]
    assert wording.filled_by(components, ["Ana"]) == {"1": "Ana"}
    assert wording.filled_by(components, ["Ana", "Yes", "not-now"])["button.2"] == "not-now"


def test_the_bubble_shows_cards_offer_and_which_file_stands_above() -> None:
    case = next(case for case in CASES if case.form.cards)
    values = {place.key: value for place, value in zip(wording.variables(case.approved), case.values, strict=True)}
    seen = wording.bubble(case.approved, values, mapping_of(case))
    assert [card.body for card in seen.cards] == ["Le sac", "Le gant"]
    assert [card.buttons[0].url for card in seen.cards] == ["https://x.example/s/1", "https://x.example/g/2"]
    assert [card.header_note for card in seen.cards] == ["i.jpg", "i.jpg"]
    offer = next(case for case in CASES if case.form.name == "offer")
    assert wording.bubble(offer.approved, {}).offer == "Vite"


def test_wordings_of_other_shapes_than_expected_are_read_without_an_error() -> None:
    odd: list[Any] = [
        {},
        {"type": None},
        {"type": "HEADER", "format": 7, "example": []},
        {"type": "BODY", "text": None, "example": "x"},
        {"type": "BUTTONS", "buttons": "x"},
        {"type": "CAROUSEL", "cards": [None, {"components": 3}]},
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": "soon"},
    ]
    assert wording.variables(odd, optional=True) == []
    assert wording.bubble(odd, {}).body == ""
    assert not composing.fits(odd)


KEYS = (
    composing.Key("url", "Look", "https://shop.example/{{1}}"),
    composing.Key("phone_number", "Call", "+33170000000"),
)
WORDINGS = {
    "plain": composing.Wording(
        name="a",
        language="en",
        header="image",
        header_link=LINK,
        body="Hello {{first_name}}, code {{code}} here.",
        footer="Reply STOP",
        buttons=KEYS,
        samples={"first_name": "Ana", "code": "S20", "button.1": "autumn"},
    ),
    "numbered": composing.Wording(
        name="a",
        language="en",
        header="text",
        header_text="News for {{1}}",
        body="Hello {{1}}, your code {{2}} is here.",
        samples={"header.1": "Ana", "1": "Ana", "2": "S20"},
    ),
    "offer": composing.Wording(
        name="a",
        language="en",
        shape="offer",
        header="video",
        header_link="https://shop.example/v.mp4",
        body="Until Sunday, everything must go.",
        offer_text="Ends soon",
        buttons=(composing.Key("copy_code", "", "SAVE20"), KEYS[0]),
        samples={"button.2": "x"},
    ),
    "carousel": composing.Wording(
        name="a",
        language="en",
        shape="carousel",
        body="Our {{season}} favourites for you.",
        cards=tuple(composing.CardWords(LINK, "The {{what}} is in.", KEYS[:1]) for _ in range(2)),
        samples={
            "season": "autumn",
            **{f"card.{n}.{key}": "x" for n in (1, 2) for key in ("what", "button.1")},
        },
    ),
    "code": composing.Wording(name="a", language="en", category="authentication", minutes=5, code_button="Copy"),
}


@pytest.mark.parametrize("kind", WORDINGS)
def test_what_the_editor_writes_it_can_read_again(kind: str) -> None:
    words = WORDINGS[kind]
    components = json.loads(json.dumps(composing.compose(words)))
    assert composing.fits(components)
    assert is_named(components) == (kind in ("plain", "carousel"))
    assert composing.decompose(words.name, words.language, words.category, components) == words
