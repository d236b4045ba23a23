"""Takes a whole import back: who it made and has nothing else goes, what it changed is as before unless changed since.

Consent is a ledger that only grows: what a file said of somebody who stays gets a line against it. All of it happens in
one transaction, or nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Protocol

import psycopg
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from ..core.errors import Problem
from . import consents
from .board import Board
from .changed import note_all_changed
from .importing import SETTINGS, WRITING, unchecked
from .models import Contact, Import
from .working import work_on

log = logging.getLogger(__name__)

# What an undo needs is kept for so long.
KEPT = timedelta(days=90)

# Untouched since: nothing written on the record, nothing heard, nothing sent. In the order of ids, as everybody locks.
GOING = """
CREATE TEMPORARY TABLE going ON COMMIT DROP AS
SELECT id FROM contacts
 WHERE import_id = %(import)s AND updated_at = created_at AND last_inbound_at IS NULL
 ORDER BY id FOR UPDATE
"""
# A consent from elsewhere, and whatever any other table knows of them: they stay.
OTHER_CONSENT = """
DELETE FROM going g USING consents e WHERE e.contact_id = g.id AND e.proof <> %(proof)s
"""
ELSEWHERE = "DELETE FROM going g USING {table} o WHERE o.{column} = g.id"
# A tag that somebody, or a later file, put on keeps them too; one that a rule put on does not.
OTHER_TAG = """
DELETE FROM going g USING contact_tags t
 WHERE t.contact_id = g.id AND NOT t.by_rule
   AND t.at > (SELECT finished_at FROM imports WHERE id = %(import)s)
"""
# What belongs to a contact as the import made it, and goes with them.
PARTS = ("identities", "consents", "contact_tags", "import_changes", "changed_contacts")
PART = "DELETE FROM {table} p USING going g WHERE p.contact_id = g.id"
GO = "DELETE FROM contacts c USING going g WHERE c.id = g.id"

HELD = """
CREATE TEMPORARY TABLE staying ON COMMIT DROP AS
SELECT c.id, c.import_id IS NOT DISTINCT FROM %(import)s AS made
  FROM contacts c
 WHERE c.import_id = %(import)s
    OR c.id IN (SELECT contact_id FROM import_changes WHERE import_id = %(import)s)
 ORDER BY c.id FOR NO KEY UPDATE
"""
FIELDS = """
UPDATE contacts c
   SET phone = CASE WHEN c.phone IS NOT DISTINCT FROM (i.fields -> 'phone' ->> 1) AND i.fields ? 'phone'
                    THEN i.fields -> 'phone' ->> 0 ELSE c.phone END,
       name = CASE WHEN c.name = i.fields -> 'name' ->> 1 THEN i.fields -> 'name' ->> 0 ELSE c.name END,
       language = CASE WHEN c.language = i.fields -> 'language' ->> 1
                       THEN i.fields -> 'language' ->> 0 ELSE c.language END,
       country = CASE WHEN c.country = i.fields -> 'country' ->> 1
                      THEN i.fields -> 'country' ->> 0 ELSE c.country END,
       timezone = CASE WHEN c.timezone = i.fields -> 'timezone' ->> 1
                       THEN i.fields -> 'timezone' ->> 0 ELSE c.timezone END,
       attributes = CASE WHEN i.fields ? 'attributes' THEN {attributes} ELSE c.attributes END,
       updated_at = now()
  FROM import_changes i
 WHERE i.contact_id = c.id AND i.import_id = %(import)s AND i.fields <> '{{}}'
"""
# Key by key: one that says something else by now is left as it is.
ATTRIBUTES = """
(SELECT COALESCE(jsonb_object_agg(key, value), '{}')
   FROM (SELECT key, CASE WHEN (was -> key) IS DISTINCT FROM (became -> key)
                           AND (c.attributes -> key) IS NOT DISTINCT FROM (became -> key)
                          THEN was -> key ELSE c.attributes -> key END AS value
           FROM (SELECT i.fields -> 'attributes' -> 0 AS was, i.fields -> 'attributes' -> 1 AS became) AS change
          CROSS JOIN LATERAL jsonb_object_keys(c.attributes || was || became) AS key) AS member
  WHERE value IS NOT NULL)
"""
KEYS = """
DELETE FROM identities d
 USING import_changes i CROSS JOIN LATERAL jsonb_array_elements(i.keys) AS k, contacts c
 WHERE i.import_id = %(import)s AND d.contact_id = i.contact_id AND c.id = i.contact_id
   AND d.kind = k ->> 0 AND d.value = k ->> 1 AND (d.kind <> 'phone' OR c.phone IS DISTINCT FROM d.value)
"""
TAGS = """
DELETE FROM contact_tags t USING import_changes i
 WHERE i.import_id = %(import)s AND t.contact_id = i.contact_id AND t.tag_id = ANY(i.tags)
"""
# The words that came with the file, once nobody has them and nothing names them. Segments name tags by their words:
# tables of apps above are read by name, as segments reads campaigns (docs/decisions/0018).
EMPTY_TAGS = """
DELETE FROM tags t
 WHERE t.import_id = %(import)s AND NOT EXISTS (SELECT 1 FROM contact_tags c WHERE c.tag_id = t.id)
   AND NOT EXISTS (SELECT 1 FROM auto_tags a WHERE a.tag_id = t.id)
   AND NOT EXISTS (SELECT 1 FROM segments s
                    WHERE jsonb_path_exists(s.rule, 'strict $.** ? (@ == $name)', jsonb_build_object('name', t.name)))
"""
FORGET = "DELETE FROM import_changes WHERE import_id = %(import)s"

FINISH = """
UPDATE imports
   SET state = 'undone', finished_at = clock_timestamp(), bytes_done = bytes_total,
       rows_undone = %(undone)s, rows_kept = %(kept)s
 WHERE id = %(import)s AND state = 'undoing'
"""

PRUNE = """
DELETE FROM {table}
 WHERE import_id IN (SELECT id FROM imports WHERE finished_at < now() - make_interval(days => %(days)s))
"""


class Taken(Protocol):
    """How an app takes back what its files brought: returns how much went, and how much stays changed since."""

    def __call__(self, cursor: Any, one: Import, step: Callable[[], None]) -> tuple[int, int]: ...


def run(import_id: int) -> None:
    """Take back an import of contacts; safe to run twice."""
    undo(import_id, take_contacts_back)


def undo(import_id: int, take_back: Taken) -> None:
    """Take back one import, or say in its row why not."""
    with work_on(import_id, (Import.State.UNDOING,)) as work:
        if work is None:
            return
        one, board = work
        try:
            board.begin_undo()
            _take(one, take_back, board)
        except Problem as problem:
            board.end(Import.State.FINISHED, problem.sentence)
        except (OperationalError, psycopg.OperationalError):
            connection.close()
            raise
        except Exception:
            log.exception("undo of import %s", import_id)
            board.end(Import.State.FINISHED, _("Undoing stopped on an error of Envoi's own. Nothing was changed."))
            raise


def take_contacts_back(cursor: Any, one: Import, step: Callable[[], None]) -> tuple[int, int]:
    """Contacts as they were before this import."""
    proof = consents.proof_of_import(one.pk, one.file_name)
    given: dict[str, int | str] = {"import": one.pk, "proof": proof}
    cursor.execute(GOING, given)
    cursor.execute("ANALYZE going")
    step()
    cursor.execute(OTHER_CONSENT, given)
    cursor.execute(OTHER_TAG, given)
    for table, column in _relatives(cursor):
        cursor.execute(ELSEWHERE.format(table=table, column=column))
    step()
    with unchecked(cursor):
        for table in PARTS:
            cursor.execute(PART.format(table=table))
            step()
        cursor.execute(GO)
        undone: int = cursor.rowcount
    step()
    cursor.execute(HELD, given)
    cursor.execute(FIELDS.format(attributes=ATTRIBUTES), given)
    for statement in (KEYS, TAGS):
        cursor.execute(statement, given)
    step()
    consents.take_back_import(cursor, one.pk, proof)
    note_all_changed(cursor, "staying", "id")
    cursor.execute("SELECT count(*) FROM staying WHERE made")
    (kept,) = cursor.fetchone()
    cursor.execute("SELECT count(*) FROM import_changes WHERE import_id = %(import)s", given)
    undone += cursor.fetchone()[0]
    cursor.execute(FORGET, given)
    cursor.execute(EMPTY_TAGS, given)
    return undone, kept


def forget_old(tables: Iterable[str]) -> int:
    """Let go of what undos of old imports would need; returns how many rows that were."""
    gone = 0
    for table in tables:
        with connection.cursor() as cursor:
            cursor.execute(PRUNE.format(table=table), {"days": KEPT.days})
            gone += cursor.rowcount
    return gone


def _take(one: Import, take_back: Taken, board: Board) -> None:
    steps = 10
    done = 0

    def step() -> None:
        nonlocal done
        done = min(done + 1, steps - 1)
        board.share(done, steps)

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITING])
        undone, kept = take_back(cursor, one, step)
        cursor.execute(FINISH, {"import": one.pk, "undone": undone, "kept": kept})


def _relatives(cursor: Any) -> list[tuple[str, str]]:
    """Tables of any app that know contacts, beside what goes with them, and the column that names one."""
    quote = connection.ops.quote_name
    known = {
        (relation.related_model._meta.db_table, str(relation.field.column))
        for relation in Contact._meta.related_objects
    }
    cursor.execute(
        """SELECT c.table_name, c.column_name FROM information_schema.columns c
             JOIN information_schema.tables t USING (table_schema, table_name)
            WHERE c.table_schema = current_schema() AND c.column_name = 'contact_id' AND t.table_type = 'BASE TABLE'"""
    )
    known |= set(cursor.fetchall())
    return [(quote(table), quote(column)) for table, column in sorted(known) if table not in PARTS]
