"""Languages and times as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.conf.locale import LANG_INFO
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext

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
    if code == "zh":
        return gettext("Chinese")
    info = LANG_INFO.get(code.lower().replace("_", "-")) or LANG_INFO.get(code.split("_")[0].split("-")[0].lower())
    name = info.get("name") if info else None
    return gettext(name) if name else code


def language_choices() -> list[tuple[str, str]]:
    """Languages to filter by, in the reader's order."""
    return sorted(((code, capfirst(language_name(code))) for code in SHOWN), key=lambda one: one[1])


def short_day(day: date) -> str:
    """A day of this year: "3 Nov"."""
    # Translators: day and month (Django date format).
    return formats.date_format(day, pgettext("date format", "j M"))


def whole_day(day: date | None) -> str:
    """A day with its year, the month in letters, so that nobody takes it for the day: "25 May 2025"."""
    # Translators: day, month and year (Django date format).
    return formats.date_format(day, pgettext("date format", "j M Y")) if day else "–"


def moment(when: datetime | None) -> str:
    """A time as short as it may be: "14:05" today, "3 Nov 14:05" this year, with the year before that."""
    if not when:
        return "–"
    local, today = timezone.localtime(when), timezone.localtime()
    if local.date() == today.date():
        return formats.date_format(local, "H:i")
    if local.year == today.year:
        return f"{short_day(local)} {formats.date_format(local, 'H:i')}"
    return whole_day(local)


def whole_moment(when: datetime | None) -> str:
    """A time with its day and year, also today's, for within a sentence: "3 Nov 2026 14:05"."""
    if not when:
        return "–"
    local = timezone.localtime(when)
    return f"{whole_day(local)} {formats.date_format(local, 'H:i')}"


def moment_utc(when: datetime) -> str:
    """The same where nobody's clock is known, as in an answer to a program: "3 Nov 2026 14:05 UTC"."""
    with timezone.override(UTC):
        return f"{whole_moment(when)} UTC"


def moment_or_day(when: datetime | None) -> str:
    """`moment`; of what a file brought with its day alone, kept as midnight UTC, that day wherever its reader is."""
    if when and when.astimezone(UTC).time() == time.min:
        return whole_day(when.astimezone(UTC))
    return moment(when)


def moment_exact(when: datetime | None) -> str:
    """A time to the second, for traces: what happened first matters there."""
    if not when:
        return "–"
    local = timezone.localtime(when)
    day = "" if local.date() == timezone.localtime().date() else moment(when).rsplit(" ", 1)[0] + " "
    return day + formats.date_format(local, "H:i:s")


def money(amount: Decimal | float | str | None, currency: str = "") -> str:
    """An amount to the cent with its currency: "3,912.40 EUR"; "–" when unknown."""
    return _amount(amount, 2, currency)


def unit_price(amount: Decimal | float | str | None, currency: str = "") -> str:
    """The price of one message: "0.0859 EUR"; "–" when unknown."""
    return _amount(amount, 4, currency)


def _amount(amount: Decimal | float | str | None, places: int, currency: str) -> str:
    if amount is None or amount == "":
        return "–"
    text = formats.number_format(round(Decimal(amount), places), places, use_l10n=True, force_grouping=True)
    # Translators: an amount and its currency, with a no-break space between them.
    return (
        pgettext("money", "%(amount)s\u00a0%(currency)s") % {"amount": text, "currency": currency} if currency else text
    )
