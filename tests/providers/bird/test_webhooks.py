"""What Bird's webhooks become, case by case (fixtures), and that nothing makes the parser fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.events import MessageReceived, PreferenceChanged, Receipt, Unknown
from envoi.providers.bird import Bird
from tests.providers.facts import delivery, plain

BIRD = Bird()
FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(path for path in FIXTURES.glob("*.json") if not path.name.endswith(".facts.json"))
FACTS = (MessageReceived, PreferenceChanged, Receipt, Unknown)
BEFORE_SENT = {
    "gen3_accepted",
    "gen2_accepted",
    "gen2_processing",
    "conversations_accepted",
    "conversations_pending",
}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_webhook_becomes_these_facts(case: Path):
    expected = json.loads(case.with_suffix(".facts.json").read_text())
    assert json.loads(json.dumps(plain(BIRD.parse(delivery(case.read_bytes()))))) == expected


def test_every_fixture_of_facts_has_its_webhook_and_only_what_comes_before_sent_says_nothing():
    told = {path.name.removesuffix(".facts.json"): path for path in FIXTURES.glob("*.facts.json")}
    assert set(told) == {path.stem for path in CASES}
    assert {name for name, path in told.items() if json.loads(path.read_text()) == []} == BEFORE_SENT


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(body: bytes):
    assert [type(fact) for fact in BIRD.parse(delivery(body))] == [Unknown]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
SHAPES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("type", "timestamp", "data", "event", "payload", "message", "contact"), JSON)
)


@given(JSON | SHAPES)
def test_no_json_makes_it_fail(value: object):
    facts = BIRD.parse(delivery(json.dumps(value).encode()))
    assert [type(fact) for fact in facts] == [Unknown]


@given(st.data(), st.sampled_from(CASES))
def test_no_damage_to_a_real_webhook_makes_it_fail(data: st.DataObject, case: Path):
    webhook = json.loads(case.read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        webhook = damaged(webhook, data)
    facts = BIRD.parse(delivery(json.dumps(webhook).encode()))
    assert all(isinstance(fact, FACTS) for fact in facts)


def damaged(value: object, data: st.DataObject) -> object:
    """The value with one thing somewhere inside replaced by anything, or left out."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 9)):
        key = data.draw(st.sampled_from(sorted(value)))
        if data.draw(st.integers(0, 5)) == 0:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: damaged(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.integers(0, 9)):
        place = data.draw(st.integers(0, len(value) - 1))
        return [*value[:place], damaged(value[place], data), *value[place + 1 :]]
    return data.draw(JSON)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"data":' * 900 + b"1" + b"}" * 900, b"1" * 5_000, b"1e999"])
def test_no_depth_or_size_makes_it_fail(body: bytes):
    assert [type(fact) for fact in BIRD.parse(delivery(body))] == [Unknown]


def test_two_reactions_of_one_person_in_one_second_are_two_messages():
    reacted = json.loads((FIXTURES / "gen3_reacted.json").read_text())
    removed = json.loads((FIXTURES / "gen3_reaction_removed.json").read_text())
    ids = {BIRD.parse(delivery(json.dumps(one).encode()))[0].provider_id for one in (reacted, removed, reacted)}
    assert len(ids) == 2
