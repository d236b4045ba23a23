"""Reading rules: which there are and how they fared, pools with what is left of them, calls, the FAQ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from ..core.errors import NotFound
from ..team.models import Staff
from ..team.rights import require
from . import book
from .models import FaqEntry, PromoCode, PromoPool, ReplyCall, ReplyRule, ReplySettings

# After an automatic answer, a person who takes over and a customer who opts out count for the rule within this time.
AFTERWARDS_SECONDS = 24 * 3600


def rules(staff: Staff | None) -> list[ReplyRule]:
    """Every rule, in the order in which they are asked."""
    require(staff, "replies.read")
    return list(ReplyRule.objects.order_by("position", "id"))


def rule_for(staff: Staff | None, rule_id: int) -> ReplyRule:
    """One rule. Raises NotFound."""
    require(staff, "replies.read")
    found = ReplyRule.objects.filter(pk=rule_id).first()
    if found is None:
        raise NotFound(_("There is no such rule."))
    return found


def settings(staff: Staff | None) -> ReplySettings:
    """What holds for all rules."""
    require(staff, "replies.read")
    return book.settings()


def fired_lately(staff: Staff | None, *, days: int = 7) -> dict[int, int]:
    """How often each rule fired in the last days."""
    require(staff, "replies.read")
    with connection.cursor() as cursor:
        # firings_of_rule (rule_id, at, contact): each rule's stretch of the index alone.
        cursor.execute(
            """
            SELECT r.id, (SELECT count(*) FROM rule_firings f
                           WHERE f.rule_id = r.id AND f.at > now() - make_interval(days => %(days)s))
              FROM reply_rules r
            """,
            {"days": days},
        )
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Fared:
    """How a rule fared in the last days.

    fired: messages it fired for, `held` of them without an answer; people: customers. taken_over: after so many of them
    a person wrote within 24 hours; opted_out: after so many the customer said stop within 24 hours. days: each day's.
    """

    fired: int
    held: int
    people: int
    taken_over: int
    opted_out: int
    days: Sequence[tuple[date, int]]


def fared(staff: Staff | None, rule_id: int, *, days: int = 30) -> Fared:
    """The figures of one rule."""
    require(staff, "replies.read")
    with connection.cursor() as cursor:
        # The rule's stretch of firings_of_rule; each look-up after it begins with the customer.
        cursor.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE a.held <> ''), count(DISTINCT f.contact_id),
                   count(*) FILTER (WHERE EXISTS (
                       SELECT 1 FROM message_authors w
                        WHERE w.contact_id = f.contact_id AND w.staff_id IS NOT NULL
                          AND w.at > f.at AND w.at <= f.at + make_interval(secs => %(afterwards)s))),
                   count(*) FILTER (WHERE EXISTS (
                       SELECT 1 FROM consents s
                        WHERE s.contact_id = f.contact_id AND s.purpose = 'marketing' AND s.state = 'withdrawn'
                          AND s.at > f.at AND s.at <= f.at + make_interval(secs => %(afterwards)s)))
              FROM rule_firings f
              LEFT JOIN auto_answers a ON a.contact_id = f.contact_id AND a.message_id = f.message_id
             WHERE f.rule_id = %(rule)s AND f.at > now() - make_interval(days => %(days)s)
            """,
            {"rule": rule_id, "days": days, "afterwards": AFTERWARDS_SECONDS},
        )
        fired, held, people, taken_over, opted_out = cursor.fetchone()
        cursor.execute(
            """
            SELECT d::date, (SELECT count(*) FROM rule_firings f
                              WHERE f.rule_id = %(rule)s AND f.at >= d AND f.at < d + interval '1 day')
              FROM generate_series(date_trunc('day', now()) - make_interval(days => %(days)s - 1),
                                   date_trunc('day', now()), interval '1 day') d
            """,
            {"rule": rule_id, "days": days},
        )
        return Fared(fired, held, people, taken_over, opted_out, days=cursor.fetchall())


def calls_of(staff: Staff | None, rule_id: int, *, limit: int = 20) -> list[ReplyCall]:
    """The newest calls of a rule."""
    require(staff, "replies.read")
    return list(ReplyCall.objects.filter(rule_id=rule_id).order_by("-at")[:limit])


@dataclass(frozen=True, slots=True)
class Filled:
    """A pool and what is in it. rules: the names of those that give out its codes."""

    pool: PromoPool
    left: int
    taken: int
    rules: Sequence[str]

    @property
    def is_low(self) -> bool:
        """Whether it is time to add codes."""
        return self.left <= self.pool.low_at


def pools(staff: Staff | None) -> list[Filled]:
    """Every pool, by name."""
    require(staff, "replies.read")
    counted = PromoPool.objects.annotate(
        left=Count("codes", filter=Q(codes__contact_id__isnull=True)),
        taken=Count("codes", filter=Q(codes__contact_id__isnull=False)),
    )
    using: dict[int, list[str]] = {}
    for rule in ReplyRule.objects.order_by("position", "id"):
        for action in rule.actions:
            if action["do"] == "promo":
                using.setdefault(action["pool"], []).append(rule.name)
    return [Filled(one, one.left, one.taken, using.get(one.pk, [])) for one in counted.order_by("name")]


def pool_for(staff: Staff | None, pool_id: int) -> Filled:
    """One pool. Raises NotFound."""
    found = next((one for one in pools(staff) if one.pool.pk == pool_id), None)
    if found is None:
        raise NotFound(_("There is no such pool."))
    return found


def taken_codes(staff: Staff | None, pool_id: int, *, limit: int = 50) -> list[PromoCode]:
    """The codes that were given out last."""
    require(staff, "replies.read")
    return list(PromoCode.objects.filter(pool=pool_id, taken_at__isnull=False).order_by("-taken_at")[:limit])


def entries(staff: Staff | None) -> list[FaqEntry]:
    """The FAQ, by question."""
    require(staff, "replies.read")
    return list(FaqEntry.objects.order_by("question"))


def entry_for(staff: Staff | None, entry_id: int) -> FaqEntry:
    """One question. Raises NotFound."""
    require(staff, "replies.read")
    found = FaqEntry.objects.filter(pk=entry_id).first()
    if found is None:
        raise NotFound(_("There is no such question."))
    return found
