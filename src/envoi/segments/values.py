"""The value of a leaf: what people or the API gave, as its field and operator take it, or a sentence."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from .errors import BadRule
from .fields import NUMBERS, SEVERAL, Field
from .operators import WITH_DATE, WITH_DAYS, WITHOUT_VALUE

MOST_DAYS = 36_500
MOST_VALUES = 100
LONGEST_TEXT = 200
LARGEST = 10**12


def value_of(field: Field, operator: str, value: Any) -> Any:
    """The value as the field takes it: several words as a tuple, dates as dates, money as Decimal. Raises BadRule."""
    if operator in WITHOUT_VALUE:
        return None
    if operator in WITH_DAYS:
        return _days(field, value)
    if operator == "between_dates":
        low, high = _pair(field, value)
        return _in_order(field, _date(field, low), _date(field, high))
    if operator in WITH_DATE:
        return _date(field, value)
    if operator == "between":
        low, high = _pair(field, value)
        return _in_order(field, _number(field, low), _number(field, high))
    if field.kind in NUMBERS:
        return _number(field, value)
    match field.kind:
        case "campaign":
            return _campaign(field, value)
        case "product":
            return _product(field, value)
        case "random":
            return _random(field, value)
        case "segment":
            return _id(field, value)
        case kind if kind in SEVERAL:
            given = value if isinstance(value, list | tuple) else [value]
            if not 1 <= len(given) <= MOST_VALUES:
                raise _needs_value(field)
            return tuple(dict.fromkeys(_one_of(field, one) for one in given))
        case _:
            return _text(field, value, LONGEST_TEXT)


def _one_of(field: Field, value: Any) -> Any:
    if field.kind == "staff":
        return _id(field, value)
    if field.choices:
        if value not in [known for known, _label in field.choices]:
            raise BadRule(_("“%(field)s” can't be “%(value)s”.") % {"field": field.label, "value": str(value)[:60]})
        return value
    text = _text(field, value, 60)
    return {"country": text.upper(), "language": text.lower().replace("_", "-")}.get(field.kind, text)


def _needs_value(field: Field) -> BadRule:
    return BadRule(_("“%(field)s” needs a value.") % {"field": field.label})


def _text(field: Field, value: Any, longest: int) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > longest or "\0" in text:
        raise _needs_value(field)
    return text


def _number(field: Field, value: Any) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        raise BadRule(_("“%(field)s” needs a number.") % {"field": field.label})
    lowest = -LARGEST if field.kind == "number" else 0
    if not lowest <= value <= LARGEST:
        raise BadRule(_("The number for “%(field)s” is out of range.") % {"field": field.label})
    if field.kind in ("money", "number"):
        return Decimal(str(value))
    if value != int(value):
        raise BadRule(_("“%(field)s” needs a whole number.") % {"field": field.label})
    return int(value)


def _days(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadRule(_("“%(field)s” needs a number.") % {"field": field.label})
    if not 0 <= value <= MOST_DAYS:
        raise BadRule(_("The number for “%(field)s” is out of range.") % {"field": field.label})
    if value != int(value):
        raise BadRule(_("“%(field)s” needs a whole number.") % {"field": field.label})
    return int(value)


def _date(field: Field, value: Any) -> date:
    try:
        # Ten characters: 2026-03-01 and none of ISO 8601's rarer ways.
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise BadRule(_("“%(field)s” needs a date.") % {"field": field.label})
    return day


def _pair(field: Field, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise BadRule(_("“%(field)s” between needs two values.") % {"field": field.label})
    return value[0], value[1]


def _in_order(field: Field, low: Any, high: Any) -> tuple[Any, Any]:
    if low > high:
        raise BadRule(_("“%(field)s” between needs the smaller value first.") % {"field": field.label})
    return low, high


def _id(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise BadRule(_("“%(field)s” needs a value: choose one.") % {"field": field.label})
    return value


def _optional_days(field: Field, value: Mapping[str, Any]) -> int | None:
    days = value.get("days")
    return _days(field, days) if days else None


def _campaign(field: Field, value: Any) -> dict[str, Any]:
    """{"campaign": id or null for any, "days": number or null}; a bare id is that campaign."""
    given = value if isinstance(value, Mapping) else {"campaign": value}
    if not given.keys() <= {"campaign", "days"}:
        raise _needs_value(field)
    which = given.get("campaign")
    return {"campaign": _id(field, which) if which else None, "days": _optional_days(field, given)}


def _product(field: Field, value: Any) -> dict[str, Any]:
    """{"product": number or name, "days": number or null}; a bare text is that product."""
    given = value if isinstance(value, Mapping) else {"product": value}
    if not given.keys() <= {"product", "days"}:
        raise _needs_value(field)
    return {"product": _text(field, given.get("product"), 120), "days": _optional_days(field, given)}


def _random(field: Field, value: Any) -> dict[str, Any]:
    """{"percent": more than 0 and up to 100, "salt": what this sample is drawn with}."""
    if not isinstance(value, Mapping) or not value.keys() <= {"percent", "salt"}:
        raise _needs_value(field)
    percent, salt = value.get("percent"), value.get("salt", "")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 < percent <= 100:
        raise BadRule(_("A random sample is more than 0 and at most 100 percent."))
    if not isinstance(salt, str) or len(salt) > 60:
        raise _needs_value(field)
    seed = int.from_bytes(hashlib.sha256(salt.encode("utf-8", "surrogatepass")).digest()[:8], signed=True)
    return {"percent": percent, "salt": salt, "seed": seed}
