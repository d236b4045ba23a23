"""What a customer tapped and which advertisement led them here means the same to a rule, whoever carried it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from envoi.core.events import MessageReceived
from envoi.replies.facts import heard
from envoi.replies.matching import Matcher
from envoi.replies.rules import Customer, Rule

PROVIDERS = Path(__file__).parents[1] / "providers"
# Webhooks as their providers send them, by what the button or line that was tapped carries.
TAPPED = {
    "fixtures/meta/in_button": "stop_promos",
    "fixtures/meta/in_interactive_button": "yes-1",
    "fixtures/meta/in_interactive_list": "r1",
    "twilio/fixtures/in_button": "QUERO",
    "twilio/fixtures/in_interactive_button": "yes",
    "twilio/fixtures/in_interactive_list": "jazz",
    "twilio/fixtures/in_button_without_a_type": "QUERO",
    "twilio/fixtures/in_interactive_list_without_a_type": "jazz",
    "bird/fixtures/conversations_in_button": "QUERO",
    "bird/fixtures/gen2_in_postback": "QUERO",
    "bird/fixtures/gen3_in_button": "QUERO",
    "bird/fixtures/gen3_in_list": "p1",
    "zenvia/fixtures/in_tapped_button": "QUERO",
}
# Bird tells nothing of an advertisement.
ADVERTISED = {
    "fixtures/meta/in_text_from_an_ad": "1200",
    "fixtures/meta/in_text_from_a_status_ad": "1200",
    "twilio/fixtures/in_text_from_an_ad": "120",
    "zenvia/fixtures/in_text_of_an_advertisement": "ad1",
}


def said(fixture: str) -> MessageReceived:
    """The message that a provider's reader makes of this webhook (tests/providers holds it to that)."""
    facts: list[dict[str, Any]] = json.loads((PROVIDERS / f"{fixture}.facts.json").read_text())
    fact = next(one for one in facts if one["fact"] == "MessageReceived")
    # Twilio tells no time; then it is when the webhook came.
    whole = {"at": "2026-03-02T12:00:00Z"} | {name: value for name, value in fact.items() if name != "fact"}
    return msgspec.convert(whole, MessageReceived)


def fires(rule: Rule, fixture: str) -> bool:
    return bool(Matcher([rule]).match(heard(said(fixture), 1), Customer(), lambda _at, _team: True))


@pytest.mark.parametrize(("fixture", "payload"), TAPPED.items())
def test_a_tapped_button_is_known_by_what_it_carries(fixture: str, payload: str) -> None:
    assert heard(said(fixture), 1).payload == payload
    assert fires(Rule(id=1, trigger="payload", words=(payload,)), fixture)
    assert not fires(Rule(id=1, trigger="payload", words=("another",)), fixture)


@pytest.mark.parametrize(("fixture", "source"), ADVERTISED.items())
def test_an_advertisement_is_known_whoever_tells_of_it(fixture: str, source: str) -> None:
    assert heard(said(fixture), 1).referral["source_id"] == source
    assert fires(Rule(id=1, trigger="referral", words=(source,)), fixture)
    assert fires(Rule(id=1, trigger="referral"), fixture)
    assert not fires(Rule(id=1, trigger="referral", words=("another",)), fixture)
