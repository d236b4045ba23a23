"""`envoi demo`: a shop, a simulated provider, a campaign ready to send; --once runs it to its end and reports."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from envoi.config.shop.account import PLAYED
from envoi.config.shop.people import MOST
from envoi.core import home as data_folder
from envoi.core import postgres
from envoi.core.addresses import hook_url
from envoi.core.errors import Problem

from . import processes
from .family import Family
from .simulated import Simulated, answers, any_port, port_in, wait_for

CUSTOMERS = 2357  # as many as the CDNOW sample has
# A number as Meta gives it at first, so that there is something to watch; --once takes one after its upgrade.
THROUGHPUT = 80
THROUGHPUT_ONCE = 1000
SPEED = 20.0
SPEED_ONCE = 3600.0
# The realistic faults, except for phones that stay switched off: their messages would stay "sent" for 30 days.
FAULTS_ONCE = {"never_delivered": 0.0, "hold_seconds": 3.0}
LONGEST_ONCE = 600.0


def run(asked: argparse.Namespace) -> int:
    """Serve the demo until Ctrl-C, or run it once."""
    if asked.customers is not None and asked.customers < 1:
        raise Problem("The shop needs at least one customer: --customers 1 or more.")
    if asked.customers is not None and asked.customers > MOST:
        raise Problem(f"The ranges of made-up numbers hold {MOST:,} customers at most.")
    os.environ["ENVOI_PROVIDER_URLS"] = "1"
    if asked.once:
        return _once(asked)
    if not os.environ.get("ENVOI_DATABASE_URL"):
        # Beside a real installation's data, never in it.
        os.environ["ENVOI_HOME"] = str(data_folder.home() / "demo")
    return _serve(asked)


def _serve(asked: argparse.Namespace) -> int:
    port = processes.port_of(asked)
    processes.free(port)
    os.environ["ENVOI_BASE_URL"] = f"http://localhost:{port}"
    _say("Starting the database …")
    processes.ready_database()
    family = Family()
    _stop_on_signals(family)
    try:
        with tempfile.TemporaryDirectory(prefix="envoi-demo-") as folder:
            shop_setup, shop, simulated = _begin(
                family, asked, Path(folder), throughput=THROUGHPUT, settings={"speed": SPEED, "faults": "realistic"}
            )
            _open_web(family, port)
            # Before the worker looks at the account for the first time.
            _connect(shop, simulated)
            for name in ("intake", "dispatch", "worker"):
                family.add(name, name)
            agent = _staff_the_counter(simulated)
            print(
                f"\n  The demo shop is open:  http://localhost:{port}/\n"
                f"  Sign in as:             {shop_setup.EMAIL}\n"
                f"  or, as an agent:        {agent}\n"
                f"  Password:               {shop_setup.PASSWORD}\n\n"
                f"  {shop.customers:,} customers, and the campaign “{shop.campaign.name}” is ready to send.\n"
                "  Some of them have written: they wait in the inbox.\n"
                "  Messages go to a simulated WhatsApp on this machine. Ctrl-C stops everything.\n",
                flush=True,
            )
            return family.run()
    finally:
        family.stop()


def _once(asked: argparse.Namespace) -> int:
    """One campaign from import to receipts, on a database of its own that is gone afterwards."""
    started = time.monotonic()
    temporary = _temporary_database() if os.environ.get("ENVOI_DATABASE_URL") else None
    folder = Path(tempfile.mkdtemp(prefix="envoi-once-"))
    os.environ["ENVOI_HOME"] = str(folder / "home")
    os.environ["ENVOI_ANSWER_SECONDS"] = "5"
    os.environ["ENVOI_LEASE_SECONDS"] = "10"
    port = processes.port_of(asked) if asked.port is not None else any_port()
    processes.free(port)
    os.environ["ENVOI_BASE_URL"] = f"http://localhost:{port}"
    family = Family()
    _stop_on_signals(family)
    try:
        processes.ready_database()
        _, shop, simulated = _begin(
            family,
            asked,
            folder,
            throughput=THROUGHPUT_ONCE,
            settings={"speed": SPEED_ONCE, "faults": "realistic"},
        )
        simulated.change(faults=FAULTS_ONCE)
        _open_web(family, port)
        _connect(shop, simulated)
        for name in ("intake", "dispatch", "worker"):
            family.add(name, name)
        figures = _run_campaign(family, shop, simulated)
        figures["seconds"] = round(time.monotonic() - started, 1)
    finally:
        family.stop()
        if temporary:
            temporary()
        postgres.stop_embedded()
        shutil.rmtree(folder, ignore_errors=True)
    if asked.json:
        print(json.dumps(figures), flush=True)
    else:
        for name, value in figures.items():
            print(f"{name:>20}  {value}")
    return 0 if figures["duplicates"] == 0 and figures["lost"] == 0 else 1


def _begin(
    family: Family, asked: argparse.Namespace, folder: Path, *, throughput: int, settings: dict[str, Any]
) -> tuple[Any, Any, Simulated]:
    """Migrate, start the simulator, open the shop in an empty database or take up the one that is there."""
    _say("Preparing the database …")
    resolve_name("envoi.config.commands.schema:migrate")()
    shop_setup: Any = import_module("envoi.config.shop.setup")
    if not shop_setup.exists() and not shop_setup.is_empty():
        raise Problem("This database holds other data. The demo needs one of its own: unset ENVOI_DATABASE_URL.")

    port_file = folder / "simulator.port"
    family.add(
        "simulator",
        "simulator",
        *("--port", "0", "--port-file", str(port_file), "--seed", str(asked.seed)),
        *("--settings", json.dumps(settings)),
    )
    wait_for(lambda: port_in(port_file) is not None, seconds=30, sentence="The simulator did not start.")
    simulated = Simulated(f"http://127.0.0.1:{port_in(port_file)}")

    if shop_setup.exists():
        shop = shop_setup.reconnect(simulator_url=simulated.url)
        if asked.customers is not None and asked.customers != shop.customers:
            _say(f"The shop of an earlier demo has {shop.customers:,} customers; they stay.")
        if asked.provider != shop.account.provider:
            _say(f"The shop of an earlier demo sends through {shop.account.provider}; so it stays.")
    else:
        customers = asked.customers or CUSTOMERS
        _say(f"Opening the shop: {customers:,} customers and their orders …")
        shop = shop_setup.open_shop(
            provider=asked.provider,
            simulator_url=simulated.url,
            customers=customers,
            throughput=throughput,
            seed=asked.seed,
        )
    return shop_setup, shop, simulated


def _staff_the_counter(simulated: Simulated) -> str:
    """Somebody who answers, and customers who have written, once; returns the agent's e-mail."""
    counter: Any = import_module("envoi.config.shop.counter")
    if not counter.is_open():
        shop_setup: Any = import_module("envoi.config.shop.setup")
        counter.open_counter(shop_setup.owner(), password=shop_setup.PASSWORD)
        counter.write(lambda phone, text: simulated.say(phone, text=text))
    return str(counter.EMAIL)


def _open_web(family: Family, port: int) -> None:
    family.add("web", "web", "--port", str(port))
    wait_for(
        lambda: answers(f"http://127.0.0.1:{port}/health/ready"),
        seconds=60,
        sentence=f"The web server did not answer on port {port}.",
    )


def _connect(shop: Any, simulated: Simulated) -> None:
    provider = shop.account.provider
    callback = hook_url(provider, shop.account.hook_key)
    played = PLAYED[provider]
    account = played.spec(callback, shop.channel.throughput_per_second)
    simulated.put_account(provider, played.control, account)


def _run_campaign(family: Family, shop: Any, simulated: Simulated) -> dict[str, Any]:
    watch: Any = import_module("envoi.config.shop.watch")
    _say("Launching the campaign …")
    watch.launch(shop.campaign.pk)
    end = time.monotonic() + LONGEST_ONCE
    quiet, told = 0, ""
    while quiet < 3:
        family.tend()
        standing = watch.standing(shop.campaign.pk)
        says = (
            f"{standing.settled:,} of {standing.recipients:,} sent, {standing.delivered:,} delivered, "
            f"{standing.read:,} read, {standing.replied:,} replied"
        )
        if says != told:
            _progress(told := says)
        # Three looks in a row with nothing left to happen anywhere: not here, not there, not in between.
        still = watch.is_settled(shop.campaign.pk) and simulated.is_quiet() and watch.is_taken_in()
        quiet = quiet + 1 if still else 0
        if time.monotonic() > end:
            _say("Giving up waiting: what is left is reported as it stands.")
            break
        time.sleep(0.3)
    _say(f"{told} " if sys.stderr.isatty() else "")
    figures: dict[str, Any] = watch.report(shop.campaign.pk, list(simulated.accepted()), simulated.ledger())
    return figures


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _progress(text: str) -> None:
    """One line that is written over on a terminal; nothing in a file or a pipe, where it would only fill the log."""
    if sys.stderr.isatty():
        print(f"\r{text} ", end="", file=sys.stderr, flush=True)


def _stop_on_signals(family: Family) -> None:
    def stop(*_: object) -> None:
        family.stop()
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _temporary_database() -> Any:
    """Make a database beside the one in ENVOI_DATABASE_URL and point to it; returns what drops it again."""
    url = os.environ["ENVOI_DATABASE_URL"]
    postgres.check(url)
    made, drop = postgres.temporary_database(url)
    os.environ["ENVOI_DATABASE_URL"] = made

    def gone() -> None:
        with suppress(Problem):
            drop()

    return gone
