"""A part that falls is started again, and whoever reads the terminal hears of both."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from envoi.config.commands.family import Family
from tests.rig import wait_until


def test_who_fell_is_said_to_run_again_once_it_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    family = Family()
    said: list[str] = []

    def heard(words: str) -> bool:
        family.tend()
        said.extend(capsys.readouterr().err.splitlines())
        return any(words in line for line in said)

    try:
        child = family.add("simulator", "simulator", "--port", "0", "--port-file", str(tmp_path / "port"))
        assert child.process is not None
        os.kill(child.process.pid, signal.SIGKILL)
        wait_until(lambda: heard("simulator ended with -9; again in 2 s"), saying="its fall is not told")
        assert not heard("is running again")
        wait_until(lambda: heard("envoi: simulator is running again"), saying="its return is not told")
        assert child.process.poll() is None
        # Once for each fall.
        for _look in range(3):
            heard("")
        assert sum("is running again" in line for line in said) == 1
    finally:
        family.stop()


def test_a_start_that_fails_is_no_return(capsys: pytest.CaptureFixture[str]) -> None:
    family = Family()
    said: list[str] = []

    def falls() -> int:
        family.tend()
        said.extend(capsys.readouterr().err.splitlines())
        return sum("ended with" in line for line in said)

    try:
        family.add("nobody", "there-is-no-such-command")
        wait_until(lambda: falls() == 2, saying="it was not started twice")
        assert not [line for line in said if "running again" in line]
    finally:
        family.stop()
