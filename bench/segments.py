"""How long it takes to count a segment, beside the SQL that somebody who knows the tables would write for it.

    python bench/segments.py [--people N] [--plans]

A million contacts, five orders each on average, tags, attributes, habits, two campaigns; twelve rules of rising
difficulty. Both are asked on one connection with the same settings, in turn; the best of three each. The expert's SQL
stands beside each rule: by the numbers that a person would look up (a tag's, a segment's), with the joins that the
question needs and no others. `ratio` is the median over the rules, value and baseline are the sums.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.rig import Memory, bench, result, say

TIMES = 3
SHORT = 0.4  # seconds

# (rule, what an expert writes). {vip}, {guests}: numbers looked up before.
RULES: list[tuple[str, dict[str, Any], str]] = [
    (
        "consent and language",
        {
            "all": [
                {"field": "marketing", "is": "is", "value": "granted"},
                {"field": "language", "is": "is", "value": "fr"},
            ]
        },
        """
        SELECT count(*) FROM contacts
         WHERE marketing = 'granted' AND (language = 'fr' OR language LIKE 'fr-%') AND erased_at IS NULL
        """,
    ),
    (
        "a tag",
        {"field": "tag", "is": "has", "value": "vip"},
        """
        SELECT count(*) FROM contact_tags t JOIN contacts c ON c.id = t.contact_id
         WHERE t.tag_id = {vip} AND c.erased_at IS NULL
        """,
    ),
    (
        "ordered in 30 days",
        {"field": "orders.last_days", "is": "within", "value": 30},
        """
        SELECT count(*) FROM order_totals o JOIN contacts c ON c.id = o.contact_id
         WHERE o.last_at >= now() - interval '30 days' AND c.erased_at IS NULL
        """,
    ),
    (
        "high value",
        {"field": "orders.average", "is": ">", "value": 200},
        """
        SELECT count(*) FROM order_totals o JOIN contacts c ON c.id = o.contact_id
         WHERE o.spend / NULLIF(o.orders - o.unconverted, 0) > 200 AND c.erased_at IS NULL
        """,
    ),
    (
        "agreed, has not ordered for 90 days",
        {
            "all": [
                {"field": "marketing", "is": "is", "value": "granted"},
                {"field": "orders.last_days", "is": "not_within", "value": 90},
            ]
        },
        """
        SELECT count(*) FROM contacts c LEFT JOIN order_totals o ON o.contact_id = c.id
         WHERE c.marketing = 'granted' AND c.erased_at IS NULL
           AND (o.last_at IS NULL OR o.last_at < now() - interval '90 days')
        """,
    ),
    (
        "high value and interacted in 7 days",
        {
            "all": [
                {"field": "orders.average", "is": ">", "value": 200},
                {"field": "interacted_days", "is": "within", "value": 7},
            ]
        },
        """
        SELECT count(*) FROM contacts c
          JOIN order_totals o ON o.contact_id = c.id AND o.spend / NULLIF(o.orders - o.unconverted, 0) > 200
          LEFT JOIN activity v ON v.contact_id = c.id
         WHERE c.erased_at IS NULL
           AND (c.last_inbound_at >= now() - interval '7 days' OR v.last_seen_at >= now() - interval '7 days')
        """,
    ),
    (
        "gold members with many points",
        {
            "all": [
                {"field": "attribute:level", "is": "is", "value": "gold"},
                {"field": "attribute:points", "is": ">=", "value": 500},
            ]
        },
        """
        SELECT count(*) FROM contacts
         WHERE attributes ->> 'level' = 'gold' AND erased_at IS NULL
           AND CASE WHEN jsonb_typeof(attributes -> 'points') = 'number'
                    THEN (attributes -> 'points')::numeric >= 500 END
        """,
    ),
    (
        "three orders in 90 days, four countries",
        {
            "all": [
                {"field": "orders.90", "is": ">=", "value": 3},
                {"field": "country", "is": "is", "value": ["FR", "ES", "DE", "IT"]},
            ]
        },
        """
        SELECT count(*) FROM contacts c JOIN order_totals o ON o.contact_id = c.id
         WHERE c.country IN ('FR', 'ES', 'DE', 'IT') AND c.erased_at IS NULL
           AND (o.orders_90 >= 3 AND (o.fresh_until > now() OR o.fresh_until IS NULL)
                OR o.fresh_until <= now() AND o.contact_id IN (
                   SELECT x.contact_id FROM orders x
                     JOIN order_totals s ON s.contact_id = x.contact_id AND s.fresh_until <= now()
                    WHERE x.at > now() - interval '90 days' AND (x.refunded = 0 OR x.refunded < x.amount)
                    GROUP BY x.contact_id HAVING count(*) >= 3))
        """,
    ),
    (
        "champions and loyal customers without a tag",
        {
            "all": [
                {"field": "rfm.segment", "is": "is", "value": ["champions", "loyal"]},
                {"field": "tag", "is": "has_not", "value": "vip"},
            ]
        },
        """
        SELECT count(*) FROM order_totals o JOIN contacts c ON c.id = o.contact_id
         WHERE o.last_at > '{recent}' AND o.orders > {often}
           AND c.erased_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM contact_tags t WHERE t.contact_id = o.contact_id AND t.tag_id = {vip})
        """,
    ),
    (
        "bought a product in 180 days, never wrote",
        {
            "all": [
                {"field": "product", "is": "did", "value": {"product": "SKU-1", "days": 180}},
                {"field": "wrote", "is": "no"},
            ]
        },
        """
        SELECT count(*) FROM contacts c
         WHERE c.last_inbound_at IS NULL AND c.erased_at IS NULL
           AND c.id IN (SELECT x.contact_id FROM orders x
                         WHERE x.items <> '[]'
                           AND (x.items @> '[{"sku": "SKU-1"}]' OR x.items @> '[{"name": "SKU-1"}]')
                           AND x.at >= now() - interval '180 days' AND (x.refunded = 0 OR x.refunded < x.amount))
        """,
    ),
    (
        "read a campaign, did not reply, agreed",
        {
            "all": [
                {"field": "campaign.read", "is": "did", "value": {"campaign": 7}},
                {"field": "campaign.replied", "is": "did_not", "value": {"campaign": 7}},
                {"field": "marketing", "is": "is", "value": "granted"},
            ]
        },
        """
        SELECT count(DISTINCT m.contact_id) FROM messages m JOIN contacts c ON c.id = m.contact_id
         WHERE m.campaign_id = 7 AND m.state = 'read' AND c.marketing = 'granted' AND c.erased_at IS NULL
           AND NOT EXISTS (
               SELECT 1 FROM messages r
                 JOIN messages i ON i.contact_id = r.contact_id AND i.direction = 'in'
                  AND i.created_at >= date_trunc('second', r.accepted_at)
                  AND i.created_at < r.accepted_at + interval '3 days'
                WHERE r.contact_id = m.contact_id AND r.campaign_id = 7
                  AND r.state IN ('accepted', 'sent', 'delivered', 'read'))
        """,
    ),
    (
        "tag or spend or new, not on a list, not inactive, a tenth",
        {
            "all": [
                {
                    "any": [
                        {"field": "tag", "is": "has", "value": "vip"},
                        {"field": "orders.spend", "is": ">", "value": 2000},
                        {"field": "contact.created_days", "is": "within", "value": 30},
                    ]
                },
                {"field": "segment", "is": "not_in", "value": "{guests}"},
                {"field": "inactive_days", "is": "not_since_days", "value": 90},
                {"field": "random", "is": "is", "value": {"percent": 10, "salt": "autumn"}},
            ]
        },
        """
        SELECT count(*) FROM contacts c
          LEFT JOIN order_totals o ON o.contact_id = c.id
          LEFT JOIN activity v ON v.contact_id = c.id
         WHERE c.erased_at IS NULL
           AND (hashint8extended(c.id, {seed}) & 1048575) < 104858
           AND (o.spend > 2000 OR c.created_at >= now() - interval '30 days'
                OR c.id IN (SELECT contact_id FROM contact_tags WHERE tag_id = {vip}))
           AND NOT EXISTS (SELECT 1 FROM segment_members l WHERE l.contact_id = c.id AND l.segment_id = {guests})
           AND (c.created_at >= now() - interval '90 days' OR c.last_inbound_at >= now() - interval '90 days'
                OR v.last_seen_at >= now() - interval '90 days' OR o.last_at >= now() - interval '90 days')
        """,
    ),
]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--plans", action="store_true", help="print the plans of both, for whoever tunes them")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with bench() as one:
        # Only now: they bring Django, which reads the database's address.
        shop = importlib.import_module("bench.shoppers")
        rules = importlib.import_module("envoi.segments.rules")
        counting = importlib.import_module("envoi.segments.counting")
        db = importlib.import_module("django.db")
        say(f"Making {asked.people:,} contacts and {asked.people * 5:,} orders …")
        began = time.monotonic()
        numbers = shop.make(one.url, asked.people)
        say(f"… made in {time.monotonic() - began:.0f} s")
        memory = Memory(os.getpid())
        shown: list[dict[str, Any]] = []
        with db.transaction.atomic(), db.connection.cursor() as cursor:
            cursor.execute(counting.QUICKLY)
            for name, template, expert in RULES:
                rule, statement = filled(template, numbers), expert
                for key, number in numbers.items():
                    statement = statement.replace(f"{{{key}}}", str(number))
                ours, theirs = race(
                    lambda rule=rule: counting.count(rule), lambda statement=statement: first(cursor, statement)
                )
                assert ours[1] == theirs[1], f"{name}: {ours[1]} people, the expert finds {theirs[1]}"
                live = timed(lambda rule=rule: counting.counted(rule, patience=60))[0]
                shown.append(
                    {
                        "rule": name,
                        "people": ours[1],
                        "seconds": round(ours[0], 4),
                        "expert": round(theirs[0], 4),
                        "ratio": round(ours[0] / theirs[0], 3),
                        "with_sample": round(live, 4),
                    }
                )
                say(f"{shown[-1]}")
                if asked.plans:
                    condition = rules.compile_rule(rule, at_once=True)
                    explain(
                        cursor,
                        f"SELECT count(*) FROM {condition.source} WHERE {condition.where}",  # noqa: S608
                        condition.params,
                    )
                    explain(cursor, statement, None)
        tags = keeping(RULES[5][1])
        result(
            "segments",
            value=sum(one["seconds"] for one in shown),
            unit="seconds",
            baseline="the SQL that an expert would write for each rule",
            baseline_value=sum(one["expert"] for one in shown),
            seconds=time.monotonic() - one.started,
            peak_rss_mb=memory.stop(),
            more={
                "ratio": round(statistics.median(one["ratio"] for one in shown), 4),
                "slowest": max(one["seconds"] for one in shown),
                "slowest_with_sample": max(one["with_sample"] for one in shown),
                "people": asked.people,
                "orders": shop.orders(),
                **tags,
                "rules": shown,
            },
        )


def keeping(rule: dict[str, Any]) -> dict[str, float]:
    """Seconds to put a tag that follows this rule on everybody, to look again, and to look at those of a minute."""
    actions = importlib.import_module("envoi.segments.actions")
    tagging = importlib.import_module("envoi.segments.tagging")
    db = importlib.import_module("django.db")
    tagging.start(actions.save_segment(name="Kept", rule=rule, by=None).pk, tag="kept", by=None)
    first, again = timed(tagging.keep_everybody)[0], timed(tagging.keep_everybody)[0]
    tagging.keep_touched()
    with db.connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO messages (contact_id, channel_id, direction, kind, category, state, text, provider_id)
            SELECT id, (SELECT id FROM channels), 'in', 'text', 'service', 'received', 'ok', 'late' || id
              FROM contacts WHERE id %% 200 = 0
            """,
            {},
        )
        cursor.execute("UPDATE contacts SET last_inbound_at = now() WHERE id %% 200 = 0", {})
    return {
        "tag_first_seconds": round(first, 3),
        "tag_again_seconds": round(again, 3),
        "tag_touched_seconds": round(timed(tagging.keep_touched)[0], 3),
    }


def filled(rule: Any, numbers: dict[str, Any]) -> Any:
    """The rule with its segment's number."""
    if isinstance(rule, dict):
        return {key: filled(value, numbers) for key, value in rule.items()}
    if isinstance(rule, list):
        return [filled(one, numbers) for one in rule]
    return numbers["guests"] if rule == "{guests}" else rule


def race(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[tuple[float, Any], tuple[float, Any]]:
    """The best of a few runs of each, in turn; of more where they are short."""
    runs = [(timed(ours), timed(theirs)) for _ in range(TIMES)]
    if min(runs)[0][0] < SHORT:
        runs += [(timed(ours), timed(theirs)) for _ in range(2 * TIMES)]
    return min(one for one, _ in runs), min(one for _, one in runs)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """(seconds, what it returned)."""
    began = time.monotonic()
    done = work()
    return time.monotonic() - began, done


def first(cursor: Any, statement: str) -> int:
    """The one number that a statement yields."""
    cursor.execute(statement)
    return int(cursor.fetchone()[0])


def explain(cursor: Any, statement: str, params: Any) -> None:
    """The plan as it ran, to standard error."""
    cursor.execute("EXPLAIN (ANALYZE, BUFFERS OFF) " + statement, params)
    say("\n".join(row[0] for row in cursor.fetchall()))


if __name__ == "__main__":
    main()
