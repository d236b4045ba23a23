"""A page that follows by server-sent events: whoever may not read it any more hears nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client

from envoi.core.errors import NotFound
from envoi.staffing import leaving
from envoi.team import people, sessions
from envoi.team.models import Staff
from envoi.team.requests import StaffRequest
from envoi.team.rights import require
from envoi.web.live import stream

ENDS: dict[str, Callable[[Staff], Any]] = {
    "signed out": lambda ana: sessions.end_all(ana),
    "deactivated": lambda ana: leaving.leave(ana.pk, to_staff=None, to_team=None, by=None),
    "a new password": lambda ana: people.new_password(ana.pk, "another long sentence", by=None),
    "a right taken": lambda ana: people.set_rights(ana.pk, {"campaigns.read": False}, by=None),
}


@pytest.fixture
def reading(transactional_db: None, rf: Any) -> StaffRequest:
    """Ana's request for a stream, from a browser in which she is signed in."""
    ana = Staff.objects.create(email="ana@example.com", role=Staff.Role.ANALYST, name="Ana Silva")
    client = Client()
    client.force_login(ana)
    assert client.get("/notifications/bell/").status_code == 200
    request: StaffRequest = rf.get("/campaigns/1/live")
    request.user = ana
    request.session = SessionStore(client.cookies["envoi_session"].value)
    return request


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ENDS)
async def test_whoever_may_not_any_more_reads_no_further(end: str, reading: StaffRequest) -> None:
    ana, seen = reading.user, [0]

    def piece() -> tuple[str, dict[str, Any], bool]:
        require(reading.user, "campaigns.read")
        seen[0] += 1
        return "inbox/_waiting.html", {"waiting": seen[0], "red": 0}, True

    def over() -> None:
        ENDS[end](ana)
        connection.close()

    body = _body(await sync_to_async(stream)(reading, piece, every=0.01))
    assert (await anext(body)).startswith(b"retry:")
    assert b"rail-count" in await anext(body)
    await sync_to_async(over)()
    async with asyncio.timeout(10):
        rest = [part async for part in body]
    # One more look may have been under way; the page itself then leads to the sign-in, or says what is not for them.
    assert len(rest) <= 2
    assert rest[-1] == b"event: reload\ndata: reload\n\n"


@pytest.mark.django_db(transaction=True)
async def test_what_is_gone_ends_the_stream(reading: StaffRequest) -> None:
    there = [True]

    def piece() -> tuple[str, dict[str, Any], bool]:
        if not there[0]:
            raise NotFound("There is no such campaign.")
        return "inbox/_waiting.html", {"waiting": 1, "red": 0}, True

    body = _body(await sync_to_async(stream)(reading, piece, every=0.01))
    assert b"retry:" in await anext(body)
    assert b"rail-count" in await anext(body)
    there[0] = False
    async with asyncio.timeout(10):
        assert [part async for part in body] == [b"event: reload\ndata: reload\n\n"]


def _body(answer: StreamingHttpResponse) -> AsyncIterator[bytes]:
    return aiter(answer.streaming_content)  # type: ignore[arg-type]
