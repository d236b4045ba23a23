"""What a file is by its bytes, and whether a browser may show it; it believes no claim that the bytes do not bear out.

The list is closed: what is not on it is stored as application/octet-stream and is only ever downloaded. So HTML, SVG,
programs and whatever will be invented need no list of their own.
"""

from __future__ import annotations

import re
import unicodedata

import puremagic

from ..providers.meta.media import TYPES

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"

# What WhatsApp carries (Meta sheet, B), and pictures that other channels of a customer may hold.
BEGINS = {name: kind.begins for name, kind in TYPES.items() if kind.begins} | {
    "image/gif": ((0, b"GIF87a"), (0, b"GIF89a")),
}
# What browsers show without running anything that is inside. A PDF has a viewer of its own.
SHOWN = frozenset(
    "image/jpeg image/png image/webp image/gif video/mp4 video/3gpp audio/mp4 audio/aac audio/amr audio/mpeg audio/ogg "
    "application/pdf".split()
)
WRITTEN = frozenset({"text/plain", "text/csv", "text/vcard", "text/x-vcard"})

# What puremagic calls a type that has another name on the list, by the ending that it gives.
ENDINGS = {".m4a": "audio/mp4", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".amr": "audio/amr", ".3gp": "video/3gpp"}

MARKUP = re.compile(rb"<\s*[!?a-zA-Z/]")


def mime_type_of(data: bytes, told: str) -> str:
    """The file's type: what was told when its bytes are such, else what they are, else UNKNOWN."""
    bare = told.partition(";")[0].strip().lower()
    if _begins_as(bare, data):
        return bare
    for found in _matches(data):
        if _begins_as(found, data):
            return found
    if (bare in WRITTEN or not bare or bare == UNKNOWN) and _is_writing(data):
        return TEXT
    return UNKNOWN


def kind_of(mime_type: str) -> str:
    """Which kind of message carries it: image, video, audio, sticker or document."""
    if mime_type == "image/webp":
        return "sticker"
    first = mime_type.partition("/")[0]
    return first if mime_type in TYPES and first in ("image", "video", "audio") else "document"


def plain_name(name: str, otherwise: str = "file") -> str:
    """A name that is only a name: no folders, no invisible letters that turn it around, at most 120 long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    # Cc: line ends and the like; Cf: direction marks, with which "exe.gpj" is read as "jpg.exe"; Cs: half letters.
    shown = "".join(letter for letter in last if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    shown = shown.strip().lstrip(".")
    stem, dot, ending = shown.rpartition(".")
    if dot and len(shown) > 120:
        shown = f"{stem[: 119 - len(ending[:20])]}.{ending[:20]}"
    return shown[:120] or otherwise


def _begins_as(mime_type: str, data: bytes) -> bool:
    return any(data[at:].startswith(start) for at, start in BEGINS.get(mime_type, ()))


def _matches(data: bytes) -> list[str]:
    """What puremagic holds possible, best first."""
    try:
        found = puremagic.magic_string(data[:65_536])
    except (puremagic.PureError, ValueError):
        return []
    # Any ZIP archive is at once a document of every kind for it: only who says so can be believed about those.
    names = (ENDINGS.get(match.extension.lower(), match.mime_type) for match in found)
    return [name for name in names if not name.startswith("application/vnd.")]


def _is_writing(data: bytes) -> bool:
    """Readable text without anything that a browser could take for a page."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(data) and b"\0" not in data and not MARKUP.search(data) and not data.startswith(b"#!")
