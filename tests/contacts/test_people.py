from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import translation

from envoi.contacts import actions, queries
from envoi.contacts.models import Contact, Identity
from envoi.core.errors import BadInput, NotAllowed, NotFound
from envoi.core.events import Person
from envoi.core.phone import BadPhone, e164
from envoi.team.models import AuditEntry, Staff

from .files import Aside, until, waiting

pytestmark = pytest.mark.django_db

ANA = "+33639980001"


def keys(contact_id: int) -> set[tuple[str, str]]:
    return set(Identity.objects.filter(contact_id=contact_id).values_list("kind", "value"))


def people(*names: str) -> list[int]:
    return [
        actions.contact_for_person(Person(phone=f"+3363998{number:04d}", name=name))
        for number, name in enumerate(names)
    ]


def names(page) -> list[str]:
    return [contact.name for contact in page.items]


def test_whoever_writes_becomes_one_contact_however_often():
    first = actions.contact_for_person(Person(phone=ANA, name="Ana"))
    assert actions.contact_for_person(Person(phone=ANA, name="Someone")) == first
    found = Contact.objects.get()
    assert (found.phone, found.name, found.country, found.marketing) == (ANA, "Ana", "FR", "unknown")


def test_a_new_key_of_a_known_person_is_theirs_from_then_on():
    by_id = actions.contact_for_person(Person(user_id="u1"))
    assert actions.contact_for_person(Person(phone=ANA, user_id="u1", name="Ana")) == by_id
    assert keys(by_id) == {("phone", ANA), ("user_id", "u1")}
    found = Contact.objects.get()
    assert (found.phone, found.name) == (ANA, "Ana")
    assert actions.contact_for_person(Person(phone=ANA)) == by_id


def test_a_known_phone_learns_its_user_id():
    by_phone = actions.contact_for_person(Person(phone=ANA))
    assert actions.contact_for_person(Person(phone=ANA, user_id="u1")) == by_phone
    assert actions.contact_for_person(Person(user_id="u1")) == by_phone


def test_when_a_number_has_changed_hands_the_user_id_decides():
    old = actions.contact_for_person(Person(phone=ANA))
    other = actions.contact_for_person(Person(user_id="u2"))
    assert actions.contact_for_person(Person(phone=ANA, user_id="u2")) == other
    assert keys(old) == {("phone", ANA)}
    assert Contact.objects.get(pk=other).phone is None


def test_nobody_is_refused():
    with pytest.raises(BadInput):
        actions.contact_for_person(Person(name="Ana"))


@pytest.mark.django_db(transaction=True)
def test_two_first_messages_at_once_make_one_contact(raw_db):
    raw_db.execute("BEGIN")
    row = raw_db.execute(
        """INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
           VALUES (%s, '', '', '', '', 'unknown', 'unknown') RETURNING id""",
        [ANA],
    ).fetchone()
    raw_db.execute("INSERT INTO identities (kind, value, contact_id) VALUES ('phone', %s, %s)", [ANA, row[0]])
    second = Aside(lambda: actions.contact_for_person(Person(phone=ANA, user_id="u1", name="Ana")))
    until(lambda: waiting(raw_db))
    raw_db.execute("COMMIT")
    assert second.result() == row[0]
    assert keys(row[0]) == {("phone", ANA), ("user_id", "u1")}
    assert Contact.objects.get().name == "Ana"


def test_the_window_opens_for_a_day_and_never_moves_backwards():
    (ana,) = people("Ana")
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    actions.note_inbound(ana, at=at)
    actions.note_inbound(ana, at=at - timedelta(hours=5))
    found = Contact.objects.get(pk=ana)
    assert (found.last_inbound_at, found.window_open_until) == (at, at + timedelta(hours=24))


def test_tags_are_put_on_and_taken_off_in_bulk():
    ids = people("A", "B", "C")
    assert actions.tag([*ids, 10**12], name="  big   spender ") == 3
    assert actions.tag(ids, name="big spender") == 0
    assert actions.untag(ids[:2], name="big spender") == 2
    assert [(tag.name, count) for tag, count in queries.tags()] == [("big spender", 1)]
    for bad in ("", " ", "x" * 61):
        with pytest.raises(BadInput):
            actions.tag(ids, name=bad)


def test_a_contact_by_hand_has_tags_consent_and_an_audit_line(owner):
    new = actions.add_contact(
        phone="06 39 98 00 01",
        country="FR",
        name=" Ana ",
        language="Français",
        tags=["vip"],
        marketing="granted",
        proof="by phone, 3 March",
        by=owner,
    )
    found = queries.contact_for(owner, new)
    assert (found.phone, found.name, found.language, found.marketing, found.tag_names) == (
        ANA,
        "Ana",
        "fr",
        "granted",
        ["vip"],
    )
    assert [entry.proof for entry in queries.consents_of(new)] == ["by phone, 3 March"]
    assert AuditEntry.objects.get(verb="contacts.add").subject == f"contact/{new}"
    with pytest.raises(actions.AlreadyKnown, match=r"\+33639980001"):
        actions.add_contact(phone=ANA, by=owner)
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"phone": "0639980001"}, BadPhone),
        ({"phone": ANA, "marketing": "granted"}, BadInput),
        ({"phone": ANA, "marketing": "maybe"}, BadInput),
        ({"phone": ANA, "tags": [""]}, BadInput),
        ({"phone": ANA, "language": "Klingon speaker"}, BadInput),
    ],
)
def test_a_contact_that_can_not_be_meant_is_not_added(values, error):
    with pytest.raises(error):
        actions.add_contact(by=None, **values)
    assert Contact.objects.count() == 0


def test_reading_people_needs_the_right():
    gone = Staff.objects.create(email="gone@example.com", role="owner", is_active=False)
    (ana,) = people("Ana")
    for read in (queries.contact_list, queries.imports, lambda staff: queries.contact_for(staff, ana)):
        with pytest.raises(NotAllowed):
            read(gone)
    with pytest.raises(NotFound):
        queries.contact_for(None, ana + 1)
    with pytest.raises(NotFound):
        queries.import_for(None, 1)


@pytest.mark.parametrize("sort", ["newest", "name"])
def test_pages_show_everybody_once_in_order(sort):
    people(*(f"Name {number % 7}" for number in range(23)))
    seen, after = [], None
    while True:
        page = queries.contact_list(None, sort=sort, after=after, limit=5)
        assert page.total == 23
        seen += page.items
        after = page.next
        if after is None:
            break
    if sort == "name":
        assert seen == sorted(Contact.objects.all(), key=lambda one: (one.name, one.pk))
    else:
        assert seen == sorted(Contact.objects.all(), key=lambda one: (one.created_at, one.pk), reverse=True)


def test_a_cursor_that_is_not_ours_is_refused():
    for bad in ("x", "1", "x 2026-01-01", "1 yesterday"):
        with pytest.raises(BadInput):
            queries.contact_list(None, after=bad)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("anna", ["Anna Smith"]),
        ("SMI", ["Anna Smith"]),
        ("an", ["Anna Smith"]),
        ("张伟", ["张伟"]),
        ("伟", []),
        ("50%", ["50% off"]),
        ("_", []),
        ("\\", []),
        ("\0", ["50% off", "Anna Smith", "Ánh Nguyen-Anders", "张伟"]),
        ("+33 6 39 98 00 02", ["Ánh Nguyen-Anders"]),
        ("06 39 98 00 02", ["Ánh Nguyen-Anders"]),
        ("980002", ["Ánh Nguyen-Anders"]),
        ("%", []),
        ("anh", ["Ánh Nguyen-Anders"]),
        ("ÂNH", ["Ánh Nguyen-Anders"]),
        ("anders anh", ["Ánh Nguyen-Anders"]),
        ("smith a", ["Anna Smith"]),
        ("anna anders", []),
        ("an.a", []),
    ],
)
def test_people_are_found_by_part_of_a_name_or_number(search, found):
    people("张伟", "Anna Smith", "Ánh Nguyen-Anders", "50% off")
    assert sorted(names(queries.contact_list(None, search=search))) == sorted(found)


def test_a_search_that_is_too_long_is_told(client, owner):
    client.force_login(owner)
    people("Anna Smith")
    page = client.get("/contacts/", {"q": "x" * 201}).content.decode()
    assert "longer than 200 characters" in page
    assert "Anna Smith" not in page
    assert "longer than" not in client.get("/contacts/", {"q": "anna"}).content.decode()


def test_filters_narrow_the_list_together():
    ids = people("A", "B", "C", "D")
    actions.tag(ids[:3], name="vip")
    Contact.objects.filter(pk__in=ids[1:]).update(language="zh-hans")
    actions.record_consent(ids[1], purpose="marketing", state="granted", source="form")
    assert names(queries.contact_list(None, tag="vip")) == ["C", "B", "A"]
    assert names(queries.contact_list(None, tag="vip", language="ZH")) == ["C", "B"]
    page = queries.contact_list(None, tag="vip", language="zh", marketing="granted", search="B")
    assert (names(page), page.total, page.more) == (["B"], 1, False)
    assert names(queries.contact_list(None, tag="nobody has it")) == []
    assert page.items[0].tag_names == ["vip"]


def test_tags_are_counted_exactly_while_they_are_few_and_from_statistics_beyond(monkeypatch):
    ids = people("A", "B", "C")
    actions.tag(ids, name="all")
    actions.tag(ids[:1], name="one")
    assert [(tag.name, count) for tag, count in queries.tags()] == [("all", 3), ("one", 1)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contact_tags")
    monkeypatch.setattr(queries, "COUNTED", 2)
    assert [(tag.name, count) for tag, count in queries.tags()] == [("all", 3), ("one", 1)]
    actions.untag(ids, name="all")
    assert [(tag.name, count) for tag, count in queries.tags()] == [("all", 3), ("one", 1)]


def test_what_is_wrong_with_a_number_is_said_in_the_readers_language():
    with translation.override("fr"), pytest.raises(BadPhone, match="indicatif"):
        e164("0639980001")
    for text, sentence in (
        ("abc", "“abc” is no phone number."),
        ("+33 12", "“+33 12” has too few or too many digits for its country."),
    ):
        with pytest.raises(BadPhone) as problem:
            e164(text, country="FR")
        assert problem.value.sentence == sentence
