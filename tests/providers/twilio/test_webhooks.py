"""What Twilio's webhooks become, case by case (fixtures), and that nothing makes the parser fail.

A fixture is {"query", "body"} as they reach the webhook address. Twilio tells no times, so every fact's moment is
that of the reading; the fixtures of facts leave it out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core import clock
from envoi.core.events import Fact, MessageReceived, PreferenceChanged, Receipt, Unknown
from envoi.providers.base import Delivery
from envoi.providers.twilio import Twilio

from ..facts import without_blanks

TWILIO = Twilio()
FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(path for path in FIXTURES.glob("*.json") if not path.name.endswith(".facts.json"))
ADDRESS = "https://app.example.com/hooks/twilio/key"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def arrived(body: bytes, query: str = "", headers: dict[str, str] | None = None) -> Delivery:
    return Delivery.at(ADDRESS, query=query, headers=FORM if headers is None else headers, body=body)


def delivery_of(case: Path) -> Delivery:
    stored = json.loads(case.read_text())
    return arrived(stored["body"].encode(), stored["query"])


def plain(facts: list[Fact]) -> list[dict[str, Any]]:
    """Each fact with its name and without its moment, which must be now."""
    found = []
    for fact in facts:
        about = {"fact": type(fact).__name__, **without_blanks(msgspec.to_builtins(fact))}
        if not isinstance(fact, Unknown):
            assert abs((clock.now() - fact.at).total_seconds()) < 60
            del about["at"]
        found.append(about)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_webhook_becomes_these_facts(case: Path):
    expected = json.loads(case.with_suffix(".facts.json").read_text())
    assert json.loads(json.dumps(plain(TWILIO.parse(delivery_of(case))))) == expected


def test_every_fixture_of_facts_has_its_webhook():
    assert {path.name.removesuffix(".facts.json") for path in FIXTURES.glob("*.facts.json")} == {
        path.stem for path in CASES
    }


@given(st.binary(max_size=200), st.text(max_size=20))
def test_no_bytes_make_it_fail(body: bytes, query: str):
    assert [type(fact) for fact in TWILIO.parse(arrived(body, query))] == [Unknown]


NAMES = sorted({name for case in CASES for name, _ in parse_qsl(json.loads(case.read_text())["body"])})


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=12), max_size=12))
def test_no_form_makes_it_fail(params: dict[str, str]):
    params = {name: value.encode("utf-8", "replace").decode() for name, value in params.items()}
    facts = TWILIO.parse(arrived(urlencode(params).encode(), "token=e1.1.2"))
    assert all(isinstance(fact, (MessageReceived, PreferenceChanged, Receipt, Unknown)) for fact in facts)


@given(st.sampled_from(CASES), st.sampled_from(NAMES), st.text(max_size=8) | st.none())
def test_no_damage_to_a_real_webhook_makes_it_fail(case: Path, name: str, value: str | None):
    params = dict(parse_qsl(json.loads(case.read_text())["body"], keep_blank_values=True))
    if value is None:
        params.pop(name, None)
    else:
        params[name] = value.encode("utf-8", "replace").decode()
    facts = TWILIO.parse(arrived(urlencode(params).encode()))
    for fact in facts:
        json.dumps(msgspec.to_builtins(fact), allow_nan=False)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"&" * 100_000, b"=" * 1_000, b"%00=%00", b"MessageSid=%FF%FE"])
def test_no_depth_or_size_makes_it_fail(body: bytes):
    assert [type(fact) for fact in TWILIO.parse(arrived(body))] == [Unknown]
