"""`envoi staff add`: someone who may sign in."""

from __future__ import annotations

import argparse
import getpass
import sys

from . import processes


def run(asked: argparse.Namespace) -> int:
    """Add one person; the password is asked for, or read from standard input."""
    processes.migrated_database()
    password = sys.stdin.readline().rstrip("\r\n") if asked.password_stdin else getpass.getpass("Password: ")
    staff = processes.resolve_name("envoi.config.office:add_staff")(
        email=asked.email, role=asked.role, name=asked.name, password=password
    )
    print(f"{staff.email} may sign in as {staff.role}.", file=sys.stderr)
    return 0
