"""Sees to it that the browser tests have a Chromium: the machine's own, else Debian's. Fails when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The path of a Chromium on this machine."""
    return os.environ.get("ENVOI_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    if chromium():
        return 0
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        print("The browser tests need Chromium: install it, or point ENVOI_CHROMIUM to it.", file=sys.stderr)
        return 1
    print("Installing Chromium for the browser tests …", file=sys.stderr)
    quiet = {"DEBIAN_FRONTEND": "noninteractive", **os.environ}
    subprocess.run([apt, "update", "-qq"], check=True, env=quiet, stdout=subprocess.DEVNULL)
    subprocess.run(
        [apt, "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"],
        check=True,
        env=quiet,
        stdout=subprocess.DEVNULL,
    )
    return 0 if chromium() else 1


if __name__ == "__main__":
    sys.exit(main())
