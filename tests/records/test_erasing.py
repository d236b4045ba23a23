"""Erasure: what is known of somebody goes, what was counted stays, and who had withdrawn stays unwritten."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from envoi.contacts import actions, profile
from envoi.contacts.models import ConsentEntry, Contact, Identity, Merge, Suppression
from envoi.core.errors import NotFound
from envoi.core.events import Person
from envoi.inbox.words import path_of
from envoi.messaging.models import Message, Outbox
from envoi.notifications.actions import notify
from envoi.notifications.models import Notification
from envoi.orders.models import OrderTotals
from envoi.records import erasing, merging
from envoi.records.belongings import ALL
from envoi.team.models import AuditEntry
from tests.contacts.files import brought

from .test_merging import person, sent, waiting, wrote

PHONE = "+33639980001"
SECRETS = ("Zebulon", "639980001", "blue-whale", "FR.424242", "hello", "sensitive")


def withdrawn() -> int:
    """Somebody of whom much is known, and who has withdrawn."""
    ana = actions.contact_for_person(Person(phone=PHONE, user_id="FR.424242", name="Zebulon", scope="p"))
    actions.record_consent(ana, purpose="marketing", state="granted", source="form", text="Zebulon agreed")
    actions.record_consent(ana, purpose="marketing", state="withdrawn", source="keyword", text="STOP", proof="wamid.9")
    return ana


def all_text() -> str:
    """Every row of every table that names people, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in ("contacts", "merges", "audit_log", "suppressions", "notifications", *(one.table for one in ALL)):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


@pytest.mark.django_db
def test_nothing_of_an_erased_person_is_left_but_sums_and_the_proof_of_their_withdrawal(channel, owner):
    ana, twin = withdrawn(), person(2, name="Zebulon")
    Contact.objects.filter(pk=ana).update(attributes={"pet": "blue-whale"})
    wrote(ana, channel, timezone.now(), "wamid.1")
    sent(ana, channel, campaign=5, states=("sent", "delivered", "read"))
    profile.add_note(ana, text="sensitive", by=owner)
    profile.block(ana, reason="sensitive", by=owner)
    merging.merge(kept_id=ana, gone_id=twin, by=owner)
    job = waiting(ana, channel, campaign=None)
    notify([owner.pk], Notification.Kind.RED_ALERT, link=path_of(ana, 1), facts={"contact": "Zebulon"})

    erasing.erase(ana, by=owner)

    left = all_text()
    assert [secret for secret in SECRETS if secret in left.replace("+33639980000", "")] == []
    assert Message.objects.filter(contact_id=ana, campaign_id=5, state="read").count() == 1
    assert (Message.objects.get(contact_id=ana, id=job).state, Outbox.objects.count()) == ("cancelled", 0)
    stop = ConsentEntry.objects.get(contact_id=ana, state="withdrawn", source="keyword")
    assert (stop.text, stop.proof) == ("STOP", "wamid.9")
    assert Identity.objects.count() == 0
    assert AuditEntry.objects.get(verb="contacts.erase").staff == owner
    with pytest.raises(merging.AlreadyUndone):
        merging.undo(Merge.objects.get().pk, by=owner)
    with pytest.raises(NotFound):
        erasing.erase(ana, by=owner)


@pytest.mark.django_db(transaction=True)
def test_orders_stay_in_the_sums_without_their_owner():
    brought(
        f"customer,date,amount,currency,order id\n{PHONE},2026-03-01,12.50,EUR,A-639980001\n",
        kind="orders",
        unknown_customers="create",
    )
    ana = Contact.objects.get().pk
    erasing.erase(ana, by=None)
    assert OrderTotals.objects.get(contact_id=ana).spend == 12.5
    assert "639980001" not in all_text()


def again(how: str) -> Contact:
    """The same person comes in once more."""
    if how == "import":
        brought(f"phone,name,consent\n{PHONE},Zebulon,yes\n")
    elif how == "vouched import":
        brought(f"phone,name\n{PHONE},Zebulon\n", consent={"state": "granted", "source": "checkout"})
    elif how == "by hand":
        actions.add_contact(phone=PHONE, marketing="granted", proof="by phone", by=None)
    elif how == "message":
        actions.contacts_for_people([Person(phone=PHONE)])
    elif how == "message by id":
        actions.contacts_for_people([Person(user_id="FR.424242", scope="p")])
    else:
        other = actions.contact_for_person(Person(user_id="FR.1", scope="p"))
        actions.record_consent(other, purpose="marketing", state="granted", source="form")
        actions.contact_for_person(Person(user_id="FR.1", phone=PHONE, scope="p"))
    return Contact.objects.get(erased_at=None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["import", "vouched import", "by hand", "message", "message by id", "a second key"])
def test_who_withdrew_and_was_erased_is_not_writable_again_however_they_come_in(how):
    erasing.erase(withdrawn(), by=None)
    assert again(how).marketing == "withdrawn"


@pytest.mark.django_db(transaction=True)
def test_who_never_withdrew_may_come_back():
    erasing.erase(actions.contact_for_person(Person(phone=PHONE)), by=None)
    assert Suppression.objects.count() == 0
    assert again("import").marketing == "granted"


@pytest.mark.django_db
def test_their_own_word_brings_them_back():
    erasing.erase(withdrawn(), by=None)
    back = again("message")
    actions.record_consent(back.pk, purpose="marketing", state="granted", source="keyword", text="START")
    actions.contact_for_person(Person(phone=PHONE, user_id="FR.424242", scope="p"))
    assert Contact.objects.get(pk=back.pk).marketing == "granted"


@pytest.mark.django_db
def test_a_number_can_not_be_read_out_of_what_is_remembered():
    erasing.erase(withdrawn(), by=None)
    rows: list[Any] = list(Suppression.objects.values())
    assert len(rows) == 2
    assert "639980001" not in json.dumps(rows, default=str)


@pytest.mark.django_db
def test_nobody_is_erased_while_a_message_to_them_is_leaving(channel):
    ana = withdrawn()
    waiting(ana, channel, campaign=None, state="sending")
    with pytest.raises(merging.OnItsWay):
        erasing.erase(ana, by=None)
    assert Contact.objects.get(pk=ana).name == "Zebulon"
