"""A campaign through one dispatcher against other projects' own ways to send, a provider answering in 20 ms.

    envoi bench peers [--messages N] [--json]

One line for each peer: django-meta-whatsapp 1.1 and pywa 4.5, which is measured synchronous and with 64 tasks. They are
installed into an environment of this run's own. They only post; the dispatcher claims, asks every limit and records.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import venv
from pathlib import Path
from typing import cast

import django
import psycopg
import uvloop
from bench import dispatch, rig

ANSWER_SECONDS = 0.02
ANSWER = b'{"messaging_product":"whatsapp","contacts":[{"input":"33600000001","wa_id":"33600000001"}],' + (
    b'"messages":[{"id":"wamid.%026d","message_status":"accepted"}]}'
)
PACKAGES = ("django-meta-whatsapp==1.1", "pywa==4.5")
TASKS = 64
# Project, how many messages it gets: enough for some seconds of each.
PEERS = (("django-meta-whatsapp", 150), ("pywa", 150), ("pywa_async", 1000))


class Provider(asyncio.Protocol):
    """Answers every request 20 ms after it came whole, each with an id of its own, and keeps the connection."""

    answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have asyncio's methods and not its class.
        self.transport = cast(asyncio.Transport, transport)
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            asyncio.get_running_loop().call_later(ANSWER_SECONDS, self.answer)

    def answer(self) -> None:
        Provider.answered += 1
        body = ANSWER % Provider.answered
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def peers_python(folder: Path) -> Path:
    """A Python that has the peers."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True, stdout=sys.stderr)
    return python


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--messages", type=int, default=20_000)
    words.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.serve:
        uvloop.run(serve(asked.serve))
        return

    with rig.bench() as run, psycopg.connect(run.url, autocommit=True) as db:
        django.setup()
        rig.say("Installing the peers …")
        python = peers_python(run.folder / "peers")
        port = rig.free_port()
        run.start(__file__, "--serve", str(port))
        rig.wait_for(lambda: rig.listens(port), seconds=10, sentence="the provider did not start")
        url = f"http://127.0.0.1:{port}"
        rates: dict[str, float] = {}
        for project, messages in PEERS:
            rig.say(f"{project} …")
            script = Path(__file__).parent / "others" / "send.py"
            done = subprocess.run(
                [python, script, project, url, str(messages), str(TASKS)], stdout=subprocess.PIPE, check=True
            )
            rates[project] = messages / float(done.stdout.split()[-1])
        rig.say("Dispatching …")
        _, lane = dispatch.owe(db, url, messages=asked.messages)
        seconds, _, peak = dispatch.dispatched(run, db, lane, messages=asked.messages)
        for project, rate in rates.items():
            rig.result(
                f"peers.{project}",
                value=asked.messages / seconds,
                unit="messages/s",
                baseline=f"{project}, {TASKS} tasks" if project.endswith("async") else project,
                baseline_value=rate,
                seconds=seconds,
                peak_rss_mb=peak,
            )


if __name__ == "__main__":
    main()
