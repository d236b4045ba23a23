"""Counting and sampling people while somebody edits a rule: one statement, never longer than a page may wait.

A newer question from the same page ends the one before it in the database as well: nobody waits for an answer that
nobody will read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from ..contacts.models import Contact
from .compiling import Condition, compile_rule
from .errors import Superseded, TooSlow
from .known import Known

PATIENCE_SECONDS = 5.0
COMMON = 0.01

# A million rows are read without compiling anything; a hash of a million numbers fits into memory.
MEMORY = "128MB"
QUICKLY = f"SELECT set_config('work_mem', '{MEMORY}', true), set_config('jit', 'off', true)"
SETTINGS = f"""
{QUICKLY}, set_config('statement_timeout', %(patience)s, true), set_config('application_name', %(name)s, true)
"""
# Of the same page, at work, and not this one. The name is theirs for the length of their statement only.
END_THE_ONE_BEFORE = """
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
 WHERE application_name = %(name)s AND state = 'active' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people a rule chooses now, and the newest few of them."""

    people: int
    sample: Sequence[Contact]


def count(rule: Mapping[str, Any]) -> int:
    """How many contacts the rule chooses now, however long it takes. Raises BadRule."""
    condition = compile_rule(rule, at_once=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(QUICKLY)
        cursor.execute(f"SELECT count(*) FROM {condition.source} WHERE {condition.where}", condition.params)  # noqa: S608
        return int(cursor.fetchone()[0])


def sample(rule: Mapping[str, Any], limit: int = 10) -> list[Contact]:
    """The newest few contacts that the rule chooses. Raises BadRule."""
    condition = compile_rule(rule)
    parameters = {**condition.params, "_limit": limit}
    sql = f"SELECT c.* FROM {condition.source} WHERE {condition.where} ORDER BY c.id DESC LIMIT %(_limit)s"  # noqa: S608
    return list(Contact.objects.raw(sql, parameters))


def counted(
    rule: Mapping[str, Any],
    *,
    limit: int = 6,
    asker: str = "",
    patience: float = PATIENCE_SECONDS,
    known: Known | None = None,
) -> Counted:
    """Count and sample, in one transaction.

    asker: the page that asks; an earlier question of its is ended. Raises BadRule, TooSlow after `patience` seconds,
    Superseded when a newer question ended this one.
    """
    condition = compile_rule(rule, known, at_once=True)
    name = f"envoi counts {asker}"[:60] if asker else "envoi counts"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if asker:
                cursor.execute(END_THE_ONE_BEFORE, {"name": name})
            cursor.execute(SETTINGS, {"patience": f"{round(patience * 1000)}ms", "name": name})
            people, ids = _ask(cursor, condition, limit)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        if "statement timeout" in str(error.__cause__):
            about = estimate(condition)
            raise TooSlow(
                _("Counting takes longer than %(seconds)d seconds: this is PostgreSQL’s own estimate.")
                % {"seconds": patience},
                about,
            ) from error
        raise Superseded(_("A newer question has taken this one’s place.")) from error
    found = {one.pk: one for one in Contact.objects.filter(pk__in=ids)}
    return Counted(people, [found[one] for one in ids if one in found])


def estimate(condition: Condition) -> int:
    """How many the planner expects: quick, and only as good as its statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {condition.source} WHERE {condition.where}",  # noqa: S608
            condition.params,
        )
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])


def _ask(cursor: Any, condition: Condition, limit: int) -> tuple[int, list[int]]:
    cursor.execute(f"SELECT count(*) FROM {condition.source} WHERE {condition.where}", condition.params)  # noqa: S608
    (people,) = cursor.fetchone()
    if not limit or not people:
        return int(people), []
    cursor.execute("SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = 'contacts'::regclass")
    (everybody,) = cursor.fetchone()
    # Where many pass, the newest are met soon on the way down the index of ids. Where few do, that way may be a million
    # long, whatever the planner hopes: then they are looked for as the count was.
    found = f"SELECT c.id FROM {condition.source} WHERE {condition.where}"  # noqa: S608
    if people < everybody * COMMON:
        found = f"WITH found AS MATERIALIZED ({found}) SELECT c.id FROM found c"  # noqa: S608
    cursor.execute(f"{found} ORDER BY c.id DESC LIMIT %(_limit)s", {**condition.params, "_limit": limit})
    return int(people), [row[0] for row in cursor.fetchall()]
