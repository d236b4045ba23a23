"""The SQL of each kind of question, over `contacts c` and, where a field needs them, `order_totals o`, `activity v`.

Each function takes one question and returns a boolean expression; NULL stands for no. People's words are parameters,
always; what is put into the text here is ours. No expression holds a `%` that is no parameter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from ..orders.features import MEASURES, Measure
from ..orders.worth import COUNTS
from .known import Known

if TYPE_CHECKING:
    from .fields import Field

ACCEPTED = "('accepted', 'sent', 'delivered', 'read')"
WHOLE = 1 << 20  # parts into which the hash divides everybody
# What a customer writes in the three days after a campaign's message counts as its answer, as in the campaign's funnel.
ANSWERED = "i.created_at >= date_trunc('second', m.accepted_at) AND i.created_at < m.accepted_at + interval '3 days'"
BOUGHT = f"x.contact_id = m.contact_id AND {COUNTS.replace('o.', 'x.')} AND x.at >= m.accepted_at"


@dataclass(slots=True)
class Question:
    """One leaf, ready to be asked: `operator` is never one that says the contrary of another.

    one_of_many: it is no condition by itself but an alternative, asked of everybody at once.
    """

    field: Field
    operator: str
    value: Any
    known: Known
    params: dict[str, Any]
    one_of_many: bool = False

    def put(self, value: Any) -> str:
        """A parameter with this value, as it stands in the SQL."""
        name = f"r{len(self.params) + 1}"
        self.params[name] = value
        return f"%({name})s"

    def some(self, table: str, key: str, test: str) -> str:
        """They have a row in `table` that passes the test."""
        if self.one_of_many:
            return f"c.id IN (SELECT {key} FROM {table} WHERE {test})"  # noqa: S608
        return f"EXISTS (SELECT 1 FROM {table} WHERE {key} = c.id AND {test})"  # noqa: S608

    def ago(self, days: int) -> str:
        """The moment so many days ago."""
        return f"now() - make_interval(days => {self.put(days)})"


def same(q: Question) -> str:
    """A column that has one of a few values."""
    values = list(q.value)
    if len(values) == 1:
        return f"{q.field.column} = {q.put(values[0])}"
    return f"{q.field.column} = ANY({q.put(values)})"


def tag(q: Question) -> str:
    """By the tag's number, whose frequency PostgreSQL knows; a tag that is gone has number 0, and nobody has it."""
    ids = [q.known.tag_id(name) or 0 for name in q.value]
    which = f"= {q.put(ids[0])}" if len(ids) == 1 else f"= ANY({q.put(ids)})"
    return q.some("contact_tags t", "t.contact_id", f"t.tag_id {which}")


def language(q: Question) -> str:
    """French is French of Canada too."""
    asked = [q.put(code) for code in q.value]
    return "(" + " OR ".join(f"c.language = {one} OR starts_with(c.language, {one} || '-')" for one in asked) + ")"


def number(q: Question) -> str:
    """A comparison of numbers; who has no row at all counts as `none`, when the field says so."""
    column = q.field.column
    if q.operator == "between":
        low, high = q.value
        if q.field.none is not None and low <= q.field.none <= high:
            column = f"COALESCE({column}, {q.field.none})"
        return f"{column} BETWEEN {q.put(low)} AND {q.put(high)}"
    if q.field.none is not None and q.field.holds_for_none(q.operator, q.value):
        column = f"COALESCE({column}, {q.field.none})"
    return f"{column} {q.operator} {q.put(q.value)}"


def window(q: Question) -> str:
    """Orders of the last days. A stored count holds until `fresh_until`; the few that do not are counted anew.

    They are counted once, as a set and not one by one: a question inside the condition would leave the whole statement
    to one core. The worker keeps them few (orders.windows).
    """
    days = int(q.field.name.removeprefix("orders."))
    column = f"o.orders_{days}"
    fresh = number(replace(q, field=replace(q.field, column=column)))
    counts_none = q.value[0] == 0 if q.operator == "between" else q.field.holds_for_none(q.operator, q.value)
    having = number(replace(q, field=replace(q.field, column="count(*)", none=None)))
    stale = (
        "SELECT x.contact_id FROM orders x"  # noqa: S608
        " WHERE x.contact_id IN (SELECT s.contact_id FROM order_totals s WHERE s.fresh_until <= now())"
        f" AND x.at > now() - interval '{days * 24} hours' AND {COUNTS.replace('o.', 'x.')}"
        f" GROUP BY x.contact_id HAVING {f'NOT ({having})' if counts_none else having}"
    )
    return (
        f"(({fresh} AND (o.fresh_until <= now()) IS NOT TRUE)"
        f" OR (o.fresh_until <= now() AND o.contact_id {'NOT IN' if counts_none else 'IN'} ({stale})))"
    )


def moment(q: Question) -> str:
    """A time that is so many days ago at most, or on this or that side of a day (UTC)."""
    match q.operator:
        case "within":
            return _reaches(q, q.ago(q.value))
        case "since":
            return _reaches(q, f"{q.put(q.value)}::date")
        case _:
            return f"{q.field.column} < {q.put(q.value)}::date"


def _reaches(q: Question, moment: str) -> str:
    """The latest of a field's times is at `moment` or later: any of them is, which PostgreSQL can estimate."""
    if not q.field.columns:
        return f"{q.field.column} >= {moment}"
    return "(" + " OR ".join(f"{one} >= {moment}" for one in q.field.columns) + ")"


def inactive(q: Question) -> str:
    """Neither wrote, read nor ordered for so long, and has been known for longer."""
    since = q.ago(q.value)
    return (
        f"(c.created_at < {since} AND (c.last_inbound_at >= {since} OR v.last_seen_at >= {since}"
        f" OR o.last_at >= {since}) IS NOT TRUE)"
    )


def name(q: Question) -> str:
    """Part of a name, by the index that the contact list searches with; capitals do not matter."""
    match q.operator:
        case "set":
            return "c.name <> ''"
        case "is":
            return f"upper(c.name) LIKE upper({q.put(_like(q.value))})"
        case "starts":
            return f"upper(c.name) LIKE upper({q.put(_like(q.value) + '%')})"
        case _:
            return f"upper(c.name) LIKE upper({q.put('%' + _like(q.value) + '%')})"


def yes(q: Question) -> str:
    """What the field's own condition says."""
    return q.field.column


def text_attribute(q: Question) -> str:
    """Text under a key; capitals do not matter."""
    found = _attribute(q)
    match q.operator:
        case "set":
            return f"{found} <> ''"
        case "is":
            return f"lower({found}) = lower({q.put(q.value)})"
        case "starts":
            return f"starts_with(lower({found}), lower({q.put(q.value)}))"
        case _:
            return f"strpos(lower({found}), lower({q.put(q.value)})) > 0"


def choice_attribute(q: Question) -> str:
    """One of the choices under a key."""
    found = _attribute(q)
    return f"{found} <> ''" if q.operator == "set" else f"{found} = ANY({q.put(list(q.value))})"


def number_attribute(q: Question) -> str:
    """A number under a key; what stands there and is no number is as if it were not there."""
    key = q.put(q.field.key)
    if q.operator == "set":
        return f"jsonb_typeof(c.attributes -> {key}) = 'number'"
    found = f"CASE WHEN jsonb_typeof(c.attributes -> {key}) = 'number' THEN (c.attributes -> {key})::numeric END"
    if q.operator == "between":
        low, high = q.value
        return f"({found}) BETWEEN {q.put(low)} AND {q.put(high)}"
    return f"({found}) {q.operator} {q.put(q.value)}"


def boolean_attribute(q: Question) -> str:
    """True under a key."""
    key = q.put(q.field.key)
    if q.operator == "set":
        return f"jsonb_typeof(c.attributes -> {key}) = 'boolean'"
    return f"(c.attributes -> {key}) = 'true'::jsonb"


# The days of a stretch as "MM-DD"; who was born on a 29 February celebrates on the 28th where there is no 29th.
ANNIVERSARIES = (
    "ARRAY(SELECT to_char(d, 'MM-DD') FROM generate_series({first}, {last}, interval '1 day') d"
    " UNION ALL SELECT '02-29' FROM generate_series({first}, {last}, interval '1 day') d"
    " WHERE to_char(d, 'MM-DD') = '02-28' AND to_char(d + interval '1 day', 'MM-DD') = '03-01')"
)


def date_attribute(q: Question) -> str:
    """A date under a key, written 2026-03-01: such texts are ordered as their days are. Today is today in UTC."""
    found = f'({_attribute(q)} COLLATE "C")'
    day = f"{found} LIKE '____-__-__'"
    match q.operator:
        case "set":
            return day
        case "on":
            return f"{found} = {q.put(_iso(q.value))}"
        case "since":
            return f"({day} AND {found} >= {q.put(_iso(q.value))})"
        case "before":
            return f"({day} AND {found} < {q.put(_iso(q.value))})"
        case "between_dates":
            low, high = q.value
            return f"({day} AND {found} BETWEEN {q.put(_iso(low))} AND {q.put(_iso(high))})"
        case "within":
            first, last = f"now() - make_interval(days => {q.put(q.value)})", "now()"
        case "coming":
            first, last = "now()", f"now() + make_interval(days => {q.put(q.value)})"
        case "anniversary_week":
            monday = "date_trunc('week', now())"
            days = ANNIVERSARIES.format(first=monday, last=f"{monday} + interval '6 days'")
            return f"({day} AND substr({found}, 6) = ANY({days}))"
        case _:
            today = "date_trunc('day', now())"
            # A year has every day: more than that need not be written out.
            span = min(q.value, 366)
            days = ANNIVERSARIES.format(first=today, last=f"{today} + make_interval(days => {q.put(span)})")
            return f"({day} AND substr({found}, 6) = ANY({days}))"
    return f"({day} AND {found} BETWEEN to_char({first}, 'YYYY-MM-DD') AND to_char({last}, 'YYYY-MM-DD'))"


def product(q: Question) -> str:
    """Bought something of this article number or name; partial index orders_by_item, either way it is asked."""
    wanted = q.value["product"]
    tests = " OR ".join(f"x.items @> {q.put(json.dumps([{key: wanted}]))}::jsonb" for key in ("sku", "name"))
    when = f" AND x.at >= {q.ago(q.value['days'])}" if q.value["days"] else ""
    counts = COUNTS.replace("o.", "x.")
    return q.some("orders x", "x.contact_id", f"x.items <> '[]'::jsonb AND ({tests}) AND {counts}{when}")


def score_between(q: Question, measure: Measure, low: int, high: int) -> str:
    """A score from `low` to `high`, as comparisons with the bounds themselves.

    The newest bounds are looked up while compiling: PostgreSQL sees how many lie beyond them, and an index can answer.
    """
    bounds = q.known.bounds(measure)
    low, high = max(low, 1), min(high, 5)
    if len(bounds) != 4 or low > high:
        # Without bounds there are no scores.
        return "false"
    column = MEASURES[measure]
    parts = [f"{column} > {q.put(bounds[low - 2])}"] if low > 1 else []
    parts += [f"{column} <= {q.put(bounds[high - 1])}"] if high < 5 else []
    return " AND ".join(parts) or f"{column} IS NOT NULL"


def score(q: Question) -> str:
    """A comparison with a score."""
    match q.operator:
        case "between":
            low, high = q.value
        case "=":
            low, high = q.value, q.value
        case "<" | "<=":
            low, high = 1, q.value - (q.operator == "<")
        case _:
            low, high = q.value + (q.operator == ">"), 5
    return f"({score_between(q, q.field.measure, low, high)})"


def rfm(q: Question) -> str:
    """One of the named groups: each is a rectangle of scores (fields.RFM)."""
    return (
        "("
        + " OR ".join(
            f"({score_between(q, 'recency', *q.field.areas[one][0])} AND"
            f" {score_between(q, 'frequency', *q.field.areas[one][1])})"
            for one in q.value
        )
        + ")"
    )


def campaign(q: Question) -> str:
    """What became of a campaign's message to them, of any campaign's when none is named."""
    which = f"m.campaign_id = {q.put(q.value['campaign'])}" if q.value["campaign"] else "m.campaign_id IS NOT NULL"
    days = q.value["days"]
    what = q.field.name.removeprefix("campaign.")
    states = {"got": "('delivered', 'read')", "read": "('read')"}.get(what, ACCEPTED)
    test = f"{which} AND m.state IN {states}"
    if what == "bought":
        until = f"m.accepted_at + make_interval(days => {q.put(days or 7)})"
        test += f" AND EXISTS (SELECT 1 FROM orders x WHERE {BOUGHT} AND x.at < {until})"  # noqa: S608
        return q.some("messages m", "m.contact_id", test)
    if days:
        test += f" AND m.accepted_at >= {q.ago(days)}"
    answer = "SELECT 1 FROM messages i WHERE i.contact_id = m.contact_id AND i.direction = 'in'"
    if what == "replied":
        test += f" AND EXISTS ({answer} AND {ANSWERED})"
    if what == "clicked":
        test += (
            f" AND EXISTS ({answer} AND i.kind IN ('button', 'interactive')"
            f" AND (i.reply_to = m.provider_id OR (i.reply_to = '' AND {ANSWERED})))"
        )
    return q.some("messages m", "m.contact_id", test)


def random_share(q: Question) -> str:
    """A share drawn by a hash of the contact's number and the rule's own salt: the same people whenever it is asked.

    hashint8extended is what PostgreSQL partitions tables with, so that it stays as it is from version to version.
    """
    below = q.put(round(q.value["percent"] * WHOLE / 100))
    return f"(hashint8extended(c.id, {q.put(q.value['seed'])}) & {WHOLE - 1}) < {below}"


def _attribute(q: Question) -> str:
    return f"(c.attributes ->> {q.put(q.field.key)})"


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _iso(day: date) -> str:
    return day.isoformat()
