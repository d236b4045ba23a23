"""Intake is two processes that live and die together, of which the one for receipts gives way."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from envoi.core.priority import GIVES_WAY

from ..gateway.rig import until
from .meta import said
from .test_engine import all_done, intake

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def parent(test_database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    with intake(test_database_url) as process:
        yield process


@pytest.fixture
def child(store: Callable[..., list[int]], raw_db, parent: subprocess.Popen[bytes]) -> psutil.Process:
    """Who works through receipts, and what is not marked as urgent; it has done so."""
    store(said("hola"))
    until(lambda: all_done(raw_db), "the child works")
    (one,) = psutil.Process(parent.pid).children()
    return one


def test_receipts_give_way_to_whoever_waits_for_an_answer(parent: subprocess.Popen[bytes], child: psutil.Process):
    own = psutil.Process().nice()
    assert psutil.Process(parent.pid).nice() == own
    assert child.nice() == min(own + GIVES_WAY, 19)
    group = Path(f"/proc/{child.pid}/autogroup")
    if group.exists():
        assert group.read_text().endswith(f"nice {GIVES_WAY}\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_both_end_well(parent: subprocess.Popen[bytes], child: psutil.Process, number: signal.Signals):
    parent.send_signal(number)
    assert parent.wait(10) == 0
    assert not child.is_running()


@pytest.mark.parametrize("first", ["parent", "child"])
def test_told_to_stop_together_as_a_service_is_both_end_well(
    parent: subprocess.Popen[bytes], child: psutil.Process, first: str, capfd: pytest.CaptureFixture[str]
):
    pids = [parent.pid, child.pid] if first == "parent" else [child.pid, parent.pid]
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    assert parent.wait(10) == 0
    assert not child.is_running()
    assert capfd.readouterr().err == ""


def test_a_child_that_has_ended_before_the_signal_reaches_its_parent_is_no_failure(
    parent: subprocess.Popen[bytes], child: psutil.Process
):
    child.terminate()
    until(lambda: child.status() == psutil.STATUS_ZOMBIE, "the child has ended")
    parent.terminate()
    assert parent.wait(10) == 0


def test_a_child_that_alone_is_told_to_stop_is_missed(parent: subprocess.Popen[bytes], child: psutil.Process):
    child.terminate()
    assert parent.wait(10) == 1


def test_when_the_child_falls_the_parent_says_so_and_ends(parent: subprocess.Popen[bytes], child: psutil.Process):
    child.kill()
    assert parent.wait(10) == 1


def test_when_the_parent_is_killed_nobody_is_left(parent: subprocess.Popen[bytes], child: psutil.Process):
    parent.kill()
    parent.wait()
    child.wait(10)
