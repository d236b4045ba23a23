"""The processes of an installation, one by one, and `up`: all of them on this machine."""

from __future__ import annotations

import argparse
import os
import sys
from pkgutil import resolve_name

from envoi.core import postgres
from envoi.core.errors import Problem

from .family import Family


def bind() -> str:
    """Where web and gateway listen: ENVOI_BIND, by default this machine only."""
    return os.environ.get("ENVOI_BIND", "127.0.0.1")


def port_of(asked: argparse.Namespace) -> int:
    """--port, else ENVOI_PORT, else 8000."""
    if asked.port is not None:
        return int(asked.port)
    text = os.environ.get("ENVOI_PORT", "8000")
    if not text.isdigit():
        raise Problem(f"ENVOI_PORT is “{text}”, which is not a port number.")
    return int(text)


def ready_database() -> str:
    """The database's address once it answers; children get the same through ENVOI_DATABASE_URL."""
    url = postgres.database_url()
    postgres.check(url)
    os.environ["ENVOI_DATABASE_URL"] = url
    return url


def up(asked: argparse.Namespace) -> int:
    """Run web (with the gateway), intake, dispatch and worker until Ctrl-C; a child that dies is started again."""
    ready_database()
    resolve_name("envoi.config.commands.schema:migrate")()
    port = port_of(asked)
    family = Family()
    family.add("web", "web", "--port", str(port))
    for name in ("intake", "dispatch", "worker"):
        family.add(name, name)
    print(
        f"Envoi runs at {os.environ.get('ENVOI_BASE_URL', f'http://localhost:{port}')}  (Ctrl-C stops it)", flush=True
    )
    return family.run()


def web(asked: argparse.Namespace) -> int:
    """Serve pages and webhooks."""
    ready_database()
    folders = resolve_name("envoi.config.static:folders")()
    serve = resolve_name("envoi.config.server:serve")
    serve("envoi.config.asgi:application", bind(), port_of(asked), static=folders)
    return 0


def gateway(asked: argparse.Namespace) -> int:
    """Serve webhooks only; no Django here."""
    resolve_name("envoi.gateway.main:run")(ready_database(), bind(), port_of(asked))
    return 0


def intake(asked: argparse.Namespace) -> int:
    """Work through stored webhooks until SIGTERM."""
    ready_database()
    resolve_name("envoi.config.start:django")
    resolve_name("envoi.intake.main:run")()
    return 0


def dispatch(asked: argparse.Namespace) -> int:
    """Send until SIGTERM; no Django here."""
    resolve_name("envoi.dispatch.main:run")(ready_database())
    return 0


def worker(asked: argparse.Namespace) -> int:
    """Run jobs until SIGTERM."""
    ready_database()
    resolve_name("envoi.config.worker:run")()
    return 0


def migrate(asked: argparse.Namespace) -> int:
    """Bring the schema up to date."""
    ready_database()
    resolve_name("envoi.config.commands.schema:migrate")()
    print("The database is up to date.", file=sys.stderr)
    return 0
