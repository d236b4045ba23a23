"""The simulator as a process, and the bytes on its connection."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from envoi.simulator.customers import People
from envoi.simulator.draws import Draws
from envoi.simulator.fates import Fate, Subject, fate_of
from envoi.simulator.settings import Settings
from tests.simulator.rig import NUMBER, TOKEN, Rig, template

SOURCE = Path(__file__).parents[2] / "src"


class Process:
    """`python -m envoi.simulator.main` with these arguments."""

    def __init__(self, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        command = [sys.executable, "-m", "envoi.simulator.main", *arguments]
        self.child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def first_line(self) -> str:
        assert self.child.stderr
        return self.child.stderr.readline().strip()

    def end(self, how: signal.Signals) -> int:
        self.child.send_signal(how)
        return self.child.wait(10)


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        process.child.kill()
        process.child.wait(10)
        if process.child.stderr:
            process.child.stderr.close()


def post(url: str, body: object, *, method: str = "POST") -> dict[str, object]:
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own
        return dict(json.load(response))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_writes_its_port_and_stops_cleanly(
    processes: list[Process], tmp_path: Path, how: signal.Signals
) -> None:
    port_file, ledger = tmp_path / "port", tmp_path / "ledger.ndjson"
    process = Process("--port", "0", "--port-file", str(port_file), "--ledger", str(ledger), "--speed", "100000")
    processes.append(process)
    line = process.first_line()
    assert line == f"simulator: http://127.0.0.1:{port_file.read_text()}"
    address = line.removeprefix("simulator: ")
    account = {
        "token": TOKEN,
        "app_secret": "s",
        "numbers": [{"id": NUMBER, "display_phone_number": "+33170000000"}],
        "templates": [{"name": "plain", "language": "fr", "components": [{"type": "BODY", "text": "x"}]}],
    }
    post(f"{address}/_simulator/meta/accounts/222", account, method="PUT")
    message = {"messaging_product": "whatsapp", **template("+33639980001", opaque="m1")}
    post(f"{address}/v25.0/{NUMBER}/messages", message)
    assert process.end(how) == 0
    assert not port_file.exists()
    first = json.loads(ledger.read_text().splitlines()[0])
    assert (first["opaque"], first["customer"], first["state"]) == ("m1", "33639980001", "accepted")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--host", "0.0.0.0"), "won't listen on 0.0.0.0"),  # noqa: S104 - refused
        (("--scenario", "/nowhere.json"), "No such file"),
        (("--settings", '{"speed": -1}'), "speed"),
    ],
)
def test_it_refuses_to_start_with_a_sentence(processes: list[Process], arguments: tuple[str, ...], reason: str) -> None:
    process = Process("--port", "0", *arguments)
    processes.append(process)
    assert reason in process.first_line()
    assert process.child.wait(10) == 1


def test_it_needs_neither_django_nor_the_rest_of_envoi() -> None:
    code = (
        "import sys, envoi.simulator.main\n"
        "print([m for m in sys.modules if m.split('.')[0] == 'django' or"
        " (m.startswith('envoi.') and not m.startswith('envoi.simulator'))])"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def exchange(rig: Rig, *pieces: bytes, answers: int) -> list[bytes]:
    """Write raw pieces, return the heads of the answers."""
    host, port = rig.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    heads: list[bytes] = []
    async with asyncio.timeout(10):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        for _ in range(answers):
            head = await reader.readuntil(b"\r\n\r\n")
            heads.append(head)
            if b"content-length: " in head:
                await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
    writer.close()
    return heads


def raw(body: bytes, *headers: bytes) -> bytes:
    lines = [b"POST /v25.0/111/messages HTTP/1.1", b"Host: x", b"Authorization: Bearer " + TOKEN.encode(), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def test_requests_may_be_pipelined_split_and_chunked(rig: Rig) -> None:
    body = json.dumps({"messaging_product": "whatsapp", **template("+33639980001")}).encode()
    whole = raw(body, b"Content-Length: %d" % len(body))
    parts = b"%x\r\n%s\r\n%x;ext=1\r\n%s\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])
    chunked = raw(parts, b"Transfer-Encoding: chunked")
    stream = whole + chunked + whole
    heads = await exchange(rig, stream[:30], stream[30:500], stream[500:], answers=3)
    assert [head.split(b"\r\n")[0] for head in heads] == [b"HTTP/1.1 200 OK"] * 3
    assert (await rig.ledger())["accepted"] == 3


async def test_a_client_that_expects_a_go_ahead_gets_it(rig: Rig) -> None:
    body = json.dumps({"messaging_product": "whatsapp", **template("+33639980001")}).encode()
    head = raw(b"", b"Content-Length: %d" % len(body), b"Expect: 100-continue")
    host, port = rig.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(10):
        writer.write(head)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(body)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()


@pytest.mark.parametrize("nonsense", [b"hello\r\n\r\n", raw(b"", b"Content-Length: x"), b"x" * 70_000])
async def test_what_is_not_http_gets_a_400(rig: Rig, nonsense: bytes) -> None:
    (head,) = await exchange(rig, nonsense, answers=1)
    assert head.startswith(b"HTTP/1.1 400")


def test_the_figures_of_a_crowd_are_the_products_own() -> None:
    """65 % read, 15 % reply; 65 % of replies come within 3 minutes, 12 % after 30 (mission M11, M13)."""
    draws, settings = Draws(1), Settings()
    people = People(draws)
    began = time.monotonic()
    ends: list[Fate] = []
    for i in range(5000):
        customer = people.by_phone(f"3363{i:07d}")
        subject = Subject(key=f"m{i}#1", number="1", is_template=True, is_marketing=True)
        ends.append(fate_of(subject, customer, draws, settings))
    assert time.monotonic() - began < 10

    delays = [end.reply_after - end.delivered_after for end in ends if end.reply_after and end.delivered_after]
    assert 0.63 < sum(end.read_after is not None for end in ends) / 5000 < 0.67
    assert 0.13 < len(delays) / 5000 < 0.17
    assert 0.6 < sum(delay <= 180 for delay in delays) / len(delays) < 0.7
    assert 0.09 < sum(delay > 1800 for delay in delays) / len(delays) < 0.15
    assert all(1 <= (end.delivered_after or 0) <= 5 for end in ends)
    assert {"Oui", "ARRÊT"} <= {end.reply for end in ends}
