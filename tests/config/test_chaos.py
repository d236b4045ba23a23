"""Everything is killed while a campaign runs; by the simulator's ledger nobody is written to twice and nobody lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def chaos(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ENVOI_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "envoi.cli", "chaos", *words],
        env={**clean, "ENVOI_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_a_campaign_survives_kills_of_everything_the_database_too(tmp_path: Path) -> None:
    done = chaos("--messages", "3000", "--kills", "12", "--seed", "4", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    assert (figures["duplicates"], figures["lost"], figures["uncertain_unexplained"]) == (0, 0, 0)
    assert figures["kills"] == 12
    assert figures["kills_by_victim"].keys() & {"postgresql", "worker"}
    assert sum(figures["uncertain_why"].values()) == figures["uncertain_left"]
    assert (figures["waiting_webhooks"], figures["broken_webhooks"]) == (0, 0)


def test_a_database_that_is_killed_while_a_campaign_is_sent_doubles_and_loses_nothing(tmp_path: Path) -> None:
    done = chaos("--messages", "1200", "--kills", "4", "--only", "postgresql", "--seed", "7", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    assert figures["kills_by_victim"] == {"postgresql": 4}
    assert (figures["duplicates"], figures["lost"], figures["uncertain_unexplained"]) == (0, 0, 0)
    assert (figures["waiting_webhooks"], figures["broken_webhooks"]) == (0, 0)


def test_impossible_wishes_are_refused_in_a_sentence(tmp_path: Path) -> None:
    for words in (["--messages", "0"], ["--messages", "10000000"], ["--kills", "-1"]):
        done = chaos(*words, home=tmp_path)
        assert done.returncode == 1
        assert done.stderr.startswith("envoi: Give ")
