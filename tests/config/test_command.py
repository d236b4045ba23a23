"""The command line: one sentence and exit 1 for what can't be, exit 2 for what is no command."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

NOWHERE = "postgresql://envoi:secret@127.0.0.1:9/envoi"


def envoi(*words: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ENVOI_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "envoi.cli", *words],
        env={**clean, "ENVOI_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("envoi: ")
    assert "Traceback" not in done.stderr
    return line


@pytest.mark.parametrize("command", ["up", "web", "gateway", "intake", "dispatch", "worker", "migrate"])
def test_a_database_that_can_not_be_reached_is_one_sentence(command: str, tmp_path: Path) -> None:
    said = one_sentence(envoi(command, home=tmp_path, ENVOI_DATABASE_URL=NOWHERE, ENVOI_PORT="18765"))
    assert "can't be reached" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://envoi:pw%zz@h/x", "percent-encoded"),
        ("postgresql://envoi@127.0.0.1:9", "names no database"),
        ("not an address", "not a PostgreSQL address"),
    ],
)
def test_an_address_that_is_none_is_explained_without_the_password(address: str, says: str, tmp_path: Path) -> None:
    said = one_sentence(envoi("migrate", home=tmp_path, ENVOI_DATABASE_URL=address))
    assert says in said
    assert "pw%zz" not in said


def test_unknown_words_are_wrong_usage(tmp_path: Path) -> None:
    assert envoi("dance", home=tmp_path).returncode == 2
    assert envoi("demo", "--customers", "many", home=tmp_path).returncode == 2


def test_a_port_that_is_taken_or_none_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for command in ("up", "web", "gateway", "demo"):
            assert "is taken" in one_sentence(envoi(command, "--port", port, home=tmp_path))
    assert "not a port number" in one_sentence(envoi("up", "--port", "99999", home=tmp_path))


def test_an_empty_database_is_named_as_such(tmp_path: Path) -> None:
    assert "envoi migrate" in one_sentence(envoi("dispatch", home=tmp_path))


def test_the_shop_has_as_many_customers_as_there_are_numbers(tmp_path: Path) -> None:
    assert "at least one" in one_sentence(envoi("demo", "--customers", "0", home=tmp_path))
    assert "at most" in one_sentence(envoi("demo", "--once", "--customers", "999999", home=tmp_path))


def test_staff_is_added_with_a_password_from_a_windows_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "envoi.cli", "staff", "add", "one@example.com", "--role", "owner", "--password-stdin"],
        env={**{k: v for k, v in os.environ.items() if not k.startswith("ENVOI_")}, "ENVOI_HOME": str(tmp_path)},
        input="Str0ng-pass-1\r\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "may sign in as owner" in done.stderr
