"""What the database itself writes down of every change to the small tables by which the company is set up.

A trigger (`kept`) on each such table writes one row of `changes` for each row that changes, in the same transaction,
whoever changes it: an action, SQL beside it, a job, somebody with psql. Who it was comes from django-pghistory's
context (`acting`), which travels in the transaction. Why one table: docs/decisions/0021.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pghistory
import pgtrigger
from django.db import connection

# The one function behind every trigger. A secret never leaves its table: of it only that it changed is written.
KEEP = """
CREATE FUNCTION keep_change(place text, what text, old jsonb, new jsonb, keys text[], hot text[], secret text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    who jsonb := nullif(current_setting('pghistory.context_metadata', true), '')::jsonb;
    row_key text;
    one text;
BEGIN
    old := old - hot;
    new := new - hot;
    IF what = 'UPDATE' AND old = new THEN
        RETURN;
    END IF;
    SELECT string_agg(coalesce(new, old) ->> key, '/' ORDER BY n) INTO row_key
      FROM unnest(keys) WITH ORDINALITY k (key, n);
    FOREACH one IN ARRAY secret LOOP
        IF what = 'UPDATE' AND old -> one = new -> one THEN
            old := old - one;
            new := new - one;
        ELSE
            old := CASE WHEN old ? one THEN old || jsonb_build_object(one, '•') ELSE old END;
            new := CASE WHEN new ? one THEN new || jsonb_build_object(one, '••') ELSE new END;
        END IF;
    END LOOP;
    IF what = 'UPDATE' THEN
        SELECT jsonb_object_agg(k.key, old -> k.key), jsonb_object_agg(k.key, new -> k.key) INTO old, new
          FROM jsonb_object_keys(new) k (key) WHERE old -> k.key IS DISTINCT FROM new -> k.key;
    END IF;
    INSERT INTO changes (place, row_key, what, was, became, staff_id, key_id, request, way)
    VALUES (place, coalesce(row_key, ''), lower(what), old, new, (who ->> 'staff')::bigint, (who ->> 'key')::bigint,
            coalesce(who ->> 'request', ''), coalesce(who ->> 'way', ''));
END $$
"""
UNKEEP = "DROP FUNCTION keep_change(text, text, jsonb, jsonb, text[], text[], text[])"


def kept(*, key: Sequence[str] = ("id",), hot: Sequence[str] = (), secret: Sequence[str] = ()) -> pgtrigger.Trigger:
    """The trigger that writes a table's changes down.

    key: the columns that name a row. hot: columns that engines count in, and that say nothing about who decided what:
    a change of these alone is not written. secret: columns of which only that they changed is written, nothing more.
    """
    func = (
        "PERFORM keep_change(TG_TABLE_NAME::text, TG_OP, to_jsonb(OLD), to_jsonb(NEW), "
        f"{_array(key)}, {_array(hot)}, {_array(secret)}); RETURN NULL;"
    )
    return pgtrigger.Trigger(
        name="kept",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=func,
    )


@contextmanager
def acting(**who: Any) -> Iterator[None]:
    """While this lasts, every change of this thread says who (`staff`, `key`), in which `request`, by which `way`."""
    with connection.execute_wrapper(_fitting), pghistory.context(**who):
        yield


def _fitting(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Give pghistory statements to which its own can be joined, whatever whoever wrote them thought of.

    It puts `SELECT set_config(…)` with parameters before each statement that writes. So one without parameters gets
    some, and a bare % in it stays one; executemany becomes a statement for each row.
    """
    if many:
        # `execute` leads to the cursor's executemany: each row begins anew.
        result = None
        for one in params:
            result = context["cursor"].execute(sql, one)
        return result
    if params is None and isinstance(sql, str):
        return execute(sql.replace("%", "%%"), (), False, context)
    return execute(sql, params, False, context)


def _array(words: Sequence[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{word}'" for word in words) + "]::text[]"
