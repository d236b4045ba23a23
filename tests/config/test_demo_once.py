"""The whole main job in one command, judged by the simulator's own ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .test_command import envoi


@pytest.mark.parametrize("provider", ["meta", "twilio", "bird", "zenvia"])
def test_one_campaign_from_import_to_receipts_doubles_and_loses_nobody(provider: str, tmp_path: Path) -> None:
    done = envoi("demo", "--once", "--customers", "400", "--provider", provider, "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, done.stdout
    line = done.stdout.strip()
    figures = json.loads(line)
    assert (figures["duplicates"], figures["lost"]) == (0, 0)
    assert figures["recipients"] == 400
    known = figures["delivered"] + figures["failed"] + figures["skipped"] + figures["uncertain"]
    assert known == figures["recipients"]
    assert figures["replied"] <= figures["read"] <= figures["delivered"] <= figures["accepted"]
    assert figures["delivered"] > 250
    assert {"seconds", "messages_per_second"} <= figures.keys()
