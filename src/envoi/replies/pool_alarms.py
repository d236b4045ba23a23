"""Telling whoever may change rules that a pool of codes runs low or is empty, once for each. Runs in the worker.

Only pools whose codes a rule gives out are looked at. Codes that are added are told of again when they run low.
"""

from __future__ import annotations

from django.db import connection, transaction

from ..notifications.actions import notify
from ..notifications.models import Notification
from ..team.models import Staff
from ..team.rights import may
from .models import PromoPool, ReplyRule

Told = PromoPool.Told

# promo_codes_left (pool, id): no more of it than says whether the pool is low.
LEFT = """
SELECT count(*) FROM (
    SELECT 1 FROM promo_codes WHERE pool_id = %(pool)s AND contact_id IS NULL LIMIT %(low_at)s + 1) left_over
"""


@transaction.atomic
def look() -> int:
    """Tell of each pool that has become low or empty since the last look; returns of how many."""
    rules = giving_out()
    told = 0
    # Held until it has been told, so that two workers never tell the same; what is held is told by the other.
    pools = PromoPool.objects.select_for_update(skip_locked=True, no_key=True).order_by("pk")
    for pool in pools:
        left = _left(pool)
        state = Told.EMPTY if left == 0 else Told.LOW if left <= pool.low_at else Told.NOTHING
        names = rules.get(pool.pk, [])
        if state == pool.told or (state and not names):
            continue
        # From empty back to low: some were added, and that they are few was told before.
        if state and not (pool.told == Told.EMPTY and state == Told.LOW):
            _tell(pool, left, names)
            told += 1
        PromoPool.objects.filter(pk=pool.pk).update(told=state)
    return told


def giving_out() -> dict[int, list[str]]:
    """The names of the rules in force that give out each pool's codes, in their order."""
    names: dict[int, list[str]] = {}
    for rule in ReplyRule.objects.filter(enabled=True).order_by("position", "id"):
        for action in rule.actions:
            if action["do"] == "promo":
                names.setdefault(action["pool"], []).append(rule.name)
    return names


def _left(pool: PromoPool) -> int:
    with connection.cursor() as cursor:
        cursor.execute(LEFT, {"pool": pool.pk, "low_at": pool.low_at})
        return int(cursor.fetchone()[0])


def _tell(pool: PromoPool, left: int, rules: list[str]) -> None:
    people = [one.pk for one in Staff.objects.filter(is_active=True) if may(one, "replies.write")]
    facts = {"pool": pool.name, "rule": rules[0], "left": left}
    notify(people, Notification.Kind.CODES_LOW, link=f"/replies/codes/{pool.pk}/", facts=facts)
