"""Every column whose changes the audit log keeps has a name that a person knows, not the database's."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

from envoi.team.audit_fields import FIELDS

# What a trigger keeps, as the database has it: its arguments say which columns are not written down.
KEPT = """
SELECT c.table_name, c.column_name
  FROM information_schema.columns c
  JOIN pg_class r ON r.oid = format('%I.%I', c.table_schema, c.table_name)::regclass
  JOIN pg_trigger t ON t.tgrelid = r.oid
  JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE c.table_schema = current_schema() AND t.tgname LIKE 'pgtrigger_kept_%'
   AND position(quote_literal(c.column_name) IN split_part(p.prosrc, 'ARRAY', 3)) = 0
"""


@pytest.mark.django_db
def test_every_column_that_is_kept_has_words() -> None:
    with connection.cursor() as cursor:
        cursor.execute(KEPT)
        kept = cursor.fetchall()
    assert {table for table, _column in kept} == {
        model._meta.db_table
        for model in apps.get_models()
        if any(one.name == "kept" for one in getattr(model._meta, "triggers", ()))
    }
    nameless = {f"{table}.{column}" for table, column in kept if column != "id" and column not in FIELDS}
    assert nameless == set()
