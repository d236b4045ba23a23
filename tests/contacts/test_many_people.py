"""Who wrote, a batch at a time: the same answers as one by one, whoever else asks."""

from __future__ import annotations

import pytest

from envoi.contacts import actions
from envoi.contacts.models import Contact, Identity
from envoi.core.errors import BadInput
from envoi.core.events import Person

from .files import Aside, until, waiting

pytestmark = pytest.mark.django_db

ANA = "+33639980001"
BEN = "+33639980002"


def found(*people: Person) -> list[int]:
    ids = actions.contacts_for_people(people)
    actions.fill_in(zip(ids, people, strict=True))
    return ids


def test_the_known_are_found_and_newcomers_made_once_each():
    ana = actions.contact_for_person(Person(phone=ANA, name="Ana"))
    ids = found(
        Person(phone=BEN), Person(phone=ANA, name="Someone"), Person(phone=BEN, name="Ben"), Person(user_id="u9")
    )
    assert ids[1] == ana
    assert ids[0] == ids[2]
    assert len(set(ids)) == 3
    assert Contact.objects.get(pk=ids[0]).name == "Ben"
    assert Contact.objects.get(pk=ana).name == "Ana"
    assert (Contact.objects.get(pk=ids[0]).phone, Contact.objects.get(pk=ids[0]).country) == (BEN, "FR")
    assert set(Identity.objects.values_list("kind", "value", "contact_id")) == {
        ("phone", ANA, ana),
        ("phone", BEN, ids[0]),
        ("user_id", "u9", ids[3]),
    }


def test_a_phone_and_an_id_that_meet_in_the_batch_are_one_contact():
    ids = found(Person(phone=ANA), Person(phone=ANA, user_id="u1"), Person(user_id="u1", name="Ana"))
    assert len(set(ids)) == 1
    assert (Contact.objects.get().phone, Contact.objects.get().name) == (ANA, "Ana")
    assert Identity.objects.count() == 2


def test_a_key_that_is_new_to_us_goes_to_who_is_known():
    by_id = actions.contact_for_person(Person(user_id="u1"))
    assert found(Person(phone=ANA, user_id="u1", name="Ana")) == [by_id]
    assert (Contact.objects.get().phone, Contact.objects.get().name) == (ANA, "Ana")


def test_the_user_id_decides_between_two():
    old = actions.contact_for_person(Person(phone=ANA))
    other = actions.contact_for_person(Person(user_id="u2"))
    both = Person(phone=ANA, user_id="u2")
    assert found(both) == [other]
    assert actions.everybody_with_a_key([both]) == [old, other]


def test_nobody_is_no_person():
    with pytest.raises(BadInput):
        actions.contacts_for_people([Person(phone=ANA), Person(name="Ana")])


def test_nobody_asked_for_is_nobody_made():
    assert actions.contacts_for_people([]) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_the_same_newcomers_one_is_first_and_both_find_the_same(raw_db):
    raw_db.execute("BEGIN")
    row = raw_db.execute(
        """INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
           VALUES (%s, '', '', '', '', 'unknown', 'unknown') RETURNING id""",
        [ANA],
    ).fetchone()
    raw_db.execute("INSERT INTO identities (kind, value, contact_id) VALUES ('phone', %s, %s)", [ANA, row[0]])
    second = Aside(lambda: found(Person(phone=BEN, name="Ben"), Person(phone=ANA, user_id="u1", name="Ana")))
    until(lambda: waiting(raw_db))
    raw_db.execute("COMMIT")
    ben, ana = second.result()
    assert ana == row[0]
    assert set(Identity.objects.values_list("value", "contact_id")) == {(ANA, ana), ("u1", ana), (BEN, ben)}
    assert dict(Contact.objects.values_list("pk", "name")) == {ana: "Ana", ben: "Ben"}


@pytest.mark.django_db(transaction=True)
def test_somebody_known_by_a_phone_alone_is_found_when_somebody_else_makes_them_at_the_same_moment(raw_db):
    raw_db.execute("BEGIN")
    row = raw_db.execute(
        """INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
           VALUES (%s, '', '', '', '', 'unknown', 'unknown') RETURNING id""",
        [ANA],
    ).fetchone()
    raw_db.execute("INSERT INTO identities (kind, value, contact_id) VALUES ('phone', %s, %s)", [ANA, row[0]])
    second = Aside(lambda: actions.contact_for_person(Person(phone=ANA)))
    until(lambda: waiting(raw_db))
    raw_db.execute("COMMIT")
    assert second.result() == row[0]
    assert Contact.objects.count() == 1
