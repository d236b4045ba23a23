from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envoi.contacts import actions as people
from envoi.contacts.models import Contact
from envoi.core import clock
from envoi.core.errors import NotAllowed, NotFound
from envoi.core.events import Person
from envoi.orders.actions import NewOrder, add_orders
from envoi.orders.models import OrderTotals
from envoi.segments import actions, queries
from envoi.segments.rules import FIELDS, BadRule, compile_rule, in_words
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db

TAGS = ["vip", "a'b", "100%", "%(r1)s"]
LANGUAGES = ["fr", "fr-ca", "zh-hans", "en", ""]
COUNTRIES = ["FR", "CN", ""]
DAYS = [1, 7, 30, 90]


def population() -> None:
    """Sixty people of every kind, days old by halves, so that no clock decides a test."""
    draw = random.Random(3)
    for number in range(60):
        contact_id = people.contact_for_person(Person(phone=f"+3363998{number:04d}"))
        days = timedelta(days=draw.choice([0.5, 5.5, 20.5, 60.5, 200.5]))
        Contact.objects.filter(pk=contact_id).update(
            language=draw.choice(LANGUAGES),
            country=draw.choice(COUNTRIES),
            marketing=draw.choice(["unknown", "granted", "withdrawn"]),
            created_at=clock.now() - days,
            last_inbound_at=draw.choice([None, clock.now() - timedelta(days=draw.choice([0.5, 10.5, 50.5]))]),
        )
        for tag in TAGS:
            if draw.random() < 0.3:
                people.tag([contact_id], name=tag)
        add_orders(
            NewOrder(
                contact_id,
                str(one),
                clock.now() - timedelta(days=draw.choice([0.5, 15.5, 45.5, 100.5])),
                Decimal(draw.choice(["10.00", "0.00", "99.99", "250.00"])),
                "EUR",
            )
            for one in range(draw.choice([0, 0, 1, 2, 5]))
        )


leaves = st.one_of(
    st.tuples(st.just("tag"), st.sampled_from(["has", "has_not"]), st.sampled_from([*TAGS, "unheard of"])),
    st.tuples(st.just("language"), st.sampled_from(["is", "is_not"]), st.sampled_from(["fr", "zh", "EN", "fr-CA"])),
    st.tuples(st.just("country"), st.sampled_from(["is", "is_not"]), st.sampled_from(["fr", "CN", "US"])),
    st.tuples(st.just("marketing"), st.sampled_from(["is", "is_not"]), st.sampled_from(["granted", "unknown"])),
    st.tuples(
        st.sampled_from(["orders.count", "orders.spend", "orders.average"]),
        st.sampled_from(["=", "<", "<=", ">", ">="]),
        st.sampled_from([0, 1, 2, 10, 50, 250]),
    ),
    st.tuples(
        st.sampled_from(["orders.count", "orders.spend", "orders.average"]),
        st.just("between"),
        st.sampled_from([[0, 1], [1, 100], [10, 10], [200, 1000]]),
    ),
    st.tuples(
        st.sampled_from(["orders.last_days", "contact.created_days", "inbound_days"]),
        st.sampled_from(["within", "not_within"]),
        st.sampled_from(DAYS),
    ),
).map(lambda leaf: dict(zip(("field", "is", "value"), leaf, strict=True)))
rules = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)


def holds(rule: dict[str, Any], facts: dict[str, Any]) -> bool:
    """What a rule means, said in Python."""
    if "all" in rule:
        return all(holds(part, facts) for part in rule["all"])
    if "any" in rule:
        return any(holds(part, facts) for part in rule["any"])
    if "not" in rule:
        return not holds(rule["not"], facts)
    found, operator, value = facts[rule["field"]], rule["is"], rule["value"]
    match operator:
        case "has" | "has_not":
            return (value in found) == (operator == "has")
        case "is" | "is_not":
            same = found.lower() == value.lower()
            if rule["field"] == "language":
                same = same or found.startswith(value.lower() + "-")
            return same == (operator == "is")
        case "within" | "not_within":
            return (found is not None and found <= value) == (operator == "within")
        case "between":
            return found is not None and value[0] <= found <= value[1]
        case _:
            compare = {
                "=": lambda: found == value,
                "<": lambda: found < value,
                "<=": lambda: found <= value,
                ">": lambda: found > value,
                ">=": lambda: found >= value,
            }
            return found is not None and compare[operator]()


def facts_of(contact: Contact) -> dict[str, Any]:
    def days(at):
        return (clock.now() - at).total_seconds() / 86_400 if at else None

    totals = OrderTotals.objects.filter(contact=contact).first()
    return {
        "tag": {one.tag.name for one in contact.tagged.select_related("tag")},
        "language": contact.language,
        "country": contact.country,
        "marketing": contact.marketing,
        "orders.count": totals.orders if totals else 0,
        "orders.spend": totals.spend if totals else 0,
        "orders.average": totals.spend / totals.orders if totals else None,
        "orders.last_days": days(totals.last_at) if totals else None,
        "contact.created_days": days(contact.created_at),
        "inbound_days": days(contact.last_inbound_at),
    }


def test_a_compiled_rule_chooses_whom_its_meaning_chooses():
    population()
    facts = {contact.pk: facts_of(contact) for contact in Contact.objects.all()}

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rules)
    def check(rule):
        expected = {contact_id for contact_id, known in facts.items() if holds(rule, known)}
        assert {contact.pk for contact in queries.sample(rule, 100)} == expected
        assert queries.count(rule) == len(expected)
        assert queries.count({"not": rule}) == 60 - len(expected)
        assert in_words(rule)

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
        "has the tag “vip” and (total spent is more than 1,200 or not: country is FR)"
        " and has not ordered in the last 90 days"
    )
    with translation.override("fr"):
        assert "vip" in in_words(rule)
    assert (in_words({"all": []}), in_words({"any": []})) == ("everybody", "nobody")


def test_the_builder_finds_all_it_needs_about_every_field():
    for name, field in FIELDS.items():
        assert (field.name, str(field.label) != "", len(field.operators) >= 2) == (name, True, True)
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
