"""Bad wordings get a sentence each, beside the field that it is about, before any provider is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envoi.message_templates.checks import problems
from envoi.message_templates.composing import CardWords, Key, Wording

from .test_wording import KEYS, WORDINGS

GOOD = Wording(
    name="autumn", language="en", body="Hello {{first_name}}, autumn is here.", samples={"first_name": "Ana"}
)


@pytest.mark.parametrize("kind", WORDINGS)
def test_good_wordings_of_every_form_pass(kind: str) -> None:
    assert problems(WORDINGS[kind]) == {}


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"name": "Autumn Offer"}, "name", "small letters"),
        ({"name": ""}, "name", "small letters"),
        ({"language": "tlh"}, "language", "no templates in this language"),
        ({"category": "gossip"}, "category", "category"),
        ({"body": ""}, "body", "Write the message"),
        ({"body": "a " * 1000}, "body", "at most 1024 characters; this one has 2000"),
        ({"body": "{{first_name}}, hello to you"}, "body", "begin or end with a variable"),
        ({"body": "Hello to you, {{first_name}}"}, "body", "begin or end with a variable"),
        ({"body": "Hello {{a}}{{b}} and welcome here."}, "body", "side by side"),
        ({"body": "Hello {{a}} {{b}} and welcome here."}, "body", "side by side"),
        ({"body": "Hello {{a}, welcome."}, "body", "two braces"),
        ({"body": "Hello {{}}, welcome."}, "body", "two braces"),
        ({"body": "Hello {{first name}}, welcome."}, "body", "two braces"),
        ({"body": "Hello {{First}}, welcome."}, "body", "no name for a variable"),
        ({"body": "Hello {{1}}, your {{code}} is here."}, "body", "not both kinds"),
        ({"body": "Hello {{2}}, welcome here."}, "body", "leave none out"),
        ({"body": "a {{a}} b {{b}} c {{c}} d"}, "body", "too many variables"),
        ({"samples": {}}, "sample-first_name", "Give a sample"),
        ({"header": "text", "header_text": "Autumn 🍂"}, "header_text", "emoji"),
        ({"header": "text", "header_text": "x" * 61}, "header_text", "at most 60"),
        ({"header": "text", "header_text": "{{a}} and {{b}}"}, "header_text", "one variable"),
        ({"header": "text", "header_text": ""}, "header_text", "Write the header"),
        ({"header": "image"}, "header_link", "https://"),
        ({"header": "image", "header_link": "http://shop.example/i.jpg"}, "header_link", "https://"),
        ({"header": "hologram"}, "header", "above the text"),
        ({"footer": "x" * 61}, "footer", "at most 60"),
        ({"footer": "Bye {{first_name}}"}, "footer", "no variables"),
        ({"buttons": tuple(Key("quick_reply", f"No {n}") for n in range(11))}, "buttons", "at most 10 buttons"),
        ({"buttons": (Key("url", "A", "https://a.example/"),) * 3}, "buttons", "too many buttons of one kind"),
        (
            {"buttons": (Key("quick_reply", "A"), KEYS[1], Key("quick_reply", "B"))},
            "buttons",
            "quick replies together",
        ),
        ({"buttons": (Key("quick_reply", "A"), Key("quick_reply", "a"))}, "button-1-text", "say the same"),
        ({"buttons": (Key("quick_reply", ""),)}, "button-0-text", "what the button says"),
        ({"buttons": (Key("quick_reply", "x" * 26),)}, "button-0-text", "at most 25"),
        ({"buttons": (Key("url", "A", "https://{{1}}"),)}, "button-0-value", "https://"),
        ({"buttons": (Key("url", "A", "https://a.example/{{1}}/b"),)}, "button-0-value", "at its end"),
        ({"buttons": (Key("url", "A", "https://a.example/{{1}}"),)}, "sample-button.1", "Give a sample"),
        ({"buttons": (Key("phone_number", "A", "call me"),)}, "button-0-value", "phone number"),
        ({"buttons": (Key("copy_code", "", "x" * 16),)}, "button-0-value", "1 to 15"),
        ({"shape": "offer", "offer_text": "now"}, "header", "image or a video"),
        ({"shape": "offer", "offer_text": "x" * 17}, "offer_text", "1 to 16"),
        ({"shape": "offer", "category": "utility"}, "shape", "is marketing"),
        ({"shape": "carousel", "cards": (CardWords(),)}, "cards", "2 to 10"),
        ({"shape": "carousel", "cards": (CardWords(),) * 2}, "card-0-link", "https://"),
        ({"category": "authentication", "minutes": 91}, "minutes", "1 to 90"),
    ],
)
def test_a_bad_wording_is_refused_beside_its_field(changes: dict[str, object], field: str, says: str) -> None:
    found = problems(replace(GOOD, **changes))  # type: ignore[arg-type]
    assert says in found.get(field, ""), found
