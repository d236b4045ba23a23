"""Many webhooks at once: each told once, contacts held in the order of their ids, old ones let go of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from envoi.contacts.actions import contact_for_person
from envoi.contacts.models import ConsentEntry, Contact
from envoi.core import clock
from envoi.core.events import Person
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.intake.tasks import forget_old
from envoi.messaging.models import Message

from ..gateway.rig import until
from .meta import NOON, preference, said, value, webhook
from .test_engine import stepping, waits

FIRST, SECOND = "33639980009", "33639980001"  # their ids go the other way than their phones


@pytest.mark.django_db
def test_a_message_that_comes_twice_in_a_batch_is_kept_once(store):
    store(said("STOP", number=1), said("STOP", number=1), said("hola", number=2), said("STOP", number=1))
    assert engine.step() == 4
    assert sorted(Message.objects.values_list("text", flat=True)) == ["STOP", "hola"]
    assert ConsentEntry.objects.count() == 1


@pytest.mark.django_db
def test_the_window_is_that_of_the_newest_message_whatever_the_order(store):
    store(said("late", number=50), said("early", number=3), said("other", number=7, phone=SECOND + "0"))
    engine.step()
    opened = dict(Contact.objects.values_list("phone", "window_open_until"))
    assert opened["+33639980001"] == clock.from_unix(NOON + 50) + timedelta(hours=24)
    assert opened["+336399800010"] == clock.from_unix(NOON + 7) + timedelta(hours=24)


@pytest.mark.django_db
def test_a_newcomers_stop_and_preference_are_both_theirs(store):
    store(said("STOP", number=1), preference("resume"), said("START", number=2))
    engine.step()
    assert Contact.objects.count() == 1
    assert ConsentEntry.objects.count() == 3
    assert Contact.objects.get().marketing == "granted"


@pytest.mark.django_db(transaction=True)
def test_contacts_are_held_in_the_order_of_their_ids(store, raw_db, test_database_url):
    first, second = (contact_for_person(Person(phone=f"+{phone}")) for phone in (FIRST, SECOND))
    assert first < second
    store(said("hola", phone=SECOND), said("hola", phone=FIRST, number=2))
    with psycopg.connect(test_database_url) as other, ThreadPoolExecutor(1) as thread:
        other.execute("SELECT 1 FROM contacts WHERE id = %s FOR NO KEY UPDATE", [first])
        step = thread.submit(stepping)
        until(lambda: waits(raw_db), "the step waits for the first contact")
        # Whoever goes by ids, as dispatch and imports do, finds the second one free.
        other.execute("SELECT 1 FROM contacts WHERE id = %s FOR NO KEY UPDATE NOWAIT", [second])
        other.rollback()
        assert step.result(10) == ""
    assert Message.objects.count() == 2


@pytest.mark.django_db
def test_what_was_done_long_ago_goes_and_the_rest_stays(store, settings):
    settings.WEBHOOK_DAYS = 7
    old_done, old_broken, old_new, young = store(*(said("x", number=number) for number in range(4)))
    long_ago = timezone.now() - timedelta(days=8)
    WebhookEvent.objects.exclude(pk=young).update(received_at=long_ago)
    WebhookEvent.objects.filter(pk__in=[old_done, young]).update(state="done")
    WebhookEvent.objects.filter(pk=old_broken).update(state="broken")
    forget_old(0)
    assert set(WebhookEvent.objects.values_list("pk", flat=True)) == {old_broken, old_new, young}


@pytest.mark.django_db
def test_letting_go_goes_on_until_nothing_old_is_left(store, monkeypatch):
    monkeypatch.setattr("envoi.intake.tasks.AT_ONCE", 2)
    store(*(said("x", number=number) for number in range(5)))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE webhook_events SET state = 'done', received_at = now() - interval '31 days'")
    forget_old(0)
    assert not WebhookEvent.objects.exists()


@pytest.mark.django_db
def test_who_writes_after_their_number_changed_is_who_they_were(store):
    system = {"type": "user_changed_number", "body": "x", "wa_id": SECOND}
    moved = {"id": "wamid.M", "timestamp": str(NOON), "type": "system", "from": FIRST, "system": system}
    store(said("before", phone=FIRST), webhook("messages", value(messages=[moved])), said("after", phone=SECOND))
    assert engine.step() == 3
    assert Contact.objects.count() == 1
    assert sorted(Message.objects.filter(kind="text").values_list("text", flat=True)) == ["after", "before"]
