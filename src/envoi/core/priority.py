"""Who may wait on a machine that is busy: a process says so of itself."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

# The share of a core that is left when another wants it too: about a tenth.
GIVES_WAY = 10

_GROUP = Path("/proc/self/autogroup")


def give_way(nice: int = GIVES_WAY) -> None:
    """Let every other process go first, from now on and for good; a core that nobody wants is used as before.

    Linux may weigh whole sessions against each other, and niceness then counts within one session alone: where this
    process leads its own, the session gives way as well.
    """
    os.nice(nice)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # no such file, or too many changes at once
            _GROUP.write_text(str(nice))
