"""Starts and stops the simulator; it refuses to listen beyond this machine unless told to.

python -m envoi.simulator.main --port 9100 --speed 60 --faults realistic
"""

import argparse
import asyncio
import contextlib
import ipaddress
import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from envoi.simulator.app import App
from envoi.simulator.customers import Scenario
from envoi.simulator.http_server import HttpServer
from envoi.simulator.settings import PRESETS, Settings, UnknownSetting, changed
from envoi.simulator.world import World

DEFAULT_PORT = 9100


class CannotStart(Exception):
    """The simulator can't run as asked; the text says why."""


class Simulator:
    """A simulated world with a port. `start` and `stop` belong to one event loop."""

    def __init__(
        self,
        *,
        seed: int = 1,
        settings: Settings | None = None,
        scenario: Scenario | None = None,
        ledger: str | None = None,
    ) -> None:
        self._seed, self._settings, self._scenario, self._ledger = seed, settings, scenario, ledger
        self.app: App | None = None
        self._server: HttpServer | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return the address, such as "http://127.0.0.1:9100"."""
        world = World(seed=self._seed, settings=self._settings, ledger_path=self._ledger)
        if self._scenario:
            world.play(self._scenario)
        self.app = App(world)
        self._server = HttpServer(self.app.handle)
        port = await self._server.start(host, port)
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self.app.listens_at(address)
        return address

    async def stop(self) -> None:
        if self._server:
            await self._server.stop()
        if self.app:
            await self.app.stop()


def run(
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    seed: int = 1,
    speed: float = 1.0,
    faults: str = "none",
    settings: dict[str, Any] | None = None,
    scenario: str | None = None,
    ledger: str | None = None,
    port_file: str | None = None,
    allow_remote: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT. `scenario` and `ledger` are paths; `settings` are laid over `faults` and
    `speed`.

    Raises CannotStart before anything listens.
    """
    if not allow_remote and not _is_loopback(host):
        raise CannotStart(f"The simulator obeys anyone who reaches it, so it won't listen on {host} unless told to.")
    try:
        chosen = changed(Settings(), {"faults": faults, "speed": speed, **(settings or {})})
        played = msgspec.json.decode(Path(scenario).read_bytes(), type=Scenario) if scenario else None
        if played:
            changed(chosen, played.settings)
    except (UnknownSetting, msgspec.DecodeError, OSError) as error:
        raise CannotStart(str(error)) from error
    simulator = Simulator(seed=seed, settings=chosen, scenario=played, ledger=ledger)
    asyncio.run(_serve(simulator, host, port, port_file))


async def _serve(simulator: Simulator, host: str, port: int, port_file: str | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    try:
        address = await simulator.start(host, port)
    except OSError as error:
        raise CannotStart(f"Can't listen on {host}:{port}: {error.strerror or error}.") from error
    if port_file:
        _write_whole(Path(port_file), address.rpartition(":")[2])
    print(f"simulator: {address}", file=sys.stderr, flush=True)
    await stopped.wait()
    await simulator.stop()
    if port_file:
        with contextlib.suppress(OSError):
            os.unlink(port_file)


def _write_whole(path: Path, text: str) -> None:
    """Write so that a reader who sees the file sees all of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(path)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="envoi simulator", description="A simulated WhatsApp provider.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 lets the system choose")
    parser.add_argument("--port-file", help="write the port here once listening")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per real second")
    parser.add_argument("--faults", choices=sorted(PRESETS), default="none")
    parser.add_argument("--settings", help="a JSON object laid over the settings")
    parser.add_argument("--scenario", help="a JSON file that says what single customers do")
    parser.add_argument("--ledger", help="append every accepted send to this NDJSON file")
    parser.add_argument("--allow-remote", action="store_true", help="listen beyond this machine")
    asked = vars(parser.parse_args(arguments))
    if asked["settings"]:
        try:
            asked["settings"] = msgspec.json.decode(asked["settings"], type=dict[str, Any])
        except msgspec.DecodeError as error:
            parser.error(f"--settings: {error}")
    try:
        run(**asked)
    except CannotStart as refusal:
        print(f"simulator: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
