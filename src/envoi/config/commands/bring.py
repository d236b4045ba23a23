"""`envoi import`: contacts or orders from a CSV file, with progress on standard error."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from envoi.core.errors import Problem

from . import processes


def run(asked: argparse.Namespace) -> int:
    """Import one file here and now; 1 when it was refused."""
    path = Path(asked.file)
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise Problem(f"{asked.file} can't be read: {error.strerror}.") from error
    processes.migrated_database()
    options: dict[str, Any] = {"country": asked.country.upper(), "tags": asked.tag}
    if asked.consent_source:
        options["consent"] = {"state": "granted", "source": asked.consent_source, "text": ""}
    bring = processes.resolve_name("envoi.config.office:bring")
    figures = bring(asked.kind, path, options, lambda text: print(f"\r{text}", end="", file=sys.stderr, flush=True))
    print("", file=sys.stderr)
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            if value not in ("", None):
                print(f"{name:>12}  {value}")
    return 0 if figures["state"] == "finished" else 1
