"""Taking a whole import back: everything is as before, and nothing that happened since is lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envoi.contacts import actions, preparing, undoing
from envoi.contacts import stored as stored_files
from envoi.contacts.models import ConsentEntry, Contact, Identity, Import, ImportChange, Tag
from envoi.core import clock
from envoi.core.errors import NotAllowed
from envoi.orders import queries
from envoi.orders.actions import NewOrder, add_orders
from envoi.records import erasing, merging
from envoi.segments.models import Segment
from envoi.team.models import Staff

from .files import brought, contact, counts, run, stored
from .test_imports import snapshot

pytestmark = pytest.mark.django_db(transaction=True)

SAID = {"state": "granted", "source": "till"}


def undone(one: Import) -> Import:
    actions.undo_import(one.pk, by=None, queue=False)
    undoing.run(one.pk)
    one.refresh_from_db()
    return one


def facts() -> list[tuple]:
    """What is known of everybody, without when it was written; of consent the state that holds."""
    return [(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[8], row[9]) for row in snapshot()]


def test_undoing_a_first_import_leaves_nobody():
    one = brought("phone,name,tags,city\n+33639980001,Ana,vip,Paris\n+33639980002,Ben,,\n", consent=SAID)
    assert undone(one).state == "undone"
    assert (one.rows_undone, one.rows_kept) == (2, 0)
    assert snapshot() == []
    assert ConsentEntry.objects.count() == 0


def test_known_people_are_as_they_were():
    brought("phone,name,language,tags,city,size\n+33639980001,Ana,fr,vip,Paris,M\n+33639980002,Ben,,,,\n")
    before = facts()
    one = brought(
        "phone,name,language,tags,city,shoe,customer number\n"
        "+33639980001,Anna,en,new,Lyon,39,C1\n+33639980003,New,,,,,\n",
        consent=SAID,
    )
    assert counts(one) == {"created": 1, "updated": 1}
    undone(one)
    assert facts() == before
    assert (one.rows_undone, one.rows_kept) == (2, 0)
    assert ImportChange.objects.count() == 0


def test_what_changed_since_stays():
    brought("phone,name,city\n+33639980001,Ana,Paris\n")
    one = brought("phone,name,city,shoe\n+33639980001,Anna,Lyon,39\n")
    Contact.objects.update(name="Anne", attributes={"city": "Lyon", "shoe": "40"})
    undone(one)
    ana = contact("+33639980001")
    assert (ana.name, ana.attributes) == ("Anne", {"city": "Paris", "shoe": "40"})


def test_who_wrote_since_stays_and_their_consent_is_answered():
    one = brought("phone,name\n+33639980001,Ana\n+33639980002,Ben\n", consent=SAID)
    ana = contact("+33639980001")
    actions.note_inbound(ana.pk, at=clock.now())
    undone(one)
    assert (one.rows_undone, one.rows_kept) == (1, 1)
    ana.refresh_from_db()
    assert (ana.name, ana.marketing) == ("Ana", "unknown")
    lines = ConsentEntry.objects.filter(contact=ana).order_by("id").values_list("state", "source")
    assert list(lines) == [("granted", "till"), ("unknown", "import undone")]
    assert Contact.objects.count() == 1


def test_their_own_word_since_holds():
    brought("phone\n+33639980001\n")
    one = brought("phone\n+33639980001\n", consent=SAID)
    ana = contact("+33639980001")
    assert ana.marketing == "granted"
    actions.record_consent(ana.pk, purpose="marketing", state="withdrawn", source="keyword", text="STOP")
    undone(one)
    ana.refresh_from_db()
    assert ana.marketing == "withdrawn"


def test_tags_from_elsewhere_stay_on():
    brought("phone,tags\n+33639980001,vip\n")
    one = brought("phone,tags\n+33639980001,vip;new\n")
    undone(one)
    assert list(Tag.objects.filter(tagged__contact=contact("+33639980001")).values_list("name", flat=True)) == ["vip"]


def test_an_undone_file_can_come_again():
    text = "phone,name\n+33639980001,Ana\n"
    undone(brought(text))
    assert counts(brought(text)) == {"created": 1}


def test_what_can_not_be_undone_says_why():
    failed = brought("nothing\nx\n")
    with pytest.raises(actions.CannotUndo, match="nothing to undo"):
        actions.undo_import(failed.pk, by=None)
    one = undone(brought("phone\n+33639980001\n"))
    with pytest.raises(actions.CannotUndo, match="already"):
        actions.undo_import(one.pk, by=None)
    old = brought("phone\n+33639980001\n")
    Import.objects.filter(pk=old.pk).update(finished_at=clock.now() - timedelta(days=91))
    with pytest.raises(actions.CannotUndo, match="90 days"):
        actions.undo_import(old.pk, by=None)
    agent = Staff.objects.create(email="agent@example.com", role=Staff.Role.AGENT)
    with pytest.raises(NotAllowed):
        actions.undo_import(old.pk, by=agent)


def test_what_undos_need_is_let_go_of_in_time():
    brought("phone,name\n+33639980001,Ana\n")
    one = brought("phone,name\n+33639980001,Anna\n")
    assert undoing.forget_old(["import_changes"]) == 0
    Import.objects.filter(pk=one.pk).update(finished_at=clock.now() - timedelta(days=91))
    assert undoing.forget_old(["import_changes"]) == 1


def test_an_undo_runs_in_the_worker_once():
    one = brought("phone\n+33639980001\n")
    actions.undo_import(one.pk, by=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE args ->> 'import_id' = %s", [str(one.pk)])
        assert "contacts.undo_import" in [name for (name,) in cursor.fetchall()]
    undoing.run(one.pk)
    undoing.run(one.pk)
    one.refresh_from_db()
    assert one.rows_undone == 1


def test_a_check_counts_and_changes_nothing():
    brought("phone,name,tags\n+33639980001,Ana,vip\n+33639980002,Ben,\n+33639980004,Eve,\n", consent=SAID)
    before = snapshot()
    text = (
        "phone,name,tags\n+33639980001,Anna,vip\n+33639980002,Ben,new\n+33639980003,New,\nbad,X,\n+33639980004,Eve,\n"
    )
    one = stored(text, consent=SAID)
    Import.objects.filter(pk=one.pk).update(check_only=True)
    run(one)
    assert (one.state, counts(one)) == ("checked", {"created": 1, "updated": 2, "unchanged": 1, "rejected": 1})
    assert snapshot() == before
    assert counts(brought(text, consent=SAID)) == counts(one)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "+33639980001", "+33639980002", "+33639980003", "bad"]),
        st.sampled_from(["", "C1", "C2", "C3"]),
        st.sampled_from(["", "Ana", "Ben"]),
        st.sampled_from(["", "Paris", "Lyon"]),
        st.sampled_from(["", "vip", "vip;new"]),
        st.sampled_from(["", "yes", "no"]),
        st.sampled_from(["", "2026-01-01", "2026-02-02"]),
    ),
    max_size=6,
)
PEOPLE = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def file_of(rows: list[tuple[str, ...]]) -> str:
    return "\n".join(["phone,customer,name,city,tags,consent,consent date", *(",".join(row) for row in rows)]) + "\n"


def forget_everybody() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE contacts, tags, imports, import_changes CASCADE")


@PEOPLE
@given(
    known=ROWS,
    rows=ROWS,
    update=st.sampled_from(["overwrite", "fill", "skip"]),
    keep=st.sampled_from(["first", "last"]),
)
def test_import_twice_is_import_once(known, rows, update, keep):
    forget_everybody()
    brought(file_of(known))
    brought(file_of(rows), update=update, duplicates=keep)
    once = snapshot()
    again = brought(file_of(rows), update=update, duplicates=keep)
    assert snapshot() == once
    assert (again.rows_created, again.rows_updated) == (0, 0)


@PEOPLE
@given(known=ROWS, rows=ROWS, update=st.sampled_from(["overwrite", "fill", "skip"]))
def test_import_then_undo_is_before(known, rows, update):
    forget_everybody()
    brought(file_of(known))
    before = facts()
    undone(brought(file_of(rows), update=update, tags=["from the file"]))
    assert facts() == before


def test_the_words_that_came_with_a_file_go_with_it_unless_somebody_needs_them():
    kept = brought("phone,name\n+33639980009,Zoe\n", tags=["before"])
    one = brought("phone,name,tags\n+33639980001,Ana,vip;new;asked\n", tags=["before", "from the till"])
    actions.tag([contact("+33639980009").pk], name="new")
    Segment.objects.create(name="Asked", rule={"all": [{"field": "tag", "is": "has", "value": ["asked"]}]})
    undone(one)
    assert set(Tag.objects.values_list("name", flat=True)) == {"before", "new", "asked"}
    assert kept.rows_created == 1


def test_a_file_that_was_taken_back_comes_in_again_without_looking_for_it(client: Client, owner: Staff):
    client.force_login(owner)
    one = brought("Handy,name\n+33639980001,Ana\n", columns=["phone", "name"], tags=["till"])
    undone(one)
    assert "Import this file again" in client.get(f"/contacts/imports/{one.pk}/").content.decode()
    answer = client.post(f"/contacts/imports/{one.pk}/again")
    again = Import.objects.latest("pk")
    assert answer.url == f"/contacts/imports/{again.pk}/columns/"
    page = client.get(answer.url).content.decode()
    assert '<option value="phone" selected>' in page
    assert again.options["tags"] == ["till"]
    run(preparing.choose(again.pk, options=again.options, check_only=False, by=None))
    assert contact("+33639980001").name == "Ana"


def test_files_are_kept_for_a_month_and_what_is_left_says_so(client: Client, owner: Staff):
    client.force_login(owner)
    old = brought("phone,name\n+33639980001,Ana\nx,Bad\n")
    new = brought("phone,name\n+33639980002,Ben\n")
    Import.objects.filter(pk=old.pk).update(created_at=clock.now() - timedelta(days=31))
    assert stored_files.forget_old() == 1
    assert (stored_files.is_stored(old), stored_files.is_stored(new)) == (False, True)
    page = client.get(f"/contacts/imports/{old.pk}/").content.decode()
    assert "Files are kept for 30 days" in page
    assert "Download the rejects" not in page
    assert client.get(f"/contacts/imports/{old.pk}/rejects").status_code == 404
    # Taking it back needs no file.
    assert undone(old).rows_undone == 1
    assert client.post(f"/contacts/imports/{old.pk}/again").status_code == 422


def test_who_was_merged_tagged_bought_or_erased_since_loses_nothing_by_the_undo(owner: Staff) -> None:
    brought("phone,name,city\n+33639980001,Ana,Paris\n+33639980002,Ben,Lille\n")
    one = brought(
        "phone,name,city\n" + "".join(f"+3363998000{n},Person {n},Lyon\n" for n in range(1, 9)), tags=["spring"]
    )
    assert counts(one) == {"created": 6, "updated": 2}
    people = {n: contact(f"+3363998000{n}").pk for n in range(1, 9)}
    # Two of the file's own, one of them with somebody known before; one tagged, one a buyer, one erased.
    first = merging.merge(kept_id=people[1], gone_id=people[3], by=owner)
    merging.merge(kept_id=people[4], gone_id=people[5], by=owner)
    actions.tag([people[6]], name="vip")
    add_orders([NewOrder(people[7], "1", clock.now(), Decimal(10), "EUR")])
    erasing.erase(people[2], by=owner)
    undone(one)
    assert one.state == "undone"
    left = dict(Contact.objects.values_list("pk", "name"))
    assert left == {
        people[1]: "Ana",
        people[2]: "",
        people[4]: "Person 4",
        people[6]: "Person 6",
        people[7]: "Person 7",
    }
    assert contact("+33639980001").attributes == {"city": "Paris"}
    assert Identity.objects.get(value="+33639980003").contact_id == people[1]
    assert list(Tag.objects.filter(tagged__contact=people[6]).values_list("name", flat=True)) == ["spring", "vip"]
    assert queries.totals_of(people[7]).orders == 1
    # The merge is still undone as it was made, with the person of the file that is gone again.
    merging.undo(first.pk, by=owner)
    assert (contact("+33639980001").name, contact("+33639980003").name) == ("Ana", "Person 3")
