"""Small choices that several pages offer."""

from __future__ import annotations

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext

# The languages of WhatsApp's own templates that people ask for first; any other can be typed.
SHOWN = (
    "ar",
    "de",
    "en",
    "es",
    "fr",
    "hi",
    "id",
    "it",
    "ja",
    "ko",
    "nl",
    "pl",
    "pt",
    "ru",
    "th",
    "tr",
    "vi",
    "zh",
)


def language_name(code: str) -> str:
    """A language code as its name in the reader's language; the code itself when unknown."""
    info = LANG_INFO.get(code.lower().replace("_", "-")) or LANG_INFO.get(
        code.split("_")[0].split("-")[0].lower()
    )
    name = info.get("name") if info else None
    return gettext(name) if name else code


def language_choices() -> list[tuple[str, str]]:
    """Languages to filter by, in the reader's order."""
    return sorted(((code, language_name(code).capitalize()) for code in SHOWN), key=lambda one: one[1])
