"""Files of our own on their way out: uploaded to an account once, then named by the provider's id until that ends.

A message, or a lane's form, names a file as {"file": 12}; here that becomes {"id": …}, or {"link": …} at a provider
that fetches by itself. Nothing of a message has left while this runs, so whatever goes wrong is never uncertain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from ..core import clock
from ..core.events import Failure
from ..core.links import file_link
from ..core.storage import Bucket, Folder, Missing, Unavailable, place
from ..media import uploads
from ..messaging.ledger import Claimed
from ..providers import base
from ..providers.table import PROVIDERS
from .store import Route

Pool = ConnectionPool[psycopg.Connection[Any]]
T = TypeVar("T")
Key = tuple[int, int]  # our ids of the account and of the file

LASTS = timedelta(minutes=5)  # what one upload may take; who was killed in it holds the others up for as long
LOOK = 0.25  # seconds between two looks at another process's upload
FRESH = 30.0  # seconds for which what we know is not looked up again
PATIENCE = 10.0  # seconds after a failed upload during which nobody tries again

# Refusals that may mean that an id has ended: Meta names an unknown id with 100 and a fetch that failed with 131053
# (Meta sheet, E.3), Zenvia passes Meta's codes on. Whether it was that, `uploads.forget` tells by the id's age.
ENDED = frozenset({"100", "131052", "131053"})


class Waiting(base.Unreachable):
    """The upload is not over yet; the message had better be given back than lapse."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """What goes into the message in the place of "file", and until when that is sure."""

    part: dict[str, str]
    name: str
    until: float  # monotonic


class Files:
    """One for all runners of a process, so that they share every upload."""

    def __init__(self, pool: Pool, http: base.Http, storage: Folder | Bucket | None = None) -> None:
        self._pool = pool
        self._http = http
        self._storage = storage or place()
        self._known: dict[Key, _Ready] = {}
        self._under_way: dict[Key, asyncio.Task[_Ready]] = {}
        self._failed: dict[Key, tuple[float, base.SendError]] = {}
        self._closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        """Break off what is being uploaded; messages that wait for it are given back."""
        if not self._closing.done():
            self._closing.set_result(None)
        under_way = list(self._under_way.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def ready(
        self, route: Route, message: Claimed, form: base.Form | None, *, until: datetime
    ) -> tuple[Claimed, base.Form | None]:
        """The message and its form with every file filled in; both as they are when they name none.

        It waits for uploads until `until` (the database's time is close enough). Raises a SendError, but never
        Uncertain. A file of the form that can't be sent is a TemplateProblem, since it is everybody's.
        """
        # Most messages are templates without a header: for them these two looks are all that happens.
        if form is not None and (form.header or form.cards) and _names_files([form.header, *_headers(form)]):
            try:
                form = await self._form(route, form, until)
            except base.Rejected as error:
                raise base.TemplateProblem(error.failure) from error
        if message.content is not None and _names_files(message.content):
            kind = str(message.content.get("kind", ""))
            message = msgspec.structs.replace(message, content=await self._filled(route, message.content, kind, until))
        return message, form

    async def renew(
        self, route: Route, message: Claimed, form: base.Form | None, sent: tuple[Claimed, base.Form | None], code: str
    ) -> bool:
        """Whether a message refused with `code` is worth another try, as the provider let go of a file that it names.

        `sent` is what `ready` made of the message and its form.
        """
        file_ids = sorted(set(found_in("file", int, message, form))) if code in ENDED else []
        used = [*found_in("id", str, *sent)] if file_ids else []
        if not used:
            return False
        for file_id in file_ids:
            self._known.pop((route.account_id, file_id), None)
        try:
            return await self._in_database(uploads.forget, route.account_id, file_ids, used)
        except (psycopg.Error, PoolTimeout):
            return False  # then it stays refused, as it would without us

    async def _form(self, route: Route, form: base.Form, until: datetime) -> base.Form:
        cards = [
            msgspec.structs.replace(card, header=await self._header(route, card.header, until)) for card in form.cards
        ]
        header = await self._header(route, form.header, until)
        return msgspec.structs.replace(form, header=header, cards=tuple(cards))

    async def _header(self, route: Route, header: dict[str, Any] | None, until: datetime) -> dict[str, Any] | None:
        return None if header is None else await self._filled(route, header, "", until)

    async def _filled(self, route: Route, part: Mapping[str, Any], kind: str, until: datetime) -> dict[str, Any]:
        """A copy in which every {"file": …} has become an id or a link; documents get their name."""
        filled = {key: await self._inside(route, key, value, until) for key, value in part.items() if key != "file"}
        if isinstance(part.get("file"), int):
            ready = await self._one(route, part["file"], until)
            filled |= ready.part
            if kind == "document":
                filled.setdefault("filename", ready.name)
        elif "file" in part:
            filled["file"] = part["file"]
        return filled

    async def _inside(self, route: Route, key: str, value: Any, until: datetime) -> Any:
        if isinstance(value, Mapping):
            return await self._filled(route, value, key, until)
        if isinstance(value, list | tuple):
            return [await self._inside(route, key, one, until) for one in value]
        return value

    async def _one(self, route: Route, file_id: int, until: datetime) -> _Ready:
        key = (route.account_id, file_id)
        known = self._known.get(key)
        if known is not None and known.until > monotonic():
            return known
        failed = self._failed.get(key)
        if failed is not None and failed[0] > monotonic():
            raise failed[1]
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._have(route, file_id))
            task.add_done_callback(lambda done: self._over(key, done))
        patience = max((until - clock.now()).total_seconds(), 0.1)
        # Who has no more time gives its message back, and the upload goes on for those after it.
        either: set[asyncio.Future[Any]] = {task, self._closing}
        await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if task.done() and not task.cancelled():
            return task.result()
        raise Waiting(Failure("file_uploading", "The file is still being uploaded", f"file {file_id}"), after=5.0)

    def _over(self, key: Key, task: asyncio.Task[_Ready]) -> None:
        self._under_way.pop(key, None)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._failed.pop(key, None)
            self._known[key] = task.result()
        elif isinstance(error, base.SendError):
            self._failed[key] = (monotonic() + PATIENCE, error)

    async def _have(self, route: Route, file_id: int) -> _Ready:
        """Find, or upload and record. Raises a SendError other than Uncertain, whatever happens."""
        try:
            return await self._found_or_made(route, file_id)
        except base.Uncertain as error:
            # Perhaps the provider has the file now. Nobody was written to, so uploading it again does no harm.
            raise base.Unreachable(error.failure, after=error.after) from error
        except base.SendError:
            raise
        except (psycopg.Error, PoolTimeout, Unavailable, OSError) as error:
            words = Failure("file_unreadable", "The file can't be read now", f"{type(error).__name__}: {error}")
            raise base.Unreachable(words) from error
        except Exception as error:
            words = Failure("file_unsendable", type(error).__name__, str(error))
            raise base.Rejected(words) from error

    async def _found_or_made(self, route: Route, file_id: int) -> _Ready:
        file = await self._in_database(uploads.stored_file, file_id)
        if file is None:
            raise base.Rejected(Failure("file_deleted", "The file was deleted from the library", f"file {file_id}"))
        media = PROVIDERS[route.provider].media
        if media is None or media.by_link(route.account):
            return _Ready({"link": file_link(file.id, file.name)}, file.name, monotonic() + FRESH)
        while True:
            known = await self._in_database(uploads.find, route.account_id, file_id)
            if known is not None:
                return _Ready({"id": known.provider_id}, file.name, monotonic() + FRESH)
            if await self._in_database(uploads.claim, route.account_id, file_id, lasts=LASTS):
                break
            await asyncio.sleep(LOOK)
        try:
            data = await asyncio.to_thread(self._storage.read, file.path)
            done = await media.upload(
                self._http, route.account, route.channel, name=file.name, mime_type=file.mime_type, data=data
            )
        except BaseException as error:
            with suppress(psycopg.Error, PoolTimeout):
                await self._in_database(uploads.give_up, route.account_id, file_id)
            if isinstance(error, Missing):
                words = Failure("file_missing", "The file is no longer in the storage", file.name)
                raise base.Rejected(words) from error
            raise
        await self._in_database(uploads.record, route.account_id, file_id, done.id, done.expires_at)
        return _Ready({"id": done.id}, file.name, monotonic() + FRESH)

    async def _in_database(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        def run() -> T:
            with self._pool.connection() as db:
                return work(db, *args, **kwargs)

        return await asyncio.to_thread(run)


def found_in(key: str, kind: type[T], message: Claimed, form: base.Form | None) -> Iterator[T]:
    """Every value of this kind under `key` in a message's content and in its form's headers."""
    yield from _values(key, kind, message.content)
    if form is not None:
        yield from _values(key, kind, [form.header, *_headers(form)])


def _values(key: str, kind: type[T], content: Any) -> Iterator[T]:
    if isinstance(content, Mapping):
        if isinstance(content.get(key), kind):
            yield content[key]
        for value in content.values():
            yield from _values(key, kind, value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _values(key, kind, value)


def _headers(form: base.Form) -> list[dict[str, Any] | None]:
    return [card.header for card in form.cards]


def _names_files(content: Any) -> bool:
    return next(_values("file", int, content), None) is not None
