"""The pages of one person: story, notes, blocking, merging, data and erasure, as each role may use them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from envoi.contacts import actions, attributes, duplicates, optout, profile
from envoi.contacts.models import Attribute, Contact, ContactEvent, DifferentPeople, Note
from envoi.core.errors import BadInput
from envoi.core.events import Person
from envoi.records import merging
from envoi.reports.story import contact_story
from envoi.team.models import AuditEntry, Staff

from .test_merging import NOON, person, rolled_up, sent, wrote

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(owner: Staff) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def test_the_story_has_everything_once_whatever_the_size_of_a_page(channel, owner):
    ana = person(1)
    wrote(ana, channel, timezone.now() - timedelta(hours=1), "wamid.1")
    sent(ana, channel, states=("sent", "delivered", "read"))
    actions.record_consent(ana, purpose="marketing", state="granted", source="form", text="Yes")
    actions.tag([ana], name="vip")
    actions.untag([ana], name="vip")
    actions.tag([ana], name="gold")
    profile.add_note(ana, text="Prefers the morning", by=owner)
    profile.block(ana, reason="asked us to", by=owner)
    whole = contact_story(owner, ana, limit=50).items
    assert {entry.what for entry in whole} == {
        "The customer wrote",
        "Sent",
        "Consent to marketing: granted",
        "Tagged “gold”",
        "Tag “vip” taken off",
        "Note by Owner",
        "Blocked: asked us to",
        "Added to the contacts",
    }
    paged, after = [], None
    while True:
        page = contact_story(owner, ana, after=after, limit=3)
        paged += page.items
        after = page.next
        if after is None:
            break
    assert paged == whole
    with pytest.raises(BadInput):
        contact_story(owner, ana, after="yesterday")


def test_every_page_of_a_person_opens(signed_in, channel, owner):
    ana, other = person(1), person(2, phone=None, username="ana.l")
    wrote(ana, channel, timezone.now(), "wamid.1")
    attributes.define(key="size", label="Size", kind="choice", choices=["S", "M"], by=owner)
    for address in (
        f"/contacts/{ana}/",
        f"/contacts/{other}/",
        f"/contacts/{ana}/edit/",
        "/contacts/attributes/",
        "/contacts/words/",
        "/contacts/perhaps-the-same/",
        f"/contacts/{ana}/merge/?q=Person",
        f"/contacts/{ana}/merge/{other}/",
        f"/contacts/{ana}/data/",
        "/contacts/?q=@ana.l",
        "/contacts/new/",
    ):
        assert signed_in.get(address).status_code == 200, address


def test_the_page_says_how_somebody_reads_and_answers(signed_in, channel):
    ana = person(1, timezone="Europe/Paris")
    sent(ana, channel, states=("sent", "delivered", "read"))
    sent(ana, channel, states=("sent", "delivered"))
    rolled_up()
    wrote(ana, channel, NOON + timedelta(seconds=190), "wamid.IN")
    html = " ".join(re.sub(r"<[^>]+>", " ", signed_in.get(f"/contacts/{ana}/").content.decode()).split())
    # Two promotions delivered, one of them read, one answer three minutes later.
    for fact in ("Promotions received 2", "Messages to them 2", "Messages from them 1", "2026-03 0 0 1 1"):
        assert fact in html, html[html.index("Habits") :]
    assert re.search(r"Read rate .{0,80}50.0%", html)
    assert re.search(r"Reply rate .{0,120}50.0%", html)
    assert re.search(r"Answers after .{0,80}3\s?min", html)
    assert "When they write and read" in html


def test_a_merge_and_its_undo_by_hand(signed_in):
    ana, other = person(1), person(2)
    assert signed_in.post(f"/contacts/{ana}/merge/{other}/").url == f"/contacts/{ana}/"
    assert signed_in.get(f"/contacts/{other}/").url == f"/contacts/{ana}/"
    page = signed_in.get(f"/contacts/{ana}/").content.decode()
    assert "Undo the merge" in page
    merge_id = AuditEntry.objects.get(verb="contacts.merge").detail["merge"]
    signed_in.post(f"/contacts/merges/{merge_id}/undo")
    assert Contact.objects.count() == 2


def test_typed_attributes_are_checked_and_kept_by_their_kind(signed_in, owner):
    ana = person(1, attributes={"from a file": "x"})
    for key, kind in (("n", "number"), ("d", "date"), ("b", "boolean"), ("t", "text")):
        attributes.define(key=key, label=key.upper(), kind=kind, by=owner)
    attributes.define(key="c", label="C", kind="choice", choices=["S", "M"], by=owner)
    form = {"name": "Ana", "language": "fr", "country": "France", "time_zone": "Europe/Paris", "owner": str(owner.pk)}
    good = {"n": "12,5", "d": "1990-02-28", "b": "true", "t": " hi ", "c": "M", "from a file": ""}
    answer = signed_in.post(f"/contacts/{ana}/edit/", form | {f"attribute:{k}": v for k, v in good.items()})
    assert answer.status_code == 302
    found = Contact.objects.get(pk=ana)
    assert found.attributes == {"n": 12.5, "d": "1990-02-28", "b": True, "t": "hi", "c": "M"}
    assert (found.country, found.timezone, found.owner) == ("FR", "Europe/Paris", owner)
    for key, bad in (("n", "many"), ("n", "nan"), ("d", "28/02/1990"), ("b", "maybe"), ("c", "XL")):
        answer = signed_in.post(f"/contacts/{ana}/edit/", form | {f"attribute:{key}": bad})
        assert answer.status_code == 422
        assert answer.context["form"].non_field_errors()[0].startswith(key.upper())
    assert Contact.objects.get(pk=ana).attributes == found.attributes


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"key": "c", "label": "C", "kind": "choice", "choices": ["one"]}, "two words"),
        ({"key": "", "label": "", "kind": "text"}, "1 to 60"),
        ({"key": "k", "label": "K", "kind": "colour"}, "kind"),
    ],
)
def test_an_attribute_that_can_not_be_meant_is_not_defined(values, says):
    with pytest.raises(BadInput, match=says):
        attributes.define(by=None, **values)
    assert Attribute.objects.count() == 0


def test_blocking_needs_its_reason_and_can_be_taken_back(signed_in):
    ana = person(1)
    assert signed_in.post(f"/contacts/{ana}/block", {"reason": " "}).status_code == 422
    signed_in.post(f"/contacts/{ana}/block", {"reason": "asked us to"})
    assert Contact.objects.get(pk=ana).blocked_reason == "asked us to"
    signed_in.post(f"/contacts/{ana}/block", {"do": "unblock"})
    assert Contact.objects.get(pk=ana).blocked_at is None
    assert list(ContactEvent.objects.order_by("id").values_list("what", flat=True)) == ["blocked", "unblocked"]


def test_a_note_is_kept_with_who_wrote_it(signed_in, owner):
    ana = person(1)
    signed_in.post(f"/contacts/{ana}/note", {"text": "likes <b>blue</b>"})
    assert Note.objects.get(contact_id=ana).by == owner
    assert "likes &lt;b&gt;blue" in signed_in.get(f"/contacts/{ana}/").content.decode()


def test_words_are_switched_off_and_added_on_their_page(signed_in):
    signed_in.post("/contacts/words/", {"text": "Cancel", "means": "nothing"})
    signed_in.post("/contacts/words/", {"text": "No more!", "means": "stop", "language": "en"})
    words = optout.in_force()
    assert words.meaning(["CANCEL"]) == ""
    assert words.meaning(["no   more"]) == "stop"
    signed_in.post("/contacts/words/", {"text": "cancel", "means": "stop"})
    assert optout.in_force().meaning(["cancel"]) == "stop"
    assert signed_in.post("/contacts/words/", {"text": "?!", "means": "stop"}).status_code == 422


def test_somebody_gets_all_that_is_kept_of_them(signed_in, channel):
    ana = person(1)
    wrote(ana, channel, timezone.now(), "wamid.1")
    actions.tag([ana], name="vip")
    actions.record_consent(ana, purpose="marketing", state="granted", source="form", text="Yes, write to me")
    answer = signed_in.get(f"/contacts/{ana}/data/?as=json")
    data = json.loads(answer.content)
    assert data["contact"]["name"] == "Person 1"
    assert [row["text"] for row in data["messages"]] == ["hello"]
    assert [row["text"] for row in data["consents"]] == ["Yes, write to me"]
    assert [row["tag"] for row in data["contact_tags"]] == ["vip"]
    assert AuditEntry.objects.filter(verb="contacts.export_person").count() == 1


def test_what_is_kept_of_a_person_is_said_in_the_readers_words(signed_in, channel):
    ana = person(1)
    Contact.objects.filter(pk=ana).update(
        language="zh-hans",
        created_at=datetime(2026, 3, 1, 23, 30, 5, tzinfo=UTC),
        attributes={"state": "running", "n": 3},
    )
    wrote(ana, channel, timezone.now(), "wamid.1")
    sent(ana, channel, states=("sent", "delivered"))
    actions.record_consent(ana, purpose="marketing", state="granted", source="import", proof="import 7: a.csv")
    actions.tag([ana], name="vip")
    actions.untag([ana], name="vip")
    signed_in.cookies["envoi_zone"] = "Asia/Tokyo"
    page = signed_in.get(f"/contacts/{ana}/data/").content.decode()
    for words in (
        "<dd>Simplified Chinese</dd>",
        "<dd>2 Mar 2026 08:30:05</dd>",
        "<dd>n: 3, state: running</dd>",
        "<dd>Granted</dd>",
        "<dd>Unknown</dd>",
        "<td>A file</td>",
        "<td>file “a.csv” (import 7)</td>",
        "<td>Marketing</td>",
        "<td>A tag taken off</td>",
        "<td>In</td>",
        "<td>Delivered</td>",
        "<td>hello</td>",
    ):
        assert words in page, words
    for raw in (">zh-hans<", ">unknown<", ">untagged<", ">import<", ">delivered<", ">in<", "T23:30:05"):
        assert raw not in page, raw
    # The file is for programs: it keeps what is stored.
    kept = signed_in.get(f"/contacts/{ana}/data/?as=json").json()
    assert (kept["contact"]["language"], kept["contact"]["service"]) == ("zh-hans", "unknown")
    signed_in.cookies["django_language"] = "fr"
    assert "<dd>Chinois simplifié</dd>" in signed_in.get(f"/contacts/{ana}/data/").content.decode()


def test_only_those_with_the_right_hand_out_or_erase(client):
    ana = person(1)
    marketer = Staff.objects.create(email="m@example.com", role="marketer")
    client.force_login(marketer)
    assert client.get(f"/contacts/{ana}/data/").status_code == 403
    assert client.post(f"/contacts/{ana}/erase").status_code == 403
    assert client.post("/contacts/words/", {"text": "x", "means": "stop"}).status_code == 403
    assert Contact.objects.get(pk=ana).name == "Person 1"
    analyst = Staff.objects.create(email="a@example.com", role="analyst")
    client.force_login(analyst)
    assert client.post(f"/contacts/{ana}/note", {"text": "x"}).status_code == 403
    assert client.post(f"/contacts/{ana}/merge/{person(2)}/").status_code == 403


def test_a_contact_needs_no_phone(signed_in):
    signed_in.post("/contacts/new/", {"customer": "C-17", "name": "Ana"})
    found = Contact.objects.get()
    assert (found.phone, found.name) == (None, "Ana")
    assert actions.contact_for_person(Person(user_id="ES.1", scope="p")) != found.pk
    assert signed_in.post("/contacts/new/", {"name": "Nobody"}).status_code == 422


def test_two_who_are_not_the_same_are_suggested_once_and_never_again(signed_in, owner):
    ana, other, third = (Contact.objects.create(name="Ana", username="ana.l").pk for _ in range(3))
    pairs = [(one.kept.pk, one.gone.pk) for one in duplicates.perhaps_the_same(owner)]
    assert pairs == [(other, third), (ana, other)]
    answer = signed_in.post("/contacts/perhaps-the-same/", {"one": other, "other": ana}, follow=True)
    assert "not suggested again" in answer.content.decode()
    assert [(one.kept.pk, one.gone.pk) for one in duplicates.perhaps_the_same(owner)] == [(other, third)]
    signed_in.post("/contacts/perhaps-the-same/", {"one": other, "other": third})
    assert "No pairs" in signed_in.get("/contacts/perhaps-the-same/").content.decode()
    assert signed_in.post("/contacts/perhaps-the-same/", {"one": ana, "other": "x"}).status_code == 404


def test_a_pair_known_by_name_or_id_is_told_apart_too(owner):
    known = Contact.objects.create(name="Li Wei", phone="+33639980001")
    alone = Contact.objects.create(name="Li Wei")
    assert len(duplicates.perhaps_the_same(owner)) == 1
    duplicates.tell_apart(alone.pk, known.pk, by=owner)
    duplicates.tell_apart(known.pk, alone.pk, by=owner)
    assert duplicates.perhaps_the_same(owner) == []


def test_who_is_not_somebody_is_not_whom_that_one_becomes_either(owner):
    first, second, third = (Contact.objects.create(name="Ana", username="ana.l").pk for _ in range(3))
    duplicates.tell_apart(second, third, by=owner)
    # The second becomes the first: the first is suggested with the third no more.
    merged = merging.merge(kept_id=first, gone_id=second, by=owner)
    assert duplicates.perhaps_the_same(owner) == []
    # And on, into a fourth.
    fourth = Contact.objects.create(name="Ana", username="ana.l").pk
    onward = merging.merge(kept_id=fourth, gone_id=first, by=owner)
    assert duplicates.perhaps_the_same(owner) == []
    merging.undo(onward.pk, by=owner)
    merging.undo(merged.pk, by=owner)
    # As before: only what somebody said.
    assert [(one.first_id, one.second_id) for one in DifferentPeople.objects.all()] == [(second, third)]
    assert [(one.kept.pk, one.gone.pk) for one in duplicates.perhaps_the_same(owner)] == [
        (third, fourth),
        (first, second),
    ]


def test_the_address_of_a_preview_leads_on_after_the_merge(signed_in, owner):
    ana, other = person(1), person(2)
    address = f"/contacts/{ana}/merge/{other}/"
    signed_in.post(address)
    for again in (signed_in.get(address), signed_in.post(address), signed_in.get(f"/contacts/{other}/merge/{ana}/")):
        assert again.url == f"/contacts/{ana}/"
    assert "one already" in signed_in.get(address, follow=True).content.decode()
