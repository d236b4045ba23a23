"""What belongs to a contact, table by table: what happens to it when two are merged, handed out, or erased.

Every app declares its own tables (`BELONGINGS`), `records` gathers them, and the statements here are the same for all.
A row moves by DELETE and INSERT, since on a cluster the contact says on which shard it is. A test compares the
declarations with the tables that have a contact_id: none can be forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Belonging:
    """One table whose rows have a contact_id.

    key: what tells the rows of one contact apart. When two contacts become one:
    "move": rows go along. Of two that are equal in `same` (of those rows for which `same_where` holds) the kept
    contact's stays and the other is put by, unless `mark` names a flag that lets both stay; columns in `greatest` take
    the greater value, those in `least` the lesser, those in `along` the value beside the greater of the column named.
    "point": rows are found by something else (an identity by its value) and name another contact from then on.
    "derive": rows are worked out anew by their app. "stay": rows run out by themselves and name nobody.
    erase: "delete", "keep", or the columns to set, as SQL, with `erase_where` saying which rows.
    hidden: columns that mean nothing to the person whose data they are.
    """

    table: str
    key: tuple[str, ...] = ("id",)
    merge: Literal["move", "point", "derive", "stay"] = "move"
    same: tuple[str, ...] = ()
    same_where: str = "true"
    mark: str = ""
    greatest: tuple[str, ...] = ()
    least: tuple[str, ...] = ()
    along: Mapping[str, str] = field(default_factory=dict)
    erase: Literal["delete", "keep"] | Mapping[str, str] = "delete"
    erase_where: str = "true"
    export: bool = True
    hidden: tuple[str, ...] = ()


@dataclass(slots=True)
class Saved:
    """What an undo needs of one table: moved keys, rows put by, rows of the kept contact before and after."""

    moved: Rows = field(default_factory=list)
    marked: Rows = field(default_factory=list)
    held: Rows = field(default_factory=list)
    before: Rows = field(default_factory=list)
    after: Rows = field(default_factory=list)


BELONGINGS: tuple[Belonging, ...] = (
    Belonging("identities", key=("kind", "value", "scope"), merge="point"),
    Belonging(
        "consents",
        hidden=("by_id",),
        # The proof of a withdrawal outlives the person's record; of a yes only that it was given, and when.
        erase={"text": "''", "proof": "''", "by_id": "NULL"},
        erase_where="state <> 'withdrawn'",
    ),
    Belonging("contact_tags", key=("tag_id",), same=("tag_id",)),
    Belonging("notes"),
    Belonging("contact_events"),
    # Lives for a minute: whoever follows facts looks at them once more.
    Belonging("changed_contacts", key=("at",), same=("at",), export=False),
    # Only for undoing an import; it goes by itself after some months.
    Belonging("import_changes", key=("import_id",), same=("import_id",), export=False),
)


def clashes(cursor: Any, one: Belonging, *, gone: int, kept: int) -> int:
    """How many rows of the one who goes the kept contact has already."""
    if not one.same or one.merge != "move":
        return 0
    cursor.execute(f"SELECT count(*) FROM {one.table} g WHERE {_clash(one)}", {"gone": gone, "kept": kept})  # noqa: S608
    return int(cursor.fetchone()[0])


def count(cursor: Any, one: Belonging, contact_id: int) -> int:
    """How many rows of this table are theirs."""
    cursor.execute(f"SELECT count(*) FROM {one.table} WHERE contact_id = %(id)s", {"id": contact_id})  # noqa: S608
    return int(cursor.fetchone()[0])


def move(cursor: Any, one: Belonging, *, gone: int, kept: int) -> Saved:
    """Give the rows of `gone` to `kept`, in the caller's transaction, who holds both contacts."""
    saved, ids = Saved(), {"gone": gone, "kept": kept}
    if one.merge == "derive":
        cursor.execute(f"DELETE FROM {one.table} WHERE contact_id = %(gone)s", ids)  # noqa: S608
    elif one.merge == "point":
        keys = ", ".join(f"'{name}', {name}" for name in one.key)
        cursor.execute(
            f"""UPDATE {one.table} SET contact_id = %(kept)s WHERE contact_id = %(gone)s
                RETURNING jsonb_build_object({keys})""",  # noqa: S608
            ids,
        )
        saved.moved = rows_of(cursor)
    elif one.merge == "move":
        if one.mark:
            saved.marked = _mark(cursor, one, ids)
        elif one.same:
            _put_by(cursor, one, saved, ids)
        saved.moved = _carry(cursor, one, "contact_id = %(from)s", {"from": gone, "to": kept})
    return saved


def move_back(cursor: Any, one: Belonging, saved: Saved, *, gone: int, kept: int) -> None:
    """Undo `move`. What has come to the kept contact since stays there; what was deleted since is not made again."""
    keys = {"from": kept, "to": gone, "keys": json.dumps(saved.moved), "marked": json.dumps(saved.marked)}
    if one.merge == "derive":
        cursor.execute(f"DELETE FROM {one.table} WHERE contact_id = %(kept)s", {"kept": kept})  # noqa: S608
    elif one.merge == "point":
        cursor.execute(
            f"""UPDATE {one.table} t SET contact_id = %(to)s
                  FROM jsonb_populate_recordset(NULL::{one.table}, %(keys)s::jsonb) k
                 WHERE t.contact_id = %(from)s AND {_equal(one.key, "t", "k")}""",  # noqa: S608
            keys,
        )
    elif one.merge == "move":
        chosen = f"""contact_id = %(from)s
                 AND EXISTS (SELECT 1 FROM jsonb_populate_recordset(NULL::{one.table}, %(keys)s::jsonb) k
                              WHERE {_equal(one.key, one.table, "k")})"""  # noqa: S608
        _carry(cursor, one, chosen, keys)
        if one.mark:
            cursor.execute(
                f"""UPDATE {one.table} t SET {one.mark} = false
                      FROM jsonb_populate_recordset(NULL::{one.table}, %(marked)s::jsonb) k
                     WHERE t.contact_id = %(to)s AND {_equal(one.key, "t", "k")}""",  # noqa: S608
                keys,
            )
        insert(cursor, one.table, saved.held)
        for before, after in zip(saved.before, saved.after, strict=True):
            restore(cursor, one.table, ("contact_id", *one.key), before, after)


def insert(cursor: Any, table: str, rows: Rows) -> None:
    """Insert rows as they were saved; columns that came later take their defaults, those that went are left out."""
    known = set(_columns(cursor, table)) if rows else set()
    for row in rows:
        names = ", ".join(f'"{name}"' for name in row if name in known)
        cursor.execute(
            f"""INSERT INTO {table} ({names})
                SELECT {names} FROM jsonb_populate_record(NULL::{table}, %(row)s::jsonb)
                    ON CONFLICT DO NOTHING""",  # noqa: S608  (names of our own columns)
            {"row": json.dumps(row)},
        )


def restore(cursor: Any, table: str, key: Sequence[str], before: dict[str, Any], after: dict[str, Any]) -> None:
    """Set the columns that a merge changed back, each that has not been changed since."""
    known = _columns(cursor, table)
    changed = [name for name in before if before[name] != after[name] and name in known]
    if not changed:
        return
    sets = ", ".join(
        f'"{name}" = CASE WHEN t."{name}" IS NOT DISTINCT FROM a."{name}" THEN b."{name}" ELSE t."{name}" END'
        for name in changed
    )
    cursor.execute(
        f"""UPDATE {table} t SET {sets}
              FROM jsonb_populate_record(NULL::{table}, %(before)s::jsonb) b,
                   jsonb_populate_record(NULL::{table}, %(after)s::jsonb) a
             WHERE {_equal(key, "t", "b")}""",  # noqa: S608  (names of our own columns)
        {"before": json.dumps(before), "after": json.dumps(after)},
    )


def erase(cursor: Any, one: Belonging, contact_id: int) -> None:
    """Let go of what this table knows of somebody."""
    if one.erase == "keep":
        return
    if one.erase == "delete":
        cursor.execute(f"DELETE FROM {one.table} WHERE contact_id = %(id)s", {"id": contact_id})  # noqa: S608
        return
    sets = ", ".join(f'"{name}" = {value}' for name, value in one.erase.items())
    cursor.execute(
        f"UPDATE {one.table} SET {sets} WHERE contact_id = %(id)s AND {one.erase_where}",  # noqa: S608  (our own text)
        {"id": contact_id},
    )


def data_of(cursor: Any, one: Belonging, contact_id: int) -> Rows:
    """What this table has of somebody, for themselves, oldest first."""
    cursor.execute(
        f"""SELECT to_jsonb(t) - %(hidden)s::text[] FROM {one.table} t
             WHERE contact_id = %(id)s ORDER BY {", ".join(one.key)}""",  # noqa: S608  (our own text)
        {"id": contact_id, "hidden": ["contact_id", *one.hidden]},
    )
    return rows_of(cursor)


def _put_by(cursor: Any, one: Belonging, saved: Saved, ids: Mapping[str, int]) -> None:
    """Take out what both have: the kept contact's row stays, with the greater of what counts up."""
    cursor.execute(f"SELECT to_jsonb(g) FROM {one.table} g WHERE {_clash(one)}", ids)  # noqa: S608
    saved.held = rows_of(cursor)
    if not saved.held:
        return
    if one.greatest or one.least:
        sets = ", ".join(
            [f"{name} = GREATEST(k.{name}, g.{name})" for name in one.greatest]
            + [f"{name} = LEAST(k.{name}, g.{name})" for name in one.least]
            + [
                f"{name} = CASE WHEN k.{of} >= g.{of} OR g.{of} IS NULL THEN k.{name} ELSE g.{name} END"
                for name, of in one.along.items()
            ]
        )
        pair = f"k.contact_id = %(kept)s AND g.contact_id = %(gone)s AND {_equal(one.same, 'k', 'g')}{_also(one)}"
        shown = f"SELECT to_jsonb(k) FROM {one.table} k, {one.table} g WHERE {pair} ORDER BY {_of('k', one.key)}"  # noqa: S608
        cursor.execute(shown, ids)
        saved.before = rows_of(cursor)
        cursor.execute(f"UPDATE {one.table} k SET {sets} FROM {one.table} g WHERE {pair}", ids)  # noqa: S608
        cursor.execute(shown, ids)
        saved.after = rows_of(cursor)
    cursor.execute(f"DELETE FROM {one.table} g WHERE {_clash(one)}", ids)  # noqa: S608


def _mark(cursor: Any, one: Belonging, ids: Mapping[str, int]) -> Rows:
    """Mark what both have in the rows of the one who goes, so that both may stay; returns the keys of those rows."""
    keys = ", ".join(f"'{name}', g.{name}" for name in one.key)
    cursor.execute(
        f"""UPDATE {one.table} g SET {one.mark} = true WHERE NOT g.{one.mark} AND {_clash(one)}
            RETURNING jsonb_build_object({keys})""",  # noqa: S608  (names of our own tables and columns)
        ids,
    )
    return rows_of(cursor)


def _carry(cursor: Any, one: Belonging, chosen: str, parameters: Mapping[str, Any]) -> Rows:
    """Rows from one contact to another; returns their keys."""
    listed = ", ".join(f'"{name}"' for name in _columns(cursor, one.table) if name != "contact_id")
    keys = ", ".join(f"'{name}', {name}" for name in one.key)
    cursor.execute(
        f"""
        WITH gone AS (DELETE FROM {one.table} WHERE {chosen} RETURNING *),
        come AS (
            INSERT INTO {one.table} (contact_id, {listed}) SELECT %(to)s, {listed} FROM gone RETURNING *
        )
        SELECT jsonb_build_object({keys}) FROM come ORDER BY {", ".join(one.key)}
        """,  # noqa: S608  (names of our own tables and columns)
        parameters,
    )
    return rows_of(cursor)


def _columns(cursor: Any, table: str) -> list[str]:
    cursor.execute(
        """SELECT attname FROM pg_attribute
            WHERE attrelid = to_regclass(%(table)s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum""",
        {"table": table},
    )
    return [name for (name,) in cursor.fetchall()]


def _clash(one: Belonging) -> str:
    unmarked = f" AND NOT k.{one.mark}" if one.mark else ""
    return (
        f"g.contact_id = %(gone)s AND EXISTS (SELECT 1 FROM {one.table} k"  # noqa: S608
        f" WHERE k.contact_id = %(kept)s AND {_equal(one.same, 'k', 'g')}{unmarked}{_also(one)})"
    )


def _also(one: Belonging) -> str:
    """`same_where`, of both rows; it names its columns as {row}.column."""
    if "{row}" not in one.same_where:
        return ""
    return "".join(f" AND {one.same_where.format(row=row)}" for row in ("k", "g"))


def _equal(names: Sequence[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in names)


def _of(table: str, names: Sequence[str]) -> str:
    return ", ".join(f"{table}.{name}" for name in names)


def rows_of(cursor: Any) -> Rows:
    """What a cursor has found, one JSON object a row."""
    return [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in cursor.fetchall()]
