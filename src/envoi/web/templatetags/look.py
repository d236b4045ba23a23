"""How values become what people read: numbers, times, states and WhatsApp's own text marks."""

from __future__ import annotations

import re
from datetime import timedelta

from django import template
from django.utils.formats import number_format
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext, pgettext

from ..look import language_name, moment, moment_exact, moment_or_day, money, unit_price, whole_day, whole_moment
from ..markets import market_word
from ..told import consent_proof, consent_source, why
from ..undelivered import refusal

register = template.Library()

TONES = {
    "good": {"active", "approved", "delivered", "finished", "granted", "green", "high", "read", "replied"},
    "busy": {"reading", "running", "sending", "unpacking", "writing"},
    "warn": {"medium", "paused", "pending", "uncertain", "waits", "yellow"},
    "bad": {"disabled", "failed", "low", "red", "rejected", "suspended", "withdrawn"},
    "hollow": {"cancelled", "draft", "gone", "planned", "queued", "skipped", "unknown", "waiting"},
}


@register.filter
def tone(state: object) -> str:
    """The colour family of a state: "good", "busy", "warn", "bad", or "hollow" for what has not happened."""
    word = str(state).lower()
    return next((name for name, words in TONES.items() if word in words), "")


@register.filter
def state_word(state: object) -> str:
    """A state as a word of the reader's language; an unknown one as it is stored."""
    word = str(state)
    return _words().get(word.lower(), word.replace("_", " "))


def _words() -> dict[str, str]:
    return {
        "accepted": pgettext("state", "accepted"),
        "active": pgettext("state", "active"),
        "approved": pgettext("state", "approved"),
        "cancelled": pgettext("state", "cancelled"),
        "checked": pgettext("state", "checked"),
        "closed": pgettext("state", "closed"),
        "delivered": pgettext("state", "delivered"),
        "delivered_or_more": pgettext("state", "delivered, or read since"),
        "sent_or_more": pgettext("state", "accepted, and all that followed"),
        "disabled": pgettext("state", "disabled"),
        "draft": pgettext("state", "draft"),
        "failed": pgettext("state", "failed"),
        "finished": pgettext("state", "finished"),
        "undoing": pgettext("state", "being undone"),
        "undone": pgettext("state", "undone"),
        "unpacking": pgettext("state", "reading the workbook"),
        "gone": pgettext("state", "deleted at the provider"),
        "granted": pgettext("state", "agreed"),
        "waiting": pgettext("state", "waiting"),
        "green": pgettext("state", "high"),
        "held": pgettext("state", "held"),
        "high": pgettext("state", "high"),
        "low": pgettext("state", "low"),
        "medium": pgettext("state", "medium"),
        "open": pgettext("state", "open"),
        "paused": pgettext("state", "paused"),
        "planned": pgettext("state", "planned"),
        "pending": pgettext("state", "in review"),
        "queued": pgettext("state", "queued"),
        "read": pgettext("state", "read"),
        "reading": pgettext("state", "reading"),
        "red": pgettext("state", "low"),
        "rejected": pgettext("state", "rejected"),
        "replied": pgettext("state", "replied"),
        "running": pgettext("state", "running"),
        "sending": pgettext("state", "sending"),
        "sent": pgettext("state", "sent"),
        "skipped": pgettext("state", "left out"),
        "suspended": pgettext("state", "suspended"),
        "uncertain": pgettext("state", "uncertain"),
        "unknown": pgettext("state", "unknown"),
        "withdrawn": pgettext("state", "withdrawn"),
        "writing": pgettext("state", "writing"),
        "yellow": pgettext("state", "medium"),
    }


@register.filter
def count(value: object) -> str:
    """A whole number with its thousands apart: 48 210, 48,210; "–" when there is none."""
    if value is None or value == "":
        return "–"
    return number_format(int(value), use_l10n=True, force_grouping=True)  # type: ignore[call-overload]


@register.filter
def percent(share: float | None) -> str:
    """A share of 1 as a percentage with one decimal where it says something: 7.4 %, 65 %; "–" when unknown."""
    if share is None:
        return "–"
    hundredths = share * 100
    decimals = 0 if hundredths >= 99.95 or hundredths in (0, 100) else 1
    # number_format cuts a float off after its decimals.
    text = number_format(round(hundredths, decimals), decimals, use_l10n=True)
    return pgettext("percentage", "%s%%") % text


@register.filter
def source_word(source: str) -> str:
    """Where a figure is from; what nobody said was typed by a person."""
    return source if source and source != "Entered by hand" else gettext("Entered by hand")


@register.filter
def category_word(category: object) -> str:
    """What a message is billed as, in the reader's language."""
    return {
        "marketing": gettext("Marketing"),
        "utility": gettext("Utility"),
        "authentication": gettext("Authentication"),
        "authentication_international": gettext("Authentication, international"),
        "service": gettext("Service"),
    }.get(str(category), str(category))


@register.simple_tag
def share(part: int | None, whole: int | None) -> str:
    """`part` of `whole` as a percentage."""
    if not whole or part is None:
        return "–"
    return percent(part / whole)


@register.filter
def duration(value: timedelta | float | None) -> str:
    """A length of time in the two largest units that matter: "2 h 5 min", "40 s"."""
    if value is None:
        return "–"
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds < 60:
        return gettext("%(n)s s") % {"n": max(seconds, 0)}
    minutes, seconds = divmod(seconds, 60)
    if minutes < 10 and seconds:
        return gettext("%(m)s min %(s)s s") % {"m": minutes, "s": seconds}
    if minutes < 60:
        return gettext("%(m)s min") % {"m": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return (
            gettext("%(h)s h %(m)s min") % {"h": hours, "m": minutes} if minutes else gettext("%(h)s h") % {"h": hours}
        )
    days = round(hours / 24)
    return ngettext("%(d)s day", "%(d)s days", days) % {"d": days}


@register.filter
def initials(name: str | None) -> str:
    """One or two letters that stand for a name."""
    words = re.findall(r"\w+", name or "")
    return "".join(word[0] for word in words[:2]).upper() or "?"


# WhatsApp: *bold* _italic_ ~strike~ ```mono``` `code`; a mark counts at a word's edge and hugs its text.
_MARKS = [
    (re.compile(r"```(.+?)```", re.S), "code"),
    (re.compile(r"(?<![\w*])\*(?![\s*])([^*\n]*[^\s*])\*(?![\w*])"), "strong"),
    (re.compile(r"(?<![\w_])_(?![\s_])([^_\n]*[^\s_])_(?![\w_])"), "em"),
    (re.compile(r"(?<![\w~])~(?![\s~])([^~\n]*[^\s~])~(?![\w~])"), "s"),
    (re.compile(r"(?<![\w`])`(?![\s`])([^`\n]*[^\s`])`(?![\w`])"), "code"),
]
_OPEN_VARIABLE = re.compile(r"\{\{\s*[\w.]+\s*\}\}")


@register.filter
def whatsapp(text: str | None) -> SafeString:
    """Message text as WhatsApp shows it. Everything is escaped first; only our own marks become tags."""
    html = str(conditional_escape(str(text or "")))
    for pattern, tag in _MARKS:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    html = _OPEN_VARIABLE.sub(r"<mark>\g<0></mark>", html)
    return mark_safe(html.replace("\n", "<br>"))  # noqa: S308 - escaped above


@register.simple_tag(takes_context=True)
def here(context: template.Context, prefix: str) -> SafeString:
    """`aria-current="page"` for a rail entry whose pages begin with `prefix`."""
    request = context.get("request")
    path = request.path if request else ""
    inside = path == prefix if prefix == "/" else path.startswith(prefix)
    return mark_safe(' aria-current="page"') if inside else mark_safe("")


@register.filter
def unlocalize_number(value: object) -> str:
    """A number for an HTML attribute: always digits and a point, whatever the reader's language."""
    return "0" if value in (None, "") else f"{float(value):.4g}" if isinstance(value, float) else str(value)


register.filter(money)
register.filter(unit_price)
register.filter(market_word)
register.filter(consent_source)
register.filter(consent_proof)
register.filter(moment)
register.filter(whole_day)
register.filter(moment_exact)
register.filter(moment_or_day)
register.filter(whole_moment)
register.filter(refusal)


@register.filter
def language_title(code: str | None) -> str:
    """A language code as its name in the reader's language."""
    return capfirst(language_name(code)) if code else "–"


@register.filter
def tier(name: str | None) -> str:
    """A provider's word for a daily limit (TIER_10K, TIER_UNLIMITED) as a number of customers."""
    match = re.fullmatch(r"(?:TIER_)?(\d+)(K?)", (name or "").upper())
    if match:
        return count(int(match[1]) * (1000 if match[2] else 1))
    if "UNLIMITED" in (name or "").upper():
        return gettext("no limit")
    return name or "–"


@register.filter
def reason_word(reason: str | None) -> str:
    """Why somebody was left out, as a sentence; a provider's own words as they are."""
    return why(reason) if reason else ""
