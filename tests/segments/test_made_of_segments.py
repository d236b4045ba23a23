"""Segments that are made of others, what uses them, lists of people, ready-made ones."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import translation

from envoi.contacts import actions as people
from envoi.contacts.changes import TagInUse, delete_tag, rename_tag
from envoi.contacts.models import Attribute, Contact, Tag
from envoi.core.errors import BadInput
from envoi.core.events import Person
from envoi.segments import actions, queries, ready, tagging
from envoi.segments.counting import END_THE_ONE_BEFORE
from envoi.segments.errors import Circle, StillUsed, Superseded, TooSlow
from envoi.segments.fields import RFM
from envoi.segments.models import AutoTag, Segment
from envoi.segments.rules import BadRule, compile_rule, frozen, in_words, remarks
from envoi.team.models import Staff
from tests.rig import wait_until

pytestmark = pytest.mark.django_db

EVERYBODY: dict[str, Any] = {"all": []}
GOLD = {"field": "tag", "is": "has", "value": "gold"}


def in_segment(segment: Segment) -> dict[str, Any]:
    return {"field": "segment", "is": "in", "value": segment.pk}


def save(name: str, rule: dict[str, Any], segment: Segment | None = None) -> Segment:
    return actions.save_segment(name=name, rule=rule, by=None, segment_id=segment.pk if segment else None)


def somebody(number: int) -> int:
    return people.contact_for_person(Person(phone=f"+3363998{number:04d}"))


def test_a_segment_made_of_itself_is_refused_by_name_however_long_the_way() -> None:
    first = save("First", EVERYBODY)
    second = save("Second", in_segment(first))
    third = save("Third", {"any": [{"not": in_segment(second)}, in_segment(first)]})
    with pytest.raises(Circle, match=r"“First” → “Third” → .*“First”"):
        save("First", in_segment(third), first)
    with pytest.raises(Circle):
        save("First", in_segment(first), first)
    first.refresh_from_db()
    assert first.rule == EVERYBODY
    # Even one that came into the table another way ends.
    Segment.objects.filter(pk=first.pk).update(rule=in_segment(third))
    with pytest.raises(Circle):
        queries.count(in_segment(second))


def test_many_ways_between_segments_are_looked_at_once() -> None:
    below = save("Level 0", EVERYBODY)
    for level in range(1, 7):
        below = save(f"Level {level}", {"all": [in_segment(below), in_segment(below)]})
    top = Segment.objects.get(name="Level 0")
    with pytest.raises(Circle):
        save("Level 0", in_segment(below), top)


def test_what_is_launched_is_written_out_so_that_later_changes_change_nothing() -> None:
    somebody(1)
    inner = save("Inner", EVERYBODY)
    rule = frozen({"not": in_segment(inner)})
    save("Inner", {"any": []}, inner)
    assert queries.count(rule) == 0
    assert queries.count({"not": in_segment(inner)}) == 1


def test_a_used_segment_is_not_deleted_and_says_by_what_it_is_used() -> None:
    inner = save("Inner", EVERYBODY)
    save("Outer", in_segment(inner))
    tagging.start(inner.pk, tag="kept", by=None)
    assert [(use.kind, use.name) for use in queries.uses_of(inner)] == [("segments", "Outer"), ("auto_tags", "kept")]
    assert queries.uses_of_all() == {inner.pk: 2}
    with pytest.raises(StillUsed, match="“Outer”, “kept”"):
        actions.delete_segment(inner.pk, by=None)
    actions.delete_segment(Segment.objects.get(name="Outer").pk, by=None)
    tagging.stop(AutoTag.objects.get().pk, keep=False, by=None)
    actions.delete_segment(inner.pk, by=None)
    with pytest.raises(BadRule, match="deleted"):
        queries.count(in_segment(inner))


def test_a_rule_over_a_deleted_tag_or_attribute_says_so() -> None:
    people.tag([somebody(1)], name="vip")
    rule = {"field": "tag", "is": "has", "value": "vip"}
    assert remarks(rule) == []
    Tag.objects.all().delete()
    assert queries.count(rule) == 0
    assert remarks(rule) == ["There is no tag “vip” (any more): nobody has it."]
    assert remarks({"not": {"not": rule}}) == remarks(rule)
    denied = "There is no tag “vip” (any more), and the segment leaves out whoever has it: nobody is left out by it."
    assert remarks({"all": [{"not": {"any": [rule]}}]}) == [denied]
    assert remarks(rule | {"is": "has_not"}) == [denied]
    assert remarks({"not": rule | {"is": "has_not"}}) == remarks(rule)
    Attribute.objects.create(key="city", label="City", kind="text")
    about_city = {"field": "attribute:city", "is": "is", "value": "Lyon"}
    assert in_words(about_city) == "“City” is “Lyon”"
    Attribute.objects.all().delete()
    with pytest.raises(BadRule, match="no field “city”"):
        compile_rule(about_city)


def test_a_list_has_whom_somebody_put_on_it() -> None:
    for number in range(1, 6):
        somebody(number)
    guests = actions.save_list(name="Guests", by=None)
    listed = actions.add_pasted(
        guests.pk, text="+33 6 39 98 00 01\n0639980002, 06 39 98 00 02;nobody\n\n+33639989999", country="FR", by=None
    )
    assert (listed.added, listed.already, listed.unknown) == (2, 0, ("nobody", "+33639989999"))
    assert queries.count(guests.rule) == 2
    again = actions.add_chosen(guests.pk, rule=EVERYBODY, by=None)
    assert (again.added, again.already) == (3, 2)
    assert queries.count({"not": in_segment(guests)}) == 0
    gone = list(Contact.objects.order_by("pk").values_list("pk", flat=True)[:2])
    assert actions.remove_people(guests.pk, gone, by=None) == 2
    assert len(queries.members(guests)) == 3
    with pytest.raises(BadInput, match="Paste"):
        actions.add_pasted(guests.pk, text=" ,\n", by=None)
    with pytest.raises(BadInput, match="list"):
        save("Guests", EVERYBODY, guests)
    with pytest.raises(BadInput, match="has a rule"):
        actions.add_chosen(save("Rule", EVERYBODY).pk, rule=EVERYBODY, by=None)
    assert in_words(guests.rule) == "is in the segment “Guests”"


def test_a_random_sample_stays_the_same_people_until_it_is_drawn_anew() -> None:
    for number in range(200):
        somebody(number)

    def drawn(percent: float, salt: str) -> set[int]:
        rule = {"field": "random", "is": "is", "value": {"percent": percent, "salt": salt}}
        return {contact.pk for contact in queries.sample(rule, 300)}

    tenth = drawn(30, "a")
    assert tenth == drawn(30, "a")
    assert tenth < drawn(60, "a")
    assert tenth != drawn(30, "b")
    assert 30 <= len(tenth) <= 90
    assert len(drawn(100, "a")) == 200


def test_the_named_groups_of_buyers_cover_every_score_once() -> None:
    for recency in range(1, 6):
        for frequency in range(1, 6):
            found = [
                name for name, (_label, (r, f)) in RFM.items() if r[0] <= recency <= r[1] and f[0] <= frequency <= f[1]
            ]
            assert len(found) == 1, (recency, frequency, found)


def test_every_ready_made_segment_can_be_counted_and_is_taken_once(owner: Staff) -> None:
    Attribute.objects.create(key="anniversaire", label="Anniversaire", kind="date")
    somebody(1)
    offered = ready.ready(owner)
    assert {"monthly", "quarterly", "low", "middle", "high", "interacted", "silent", "high_interacted", "inactive",
            "rfm_champions", "rfm_lost", "birthday"} <= {one.key for one in offered}  # fmt: skip
    made = ready.take([one.key for one in offered], tags=False, by=owner)
    assert len(made) == len(offered) == Segment.objects.count()
    for one in made:
        assert queries.count(one.rule) in (0, 1)
        assert in_words(one.rule)
    assert ready.take(["monthly"], tags=False, by=owner) == []
    high = Segment.objects.get(ready="high_interacted")
    assert in_words(high.rule) == (
        "average order is more than 200 and wrote to us or read a message in the last 7 days"
    )


MANY = """
INSERT INTO contacts (name, language, country, timezone, marketing, service)
SELECT 'Ana ' || n, '', '', '', 'unknown', 'unknown' FROM generate_series(1, 30000) n
"""
WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE application_name = 'envoi counts page' AND wait_event = 'relation'
"""


def test_counting_that_takes_too_long_ends_with_an_estimate() -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY)
    rule = {"all": [{"field": "name", "is": "contains_not", "value": f"{number}"} for number in range(30, 90)]}
    with pytest.raises(TooSlow, match="estimate") as caught:
        queries.counted(rule, patience=0.001)
    assert caught.value.about > 0
    # The connection is well again.
    assert queries.counted(EVERYBODY).people == 30_000


@pytest.mark.django_db(transaction=True)
def test_a_newer_question_from_the_same_page_ends_the_one_before_it(raw_db: psycopg.Connection[Any]) -> None:
    ended: list[type[BaseException]] = []

    def ask() -> None:
        try:
            queries.counted(EVERYBODY, asker="page", patience=30)
        except Superseded as error:
            ended.append(type(error))
        finally:
            connection.close()

    def waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            return cursor.fetchone() == (1,)

    with raw_db.transaction():
        # Until this ends, whoever counts waits.
        raw_db.execute("LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE")
        first = threading.Thread(target=ask)
        first.start()
        wait_until(waits, saying="nobody asks")
        raw_db.execute(END_THE_ONE_BEFORE, {"name": "envoi counts page"})
        first.join(10)
    assert ended == [Superseded]


@pytest.fixture(autouse=True)
def born() -> None:
    Attribute.objects.create(key="born", label="Born", kind="date")


def test_a_ready_made_segment_has_its_name_in_the_readers_language_until_somebody_names_it(owner: Staff) -> None:
    (monthly,) = ready.take(["monthly"], tags=False, by=owner)
    own = actions.save_segment(name="Monthly buyers of ours", rule=monthly.rule, by=owner)
    with translation.override("fr"):
        assert str(monthly) == monthly.title != "Monthly buyers"
        assert own.title == "Monthly buyers of ours"
        named = actions.save_segment(name="Regulars", rule=monthly.rule, by=owner, segment_id=monthly.pk)
        assert named.title == "Regulars"
    assert monthly.title == "Monthly buyers"


def test_a_tag_that_a_segment_names_is_neither_deleted_nor_renamed() -> None:
    people.tag([somebody(1)], name="vip")
    tag = Tag.objects.get()
    rule = {"all": [{"not": {"field": "tag", "is": "has", "value": ["gold", "vip"]}}, EVERYBODY]}
    inner = save("Inner", rule)
    save("Another word", {"all": [{"field": "name", "is": "is", "value": "vip"}, GOLD]})
    for refused in (lambda: delete_tag(tag.pk, by=None), lambda: rename_tag(tag.pk, "VIP", by=None)):
        with pytest.raises(TagInUse, match="The segment “Inner” names the tag “vip”: change its"):
            refused()
    assert Contact.objects.filter(tagged__tag=tag).count() == 1
    save("Second", {"field": "tag", "is": "has_not", "value": "vip"})
    with pytest.raises(TagInUse, match="The segments “Inner”, “Second” name"):
        delete_tag(tag.pk, by=None)
    assert rename_tag(tag.pk, "vip", by=None).name == "vip", "its own name is no other"
    save("Inner", GOLD, inner)
    save("Second", EVERYBODY, Segment.objects.get(name="Second"))
    assert rename_tag(tag.pk, "VIP", by=None).name == "VIP"
    delete_tag(tag.pk, by=None)
    assert not Tag.objects.filter(pk=tag.pk).exists()
