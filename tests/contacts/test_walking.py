"""The list where more people match than are counted, and while an import writes."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from envoi.contacts import actions, finding, queries, unseen
from envoi.contacts.models import Contact, Import
from envoi.core.events import Person

from .files import Aside, run, stored, until, waiting
from .test_people import names, people

FEW = "phone,name,tags\n" + "".join(f"+3363997{number:04d},New {number},vip\n" for number in range(50))

LOOKS = [
    {},
    {"tag": "vip"},
    {"language": "zh"},
    {"language": "fr"},
    {"language": "ja"},
    {"marketing": "granted"},
    {"marketing": "unknown"},
    {"marketing": "no such thing"},
    {"language": "zh", "marketing": "granted"},
    {"language": "zh", "marketing": "granted", "tag": "vip"},
    {"language": "ja", "tag": "vip"},
    {"language": "fr", "search": "Name"},
    {"tag": "vip", "search": "Name 1"},
]


def a_crowd() -> None:
    """Forty people: each filter of LOOKS finds some of them or none, those of zh only among the first."""
    ids = people(*(f"Name {number}" for number in range(40)))
    Contact.objects.filter(pk__in=ids).update(language="fr")
    Contact.objects.filter(pk__in=ids[:9:2]).update(language="zh-hans")
    Contact.objects.filter(pk__in=ids[1:9:2]).update(language="zh")
    Contact.objects.filter(pk__in=ids[::3]).update(marketing="granted")
    actions.tag(ids[::4], name="vip")


def expected(*, search="", tag=None, marketing=None, language=None) -> list[str]:
    """The same without any index, the newest first."""
    return [
        one.name
        for one in sorted(Contact.objects.all(), key=lambda one: -one.pk)
        if search in one.name
        and (not tag or one.tagged.filter(tag__name=tag).exists())
        and (not marketing or one.marketing == marketing)
        and (not language or language in (one.language, one.language.partition("-")[0]))
    ]


def turned_through(**look) -> list[str]:
    seen, after = [], None
    while True:
        page = queries.contact_list(None, **look, after=after, limit=4)
        seen += names(page)
        after = page.next
        if after is None:
            return seen


@pytest.mark.django_db
@pytest.mark.parametrize("counted", [1, 10_000])
@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_filter_finds_the_same_however_many_match(look, counted, monkeypatch):
    a_crowd()
    monkeypatch.setattr(finding, "COUNTED", counted)
    assert turned_through(**look) == expected(**look)


@pytest.mark.django_db
@pytest.mark.parametrize("counted", [1, 10_000])
@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_list_steps_over_what_an_import_has_given_out_and_shows_all_others(look, counted, monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('contacts_id_seq') FROM generate_series(1, 20)")
        (before,) = cursor.fetchone()
        a_crowd()
        cursor.execute("SELECT nextval('contacts_id_seq') FROM generate_series(1, 20)")
        (after,) = cursor.fetchone()
        for number in range(3):
            actions.contact_for_person(Person(phone=f"+3363997{number:04d}", name=f"Name late {number}"))
    people_there = expected(**look)
    Import.objects.create(kind="contacts", state="writing", file_name="a.csv", unseen=[before, before + 20])
    Import.objects.create(kind="contacts", state="writing", file_name="b.csv", unseen=[after, after + 20])
    # One that has ended hides nobody.
    Import.objects.create(kind="contacts", state="failed", file_name="c.csv", unseen=[before, after + 100])
    monkeypatch.setattr(finding, "COUNTED", counted)
    assert turned_through(**look) == people_there


@pytest.mark.django_db
def test_whoever_takes_a_number_while_an_import_takes_its_own_is_not_among_them():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE matched (contact_id bigint, is_new boolean) ON COMMIT DROP")
        assert unseen.given_out(cursor) == []
        cursor.execute("INSERT INTO matched SELECT n, n <> 3 FROM generate_series(3, 9) AS n")
        assert unseen.given_out(cursor) == [4, 10]
        cursor.execute("DELETE FROM matched WHERE contact_id IN (5, 6)")
        assert sorted(unseen.given_out(cursor)) == [4, 5, 7, 10]


@pytest.mark.django_db(transaction=True)
def test_while_an_import_writes_the_list_and_its_tags_are_those_of_before(raw_db, test_database_url):
    people("Ana")
    with psycopg.connect(test_database_url) as other:
        other.execute("LOCK TABLE consents IN ACCESS EXCLUSIVE MODE")
        one = stored(FEW, consent={"state": "granted", "source": "till", "text": ""})
        work = Aside(lambda: run(one))
        until(lambda: waiting(raw_db))
        one.refresh_from_db()
        # Ana has the id before: of the whole table only she is looked at.
        start, end = one.unseen
        assert (one.state, end - start) == ("writing", 50)
        assert names(queries.contact_list(None)) == ["Ana"]
        assert queries.tags() == []
        other.rollback()
    work.result()
    one.refresh_from_db()
    assert (one.state, one.unseen, names(queries.contact_list(None, limit=1))) == ("finished", [], ["New 0"])
    assert [(tag.name, count) for tag, count in queries.tags()] == [("vip", 50)]
    assert set(Contact.objects.exclude(name="Ana").values_list("pk", flat=True)) == set(range(start, end))
