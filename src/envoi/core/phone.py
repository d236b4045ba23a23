"""Phone numbers: from what people type to E.164, or a sentence why not. Never guesses a country."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from .errors import BadInput


class BadPhone(BadInput):
    """The text is no phone number that could receive a message."""


@lru_cache(maxsize=65_536)
def e164(text: str, *, country: str | None = None) -> str:
    """`text` as E.164 ("+33639980001").

    country: ISO 3166 letters assumed for a number written without `+`; without it such a number is refused.
    Raises BadPhone with a sentence.
    """
    digits = text.strip().replace("\u00a0", " ")
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not digits.startswith("+") and country is None:
        raise BadPhone(f"“{text}” has no country code: write it as +33…, or choose a country for the file.")
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException:
        raise BadPhone(f"“{text}” is not a phone number.") from None
    if not phonenumbers.is_possible_number(number):
        raise BadPhone(f"“{text}” has too few or too many digits for its country.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@lru_cache(maxsize=65_536)
def country_of(number: str) -> str:
    """The ISO country of an E.164 number, "" when unknown ("+1 …" needs its area code; phonenumbers knows it)."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except NumberParseException:
        return ""


# Enough of an E.164 number to tell its country: "+" and the calling code, and for +1 and +7 the area code as well.
PREFIX_LENGTH = 5


@lru_cache(maxsize=16_384)
def country_of_prefix(prefix: str) -> str:
    """The ISO country that bills a number with these first PREFIX_LENGTH characters, "" when none does.

    By calling code, as WhatsApp does: a Jersey number is one of +44, hence GB. +1 and +7 are told by area code.
    """
    digits = prefix.removeprefix("+")
    if digits.startswith("1") and len(digits) >= 4:
        return country_of(f"+{digits[:4]}2345678") or "US"
    if digits.startswith("7"):
        return "KZ" if digits[1:2] in ("6", "7") else "RU"
    for length in (3, 2, 1):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length] or 0)) if digits.isdigit() else None
        if regions:
            return "" if regions[0] == "001" else str(regions[0])
    return ""
