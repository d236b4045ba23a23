from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envoi.contacts import actions as people
from envoi.core import clock
from envoi.core.errors import NotAllowed, NotFound
from envoi.core.events import Person
from envoi.segments import actions, queries
from envoi.segments.fields import RFM
from envoi.segments.models import Segment
from envoi.segments.rules import FIELDS, BadRule, compile_rule, frozen, in_words
from envoi.team.models import Staff
from tests.segments.crowd import TAGS, a_crowd, facts, holds

pytestmark = pytest.mark.django_db


def leaf(fields: list[str], operators: list[str], values: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Leaves of these fields."""
    return st.fixed_dictionaries(
        {"field": st.sampled_from(fields), "is": st.sampled_from(operators), "value": st.sampled_from(values)}
    )


def bare(fields: list[str], operators: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Leaves that need no value."""
    return st.fixed_dictionaries({"field": st.sampled_from(fields), "is": st.sampled_from(operators)})


NUMBERS = ["orders.count", "orders.spend", "orders.average", "orders.30", "orders.90", "orders.365", "rfm.recency"]
NUMBERS += ["rfm.frequency", "rfm.monetary", "attribute:points"]
MOMENTS = ["orders.last_days", "orders.first_days", "contact.created_days", "inbound_days", "interacted_days"]
CAMPAIGNS = [f"campaign.{what}" for what in ("sent", "got", "read", "clicked", "replied", "bought")]
DAY = clock.now().date().isoformat()


def leaves(segments: list[int], owner: int) -> st.SearchStrategy[dict[str, Any]]:
    """Leaves of every field and operator."""
    behaviour = [{"campaign": one, "days": days} for one in (None, 7, 8, 9) for days in (None, 3, 20)]
    return st.one_of(
        leaf(["tag"], ["has", "has_not"], [*TAGS, "unheard of", ["vip", "a'b"], ["100%", "unheard of"]]),
        leaf(["language"], ["is", "is_not"], ["fr", "zh", "EN", "fr-CA", ["fr", "zh"]]),
        leaf(["country"], ["is", "is_not"], ["fr", "CN", "US", ["FR", "US"]]),
        leaf(["timezone"], ["is", "is_not"], ["Europe/Paris", ["Asia/Shanghai", "UTC"]]),
        leaf(["marketing", "service"], ["is", "is_not"], ["granted", "unknown", ["granted", "withdrawn"]]),
        leaf(["source"], ["is", "is_not"], ["import", "link", ["inbound", "api"]]),
        leaf(["owner"], ["is", "is_not"], [owner, [owner, owner + 1]]),
        leaf(["name", "attribute:city"], ["is", "is_not", "contains", "contains_not", "starts"],
             ["%", "_", "a_b", "ÉLODIE", "lyon", "L", "50%", ".*", "(a+)+$"]),
        bare(["name", "attribute:city", "attribute:born", "attribute:level"], ["set", "unset"]),
        bare(["phone_known", "blocked", "wrote", "window_open", "attribute:club"], ["yes", "no"]),
        leaf(["attribute:level"], ["is", "is_not"], ["gold", ["gold", "silver"]]),
        leaf(NUMBERS, ["=", "<", "<=", ">", ">="], [0, 1, 2, 5, 10, 50, 250]),
        leaf(NUMBERS, ["between"], [[0, 1], [1, 100], [10, 10], [200, 1000]]),
        leaf(MOMENTS, ["within", "not_within"], [1, 7, 30, 90]),
        leaf(["inactive_days"], ["since_days", "not_since_days"], [7, 30, 90]),
        leaf(["attribute:born"], ["on", "since", "before"], ["1986-03-01", DAY, "1900-01-01"]),
        leaf(["attribute:born"], ["between_dates"], [["1980-01-01", "1990-12-31"]]),
        leaf(["attribute:born"], ["within", "coming", "anniversary"], [0, 7, 50, 20_000]),
        bare(["attribute:born"], ["anniversary_week"]),
        leaf(["product"], ["did", "did_not"],
             [{"product": word, "days": days} for word in ("A-1", "B'2", "Pot", "x") for days in (None, 30)]),
        leaf(["rfm.segment"], ["is", "is_not"], [*RFM, ["champions", "lost"]]),
        leaf(CAMPAIGNS, ["did", "did_not"], behaviour),
        leaf(["segment"], ["in", "not_in"], segments),
    )  # fmt: skip


def trees(inside: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Rules of such leaves."""
    return st.recursive(
        inside,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=8,
    )


def test_a_compiled_rule_chooses_whom_its_meaning_chooses():
    a_crowd()
    known = facts()
    segments = list(Segment.objects.values_list("pk", flat=True))
    rules = trees(leaves(segments, Staff.objects.get().pk))

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rules)
    def check(rule):
        expected = {contact_id for contact_id, one in known.items() if holds(rule, one)}
        assert {contact.pk for contact in queries.sample(rule, 100)} == expected
        found = queries.counted(rule, limit=100)
        assert (found.people, {contact.pk for contact in found.sample}) == (len(expected), expected)
        assert queries.count({"not": rule}) == 60 - len(expected)
        assert queries.count(frozen(rule)) == len(expected)
        assert in_words(rule)
        somebody = next(iter(known))
        assert queries.why(rule, somebody).holds == (somebody in expected)

    check()


@pytest.mark.parametrize(
    "value",
    ["x' OR 1=1 --", "'); DROP TABLE contacts; --", "%(r1)s", "%s", "100%", "{value}", "\\", '"', "$1", "/*", "退订"],
)
def test_what_people_type_is_only_ever_a_value(value):
    people.contact_for_person(Person(phone="+33639980001"))
    other = people.contact_for_person(Person(phone="+33639980002"))
    people.tag([other], name=value)

    def rule(word):
        return {
            "any": [
                {"field": field, "is": operator, "value": word}
                for field, operator in (("tag", "has"), ("language", "is"))
            ]
        }

    assert [contact.pk for contact in queries.sample(rule(value))] == [other]
    assert compile_rule(rule(value)).sql == compile_rule(rule("plain")).sql
    assert f"“{value}”" in in_words(rule(value))


@pytest.mark.parametrize(
    "rule",
    [
        None,
        [],
        {},
        "all",
        {"all": {}},
        {"all": "x"},
        {"all": [], "any": []},
        {"or": []},
        {"not": []},
        {"field": "tag"},
        {"field": "tag", "is": "has"},
        {"field": "tag", "is": "has", "value": ""},
        {"field": "tag", "is": "has", "value": 5},
        {"field": "tag", "is": "has", "value": "a\0b"},
        {"field": "tag", "is": "has", "value": "x" * 61},
        {"field": "tag", "is": "=", "value": "x"},
        {"field": "tag", "is": ["has"], "value": "x"},
        {"field": "c.phone", "is": "has", "value": "x"},
        {"field": ["tag"], "is": "has", "value": "x"},
        {"field": "orders.count", "is": "; DROP TABLE contacts", "value": 1},
        {"field": "orders.count", "is": ">", "value": "1"},
        {"field": "orders.count", "is": ">", "value": 1.5},
        {"field": "orders.count", "is": ">", "value": True},
        {"field": "orders.count", "is": ">", "value": -1},
        {"field": "orders.spend", "is": ">", "value": float("nan")},
        {"field": "orders.spend", "is": ">", "value": float("inf")},
        {"field": "orders.spend", "is": "between", "value": [5]},
        {"field": "orders.spend", "is": "between", "value": [5, 1]},
        {"field": "orders.spend", "is": "between", "value": 5},
        {"field": "orders.last_days", "is": "within", "value": 10**9},
        {"field": "marketing", "is": "is", "value": "maybe"},
        {"field": "marketing", "is": "is", "value": {}},
        {"any": [{"field": "tag", "is": "has", "value": "x"}] * 201},
    ],
)
def test_a_rule_that_can_not_be_meant_is_refused_with_a_sentence(rule):
    with pytest.raises(BadRule) as caught:
        compile_rule(rule)
    assert caught.value.sentence.endswith(".")
    with pytest.raises(BadRule):
        in_words(rule)


def test_a_rule_nested_without_end_is_refused():
    rule: dict[str, Any] = {"all": []}
    for _ in range(5000):
        rule = {"not": rule}
    with pytest.raises(BadRule, match="nested"):
        compile_rule(rule)


def test_a_rule_reads_as_a_sentence_in_each_language():
    rule = {
        "all": [
            {"field": "tag", "is": "has", "value": "vip"},
            {
                "any": [
                    {"field": "orders.spend", "is": ">", "value": 1200},
                    {"not": {"field": "country", "is": "is", "value": "fr"}},
                ]
            },
            {"field": "orders.last_days", "is": "not_within", "value": 90},
        ]
    }
    assert in_words(rule) == (
        "has the tag “vip” and (total spent is more than 1,200 or country is not FR)"
        " and has not ordered in the last 90 days"
    )
    with translation.override("fr"):
        assert "vip" in in_words(rule)
    assert (in_words({"all": []}), in_words({"any": []})) == ("everybody", "nobody")


def test_the_builder_finds_all_it_needs_about_every_field():
    for name, field in FIELDS.items():
        assert (field.name, str(field.label) != "", bool(field.operators)) == (name, True, True)
        assert bool(field.choices) == (field.kind == "choice")


def test_a_segment_is_saved_changed_and_found(owner):
    rule = {"all": []}
    saved = actions.save_segment(name=" All  of them ", rule=rule, by=owner)
    assert queries.segment_for(owner, saved.pk).name == "All of them"
    other = {"field": "tag", "is": "has", "value": "x"}
    actions.save_segment(name="Some", rule=other, by=owner, segment_id=saved.pk)
    assert [(one.name, one.rule) for one in queries.segments(owner)] == [("Some", other)]
    assert queries.segment_for(owner, saved.pk).created_at == saved.created_at
    with pytest.raises(actions.NameTaken, match="Some"):
        actions.save_segment(name="Some", rule=rule, by=owner)
    with pytest.raises(BadRule):
        actions.save_segment(name="Bad", rule={"what": 1}, by=owner)
    with pytest.raises(NotFound):
        actions.save_segment(name="Gone", rule=rule, by=owner, segment_id=saved.pk + 1)
    with pytest.raises(NotFound):
        queries.segment_for(owner, saved.pk + 1)
    agent = Staff.objects.create(email="agent@example.com", role="agent")
    with pytest.raises(NotAllowed):
        actions.save_segment(name="Mine", rule=rule, by=agent)


def test_the_page_about_rules_names_every_field_and_operator():
    page = (Path(__file__).parents[2] / "docs" / "howto" / "write-a-rule.md").read_text("utf-8")
    for field in FIELDS.values():
        assert f"`{field.name}`" in page
        for operator, _label in field.operators:
            assert f"`{operator}`" in page
    assert all(f"`{name}`" in page for name in RFM)


def test_a_denied_group_reads_as_what_does_not_hold():
    rule = {
        "all": [
            {"field": "orders.count", "is": ">", "value": 2},
            {
                "not": {
                    "any": [
                        {"field": "tag", "is": "has", "value": ["a", "b"]},
                        {"not": {"field": "wrote", "is": "yes"}},
                    ]
                }
            },
            {"not": {"field": "orders.spend", "is": "<", "value": 10}},
        ]
    }
    assert in_words(rule) == (
        "number of orders is more than 2 and does not have the tag “a” or “b” and has written to us"
        " and not: total spent is less than 10"
    )
