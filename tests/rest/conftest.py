"""A caller of the API, over real HTTP, with a key of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.db import connection

from envoi.team import keys
from envoi.team.models import Staff

PROBLEM = "application/problem+json"


class Caller:
    """Calls the API and insists that every refusal is a whole problem."""

    def __init__(self, base: str, secret: str = "") -> None:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self.http = httpx.Client(base_url=f"{base}/api/v1", headers=headers, timeout=30)

    def __call__(self, method: str, path: str, body: Any = None, *, expect: int, **more: Any) -> Any:
        if body is not None:
            more["json"] = body
        answer = self.http.request(method, path, **more)
        assert answer.status_code == expect, answer.text
        if answer.status_code < 400:
            return answer.json() if answer.content else None
        assert answer.headers["content-type"] == PROBLEM, answer.text
        problem = answer.json()
        assert problem.keys() == {"type", "title", "status", "detail", "errors"}
        assert problem["status"] == answer.status_code
        assert problem["detail"]
        return problem

    def get(self, path: str, *, expect: int = 200, **parameters: Any) -> Any:
        return self("GET", path, expect=expect, params=parameters)

    def post(self, path: str, body: Any = None, *, expect: int = 201, **more: Any) -> Any:
        return self("POST", path, body, expect=expect, **more)

    def patch(self, path: str, body: Any, *, expect: int = 200) -> Any:
        return self("PATCH", path, body, expect=expect)

    def delete(self, path: str, *, expect: int = 204) -> None:
        self("DELETE", path, expect=expect)

    def everything(self, path: str, limit: int = 50, **parameters: Any) -> list[Any]:
        """Every page of a list, one after the other."""
        items, cursor = [], ""
        while True:
            page = self.get(path, limit=limit, cursor=cursor, **parameters)
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = page["next"]


@pytest.fixture
def calling(live_server: Any, owner: Staff) -> Iterator[Callable[..., Caller]]:
    """Makes callers: `calling("contacts:read")`; without a scope they have no key."""
    made: list[Caller] = []

    def with_scopes(*scopes: str, by: Staff | None = owner) -> Caller:
        secret = keys.make(name="Tests", scopes=scopes, by=by)[1] if scopes else ""
        made.append(Caller(live_server.url, secret))
        return made[-1]

    yield with_scopes
    for one in made:
        one.http.close()
    # Jobs are not of Django's making, so its flush would leave them to the tests that follow.
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


@pytest.fixture
def api(calling: Callable[..., Caller]) -> Caller:
    """A caller who may do everything."""
    return calling("all")
