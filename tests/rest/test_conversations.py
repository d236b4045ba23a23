"""/conversations over real HTTP: the list, the search, answering, giving away, putting aside, closing, notes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from envoi.channels.models import Channel
from envoi.core.events import MessageReceived, Person
from envoi.inbox import actions
from envoi.inbox.models import InternalNote
from envoi.messaging import actions as messaging
from envoi.messaging.models import Pair
from envoi.team.models import Staff, Team

from .conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana(db: None) -> Staff:
    return Staff.objects.create(email="ana@example.com", role=Staff.Role.AGENT, name="Ana Silva")


@pytest.fixture
def wrote(api: Caller, channel: Channel) -> Callable[..., dict[str, Any]]:
    """A customer writes; returns their conversation as the API shows it."""

    def write(text: str, *, phone: str = "+33639980001") -> dict[str, Any]:
        contact = api.post("/contacts", {"phone": phone}, expect=201)["id"]
        at = datetime.now(UTC)
        fact = MessageReceived("1099", Person(phone=phone), f"wamid.{phone}.{text}", at, "text", text)
        (message_id,) = messaging.receive([(contact, channel.pk, fact)])
        assert message_id is not None
        opened = actions.receive([actions.Arrived(contact, channel.pk, message_id, at, text, "text")])
        return dict(api.get(f"/conversations/{contact}.{opened[message_id].conversation_id}"))

    return write


def test_a_conversation_is_answered_given_away_put_aside_and_closed(
    api: Caller, wrote: Callable[..., dict[str, Any]], ana: Staff
) -> None:
    one = wrote("Where is my parcel?")
    assert (one["state"], one["assignee"], one["unread"], one["last_text"]) == ("open", None, 1, "Where is my parcel?")
    assert one["waiting_since"]
    assert one["window_open_until"]
    path = f"/conversations/{one['id']}"

    sent = api.post(f"{path}/reply", {"kind": "text", "text": "On its way"}, expect=202)
    assert (sent["state"], sent["text"], sent["direction"]) == ("queued", "On its way", "out")
    now = api.get(path)
    assert (now["waiting_since"], now["unread"]) == (None, 0)
    assert now["assignee"]

    team = Team.objects.create(name="Returns").pk
    assert api.post(f"{path}/assign", {"staff": ana.pk, "why": "knows parcels"}, expect=200)["assignee"] == ana.pk
    moved = api.post(f"{path}/assign", {"team": team}, expect=200)
    assert (moved["assignee"], moved["team"]) == (ana.pk, team)
    assert api.post(f"{path}/assign", {"staff": None}, expect=200)["assignee"] is None
    api.post(f"{path}/assign", {}, expect=422)
    api.post(f"{path}/assign", {"staff": 10**9}, expect=422)

    note = api.post(f"{path}/note", {"text": "@ana please"})
    assert InternalNote.objects.get(id=int(note["id"].partition(".")[2])).mentions == [ana.pk]
    assert api.post(f"{path}/priority", {"priority": "urgent"}, expect=200)["priority"] == "urgent"

    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    assert api.post(f"{path}/snooze", {"until": until}, expect=200)["state"] == "snoozed"
    assert [each["id"] for each in api.everything("/conversations", view="snoozed")] == [one["id"]]
    assert api.post(f"{path}/reopen", {}, expect=200)["state"] == "open"
    assert api.post(f"{path}/close", {"why": "solved"}, expect=200)["state"] == "closed"
    api.post(f"{path}/snooze", {"until": until}, expect=409)
    assert api.everything("/conversations") == []


def test_the_same_answer_sent_twice_goes_once(api: Caller, wrote: Callable[..., dict[str, Any]]) -> None:
    path = f"/conversations/{wrote('hello')['id']}/reply"
    said = {"kind": "text", "text": "Hello!"}
    first, second = (api.post(path, said, expect=202, headers={"Idempotency-Key": "a"}) for _ in range(2))
    assert first["id"] == second["id"]


def test_free_words_beyond_the_window_are_refused(api: Caller, wrote: Callable[..., dict[str, Any]]) -> None:
    one = wrote("hello")
    Pair.objects.update(window_open_until=datetime.now(UTC) - timedelta(seconds=1))
    problem = api.post(f"/conversations/{one['id']}/reply", {"kind": "text", "text": "Too late"}, expect=409)
    assert problem["type"].endswith("window-closed")


def test_lists_are_paged_filtered_and_searched(api: Caller, wrote: Callable[..., dict[str, Any]]) -> None:
    made = [wrote(f"velvet number {n}", phone=f"+336399800{n:02d}") for n in range(7)]
    listed = api.everything("/conversations", limit=2)
    assert [one["id"] for one in listed] == [one["id"] for one in reversed(made)]
    queue = api.everything("/conversations", limit=3, view="waiting")
    assert {one["id"] for one in queue} == {one["id"] for one in made}
    assert [one["id"] for one in api.everything("/conversations", contact=made[3]["contact"])] == [made[3]["id"]]
    assert [one["id"] for one in api.everything("/conversations", q="9980005")] == [made[5]["id"]]
    hits = api.get("/conversations/search", q="VELVET 4")["items"]
    assert [(hit["conversation"]["id"], hit["excerpt"]) for hit in hits] == [(made[4]["id"], "*velvet* number *4*")]
    api.get("/conversations", view="nobodys", expect=422)
    api.get("/conversations/9.9", expect=404)


def test_a_key_that_reads_changes_nothing(calling: Callable[..., Caller], wrote: Callable[..., dict[str, Any]]) -> None:
    one = wrote("hello")
    reader = calling("conversations:read")
    assert reader.get(f"/conversations/{one['id']}")["id"] == one["id"]
    for verb in ("reply", "assign", "close", "note", "snooze", "reopen", "priority"):
        reader.post(f"/conversations/{one['id']}/{verb}", {}, expect=403)
