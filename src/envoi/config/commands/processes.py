"""The processes of an installation, one by one, and `up`: all of them on this machine."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys
from pkgutil import resolve_name

from envoi.core import postgres
from envoi.core.errors import Problem
from envoi.core.paging import whole

from .family import Family


def bind() -> str:
    """Where web and gateway listen: ENVOI_BIND, by default this machine only."""
    return os.environ.get("ENVOI_BIND", "127.0.0.1")


def port_of(asked: argparse.Namespace) -> int:
    """--port, else ENVOI_PORT, else 8000."""
    text = str(asked.port) if asked.port is not None else os.environ.get("ENVOI_PORT") or "8000"
    number = whole(text)
    if number is None or not 1 <= number <= 65_535:
        raise Problem(f"“{text}” is not a port number: take one from 1 to 65535.")
    return number


def free(port: int) -> int:
    """The port, when nobody listens on it. Raises Problem: the server would share it with whoever does."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind(), port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Problem(f"Port {port} is taken: choose another with --port or ENVOI_PORT.") from error
            raise Problem(f"Envoi can't listen on {bind()}, port {port}: {error.strerror or error}.") from error
    return port


def ready_database() -> str:
    """The database's address once it answers; children get the same through ENVOI_DATABASE_URL."""
    url = postgres.database_url()
    postgres.check(url)
    os.environ["ENVOI_DATABASE_URL"] = url
    return url


def migrated_database() -> str:
    """The database's address once its tables are as this version needs them."""
    url = ready_database()
    resolve_name("envoi.config.commands.schema:migrate")()
    return url


def prepared_database() -> str:
    """The database's address when its tables are there. Raises Problem when nobody has made them yet."""
    url = ready_database()
    with postgres.connect(url) as db:
        row = db.execute("SELECT to_regclass('campaigns') IS NOT NULL").fetchone()
    if not (row and row[0]):
        raise Problem("The database has no tables of Envoi yet: run `envoi migrate`, or `envoi up`.")
    return url


def up(asked: argparse.Namespace) -> int:
    """Run web (with the gateway), intake, dispatch and worker until Ctrl-C; a child that dies is started again."""
    port = free(port_of(asked))
    migrated_database()
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
    port = free(port_of(asked))
    prepared_database()
    folders = resolve_name("envoi.config.static:folders")()
    serve = resolve_name("envoi.config.server:serve")
    serve("envoi.config.asgi:application", bind(), port, static=folders)
    return 0


def gateway(asked: argparse.Namespace) -> int:
    """Serve webhooks only; no Django here."""
    port = free(port_of(asked))
    resolve_name("envoi.gateway.main:run")(prepared_database(), bind(), port)
    return 0


def intake(asked: argparse.Namespace) -> int:
    """Work through stored webhooks until SIGTERM."""
    prepared_database()
    os.environ.setdefault("ENVOI_PREPARES", "1")
    resolve_name("envoi.config.start:django")
    return int(resolve_name("envoi.intake.main:run")())


def dispatch(asked: argparse.Namespace) -> int:
    """Send until SIGTERM; no Django here."""
    resolve_name("envoi.dispatch.main:run")(prepared_database())
    return 0


def worker(asked: argparse.Namespace) -> int:
    """Run jobs until SIGTERM."""
    prepared_database()
    resolve_name("envoi.config.worker:run")()
    return 0


def migrate(asked: argparse.Namespace) -> int:
    """Bring the schema up to date."""
    migrated_database()
    print("The database is up to date.", file=sys.stderr)
    return 0
