"""The HTTP client of all providers: knows whether a request may have left, and never follows a redirect."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PoolTimeoutError, PyreqwestError

from ..core.events import Failure
from .base import MEBIBYTE, Answer, Suspended, Uncertain, Unreachable

LARGEST_ANSWER = MEBIBYTE
# What is read at once takes its room beforehand where an answer does not say how long it is (chunked, as most do).
PIECE = 64 * 1024
CONNECTING = "client error (Connect)"


class Client:
    """A pool of connections, to be made inside a running event loop and closed at its end.

    A redirect is answered to the caller, never followed: it would carry the token to another host.
    """

    def __init__(
        self,
        *,
        connect_seconds: float = 5.0,
        answer_seconds: float = 30.0,
        pool_seconds: float = 10.0,
        connections: int = 256,
    ) -> None:
        self._client = (
            ClientBuilder()
            .follow_redirects(False)
            .referer(False)
            .user_agent("Envoi")
            .max_connections(connections)
            # Shorter than servers keep an idle connection: its closing could meet a request half-way.
            .pool_idle_timeout(timedelta(seconds=20))
            .pool_timeout(timedelta(seconds=pool_seconds))
            .connect_timeout(timedelta(seconds=connect_seconds))
            .timeout(timedelta(seconds=answer_seconds))
            .build()
        )

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Coroutine[Any, Any, Answer]:
        """As request, with POST."""
        return self.request("POST", url, headers, body)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int = LARGEST_ANSWER
    ) -> Answer:
        """Send, and read the whole answer, whatever its status, up to `most` bytes.

        Raises Unreachable when no byte of the request can have left (no address, no connection, no free slot
        in the pool), Uncertain for everything after that moment, Suspended when `url` is no address at all.
        """
        try:
            building = self._client.request(method, url).headers(dict(headers))
            # A GET with an empty body would still announce one.
            request = (building.body_bytes(body) if body or method == "POST" else building).build_streamed()
            # Entered and read by hand: each await here lets go of the interpreter's lock and waits for it anew, and an
            # answer that was read to its end has nothing left to close.
            response = await request.__aenter__()
            try:
                content = await _content(response.body_reader, most + 1)
                if len(content) > most:
                    raise Uncertain(Failure("answer_too_long", "The answer is too long", url))
            except BaseException:
                await request.__aexit__(None, None, None)
                raise
            return Answer(response.status, Headers(response), content)
        except ValueError as error:
            # Also pyreqwest's BuilderError: nothing was built, hence nothing sent.
            failure = Failure("bad_address", "The account's address is no web address", url)
            raise Suspended(failure) from error
        except PyreqwestError as error:
            words = _words(error)
            if _nothing_left(error):
                raise Unreachable(Failure("unreachable", "No connection", words)) from error
            raise Uncertain(Failure("no_answer", "No complete answer", words)) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Headers(Mapping[str, str]):
    """An answer's headers, names in lower case; read when somebody asks, which for an accepted message nobody does.

    None when one of them is no ASCII: that says nothing about the answer.
    """

    def __init__(self, response: Any) -> None:
        self._response = response
        self._read: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, str]:
        if self._read is None:
            try:
                self._read = {name.lower(): value for name, value in self._response.headers.items()}
            except ValueError:
                self._read = {}
        return self._read


async def _content(reader: Any, most: int) -> bytes:
    """Up to `most` bytes; in one call for the usual small answer, as each costs ten microseconds."""
    piece = min(most, PIECE)
    first = bytes(await reader.read(piece) or b"")
    # A read is short at the end only.
    if len(first) < piece or piece == most:
        return first
    return first + bytes(await reader.read(most - piece) or b"")


def _nothing_left(error: PyreqwestError) -> bool:
    """Whether the request can't have left.

    The class does not tell: pyreqwest 0.15 names every failure before the answer's headers a ConnectError or
    a ConnectTimeoutError, also when the peer had read the request. The cause does: hyper marks DNS, TCP and
    TLS with "Connect" and what comes later with "SendRequest". What is not marked counts as perhaps sent.
    """
    return isinstance(error, PoolTimeoutError) or CONNECTING in _causes(error)


def _causes(error: PyreqwestError) -> list[str]:
    details = getattr(error, "details", None) or {}
    return [str(cause["message"]) for cause in details.get("causes") or []]


def _words(error: PyreqwestError) -> str:
    """What went wrong and its innermost cause, in a line."""
    return ": ".join([error.message, *_causes(error)[-1:]])
