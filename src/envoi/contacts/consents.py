"""The consent ledger in SQL: the one place that writes `consents`, for Django's actions and for dispatch alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg

State = Literal["granted", "withdrawn", "pending"]

# Only the newest entry stands on the contact, whatever the order in which entries arrive. But a STOP that reaches us
# late is not answered with a file's grant, which is dated by its upload: in doubt nobody is written to.
RECORD = """
WITH entry AS (
    INSERT INTO consents (contact_id, purpose, state, source, text, proof, at, by_id)
    VALUES (%(contact_id)s, %(purpose)s, %(state)s, %(source)s, %(text)s, %(proof)s, COALESCE(%(at)s, now()), %(by)s)
    RETURNING contact_id, at
)
UPDATE contacts
   SET {purpose} = %(state)s, updated_at = now()
  FROM entry
 WHERE contacts.id = entry.contact_id
   AND NOT EXISTS (SELECT 1 FROM consents later
                    WHERE later.contact_id = entry.contact_id AND later.purpose = %(purpose)s
                      AND later.at > entry.at
                      AND NOT (%(state)s = 'withdrawn' AND starts_with(later.proof, 'import ')))
"""


def record(
    db: psycopg.Connection[Any] | psycopg.Cursor[Any],
    contact_id: int,
    *,
    purpose: Literal["marketing", "service"],
    state: State,
    source: str,
    text: str = "",
    proof: str = "",
    at: datetime | None = None,
    by: int | None = None,
) -> None:
    """Append one line and bring the contact's column up to date, in the caller's transaction.

    source: where it came from ("keyword", "import", "provider", a person); text: what the person saw or wrote;
    proof: where to find it again; at: when the person decided, now when None; by: which of the staff wrote it down.
    """
    if purpose not in ("marketing", "service"):
        raise ValueError(purpose)
    # Two entries at once take turns: the second one sees the first, whichever of them is the newer.
    db.execute("SELECT id FROM contacts WHERE id = %(id)s FOR NO KEY UPDATE", {"id": contact_id})
    db.execute(
        RECORD.format(purpose=purpose),
        {
            "contact_id": contact_id,
            "purpose": purpose,
            "state": state,
            "source": source,
            "text": text,
            "proof": proof,
            "at": at,
            "by": by,
        },
    )


# From here on: the same for a whole file, staged by contacts.merging in its tables `stage` and `matched`.

NEW = """
INSERT INTO consents (contact_id, purpose, state, source, text, proof, at)
SELECT m.contact_id, 'marketing', s.consent, %(source)s, %(text)s, %(proof)s, COALESCE(s.consent_at, %(at)s)
  FROM matched m JOIN stage s USING (line)
 WHERE m.is_new AND s.consent IS NOT NULL
 ORDER BY m.contact_id
"""
# A row without a date never speaks against a withdrawal, nor twice; one with a date is a line of its own.
SPEAKING = """
CREATE TEMPORARY TABLE speaking ON COMMIT DROP AS
SELECT m.contact_id, s.consent AS state, s.consent_at AS at, c.marketing AS before
  FROM matched m JOIN stage s USING (line) JOIN contacts c ON c.id = m.contact_id
 WHERE NOT m.is_new AND (s.consent = 'withdrawn' OR (s.consent = 'granted' AND NOT %(withdrawals_only)s))
   AND CASE WHEN s.consent_at IS NULL
            THEN c.marketing <> s.consent AND (s.consent = 'withdrawn' OR c.marketing = 'unknown')
            ELSE NOT EXISTS (SELECT 1 FROM consents e
                              WHERE e.contact_id = c.id AND e.purpose = 'marketing'
                                AND e.state = s.consent AND e.at = s.consent_at) END
"""
LOCK = """
SELECT count(*) FROM (SELECT 1 FROM contacts WHERE id IN (SELECT contact_id FROM speaking)
                       ORDER BY id FOR NO KEY UPDATE) AS held
"""
# Asked again behind the lock: whoever said stop a moment ago has said it.
SPEAK = """
WITH said AS (
    INSERT INTO consents (contact_id, purpose, state, source, text, proof, at)
    SELECT p.contact_id, 'marketing', p.state, %(source)s, %(text)s, %(proof)s, COALESCE(p.at, %(at)s)
      FROM speaking p JOIN contacts c ON c.id = p.contact_id
     WHERE p.at IS NOT NULL OR (c.marketing <> p.state AND (p.state = 'withdrawn' OR c.marketing = 'unknown'))
    RETURNING contact_id
)
INSERT INTO touched (contact_id, said) SELECT contact_id, true FROM said
"""
# Of two entries of the same moment the withdrawal counts.
NEWEST = """
UPDATE contacts c
   SET marketing = newest.state, updated_at = now()
  FROM speaking p
 CROSS JOIN LATERAL (SELECT e.state FROM consents e
                      WHERE e.contact_id = p.contact_id AND e.purpose = 'marketing'
                      ORDER BY e.at DESC, e.state = 'withdrawn' DESC, e.id DESC LIMIT 1) AS newest
 WHERE c.id = p.contact_id AND c.marketing <> newest.state
"""


@dataclass(frozen=True, slots=True)
class FileSays:
    """What goes with each entry of a file. at: when the importer vouched for rows without a date of their own.

    withdrawals_only: of known contacts, take nothing else.
    """

    source: str
    text: str
    proof: str
    at: datetime
    withdrawals_only: bool = False


def record_new(db: Any, says: FileSays) -> None:
    """Append what the rows of new contacts say of marketing; the contacts were inserted with that state."""
    db.execute(NEW, asdict(says))


def record_known(db: Any, says: FileSays) -> None:
    """Append what the rows of known contacts say; who got a line is added to the table `touched`.

    A row without a date changes "unknown", or withdraws; it never brings back who has withdrawn.
    """
    for statement in (SPEAKING, LOCK, SPEAK, NEWEST):
        db.execute(statement, asdict(says))


def foreseen(db: Any, says: FileSays) -> int:
    """How many known contacts would get a line."""
    db.execute(SPEAKING, asdict(says))
    db.execute("SELECT count(*) FROM speaking")
    return int(db.fetchone()[0])


def proof_of_import(import_id: int, file_name: str) -> str:
    """Where an entry of a file is found again."""
    return f"import {import_id}: {file_name}"


# Of those who stay (`staying`, held by undoing.py): where the file's word is still the newest, a line says that it is
# taken back, and what was known before holds again. Somebody's own later word is left alone.
TAKE_BACK = """
WITH newest AS (
    SELECT DISTINCT ON (e.contact_id) e.contact_id, e.proof
      FROM consents e JOIN staying s ON s.id = e.contact_id
     WHERE e.purpose = 'marketing'
     ORDER BY e.contact_id, e.at DESC, e.state = 'withdrawn' DESC, e.id DESC
), back AS (
    SELECT n.contact_id, COALESCE(NULLIF(i.marketing, ''), 'unknown') AS state
      FROM newest n LEFT JOIN import_changes i ON i.contact_id = n.contact_id AND i.import_id = %(import)s
     WHERE n.proof = %(proof)s
), said AS (
    INSERT INTO consents (contact_id, purpose, state, source, text, proof, at)
    SELECT contact_id, 'marketing', state, 'import undone', '', %(proof)s, now() FROM back
    RETURNING contact_id, state
)
UPDATE contacts c SET marketing = said.state, updated_at = now() FROM said WHERE c.id = said.contact_id
"""


def take_back_import(db: Any, import_id: int, proof: str) -> None:
    """Answer what a file said of those who stay."""
    db.execute(TAKE_BACK, {"import": import_id, "proof": proof})


# From here on: for two records that become one.


def newest(db: psycopg.Connection[Any], contact_ids: list[int], purpose: str) -> int | None:
    """Whose line of this purpose is the newest, None without any; of two of the same moment the withdrawal."""
    row = db.execute(
        """SELECT contact_id FROM consents WHERE contact_id = ANY(%(ids)s) AND purpose = %(purpose)s
            ORDER BY at DESC, state = 'withdrawn' DESC, id DESC LIMIT 1""",
        {"ids": contact_ids, "purpose": purpose},
    ).fetchone()
    return row[0] if row else None


def lines_of(db: psycopg.Connection[Any], contact_id: int, *, proof: str) -> list[int]:
    """The ids of a contact's lines with exactly this proof."""
    rows = db.execute(
        "SELECT id FROM consents WHERE contact_id = %(id)s AND proof = %(proof)s ORDER BY id",
        {"id": contact_id, "proof": proof},
    )
    return [row[0] for row in rows]


def take_back(db: psycopg.Connection[Any], contact_id: int, ids: list[int]) -> None:
    """Remove lines that a merge wrote, when it is undone: nobody had said them. Nothing else is ever removed."""
    db.execute(
        "DELETE FROM consents WHERE contact_id = %(id)s AND id = ANY(%(ids)s) AND source = 'merge'",
        {"id": contact_id, "ids": ids},
    )
