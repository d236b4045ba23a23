"""Names of people as they are kept: without what turns the text around them, and "" where there is nothing to see."""

from __future__ import annotations

import unicodedata

LONGEST = 200

# The marks that begin and end a direction, with which the text after a name is read backwards; and NUL, which
# PostgreSQL does not keep. The joiners stay: Persian names and families of emoji are written with them.
_TURNING = dict.fromkeys([0, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# Letters and signs that are drawn as nothing, although Unicode does not count them among the invisible.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0" + "".join(map(chr, range(0xFE00, 0xFE10))))


def plain_name(text: str) -> str:
    """A name from anywhere (a page, a file, the API, a profile), at most LONGEST letters long."""
    name = text.strip()
    # Almost every name: nothing invisible in it, and not blank from its first letter on.
    if not (name.isprintable() and name[:1] not in _BLANK):
        name = name.translate(_TURNING).strip()
        if not any(map(_is_seen, name)):
            return ""
    return name[:LONGEST].rstrip()


def _is_seen(letter: str) -> bool:
    return letter not in _BLANK and unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
