"""Whether a request may have left: every way to fail, with real sockets. A wrong class here doubles a message."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from envoi.providers.base import Accepted, Account, Answer, Channel, SendError, Suspended, Uncertain, Unreachable
from envoi.providers.http import LARGEST_ANSWER, PIECE, Client
from envoi.providers.table import PROVIDERS

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Manner = Callable[["Peer", Reader, Writer], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Mixed-Case: Yes\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Peer:
    """A server that treats every connection in one manner; it counts connections and keeps whole requests."""

    manner: Manner
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    url: str = ""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def read(self, reader: Reader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        request = head + await reader.readexactly(int(length.split(b":")[1]))
        self.requests.append(request)
        return request

    def serve(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        self.tasks.add(asyncio.create_task(self._treat(reader, writer)))

    async def _treat(self, reader: Reader, writer: Writer) -> None:
        try:
            await self.manner(self, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def peer(manner: Manner) -> AsyncIterator[Peer]:
    one = Peer(manner)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0, backlog=512)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v25.0/1099/messages"
    try:
        yield one
    finally:
        server.close()
        for task in one.tasks:
            task.cancel()
        await asyncio.gather(*one.tasks, return_exceptions=True)


@asynccontextmanager
async def client(**settings: float) -> AsyncIterator[Client]:
    async with Client(**{"connect_seconds": 10, "answer_seconds": 20, **settings}) as one:  # type: ignore[arg-type]
        yield one


async def post(http: Client, url: str) -> Answer | type[SendError]:
    """What comes of a post: the answer, or the class of the error."""
    try:
        return await http.post(url, {"authorization": "Bearer T", "content-type": "application/json"}, b'{"a":1}')
    except SendError as error:
        return type(error)


async def ask(manner: Manner, **settings: float) -> tuple[Answer | type[SendError], Peer]:
    async with peer(manner) as one, client(**settings) as http:
        return await post(http, one.url), one


# --- Nothing left --------------------------------------------------------------------------------------------------


async def test_a_refused_port_is_unreachable():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        async with client() as http:
            assert await post(http, f"http://127.0.0.1:{bound.getsockname()[1]}/") is Unreachable


async def test_a_name_without_an_address_is_unreachable():
    async with client() as http:
        assert await post(http, "http://nowhere.invalid/") is Unreachable


async def test_a_peer_that_never_takes_the_connection_is_unreachable():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        # The kernel takes as many connections as the backlog holds; those after them get no answer at all.
        crowd = [socket.socket() for _ in range(3)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(address)
        async with client(connect_seconds=0.3) as http:
            assert await post(http, f"http://127.0.0.1:{address[1]}/") is Unreachable
        for one in crowd:
            one.close()


async def test_a_peer_that_never_finishes_tls_is_unreachable():
    async def silent(one: Peer, reader: Reader, writer: Writer) -> None:
        await reader.read()

    async with peer(silent) as one, client(connect_seconds=0.3) as http:
        assert await post(http, one.url.replace("http:", "https:")) is Unreachable
    assert one.connections == 1


async def test_a_peer_that_speaks_no_tls_is_unreachable():
    async def plain(one: Peer, reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with peer(plain) as one, client() as http:
        assert await post(http, one.url.replace("http:", "https:")) is Unreachable


async def test_no_free_connection_in_the_pool_is_unreachable():
    release = asyncio.Event()

    async def slow(one: Peer, reader: Reader, writer: Writer) -> None:
        await one.read(reader)
        await release.wait()
        writer.write(OK)

    async with peer(slow) as one, client(connections=1, pool_seconds=0.1) as http:
        first = asyncio.create_task(post(http, one.url))
        while not one.requests:
            await asyncio.sleep(0.01)
        assert await post(http, one.url) is Unreachable
        release.set()
        assert isinstance(await first, Answer)
    assert len(one.requests) == 1


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/", "", "http://"])
async def test_what_is_no_address_is_for_a_person(url: str):
    async with client() as http:
        assert await post(http, url) is Suspended


# --- Perhaps sent --------------------------------------------------------------------------------------------------


async def close_at_once(one: Peer, reader: Reader, writer: Writer) -> None:
    writer.close()


async def reset_at_once(one: Peer, reader: Reader, writer: Writer) -> None:
    # After a first byte: before it the reset may meet the connecting itself, which is a test of its own.
    await reader.readexactly(1)
    reset(writer)


def reset(writer: Writer) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def close_after_reading(one: Peer, reader: Reader, writer: Writer) -> None:
    await one.read(reader)


async def silence(one: Peer, reader: Reader, writer: Writer) -> None:
    await one.read(reader)
    await reader.read()


async def half_a_head(one: Peer, reader: Reader, writer: Writer) -> None:
    await one.read(reader)
    writer.write(OK[:20])


async def half_a_body(one: Peer, reader: Reader, writer: Writer) -> None:
    await one.read(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")


async def silence_in_the_body(one: Peer, reader: Reader, writer: Writer) -> None:
    await half_a_body(one, reader, writer)
    await reader.read()


async def no_http(one: Peer, reader: Reader, writer: Writer) -> None:
    await one.read(reader)
    writer.write(b"220 mail.example ESMTP\r\n")


async def far_too_much(one: Peer, reader: Reader, writer: Writer) -> None:
    await one.read(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n" + b" " * 10_485_760)
    await writer.drain()


@pytest.mark.parametrize(
    "manner",
    [
        close_at_once,
        reset_at_once,
        close_after_reading,
        silence,
        half_a_head,
        half_a_body,
        silence_in_the_body,
        no_http,
        far_too_much,
    ],
)
async def test_whatever_goes_wrong_after_the_connection_is_uncertain_and_tried_once(manner: Manner):
    outcome, one = await ask(manner, answer_seconds=0.5)
    assert outcome is Uncertain
    assert one.connections == 1


async def test_a_reset_while_connecting_is_one_attempt_whichever_side_of_the_connection_it_meets():
    async def at_once(one: Peer, reader: Reader, writer: Writer) -> None:
        reset(writer)

    outcome, one = await ask(at_once)
    assert outcome in (Unreachable, Uncertain)
    assert (one.connections, one.requests) == (1, [])


async def test_a_kept_connection_that_closes_after_reading_is_uncertain_and_not_sent_again():
    async def once(one: Peer, reader: Reader, writer: Writer) -> None:
        await one.read(reader)
        writer.write(OK)
        await one.read(reader)

    async with peer(once) as one, client() as http:
        assert isinstance(await post(http, one.url), Answer)
        assert await post(http, one.url) is Uncertain
    assert (one.connections, len(one.requests)) == (1, 2)


async def test_a_kept_connection_that_closed_while_idle_is_replaced_by_a_new_one():
    closed = asyncio.Event()

    async def once(one: Peer, reader: Reader, writer: Writer) -> None:
        await one.read(reader)
        writer.write(OK)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with peer(once) as one, client() as http:
        for _ in range(2):
            assert isinstance(await post(http, one.url), Answer)
            await closed.wait()
            # The client's own thread has to see the close; a request that meets it half-way would be uncertain.
            await asyncio.sleep(0.05)
    assert len(one.requests) == 2


async def test_a_client_closed_under_a_request_leaves_it_uncertain():
    async with peer(silence) as one:
        http = Client()
        sending = asyncio.create_task(post(http, one.url))
        while not one.requests:
            await asyncio.sleep(0.01)
        await http.close()
        assert await sending is Uncertain


# --- Answers -------------------------------------------------------------------------------------------------------


def answering(raw: bytes) -> Manner:
    async def manner(one: Peer, reader: Reader, writer: Writer) -> None:
        await one.read(reader)
        writer.write(raw)

    return manner


async def test_an_answer_comes_whole_with_its_headers_in_lower_case():
    outcome, one = await ask(answering(OK))
    assert isinstance(outcome, Answer)
    assert (outcome.status, outcome.body, outcome.headers["x-mixed-case"]) == (200, b"{}", "Yes")
    head, sent = one.requests[0].split(b"\r\n\r\n", 1)
    assert sent == b'{"a":1}'
    assert b"authorization: bearer t" in head.lower()
    assert b"cookie" not in head.lower()


async def test_other_methods_carry_what_they_should_and_no_more():
    async def manner(one: Peer, reader: Reader, writer: Writer) -> None:
        one.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)

    async with peer(manner) as one, client() as http:
        answer = await http.request("GET", one.url + "?a=b", {"x-one": "1"}, most=3_000_000)
        with pytest.raises(Uncertain):
            await http.request("DELETE", one.url, {}, most=2_999_999)
    assert len(answer.body) == 3_000_000
    head = one.requests[0].lower()
    assert head.startswith(b"get /v25.0/1099/messages?a=b http/1.1\r\n")
    assert b"x-one: 1" in head
    assert b"content-length" not in head
    assert one.requests[1].startswith(b"DELETE ")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(status: int):
    async with peer(answering(OK)) as elsewhere:
        raw = f"HTTP/1.1 {status} X\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
        outcome, _ = await ask(answering(raw))
    assert isinstance(outcome, Answer)
    assert outcome.status == status
    assert elsewhere.connections == 0


async def test_an_answer_of_a_megabyte_is_still_taken():
    raw = f"HTTP/1.1 500 X\r\nContent-Length: {LARGEST_ANSWER}\r\n\r\n".encode() + b"x" * LARGEST_ANSWER
    outcome, _ = await ask(answering(raw))
    assert isinstance(outcome, Answer)
    assert len(outcome.body) == LARGEST_ANSWER


@pytest.mark.parametrize("length", [0, 34, PIECE - 1, PIECE, PIECE + 1, 300_000, LARGEST_ANSWER])
@pytest.mark.parametrize("size", [700, 100_000])
async def test_an_answer_in_chunks_comes_whole(length: int, size: int):
    body = bytes(number % 251 for number in range(length))
    outcome, _ = await ask(answering(chunked(body, size)))
    assert isinstance(outcome, Answer)
    assert outcome.body == body


@pytest.mark.parametrize("length", [LARGEST_ANSWER + 1, 3 * LARGEST_ANSWER])
async def test_an_answer_in_chunks_that_is_too_long_is_uncertain(length: int):
    outcome, one = await ask(answering(chunked(b"x" * length, 100_000)))
    assert outcome is Uncertain
    assert len(one.requests) == 1


@pytest.mark.parametrize(("most", "comes"), [(9, False), (10, True), (PIECE - 1, True), (PIECE, True)])
async def test_a_caller_may_want_less_than_a_piece(most: int, comes: bool):
    async with peer(answering(chunked(b"0123456789", 4))) as one, client() as http:
        asked = http.request("POST", one.url, {}, b"{}", most=most)
        if comes:
            assert (await asked).body == b"0123456789"
        else:
            with pytest.raises(Uncertain):
                await asked


async def test_an_answer_whose_chunks_end_too_early_is_uncertain():
    outcome, _ = await ask(answering(chunked(b"x" * 2 * PIECE, 1_000)[:-5]))
    assert outcome is Uncertain


def chunked(body: bytes, size: int) -> bytes:
    """An answer in chunks of `size`, which does not say beforehand how long it is."""
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    parts = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""]]
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n{"messages":[{"id":"wamid.AAAA"}]}', "wamid"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>", Uncertain),
        (b"HTTP/1.1 500 X\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>", Uncertain),
        (b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", Suspended),
        (b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n", Suspended),
    ],
)
async def test_a_whole_send_over_a_real_connection(raw: bytes, expected: object):
    async with peer(answering(raw)) as one, client() as http:
        account = Account(
            provider_id="1", credentials={"token": "T"}, base_url=one.url.split("/v25")[0], allow_base_url=True
        )
        sending = PROVIDERS["meta"].send(http, account, Channel(provider_id="1099"), b"{}")
        if expected == "wamid":
            assert await sending == Accepted("wamid.AAAA")
        else:
            with pytest.raises(expected):  # type: ignore[call-overload]
                await sending
    assert one.requests[0].startswith(b"POST /v25.0/1099/messages HTTP/1.1\r\n")


async def test_no_more_than_256_requests_are_under_way_and_connections_are_used_again():
    open_now = most = 0
    full = asyncio.Event()

    async def hold(one: Peer, reader: Reader, writer: Writer) -> None:
        nonlocal open_now, most
        while True:
            await one.read(reader)
            open_now += 1
            most = max(most, open_now)
            if open_now == 256:
                full.set()
            # Nobody is answered before the pool is full: a 257th request would have to come in meanwhile.
            await full.wait()
            open_now -= 1
            writer.write(OK)
            await writer.drain()

    async with peer(hold) as one, client() as http:
        outcomes = await asyncio.gather(*(post(http, one.url) for _ in range(512)))
    assert [outcome for outcome in outcomes if not isinstance(outcome, Answer)] == []
    assert len(one.requests) == 512
    assert most == 256
    # A request may take its place a moment before the connection of the one that left it is free again.
    assert one.connections < 384
    assert threading.active_count() < 20
