"""Lists by tag and by name: from whichever end they are looked for, the same rows in the same order."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Channel
from envoi.contacts import finding
from envoi.contacts.models import Contact, ContactTag, Tag
from envoi.inbox import queries, rows
from envoi.inbox.models import Conversation
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db

# few, many, stretch: looked up; walked among the tag's customers; walked in part, then looked up; asked row by row.
ENDS = [(1_000, 20_000, 10_000), (0, 20_000, 10_000), (0, 20_000, 3), (0, 0, 3)]


@pytest.fixture
def crowd(channel: Channel) -> Tag:
    """120 customers, a third with a tag, with conversations in every state, several of the same moment."""
    chance, now = random.Random(5), timezone.now().replace(microsecond=0)
    tag = Tag.objects.create(name="vip")
    people = Contact.objects.bulk_create(
        Contact(phone=f"+336399{n:05d}", name=("Anna Lee" if n % 4 else "Zoé")) for n in range(120)
    )
    ContactTag.objects.bulk_create(ContactTag(contact=one, tag=tag) for one in people[::3])
    rows = []
    for n, one in enumerate(people):
        at = now - timedelta(minutes=chance.randint(0, 40))
        state = chance.choice(["open", "open", "snoozed", "closed", "closed"])
        waits = state == "open" and chance.random() < 0.6
        rows.append(
            Conversation(
                contact=one, id=1000 + n, channel=channel, state=state, last_at=at, worth=chance.randint(0, 3),
                waiting_since=at if waits else None, alarm=3 if waits and n % 2 else 0,
                snoozed_until=now + timedelta(hours=n % 5) if state == "snoozed" else None,
            )
        )  # fmt: skip
    Conversation.objects.bulk_create(rows)
    return tag


def walked(view: str, **filters: object) -> list[int]:
    """Every page of a list, seven rows each."""
    found: list[int] = []
    after = None
    while True:
        page = queries.conversations(None, view, after=after, limit=7, **filters)  # type: ignore[arg-type]
        found += [one.id for one in page.items]
        if (after := page.next) is None:
            return found


@pytest.mark.parametrize("view", ["all", "unassigned", "waiting", "red", "snoozed", "closed"])
@pytest.mark.parametrize(("few", "many", "stretch"), ENDS)
def test_a_tag_leaves_those_who_have_it_in_the_order_of_the_list(
    crowd: Tag, monkeypatch: pytest.MonkeyPatch, view: str, few: int, many: int, stretch: int
) -> None:
    for name, value in (("FEW_TAGGED", few), ("MANY_TAGGED", many), ("STRETCH", stretch)):
        monkeypatch.setattr(queries, name, value)
    tagged = set(ContactTag.objects.filter(tag=crowd).values_list("contact_id", flat=True))
    having = set(Conversation.objects.filter(contact_id__in=tagged).values_list("id", flat=True))
    wanted = [one for one in walked(view) if one in having]
    assert wanted
    assert walked(view, tag=crowd.pk) == wanted


@pytest.mark.parametrize("looked_at", [2, 3_000])
@pytest.mark.parametrize("search", ["anna", "lee anna", "Zo", "007"])
def test_a_name_is_found_wherever_its_people_stand(
    crowd: Tag, monkeypatch: pytest.MonkeyPatch, search: str, looked_at: int
) -> None:
    monkeypatch.setattr(finding, "LOOKED_AT", looked_at)
    everybody = [one.pk for one in finding.find(search=search, limit=1_000).items]
    assert everybody
    assert finding.newest_ids(search, most=1_000) == everybody
    for most in (1, 5):
        assert finding.newest_ids(search, most=most) == everybody[:most]
    having = set(Conversation.objects.filter(contact_id__in=everybody).values_list("id", flat=True))
    assert walked("closed", q=search) == [one for one in walked("closed") if one in having]


def test_the_rail_says_as_the_lists_do_that_there_are_more_than_are_counted(
    client: Client, owner: Staff, crowd: Tag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_COUNTED", 10)
    monkeypatch.setattr(rows, "MOST_COUNTED", 10)
    client.force_login(owner)
    assert ">9+<span" in client.get("/inbox/waiting").content.decode().replace("\n", "")
    assert ">9+<" in client.get("/inbox/?view=waiting").content.decode()
