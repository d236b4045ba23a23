"""The company's own currency and the rates of the others: what people set, and what follows for all orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import jobs
from ..core.errors import BadInput, NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import totals
from .amounts import currency_of
from .models import ExchangeRate, OrderSettings
from .ratetable import Line
from .worth import worth

STRETCH = 5_000
LARGEST = Decimal(10) ** 9
SMALLEST = Decimal(10) ** -9

_RIGHT = worth("o.amount - o.refunded", "o.currency", "o.at")
# The one pass over all orders, after somebody changed a rate; it changes only what is not right.
WRONG = f"SELECT DISTINCT o.contact_id FROM orders o WHERE o.value IS DISTINCT FROM {_RIGHT} ORDER BY 1"  # noqa: S608
MEND = f"""
UPDATE orders o SET value = {_RIGHT}
 WHERE o.contact_id = ANY(%(ids)s) AND o.value IS DISTINCT FROM {_RIGHT}
"""  # noqa: S608
SNAPSHOT = """
SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() AS s
"""


@transaction.atomic
def set_own_currency(currency: str, *, by: Staff | None) -> None:
    """In what currency orders are added up. Every order gets its value again, by the rates of the new currency.

    Raises BadInput.
    """
    require(by, "channels.write")
    currency = currency_of(currency)
    OrderSettings.objects.update_or_create(id=1, defaults={"currency": currency})
    note(by, "orders.currency", "orders", {"currency": currency})
    jobs.defer("orders.revalue", once="all")


@transaction.atomic
def set_rate(
    *, currency: str, day: date, rate: Decimal, source: str, by: Staff | None, instead_of: int | None = None
) -> ExchangeRate:
    """From `day` on one `currency` is worth `rate` of the company's own. Orders of that time get their value again.

    instead_of: the rate that this one corrects; it may change its day. A second rate of one day replaces the first.
    Raises BadInput and, for instead_of, NotFound.
    """
    require(by, "channels.write")
    own = _own()
    currency = currency_of(currency)
    _check(currency, day, rate, own=own)
    if instead_of is not None:
        rate_for(instead_of).delete()
    made, _created = ExchangeRate.objects.update_or_create(
        currency=currency,
        own=own,
        day=day,
        defaults={
            "rate": rate.quantize(Decimal("0.0000000001")),
            "source": source.replace("\0", "").strip()[:200],
            "changed_at": timezone.now(),
            "changed_by": by,
        },
    )
    note(by, "orders.rate", f"{currency}/{own}", {"day": day.isoformat(), "rate": str(rate)})
    jobs.defer("orders.revalue", once="all")
    return made


@transaction.atomic
def set_rates(lines: Sequence[Line], *, source: str, by: Staff | None) -> int:
    """Many rates at once, all or none; a rate of a day that has one replaces it. Returns how many. Raises BadInput."""
    require(by, "channels.write")
    own, now = _own(), timezone.now()
    for one in lines:
        try:
            _check(one.currency, one.day, one.rate, own=own)
        except BadInput as problem:
            said = {"currency": one.currency, "day": one.day.isoformat(), "problem": problem.sentence}
            raise BadInput(_("%(currency)s of %(day)s: %(problem)s") % said) from None
    # Of two of one day the last counts.
    last = {(one.currency, one.day): one.rate.quantize(Decimal("0.0000000001")) for one in lines}
    words = source.replace("\0", "").strip()[:200]
    ExchangeRate.objects.bulk_create(
        (
            ExchangeRate(currency=currency, own=own, day=day, rate=rate, source=words, changed_at=now, changed_by=by)
            for (currency, day), rate in last.items()
        ),
        update_conflicts=True,
        unique_fields=["currency", "own", "day"],
        update_fields=["rate", "source", "changed_at", "changed_by"],
    )
    note(by, "orders.rates", f"*/{own}", {"rates": len(last), "source": words})
    jobs.defer("orders.revalue", once="all")
    return len(last)


@transaction.atomic
def remove_rate(rate_id: int, *, by: Staff | None) -> None:
    """Take a rate away; the one before it holds on, or its orders have no value any more. Raises NotFound."""
    require(by, "channels.write")
    gone = rate_for(rate_id)
    gone.delete()
    note(by, "orders.rate_removed", f"{gone.currency}/{gone.own}", {"day": gone.day.isoformat()})
    jobs.defer("orders.revalue", once="all")


def rate_for(rate_id: int) -> ExchangeRate:
    """One rate. Raises NotFound."""
    found = ExchangeRate.objects.filter(pk=rate_id).first()
    if found is None:
        raise NotFound(_("There is no such rate."))
    return found


def revalue(until: int = 0) -> int:
    """Give every order the value that the rates say; returns 0, or what `until` is the next time.

    A transaction that began before the rates changed may still add orders by the old ones, unseen by this pass (an
    import takes minutes). So the pass is made again until every transaction that ran during the first has ended.
    """
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)
        oldest, newest = cursor.fetchone()
        cursor.execute(WRONG)
        ids = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(ids), STRETCH):
        _mend(ids[start : start + STRETCH])
    until = until or newest
    return until if oldest < until else 0


@transaction.atomic
def _mend(ids: list[int]) -> None:
    with connection.cursor() as cursor:
        held = totals.lock(cursor, ids)
        cursor.execute(MEND, {"ids": held})
        totals.refresh(cursor, held)


def _check(currency: str, day: date, rate: Decimal, *, own: str) -> None:
    if currency == own:
        raise BadInput(_("%(currency)s is the company’s own currency: it needs no rate.") % {"currency": currency})
    if not (rate.is_finite() and SMALLEST <= rate <= LARGEST):
        raise BadInput(_("A rate is a number above 0."))
    if day > timezone.now().date():
        raise BadInput(_("A rate can’t be known before its day."))


def _own() -> Any:
    found = OrderSettings.objects.first()
    if found is None:
        raise BadInput(_("Choose the company’s own currency first."))
    return found.currency
