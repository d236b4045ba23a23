"""The `envoi` command: reads its words and hands over; it does no work of its own.

Each command lives in envoi.config.commands and is looked up by name when asked for, so that the engines that need
no Django start without it.
"""

from __future__ import annotations

import argparse
import os
import sys
from pkgutil import resolve_name

from envoi import __version__
from envoi.core.errors import Problem

SAYS = "From a customer file to receipts: WhatsApp campaigns and service on the official Business APIs."


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    top = argparse.ArgumentParser(prog="envoi", description=SAYS)
    top.add_argument("--version", action="version", version=f"envoi {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: str, says: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=says, description=says)
        command.set_defaults(run=run)
        return command

    processes = "envoi.config.commands.processes"
    up = add("up", f"{processes}:up", "Run everything on this machine until Ctrl-C.")
    _port(up)
    _port(add("web", f"{processes}:web", "Serve the pages and the webhooks on one port."))
    _port(add("gateway", f"{processes}:gateway", "Serve the webhooks only."))
    add("intake", f"{processes}:intake", "Turn stored webhooks into what they mean.")
    add("dispatch", f"{processes}:dispatch", "Send what is due, within every limit.")
    add("worker", f"{processes}:worker", "Run imports, launches and other jobs.")
    add("migrate", f"{processes}:migrate", "Bring the database up to date.")

    add("simulator", "envoi.simulator.main:main", "Pretend to be the providers (see: envoi simulator --help).")

    demo = add("demo", "envoi.config.commands.demo:run", "A shop with customers and a campaign ready to send.")
    _port(demo)
    demo.add_argument("--once", action="store_true", help="run one campaign to its end and leave")
    demo.add_argument("--customers", type=int, default=None, metavar="N", help="how many customers the shop has")
    demo.add_argument(
        "--provider", default="meta", choices=["meta", "twilio", "bird", "zenvia"], help="which provider is simulated"
    )
    demo.add_argument("--seed", type=int, default=1, help="the simulator's fates and the customers' names")
    _json(demo)

    chaos = add("chaos", "envoi.config.commands.chaos:run", "Kill everything at random during a campaign, and judge.")
    chaos.add_argument("--messages", type=int, default=100_000, metavar="N", help="how many customers are written to")
    chaos.add_argument("--kills", type=int, default=100, metavar="N", help="how many processes are killed, SIGKILL")
    chaos.add_argument(
        "--only",
        choices=["dispatch", "intake", "postgresql", "worker", "web"],
        help="kill nothing but this (default: all of them, in turn)",
    )
    chaos.add_argument("--seed", type=int, default=1, help="who is killed when, and the simulator's fates")
    _json(chaos)

    staff = add("staff", "envoi.config.commands.staff:run", "Add people who may sign in.")
    verbs = staff.add_subparsers(dest="verb", required=True, metavar="VERB")
    one = verbs.add_parser("add", help="add one person")
    one.add_argument("email")
    one.add_argument("--role", required=True, help="owner, administrator, marketer, agent or analyst")
    one.add_argument("--name", default="")
    one.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    key = add("key", "envoi.config.commands.key:run", "Make API keys.")
    verbs = key.add_subparsers(dest="verb", required=True, metavar="VERB")
    one = verbs.add_parser("add", help="make one and print it, once")
    one.add_argument("name")
    one.add_argument(
        "--scope",
        action="extend",
        nargs="+",
        required=True,
        metavar="SCOPE",
        help="such as contacts:read, campaigns:write, or all; may be repeated",
    )

    bring = add("import", "envoi.config.commands.bring:run", "Bring contacts or orders in from a CSV file.")
    bring.add_argument("kind", choices=["contacts", "orders"])
    bring.add_argument("file")
    bring.add_argument("--country", default="", help="ISO letters assumed for phones without +")
    bring.add_argument("--tag", action="append", default=[], help="a tag for everybody in the file")
    bring.add_argument("--consent-source", default="", help="where everybody in the file agreed to promotions")
    _json(bring)

    bench = add("bench", "envoi.config.commands.bench:run", "Measure a part of Envoi against a baseline.")
    bench.add_argument("name", help="which one, e.g. dispatch")
    _json(bench)
    bench.epilog = "Other options are the benchmark's own, such as --messages 1000."
    return top


def _port(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=None, metavar="N", help="default: ENVOI_PORT or 8000")


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON object as the last line")


def read(words: list[str]) -> argparse.Namespace:
    """The words as options; those of a benchmark that are its own are in `rest`. Exits with 2 for any other unknown."""
    top = parser()
    asked, rest = top.parse_known_args(words)
    if rest and asked.command != "bench":
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    asked.rest = rest
    return asked


def main(words: list[str] | None = None) -> int:
    """Run one command. 0 done, 1 refused or failed (one sentence on standard error), 2 wrong usage."""
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["simulator"]:
        # It has its own options and shares no code with the rest.
        return int(resolve_name("envoi.simulator.main:main")(words[1:]))
    asked = read(words)
    try:
        return int(resolve_name(asked.run)(asked) or 0)
    except Problem as problem:
        print(f"envoi: {problem.sentence}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
