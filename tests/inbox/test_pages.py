"""The inbox's pages by plain requests: who sees what, what is refused in words, and what is never lost."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Channel
from envoi.contacts.actions import contact_for_person, record_consent
from envoi.contacts.models import Contact
from envoi.core.errors import BadInput
from envoi.core.events import Person
from envoi.inbox import actions
from envoi.inbox.models import CannedReply, Conversation, Draft
from envoi.inbox.steering_views import wake_at
from envoi.messaging.models import Message
from envoi.orders.actions import NewOrder, add_orders
from envoi.segments.models import Segment
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(channel: Channel) -> Conversation:
    contact_id = contact_for_person(Person(phone="+33639980001", name="Ana Lima"))
    return Conversation.objects.get(id=actions.open_with(contact_id, channel.pk, by=None))


def signed_in(staff: Staff, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(staff)
    return client


def role(role: str) -> Staff:
    return Staff.objects.create(email=f"{role}@example.com", role=role, name=role.title())


def page_of(one: Conversation) -> str:
    return f"/inbox/{one.contact_id}-{one.id}/"


def test_an_analyst_reads_and_writes_nothing(ana: Conversation) -> None:
    client = signed_in(role("analyst"))
    page = client.get(page_of(ana)).content.decode()
    assert "Ana Lima" in page
    assert "Your role does not include answering" in page
    assert "open-acts" not in page
    writes = {
        "send": {"text": "Hi"},
        "close": {},
        "assign": {"to": "nobody"},
        "tag": {"on": "vip"},
        "draft": {"text": "x"},
    }
    for path, given in writes.items():
        assert client.post(page_of(ana) + path, given).status_code == 403, path
    assert client.get(page_of(ana) + "templates").status_code == 403
    assert client.get("/inbox/canned/new/").status_code == 403
    assert not Message.objects.exists()


def test_a_stranger_is_led_to_the_sign_in(ana: Conversation) -> None:
    for path in ("/inbox/", page_of(ana), page_of(ana) + "now", "/inbox/live", "/inbox/canned/"):
        assert "/account/login/" in Client().get(path)["Location"]
    assert Client().get("/inbox/waiting").status_code == 204


def test_a_conversation_that_there_is_not_is_not_found(owner: Staff, ana: Conversation) -> None:
    client = signed_in(owner)
    assert client.get(f"/inbox/{ana.contact_id}-999999/").status_code == 404
    assert client.get(f"/inbox/{10**17}-{10**17}/").status_code == 404
    assert client.get(f"/inbox/{ana.contact_id}.{ana.id}/")["Location"] == page_of(ana)
    assert client.get("/inbox/?view=nonsense&tag=x&team=²&q=%00").status_code == 200
    assert client.get("/inbox/?view=all&after=nonsense").status_code == 422


def test_the_inbox_opens_where_there_is_something_to_do(owner: Staff, ana: Conversation) -> None:
    client = signed_in(owner)
    assert client.get("/inbox/")["Location"] == "/inbox/?view=unassigned"
    assert "Ana Lima" in client.get("/inbox/", follow=True).content.decode()
    # Who asks for their own gets their own, also when it is empty.
    assert "Nothing waits for you" in client.get("/inbox/?view=mine").content.decode()
    # A conversation that is opened by its address stands beside the list in which it is found.
    beside = client.get(page_of(ana)).content.decode()
    assert f'id="conv-{ana.contact_id}-{ana.id}"' in beside
    actions.assign(ana.contact_id, ana.id, staff_id=owner.pk, by=owner)
    assert client.get("/inbox/").status_code == 200
    actions.close(ana.contact_id, ana.id, by=owner)
    assert "Nothing waits for you" in client.get("/inbox/").content.decode()


def test_what_was_typed_comes_back_with_the_sentence_and_is_kept(owner: Staff, ana: Conversation) -> None:
    client = signed_in(owner)
    answer = client.post(page_of(ana) + "send", {"text": "You <b>owe</b> us", "mode": "reply"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "only a template may go" in page
    assert "You &lt;b&gt;owe&lt;/b&gt; us</textarea>" in page
    assert Draft.objects.get().text == "You <b>owe</b> us"
    empty = client.post(page_of(ana) + "send", {"text": " ", "mode": "reply"}, headers={"HX-Request": "true"})
    assert empty.status_code == 422
    assert "Write something first" in empty.content.decode()


def test_a_note_without_words_is_refused_and_one_with_words_kept(owner: Staff, ana: Conversation) -> None:
    client = signed_in(owner)
    assert client.post(page_of(ana) + "send", {"text": "", "mode": "note"}).status_code == 422
    assert client.post(page_of(ana) + "send", {"text": "Call <i>back</i>", "mode": "note"}).status_code == 302
    assert "Call &lt;i&gt;back&lt;/i&gt;" in client.get(page_of(ana)).content.decode()


def test_writing_to_somebody_opens_one_conversation_and_finds_it_again(owner: Staff, channel: Channel) -> None:
    contact_id = contact_for_person(Person(phone="+33639980002", name="Leo"))
    client = signed_in(owner)
    assert "There is no conversation with them yet" in client.get(f"/inbox/with/{contact_id}/").content.decode()
    begun = client.post(f"/inbox/with/{contact_id}/", {"channel": channel.pk})["Location"]
    assert client.get(f"/inbox/with/{contact_id}/")["Location"] == begun
    assert client.post(f"/inbox/with/{contact_id}/", {"channel": "²"}).status_code == 422
    assert client.get("/inbox/with/999999/").status_code == 404
    assert "They have not written to this number yet" in client.get(begun).content.decode()


def test_tags_notes_and_segments_stand_beside_the_thread(owner: Staff, ana: Conversation) -> None:
    client = signed_in(owner)
    Contact.objects.filter(pk=ana.contact_id).update(language="pt")
    Segment.objects.create(name="Lisbon", rule={"field": "language", "is": "is", "value": "pt"})
    Segment.objects.create(name="Paris", rule={"field": "language", "is": "is", "value": "fr"})
    Segment.objects.create(name="Broken", rule={"field": "nothing", "is": "is", "value": 1})
    found = client.get(page_of(ana) + "segments", headers={"HX-Request": "true"}).content.decode()
    assert "Lisbon" in found
    assert "Paris" not in found
    tagged = client.post(page_of(ana) + "tag", {"on": "<vip>"}, headers={"HX-Request": "true"}).content.decode()
    assert "&lt;vip&gt;" in tagged
    off = client.post(page_of(ana) + "tag", {"off": "<vip>"}, headers={"HX-Request": "true"}).content.decode()
    assert "<bdi>&lt;vip&gt;</bdi>" not in off
    client.post(page_of(ana) + "about", {"text": "Likes jazz"})
    assert "Likes jazz" in client.get(page_of(ana)).content.decode()
    assert client.get(f"/contacts/{ana.contact_id}/story").status_code == 200


def test_orders_consent_and_earlier_conversations_stand_beside_the_thread(owner: Staff, ana: Conversation) -> None:
    client = signed_in(owner)
    before = client.get(page_of(ana)).content.decode()
    assert "No orders on record." in before
    assert "part-earlier" not in before
    them = Contact.objects.get(pk=ana.contact_id)
    them.owner, them.country, them.timezone, them.language = owner, "PT", "Europe/Lisbon", "pt"
    them.save()
    actions.close(ana.contact_id, ana.id, by=owner)
    now = Conversation.objects.get(id=actions.open_with(ana.contact_id, ana.channel_id, by=owner))
    bought = timezone.now()
    add_orders([NewOrder(ana.contact_id, f"A-{n}", bought, Decimal("1200.50"), "EUR") for n in range(6)])
    record_consent(ana.contact_id, purpose="marketing", state="granted", source="checkout", text="Yes", at=bought)
    record_consent(ana.contact_id, purpose="service", state="withdrawn", source="chat", text="No", at=bought)
    page = client.get(page_of(now)).content.decode()
    beside = " ".join(page[page.index('id="customer"') :].split())
    # All of them are counted, the last four shown.
    assert "6 · 7,203.00" in beside
    assert beside.count("1,200.50") == 4
    for words in ("Portuguese", "Europe/Lisbon", "Looked after by", "agreed", "withdrawn", page_of(ana)):
        assert words in beside, words


def test_canned_replies_are_kept_changed_found_and_deleted(owner: Staff, ana: Conversation) -> None:
    client = signed_in(owner)
    given = {
        "shortcut": "/hours",
        "title": "Opening hours",
        "text": "{{first_name}}, at ten",
        "language": "",
        "team": "",
    }
    assert client.post("/inbox/canned/new/", given).status_code == 302
    again = client.post("/inbox/canned/new/", given)
    assert again.status_code == 422
    assert "is taken by another" in again.content.decode()
    one = CannedReply.objects.get()
    words = client.get(page_of(ana) + "canned").json()["items"]
    assert [(word["shortcut"], word["text"]) for word in words] == [("hours", "Ana, at ten")]
    assert client.post(f"/inbox/canned/{one.pk}/", given | {"text": "At nine"}).status_code == 302
    assert "At nine" in client.get("/inbox/canned/?q=hou").content.decode()
    assert client.post(f"/inbox/canned/{one.pk}/delete").status_code == 302
    assert not CannedReply.objects.exists()


def test_a_snooze_ends_at_nine_where_the_reader_is() -> None:
    tomorrow = wake_at("tomorrow", "", "Asia/Tokyo")
    assert (tomorrow.hour, str(tomorrow.tzinfo)) == (9, "Asia/Tokyo")
    assert wake_at("week", "", "Europe/Paris").weekday() == 0
    assert wake_at("own", "2031-03-01T18:30", "Asia/Tokyo") == datetime(2031, 3, 1, 9, 30, tzinfo=UTC)
    assert 59 < (wake_at("hour", "", "UTC") - timezone.now()).total_seconds() / 60 < 61
    for bad in ("", "soon", "2031-02-31T10:00"):
        with pytest.raises(BadInput):
            wake_at("own", bad, "UTC")
    for word in ("own", "hour", "tomorrow"):
        with pytest.raises(BadInput, match="did not say in which time zone"):
            wake_at(word, "2031-03-01T18:30", "nowhere")
