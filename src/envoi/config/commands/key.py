"""`envoi key add`: an API key for a program, printed once."""

from __future__ import annotations

import argparse
import sys

from . import processes


def run(asked: argparse.Namespace) -> int:
    """Make a key and print its secret alone on standard output, so that a script can keep it."""
    processes.migrated_database()
    key, secret = processes.resolve_name("envoi.config.office:add_key")(name=asked.name, scopes=asked.scope)
    print(f"“{key.name}” may: {', '.join(key.scopes)}. This is the only time that it is shown:", file=sys.stderr)
    print(secret)
    return 0
