"""A name is what one can see of it, and turns no text around it, whichever way it came in."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from envoi.contacts import actions, bulk, changes
from envoi.contacts import profile as profile_of
from envoi.contacts.models import Contact
from envoi.core.errors import BadInput
from envoi.core.events import Person

from .files import brought, counts

pytestmark = pytest.mark.django_db(transaction=True)

ANA = "+33639980001"
SEEN = [
    ("\u200b", ""),
    (" \u2060\u200d\u200b ", ""),
    ("\u3164\ufe0f", ""),
    ("\u202eana\u202c", "ana"),
    ("\u2066Ana\u2069 Lima", "Ana Lima"),
    ("\u202a \u202e", ""),
    ("Ana\0", "Ana"),
    ("محمد\u200cرضا", "محمد\u200cرضا"),
    ("👩\u200d👧", "👩\u200d👧"),
    ("王小明", "王小明"),
]


@pytest.mark.parametrize(("told", "kept"), SEEN)
def test_a_name_is_kept_as_it_can_be_seen_whichever_way_it_comes(told, kept, owner):
    other, third, fourth = "+33639980002", "+33639980003", "+33639980004"
    by_hand = actions.add_contact(phone=ANA, name=told, by=owner)
    profile = actions.contact_for_person(Person(phone=other, name=told))
    (batch,) = actions.contacts_for_people([Person(phone=third, name=told)])
    brought(f"phone,name\n{fourth},{told}\n".replace("\0", ""))
    parted = brought(f"phone,first name,last name\n+33639980005,{told},Wang\n".replace("\0", ""))
    found = dict(Contact.objects.values_list("phone", "name"))
    assert [found[one] for one in (ANA, other, third, fourth)] == [kept] * 4
    assert found["+33639980005"] == (f"{kept} Wang" if kept else "Wang")
    assert counts(parted) == {"created": 1}
    for one in (by_hand, profile, batch):
        Contact.objects.filter(pk=one).update(name="Before")
    profile_of.change(by_hand, name=told, language="", country="", time_zone="", owner_id=None, values={}, by=owner)
    changes.change(profile, name=told, by=owner)
    assert [Contact.objects.get(pk=one).name for one in (by_hand, profile)] == [kept] * 2
    # An empty name is filled by the next profile that has one.
    Contact.objects.filter(pk=batch).update(name="")
    actions.fill_in([(batch, Person(phone=third, name=told))])
    assert Contact.objects.get(pk=batch).name == kept


def test_a_thousand_is_written_as_the_reader_writes_it(owner):
    rows = [{"phone": ANA}] * (bulk.MOST_ROWS + 1)
    for language, written in (("en", "10,000"), ("fr", "10\xa0000")):
        with translation.override(language), pytest.raises(BadInput) as refused:
            bulk.bring_contacts(rows, by=owner)
        assert written in refused.value.sentence.replace("\u202f", "\xa0")


def test_an_empty_file_is_called_empty(client, owner):
    client.force_login(owner)
    answer = client.post("/contacts/import/", {"kind": "contacts", "file": SimpleUploadedFile("a.csv", b"")})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "The file is empty." in page
    assert "submitted" not in page
