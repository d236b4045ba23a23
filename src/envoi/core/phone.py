"""Phone numbers: from what people type to E.164, or a sentence why not. Never guesses a country.

One line may be written in two ways: Brazil put a 9 before its mobiles, Mexico took away the 1 that stood before its
own, Argentina writes a 9 for mobiles abroad only. `e164` gives one form for both (`line_of`), which WhatsApp takes too.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext as _
from phonenumbers import NumberParseException, PhoneNumberFormat

from .errors import BadInput


class BadPhone(BadInput):
    """The text is no phone number that could receive a message."""


# Mobiles of Brazil before their 9 (landlines begin with 2 to 5), Mexico's 1, Argentina without its 9.
_BRAZIL = re.compile(r"\+55([1-9]{2})([6-9][0-9]{7})")
_MEXICO = re.compile(r"\+521([0-9]{10})")
_ARGENTINA = re.compile(r"\+54([1-8][0-9]{9})")
_SCIENTIFIC = re.compile(r"\+?([0-9])[.,]([0-9]+)[eE]\+?([0-9]{1,2})")
# How mobiles were dialled within Mexico until 2019.
_MEXICO_AT_HOME = re.compile(r"(?:044|045|1|521)([0-9]{10})")


def line_of(number: str) -> str:
    """The one form of an E.164 number whose variants reach the same person: "+551187654321" is "+5511987654321"."""
    if not number.startswith(("+52", "+54", "+55")):
        return number
    if found := _BRAZIL.fullmatch(number):
        return f"+55{found[1]}9{found[2]}"
    if found := _MEXICO.fullmatch(number):
        return f"+52{found[1]}"
    if found := _ARGENTINA.fullmatch(number):
        return f"+549{found[1]}"
    return number


@lru_cache(maxsize=65_536)
def e164(text: str, *, country: str | None = None) -> str:
    """`text` as E.164 ("+33639980001"), in the one form of its line.

    country: ISO 3166 letters assumed for a number written without `+`; without it such a number is refused.
    Raises BadPhone with a sentence.
    """
    # An apostrophe before it: how spreadsheets and shops keep "+33…" from being taken for a sum.
    digits = unspoiled(text.strip().replace("\u00a0", " ").lstrip("'’"))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not digits.startswith("+") and country is None:
        raise BadPhone(_("“%(phone)s” has no country code: write it as +33…") % {"phone": text.strip()[:40]})
    try:
        number = phonenumbers.parse(_today(digits, country), country)
    except NumberParseException:
        raise BadPhone(_("“%(phone)s” is no phone number.") % {"phone": text.strip()[:40]}) from None
    if not phonenumbers.is_possible_number(number):
        raise BadPhone(_("“%(phone)s” has too few or too many digits for its country.") % {"phone": text.strip()[:40]})
    return line_of(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def unspoiled(text: str) -> str:
    """A number that a spreadsheet kept as one: "33639980001.0" and "3.3639980001E+10" are 33639980001.

    One whose last digits are lost ("3.36E+10") comes back as it is: `is_shortened` tells.
    """
    if text.endswith((".0", ",0")) and text[:-2].isdigit() and len(text) > 8:
        return text[:-2]
    if found := _SCIENTIFIC.fullmatch(text):
        whole, rest, power = found.groups()
        if len(rest) == int(power):
            return whole + rest
    return text


def is_shortened(text: str) -> bool:
    """Whether a spreadsheet left only the first digits of a number: "3.36E+10"."""
    found = _SCIENTIFIC.fullmatch(text.strip())
    return found is not None and len(found[2]) < int(found[3])


def _today(digits: str, country: str | None) -> str:
    """Mexican numbers as they are dialled now: libphonenumber has forgotten the ways before."""
    if not digits.startswith("+52") and (country != "MX" or digits.startswith("+")):
        return digits
    bare = re.sub(r"[\s().\-/]", "", digits)
    if found := _MEXICO_AT_HOME.fullmatch(bare):
        return f"+52{found[1]}"
    return line_of(bare)


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

    "ES." is what a WhatsApp user id begins with (Meta sheet, A.9) and names the country itself.

    By calling code, as WhatsApp does: a Jersey number is one of +44, hence GB. +1 and +7 are told by area code.
    """
    if prefix[2:3] == ".":
        return country_of_user_id(prefix)
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


def country_of_user_id(user_id: str) -> str:
    """ISO letters of a business-scoped WhatsApp id ("ES.4821907735512093"), "" for an id of another form."""
    country, point, _rest = user_id.partition(".")
    return country if point and len(country) == 2 and country in phonenumbers.SUPPORTED_REGIONS else ""
