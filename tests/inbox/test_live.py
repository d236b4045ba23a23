"""Open pages hear what happens, each once, soon, and only who may; all through one connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.test import Client

from envoi.core.errors import NotAllowed
from envoi.inbox import actions, live
from envoi.inbox import hub as hubs
from envoi.inbox.hub import Hub, Page, stream
from envoi.inbox.models import Conversation
from envoi.staffing import leaving
from envoi.team import people, sessions
from envoi.team.models import Staff
from envoi.team.requests import StaffRequest

Write = Callable[..., Conversation]


async def until(hub: Hub, page: Page, wanted: int, *, seconds: float = 10) -> list[dict[str, Any]]:
    """What a page is told, at least so many events."""
    told: list[dict[str, Any]] = []
    async with asyncio.timeout(seconds):
        while len(told) < wanted:
            told += events(await page.take(1.0))
    return told


def events(written: bytes) -> list[dict[str, Any]]:
    found = []
    for block in written.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "event" in lines:
            found.append({"event": lines["event"], **json.loads(lines["data"])})
    return found


async def listening(hub: Hub, url: str) -> None:
    """Return once the hub's own connection listens."""
    async with asyncio.timeout(10):
        while True:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
                found = await db.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE application_name = 'envoi live pages'"
                    " AND query LIKE 'LISTEN%' AND datname = current_database() AND state = 'idle'"
                )
                if await found.fetchone():
                    return
            await asyncio.sleep(0.02)


@pytest.mark.django_db(transaction=True)
async def test_what_commits_is_told_to_every_page_and_what_is_rolled_back_to_none(test_database_url: str) -> None:
    hub, pages = Hub(test_database_url), [Page(1), Page(2)]
    for page in pages:
        hub.join(page)
    await listening(hub, test_database_url)

    def happen() -> None:
        with transaction.atomic():
            live.tell(7, 8, "message", assignee=2)
            live.tell(7, 8, "message", assignee=2)
            live.tell(7, 8, "notification", to=2)
        with transaction.atomic():
            live.tell(7, 9, "state")
            transaction.set_rollback(True)
        connection.close()

    await sync_to_async(happen)()
    first = await until(hub, pages[0], 1)
    second = await until(hub, pages[1], 2)
    assert [(one["event"], one["contact"], one["conversation"], one["assignee"]) for one in first] == [
        ("message", 7, 8, 2)
    ]
    assert {one["event"] for one in second} == {"message", "notification"}
    for page in pages:
        hub.leave(page)
    assert not hub.pages


@pytest.mark.django_db(transaction=True)
async def test_after_a_lost_connection_pages_ask_anew(test_database_url: str) -> None:
    hub, page = Hub(test_database_url), Page(1)
    hub.join(page)
    await listening(hub, test_database_url)
    async with await psycopg.AsyncConnection.connect(test_database_url, autocommit=True) as db:
        await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'envoi live pages'"
        )
    told = await until(hub, page, 1)
    assert told == [{"event": "resync"}]
    hub.leave(page)


async def test_a_page_that_is_far_behind_is_told_to_ask_for_everything() -> None:
    page = Page(1)
    for number in range(hubs.MOST_WAITING + 5):
        page.add(f'event: message\ndata: {{"contact": {number}}}\n\n'.encode())
    told = events(await page.take(0))
    assert told[0] == {"event": "resync"}
    assert len(told) < 10


@pytest.mark.django_db
def test_everything_that_happens_to_a_conversation_is_told(write: Write, ana: Staff) -> None:
    one = write("hello")
    key = (one.contact_id, one.id)
    deeds: list[tuple[str, Callable[[], Any]]] = [
        ("note", lambda: actions.add_note(*key, text="x", by=ana)),
        ("composing", lambda: actions.now_composing(*key, by=ana)),
        ("state", lambda: actions.mark_read(*key, by=ana)),
        ("message", lambda: actions.reply(*key, actions.What("text", {"body": "a"}, "a"), by=ana)),
        ("state", lambda: actions.close(*key, by=ana)),
        ("state", lambda: actions.reopen(*key, by=ana)),
    ]
    for what, deed in deeds:
        told = [json.loads(text) for text in notified(deed)]
        assert {"what": what, "contact": one.contact_id, "conversation": one.id} in [
            {name: line[name] for name in ("what", "contact", "conversation")} for line in told
        ], what


@pytest.mark.django_db
async def test_the_answer_begins_with_hello_and_ends_when_the_reader_was_deactivated(
    ana: Staff, monkeypatch: pytest.MonkeyPatch, test_database_url: str
) -> None:
    monkeypatch.setattr(hubs, "SILENCE_SECONDS", 0.05)
    monkeypatch.setattr(hubs, "RECHECK_SECONDS", 0.2)
    monkeypatch.setattr(hubs, "database_url", lambda: test_database_url)
    there = [True]
    body: AsyncIterator[bytes] = hubs._events(ana.pk, lambda: there[0], 60.0)
    assert (await anext(body)).startswith(b"retry:")
    assert await anext(body) == b": still here\n\n"
    there[0] = False
    async with asyncio.timeout(10):
        rest = [piece async for piece in body]
    assert all(piece == b": still here\n\n" for piece in rest)
    assert not hubs.hub().pages


@pytest.mark.django_db
def test_who_may_not_read_the_inbox_hears_nothing(rf: Any, ana: Staff) -> None:
    ana.is_active = False
    request = rf.get("/inbox/live")
    request.user, request.session = ana, None
    with pytest.raises(NotAllowed):
        stream(request)


def notified(deed: Callable[[], Any]) -> list[str]:
    """The payloads that a deed would send: pg_notify's statements as they are sent to PostgreSQL."""
    found: list[str] = []

    def watch(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if "pg_notify" in str(sql):
            found.extend(params["lines"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        deed()
    return found


TOLD = '{"what":"message","contact":5,"conversation":6}'
ENDS: dict[str, Callable[[Staff], Any]] = {
    "signed out": lambda ana: sessions.end_all(ana),
    "deactivated": lambda ana: leaving.leave(ana.pk, to_staff=None, to_team=None, by=None),
    "a new password": lambda ana: people.new_password(ana.pk, "another long sentence", by=None),
    "a password that the session does not know": lambda ana: Staff.objects.filter(pk=ana.pk).update(password="!"),
    "a right taken": lambda ana: people.set_rights(ana.pk, {"inbox.read": False}, by=None),
}


@pytest.fixture
def reading(ana: Staff, rf: Any) -> StaffRequest:
    """Ana's request for the stream, from a browser in which she is signed in."""
    client = Client()
    client.force_login(ana)
    assert client.get("/notifications/bell/").status_code == 200
    request: StaffRequest = rf.get("/inbox/live")
    request.user = ana
    request.session = SessionStore(client.cookies["envoi_session"].value)
    return request


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ENDS)
async def test_whoever_may_not_any_more_reads_no_further(
    end: str, ana: Staff, reading: StaffRequest, monkeypatch: pytest.MonkeyPatch, test_database_url: str
) -> None:
    monkeypatch.setattr(hubs, "RECHECK_SECONDS", 0.0)
    monkeypatch.setattr(hubs, "database_url", lambda: test_database_url)

    def over() -> None:
        ENDS[end](ana)
        connection.close()

    body: AsyncIterator[bytes] = (await sync_to_async(stream)(reading)).streaming_content.__aiter__()
    assert await anext(body) == hubs.HELLO
    hubs.hub().pass_on(TOLD)
    assert TOLD.encode() in await anext(body)
    await sync_to_async(over)()
    hubs.hub().pass_on(TOLD)
    async with asyncio.timeout(10):
        assert [piece async for piece in body] == []
    assert not hubs.hub().pages
