"""docs/schema.sql: the whole database on one page. `write` makes it, `check` says what differs or is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path("docs/schema.sql")
HEAD = "-- The whole database, as PostgreSQL describes it. Written by `make schema`; compared by `make check`.\n\n"
# Tables of others: Procrastinate's, Django's own, allauth's. Theirs to describe.
OTHERS = ("procrastinate_*", "django_*", "auth_*", "account_*", "mfa_*")


def dump() -> str:
    """The schema after every migration, on a server of its own, without what changes from run to run."""
    with tempfile.TemporaryDirectory(prefix="envoi-schema-") as home:
        os.environ["ENVOI_HOME"] = home
        os.environ.pop("ENVOI_DATABASE_URL", None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "envoi.config.settings"
        postgres = __import__("envoi.core.postgres", fromlist=["postgres"])
        embedded = postgres.embedded_postgres
        url = postgres.database_url()
        os.environ["ENVOI_DATABASE_URL"] = url
        management = __import__("django.core.management", fromlist=["call_command"])
        __import__("django").setup()
        management.call_command("makemigrations", check=True, dry_run=True, verbosity=1)
        management.call_command("migrate", verbosity=0)
        pg_dump = Path(embedded.__file__).parent / "pginstall" / "bin" / "pg_dump"
        words = [str(pg_dump), "--schema-only", "--no-owner", "--no-privileges", "--no-comments"]
        words += [f"--exclude-table={name}" for name in OTHERS]
        return subprocess.run([*words, url], check=True, capture_output=True, text=True).stdout


def page() -> str:
    """The dump without settings, headings and other products' functions."""
    kept: list[str] = []
    for statement in re.split(r"\n\n\n", dump()):
        body = "\n".join(line for line in statement.splitlines() if not line.startswith(("--", "\\"))).strip()
        if not body or body.startswith(("SET ", "SELECT pg_catalog")) or "procrastinate" in body:
            continue
        kept.append(re.sub(r"\bpublic\.", "", body))
    return HEAD + "\n\n".join(kept) + "\n"


def main() -> int:
    made = page()
    if sys.argv[1:] == ["write"]:
        PAGE.write_text(made)
        return 0
    if not PAGE.exists() or PAGE.read_text() != made:
        print("docs/schema.sql differs from the migrations: run `make schema`.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
