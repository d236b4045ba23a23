"""Djade over every HTML template: `write` mends them, without it they are only checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    files = sorted(str(path) for path in Path("src").rglob("templates/**/*.html"))
    words = ["djade", "--target-version", "5.2"]
    if sys.argv[1:] != ["write"]:
        words.append("--check")
    done = subprocess.run([str(Path(sys.executable).with_name(words[0])), *words[1:], *files], check=False)
    return 0 if sys.argv[1:] == ["write"] else done.returncode


if __name__ == "__main__":
    sys.exit(main())
