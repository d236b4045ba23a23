from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.db import connection
from django.test import override_settings

from envoi.contacts import actions, attributes, queries
from envoi.contacts.models import Contact, Identity, Import, Tag
from envoi.contacts.options import ImportOptions
from envoi.core.errors import BadInput, NotAllowed, NotFound
from envoi.core.events import Person
from envoi.orders.models import Order
from envoi.team.models import Staff

from .files import brought, contact, counts, reasons, rejects, run, stored

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = """phone,name,language,tags,city,customer number
+33639980001,Ana,fr,vip;paris,Paris,C1
+33639980002,Ben,en,,London,C2
,Chloé,fr,vip,,C3
"""


def snapshot() -> list[tuple]:
    """All that is known of everybody, without times of change."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.id, c.phone, c.name, c.language, c.country, c.attributes, c.marketing, c.updated_at,
                      ARRAY(SELECT kind || ' ' || value FROM identities i WHERE i.contact_id = c.id ORDER BY 1),
                      ARRAY(SELECT g.name FROM contact_tags t JOIN tags g ON g.id = t.tag_id
                             WHERE t.contact_id = c.id ORDER BY 1),
                      ARRAY(SELECT state || at FROM consents e WHERE e.contact_id = c.id ORDER BY 1)
                 FROM contacts c ORDER BY c.id"""
        )
        return cursor.fetchall()


def orphans() -> int:
    """Rows that refer to nobody: imports write without the database's own look-up, so it is looked up here."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM (SELECT contact_id FROM identities UNION ALL SELECT contact_id FROM contact_tags
                                      UNION ALL SELECT contact_id FROM consents) r
                WHERE NOT EXISTS (SELECT 1 FROM contacts c WHERE c.id = r.contact_id)"""
        )
        return cursor.fetchone()[0]


def test_a_file_becomes_contacts_with_keys_tags_and_attributes():
    one = brought(PEOPLE, tags=["spring"], country="FR")
    assert (one.state, counts(one)) == ("finished", {"created": 3})
    assert one.bytes_done == one.bytes_total
    ana = contact("+33639980001")
    assert (ana.name, ana.language, ana.country, ana.attributes) == ("Ana", "fr", "FR", {"city": "Paris"})
    assert queries.contact_for(None, ana.pk).tag_names == ["paris", "spring", "vip"]
    assert set(Identity.objects.filter(contact=ana).values_list("kind", "value")) == {
        ("phone", "+33639980001"),
        ("customer", "C1"),
    }
    assert Identity.objects.get(kind="customer", value="C3").contact.phone is None
    assert orphans() == 0


def test_importing_twice_is_importing_once():
    consent = {"state": "granted", "source": "checkout"}
    brought(PEOPLE, consent=consent, tags=["x"])
    before = snapshot()
    assert counts(brought(PEOPLE, consent=consent, tags=["x"])) == {"unchanged": 3}
    assert snapshot() == before
    assert [row[6] for row in before] == ["granted"] * 3


def test_only_what_changed_is_written():
    brought(PEOPLE)
    before = {row[0]: row for row in snapshot()}
    one = brought(PEOPLE.replace("Ana", "Anna").replace("London", "Leeds").replace("Chloé", ""))
    assert counts(one) == {"updated": 2, "unchanged": 1}
    assert contact("+33639980001").name == "Anna"
    assert contact("+33639980002").attributes == {"city": "Leeds"}
    chloe = Identity.objects.get(kind="customer", value="C3").contact
    assert next(row for row in snapshot() if row[0] == chloe.pk) == before[chloe.pk]


def test_the_rule_for_known_people_is_chosen():
    brought("phone,name,city\n+33639980001,Ana,\n")
    changed = "phone,name,city\n+33639980001,Other,Lyon\n"
    assert counts(brought(changed, update="skip")) == {"unchanged": 1}
    assert counts(brought(changed, update="fill")) == {"updated": 1}
    assert (contact("+33639980001").name, contact("+33639980001").attributes) == ("Ana", {"city": "Lyon"})
    assert counts(brought(changed)) == {"updated": 1}
    assert contact("+33639980001").name == "Other"


@pytest.mark.parametrize(("rule", "name"), [("last", "Second"), ("first", "First")])
def test_of_two_rows_for_one_person_the_chosen_one_counts(rule, name):
    text = "phone,name\n+33639980001,First\n+33 6 39 98 00 01,Second\n0033639980002,Other\n"
    one = brought(text, duplicates=rule)
    assert counts(one) == {"created": 2, "duplicate": 1}
    assert contact("+33639980001").name == name


def test_a_row_by_phone_and_a_row_by_number_of_one_known_person_are_duplicates():
    brought("phone,customer number\n+33639980001,C1\n")
    one = brought("phone,customer number,name\n+33639980001,,A\n,C1,B\n")
    assert counts(one) == {"updated": 1, "duplicate": 1}
    assert contact("+33639980001").name == "B"


def test_a_new_phone_with_a_known_customer_number_joins_the_same_person():
    brought("phone,customer number\n+33639980001,C1\n")
    assert counts(brought("phone,customer number\n+33639980009,C1\n")) == {"updated": 1}
    moved = contact("+33639980009")
    assert Contact.objects.count() == 1
    assert counts(brought("phone,customer number\n+33639980001,C1\n")) == {"unchanged": 1}
    assert contact("+33639980009").pk == moved.pk


def test_a_row_that_names_two_people_is_refused():
    brought("phone,customer number\n+33639980001,C1\n+33639980002,C2\n")
    one = brought("phone,customer number,name\n+33639980001,C2,Who\n")
    assert counts(one) == {"rejected": 1}
    assert "two different contacts" in reasons(one)[2]
    assert rejects(one)[1][2:] == ["+33639980001", "C2", "Who"]


def test_bad_rows_come_back_with_line_reason_and_cells_and_good_ones_go_in():
    text = """phone,name,language,consent,consent date,country
0639980001,No country,fr,,,
+33639980002,Good,fr,yes,2024-05-01,
abc,Letters,fr,,,
,Nothing,fr,,,
+33639980003,Bad language,Klingon speaker,,,
+33639980004,Bad consent,fr,perhaps,,
+33639980005,Two dates,fr,yes,03/04/2024,
+33639980006,Future,fr,yes,2999-01-01,
06 39 98 00 07,With country,fr,,,France
+33639980008,Too,many,,,,cells
+336,Short,fr,,,
"""
    one = brought(text)
    assert counts(one) == {"created": 2, "rejected": 9}
    found = reasons(one)
    assert list(found) == [2, 4, 5, 6, 7, 8, 9, 11, 12]
    assert "country code" in found[2]
    assert "two ways" in found[8]
    assert rejects(one)[0] == ["line", "reason", "phone", "name", "language", "consent", "consent date", "country"]
    assert rejects(one)[1][2:4] == ["0639980001", "No country"]
    assert contact("+33639980007").country == "FR"


def test_the_file_of_rejects_can_be_mended_and_sent_back():
    one = brought("phone,name,note\n0639980001,Ana,=1+1\n+33639980002,Ben,x\n")
    mended = queries.rejects_path(one).read_bytes()
    again = brought(mended, country="FR")
    assert counts(again) == {"created": 1}
    assert contact("+33639980001").attributes == {"note": "=1+1"}


def test_formulas_stay_text_inside_and_are_guarded_on_the_way_out():
    one = brought("phone,name,note\n+33639980001,=1+1,@SUM(A1)\nbad,=cmd(),-1+2\n")
    assert contact("+33639980001").name == "=1+1"
    assert contact("+33639980001").attributes == {"note": "@SUM(A1)"}
    assert rejects(one)[1][2:] == ["bad", "'=cmd()", "'-1+2"]


def test_wrong_columns_fail_with_one_sentence_that_names_found_and_needed():
    one = brought("nom,prénom,ville\nDurand,Ana,Paris\n")
    assert (one.state, Contact.objects.count()) == ("failed", 0)
    assert "“phone”" in one.problem
    assert "“nom”, “prénom”, “ville”" in one.problem


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Téléphone;Prénom;Nom\n+33639980001;Ana;Durand\n", "Ana Durand"),
        ("手机号码,姓,名\n+8613812345678,张,伟\n", "张伟"),
        ("MOBILE PHONE\tFull-Name\n+33639980001\tAna\n", "Ana"),
    ],
)
def test_titles_are_known_in_three_languages(text, name):
    brought(text)
    assert Contact.objects.get().name == name


def test_mixed_encodings_bring_in_the_good_lines():
    mixed = "phone,name\n+33639980001,Noël\n".encode() + "+33639980002,Zoé\n".encode("cp1252")
    one = brought(mixed + "+33639980003,Élodie\n".encode())
    assert counts(one) == {"created": 2, "rejected": 1}
    assert list(reasons(one)) == [3]


def test_a_file_that_is_no_text_or_empty_fails_with_a_sentence():
    assert "save it as CSV" in brought(b"%PDF-1.7" + bytes(100)).problem
    assert "empty" in brought(b"").problem


@pytest.fixture
def chinese(tmp_path):
    """A translation of one sentence, in place of the product's own."""
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = Catalog(locale="zh_Hans", charset="utf-8")
    catalogue.add("“%(phone)s” is no phone number that exists.", "“%(phone)s”不是电话号码。")
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, catalogue)
    with override_settings(LOCALE_PATHS=[tmp_path]):
        yield


def test_reasons_are_in_the_language_of_who_sent_the_file(owner, chinese):
    owner.language = "zh-hans"
    owner.save()
    one = stored("phone\nabc\n")
    Import.objects.filter(pk=one.pk).update(started_by=owner)
    assert reasons(run(one)) == {2: "“abc”不是电话号码。"}


def test_a_finished_import_is_left_alone_when_its_job_runs_again():
    one = brought("phone\n+33639980001\n")
    finished = one.finished_at
    assert run(one).finished_at == finished


def test_options_that_can_not_be_meant_are_refused_before_anything_is_stored():
    for options in (
        {"country": "Atlantis"},
        {"consent": {"state": "granted"}},
        {"consent": {"state": "maybe", "source": "x"}},
        {"tags": "vip"},
        {"tags": ["x" * 61]},
        {"update": "sometimes"},
        {"color": "red"},
        {"currency": "euro"},
    ):
        with pytest.raises(BadInput):
            stored("phone\n", **options)
    assert Import.objects.count() == 0
    chosen = ImportOptions.parse({"country": "fr", "tags": [" a  b "], "consent": {"state": "granted", "source": "s"}})
    assert ImportOptions.parse(chosen.stored()) == chosen
    assert (chosen.country, chosen.tags) == ("FR", ("a b",))


def test_starting_an_import_stores_the_file_queues_its_job_and_needs_the_right(owner):
    one = stored("phone\n", name="../../etc/passwd")
    assert one.file_name == "passwd"
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE args = %s", [f'{{"import_id": {one.pk}}}'])
        assert cursor.fetchall() == [("contacts.run_import",)]
    with pytest.raises(NotFound):
        queries.rejects_path(one)
    agent = Staff.objects.create(email="agent@example.com", role="agent")
    with pytest.raises(NotAllowed):
        actions.start_import(kind="contacts", file_name="x", file=None, options={}, by=agent)


def test_a_file_with_more_than_500_columns_fails_with_a_sentence():
    titles = ",".join(["phone", *(f"c{number}" for number in range(500))])
    assert "columns" in brought(titles + "\n").problem


def test_tags_are_made_once_whatever_else_uses_them():
    Tag.objects.create(name="vip")
    brought('phone,tags\n+33639980001,"vip, a\\b; {x}"\n')
    names = queries.contact_for(None, contact("+33639980001").pk).tag_names
    assert names == ["a\\b", "vip", "{x}"]
    assert [(tag.name, people) for tag, people in queries.tags()] == [("a\\b", 1), ("vip", 1), ("{x}", 1)]


def test_a_database_user_without_special_rights_imports_the_same(test_database_url):
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        assert cursor.fetchone()[0]
        cursor.execute("CREATE ROLE plain_owner; GRANT ALL ON SCHEMA public TO plain_owner")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain_owner")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain_owner")
        cursor.execute("GRANT TEMPORARY ON DATABASE " + connection.settings_dict["NAME"] + " TO plain_owner")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE plain_owner")
        assert counts(brought(PEOPLE)) == {"created": 3}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE; DROP OWNED BY plain_owner; DROP ROLE plain_owner")
    assert orphans() == 0
    assert Contact.objects.filter(created_at__gt=datetime(2020, 1, 1, tzinfo=UTC)).count() == 3


def test_a_file_keeps_to_what_the_companys_own_attributes_are():
    attributes.define(key="shoe size", label="Shoe size", kind="number", by=None)
    attributes.define(key="level", label="Level", kind="choice", choices=["Gold", "Silver"], by=None)
    one = brought(
        "phone,shoe size,level,city\n+33639980001,40,Gold,1\n+33639980002,huge,Gold,\n+33639980003,41,Platinum,\n"
    )
    assert counts(one) == {"created": 1, "rejected": 2}
    assert contact("+33639980001").attributes == {"shoe size": 40, "level": "Gold", "city": "1"}
    said = reasons(one)
    assert "Shoe size" in said[3]
    assert "Gold, Silver" in said[4]


def test_whatever_stands_in_a_cell_stands_in_the_contact():
    cells = ["C:\\new\\.", "a\tb", "two\nlines", "two\r\nlines", 'say "so"', "\\N", "\\.", "{a,b}", "NULL", "\\"]
    out = io.StringIO()
    csv.writer(out).writerows(
        [["customer number", "name", "note"], *([f"C{place}", cell, cell] for place, cell in enumerate(cells))]
    )
    assert counts(brought(out.getvalue())) == {"created": len(cells)}
    found = Contact.objects.order_by("identities__value").values_list("name", "attributes__note")
    assert list(found) == [(cell, cell) for cell in cells]


@pytest.mark.parametrize(
    ("country", "bare", "whole", "whatsapp"),
    [
        ("BR", "31 8765-4321", "+55 31 98765-4321", "553187654321"),
        ("MX", "55 1234 5678", "+52 1 55 1234 5678", "5215512345678"),
        ("AR", "11 2345-6789", "+54 9 11 2345-6789", "541123456789"),
    ],
)
def test_the_variants_of_a_number_are_one_person_in_files_and_beside_them(country, bare, whole, whatsapp):
    inbound = actions.contact_for_person(Person(phone=f"+{whatsapp}"))
    one = brought(f"phone,name\n{bare},Ana\n{whole},Ana\n", country=country)
    assert counts(one) == {"updated": 1, "duplicate": 1}
    assert Contact.objects.get().pk == inbound
    sales = f"phone,order,date,amount,currency\n{whole},1,2026-01-02,5,EUR\n{bare},2,2026-01-02,5,EUR\n"
    assert counts(brought(sales, kind="orders", country=country, unknown_customers="create")) == {"created": 2}
    assert set(Order.objects.values_list("contact_id", flat=True)) == {inbound}
