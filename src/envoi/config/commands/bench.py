"""`envoi bench NAME`: runs one of the benchmarks that come with the source, and prints its figures."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import envoi
from envoi.core.errors import Problem

# Beside src/ in a checkout; an installed package has none.
FOLDER = Path(envoi.__file__).resolve().parents[2] / "bench"
# Files that no name on the command line means.
SHARED = {"crowd", "mailbox", "rig", "shoppers", "visitor"}


def names() -> list[str]:
    """Every benchmark there is."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in SHARED)


def run(asked: argparse.Namespace) -> int:
    """Run one in a process of its own, so that its memory is its own."""
    known = names()
    if not known:
        raise Problem("Benchmarks come with the source: run this from a checkout.")
    if asked.name not in known:
        raise Problem(f"There is no benchmark “{asked.name}”: choose {', '.join(known)}.")
    # The checkout, for what benchmarks share.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(FOLDER.parent), _path())))}
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{asked.name}.py"), *asked.rest],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise Problem(f"The benchmark “{asked.name}” failed.")
    if asked.json:
        print("\n".join(lines), flush=True)
        return 0
    for line in lines:
        for key, value in json.loads(line).items():
            print(f"{key:>20}  {value}")
    return 0


def _path() -> str:
    return os.environ.get("PYTHONPATH", "")
