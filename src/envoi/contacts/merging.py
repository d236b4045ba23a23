"""Moves staged contacts into the tables, set by set: who is who, then what is new, then what changed.

It runs inside the import's transaction. What others do meanwhile is met with locks taken in the order of ids and keys,
and with ON CONFLICT: a customer who writes in at the same moment becomes the same contact, not a second one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import consents, erased
from .importing import Outcome, Watch, unchecked
from .matching import claim, find_out_who
from .models import Import
from .options import ImportOptions
from .unseen import given_out

STAGE = """
CREATE TEMPORARY TABLE stage (
    line int, phone text, customer text, name text, language text, country text, country_guess text, timezone text,
    attributes jsonb, tags int, consent text, consent_at timestamptz
) ON COMMIT DROP;
CREATE TEMPORARY TABLE tag_sets (tags int, name text) ON COMMIT DROP
"""
COPY = """
COPY stage (line, phone, customer, name, language, country, country_guess, timezone, attributes, tags, consent,
            consent_at) FROM STDIN (NULL '')
"""

INSERT = """
INSERT INTO contacts (id, phone, name, language, country, timezone, attributes, marketing, service, import_id)
SELECT m.contact_id, s.phone, COALESCE(s.name, ''), COALESCE(s.language, ''),
       COALESCE(s.country, s.country_guess, ''), COALESCE(s.timezone, ''), COALESCE(s.attributes, '{}'),
       COALESCE(s.consent, 'unknown'), 'unknown', %(import)s
  FROM matched m JOIN stage s USING (line)
 WHERE m.is_new
 ORDER BY m.contact_id
"""

# What a known contact becomes. A phone found by its own identity is theirs already, perhaps as a second one.
OVERWRITE = """
    COALESCE(CASE WHEN m.by_phone IS NULL THEN s.phone END, c.phone, s.phone) AS phone,
    COALESCE(s.name, c.name) AS name,
    COALESCE(s.language, c.language) AS language,
    COALESCE(s.country, NULLIF(c.country, ''), s.country_guess, '') AS country,
    COALESCE(s.timezone, c.timezone) AS timezone,
    c.attributes || COALESCE(s.attributes, '{}') AS attributes
"""
FILL = """
    COALESCE(c.phone, s.phone) AS phone,
    COALESCE(NULLIF(c.name, ''), s.name, '') AS name,
    COALESCE(NULLIF(c.language, ''), s.language, '') AS language,
    COALESCE(NULLIF(c.country, ''), s.country, s.country_guess, '') AS country,
    COALESCE(NULLIF(c.timezone, ''), s.timezone, '') AS timezone,
    COALESCE(s.attributes, '{}') || c.attributes AS attributes
"""
CHANGING = """
CREATE TEMPORARY TABLE changing ON COMMIT DROP AS
SELECT n.* FROM (
    SELECT m.line, c.id, {becomes}, c.phone AS c_phone, c.name AS c_name, c.language AS c_language,
           c.country AS c_country, c.timezone AS c_timezone, c.attributes AS c_attributes
      FROM matched m JOIN stage s USING (line) JOIN contacts c ON c.id = m.contact_id
     WHERE NOT m.is_new
) AS n
 WHERE (phone, name, language, country, timezone, attributes)
       IS DISTINCT FROM (c_phone, c_name, c_language, c_country, c_timezone, c_attributes)
"""
# In the order of ids, as everybody does who holds several contacts.
LOCK = """
SELECT count(*) FROM (SELECT 1 FROM contacts WHERE id IN (SELECT id FROM changing)
                       ORDER BY id FOR NO KEY UPDATE) AS held
"""
# The values are worked out again: between CHANGING and the lock somebody else may have filled a name.
UPDATE = """
WITH changed AS (
    UPDATE contacts SET phone = n.phone, name = n.name, language = n.language, country = n.country,
                        timezone = n.timezone, attributes = n.attributes, updated_at = now()
      FROM (SELECT c.id, {becomes}, c.phone AS c_phone, c.name AS c_name, c.language AS c_language,
                   c.country AS c_country, c.timezone AS c_timezone, c.attributes AS c_attributes
              FROM changing g JOIN matched m ON m.line = g.line JOIN stage s ON s.line = g.line
              JOIN contacts c ON c.id = g.id) AS n
     WHERE contacts.id = n.id
    RETURNING contacts.id AS contact_id, jsonb_strip_nulls(jsonb_build_object(
        'phone', CASE WHEN n.c_phone IS DISTINCT FROM n.phone THEN jsonb_build_array(n.c_phone, n.phone) END,
        'name', CASE WHEN n.c_name <> n.name THEN jsonb_build_array(n.c_name, n.name) END,
        'language', CASE WHEN n.c_language <> n.language THEN jsonb_build_array(n.c_language, n.language) END,
        'country', CASE WHEN n.c_country <> n.country THEN jsonb_build_array(n.c_country, n.country) END,
        'timezone', CASE WHEN n.c_timezone <> n.timezone THEN jsonb_build_array(n.c_timezone, n.timezone) END,
        'attributes', CASE WHEN n.c_attributes <> n.attributes
                           THEN jsonb_build_array(n.c_attributes, n.attributes) END)) AS fields
)
INSERT INTO altered SELECT contact_id, fields FROM changed
"""
ALTERED = "INSERT INTO touched (contact_id) SELECT contact_id FROM altered"
# Keys that were given to people who are known: the rows' others were theirs already (matching.claim).
KEYS = """
INSERT INTO touched (contact_id, kind, value)
SELECT contact_id, 'phone', phone FROM matched WHERE NOT is_new AND phone IS NOT NULL AND by_phone IS NULL
 UNION ALL
SELECT contact_id, 'customer', customer FROM matched WHERE NOT is_new AND customer IS NOT NULL AND by_customer IS NULL
"""
# What an undo needs to know of people who were known already (undoing.py). Of new ones their import_id says all.
REMEMBER = """
INSERT INTO import_changes (contact_id, import_id, fields, tags, keys, marketing)
SELECT t.contact_id, %(import)s, COALESCE(a.fields, '{}'), t.tags, t.keys, COALESCE(p.before, '')
  FROM (SELECT contact_id, COALESCE(array_agg(tag_id) FILTER (WHERE tag_id IS NOT NULL), '{}') AS tags,
               COALESCE(jsonb_agg(jsonb_build_array(kind, value)) FILTER (WHERE kind IS NOT NULL), '[]') AS keys,
               bool_or(said) AS said
          FROM touched GROUP BY contact_id) AS t
  LEFT JOIN altered a USING (contact_id)
  LEFT JOIN speaking p ON p.contact_id = t.contact_id AND t.said
 ORDER BY t.contact_id
    ON CONFLICT DO NOTHING
"""

# A file has few sets of tags, however many rows have them: a row names its set.
SETS = "COPY tag_sets (tags, name) FROM STDIN"
TAGS = """
INSERT INTO tags (name, import_id)
SELECT DISTINCT name, %(import)s::bigint FROM tag_sets WHERE tags IN (SELECT tags FROM stage) ORDER BY name
    ON CONFLICT (name) DO NOTHING
"""
TAGS_HELD = "SELECT count(*) FROM (SELECT 1 FROM tags ORDER BY id FOR KEY SHARE) AS held"
GIVEN = """
CREATE TEMPORARY TABLE given ON COMMIT DROP AS
SELECT g.tags, t.id AS tag_id FROM tag_sets g JOIN tags t USING (name)
"""
TAG_NEW = """
INSERT INTO contact_tags (contact_id, tag_id)
SELECT m.contact_id, g.tag_id FROM matched m JOIN stage s USING (line) JOIN given g ON g.tags = s.tags WHERE m.is_new
 ORDER BY m.contact_id, g.tag_id
"""
TAG_KNOWN = """
WITH added AS (
    INSERT INTO contact_tags (contact_id, tag_id)
    SELECT m.contact_id, g.tag_id FROM matched m JOIN stage s USING (line) JOIN given g ON g.tags = s.tags
     WHERE NOT m.is_new
        -- What a rule put is a person's own from now on.
        ON CONFLICT (contact_id, tag_id) DO UPDATE SET by_rule = false WHERE contact_tags.by_rule
    RETURNING contact_id, tag_id
)
INSERT INTO touched (contact_id, tag_id) SELECT contact_id, tag_id FROM added
"""
TOUCHED = """
CREATE TEMPORARY TABLE touched (
    contact_id bigint, tag_id bigint, kind text, value text, said boolean NOT NULL DEFAULT false
) ON COMMIT DROP;
CREATE TEMPORARY TABLE altered (contact_id bigint, fields jsonb) ON COMMIT DROP
"""
# What would come of it, without doing it: as near as can be told without the locks.
FORESEEN = """
SELECT count(*) FILTER (WHERE m.is_new), count(*),
       count(*) FILTER (WHERE NOT m.is_new AND (
           m.line IN (SELECT line FROM changing)
           OR (m.phone IS NOT NULL AND m.by_phone IS NULL) OR (m.customer IS NOT NULL AND m.by_customer IS NULL)
           OR EXISTS (SELECT 1 FROM tag_sets g LEFT JOIN tags t USING (name)
                       WHERE g.tags = s.tags AND NOT EXISTS (SELECT 1 FROM contact_tags c
                                                              WHERE c.contact_id = m.contact_id AND c.tag_id = t.id))))
  FROM matched m JOIN stage s USING (line)
"""


def merge(cursor: Any, one: Import, options: ImportOptions, watch: Watch) -> Outcome:
    """Move the table `stage` into contacts, identities, tags and consents, and tell `watch` between the statements."""
    says = consents.FileSays(
        source=options.consent.source or "import",
        text=options.consent.text,
        proof=consents.proof_of_import(one.pk, one.file_name),
        at=one.created_at,
        withdrawals_only=options.update == "skip",
    )
    becomes = FILL if options.update == "fill" else OVERWRITE
    step = watch.look
    duplicate = find_out_who(cursor, options, step)
    if one.check_only:
        return _foresee(cursor, options, becomes, says, duplicate)
    cursor.execute(TAGS, {"import": one.pk})
    watch.hide(given_out(cursor))
    for statement in (TAGS_HELD, GIVEN, "ANALYZE given", TOUCHED):
        cursor.execute(statement)
    with unchecked(cursor):
        created = _insert_new(cursor, one, says, step)
    if options.update != "skip":
        _update_known(cursor, becomes, step)
    consents.record_known(cursor, says)
    cursor.execute(REMEMBER, {"import": one.pk})
    erased.meet_in(cursor, "SELECT contact_id FROM matched")
    cursor.execute("SELECT (SELECT count(*) FROM matched), (SELECT count(DISTINCT contact_id) FROM touched)")
    people, updated = cursor.fetchone()
    return Outcome(created, updated, people - created - updated, duplicate)


def _foresee(cursor: Any, options: ImportOptions, becomes: str, says: consents.FileSays, duplicate: int) -> Outcome:
    cursor.execute(CHANGING.format(becomes=becomes))
    cursor.execute(FORESEEN)
    created, people, updated = cursor.fetchone()
    if options.update == "skip":
        updated = 0
    updated = max(updated, consents.foreseen(cursor, says))
    return Outcome(created, updated, people - created - updated, duplicate)


def _insert_new(cursor: Any, one: Import, says: consents.FileSays, step: Callable[[], None]) -> int:
    """Insert who is new with all that is theirs; returns how many that are."""
    claim(cursor, is_new="true")
    step()
    cursor.execute(INSERT, {"import": one.pk})
    created: int = cursor.rowcount
    step()
    consents.record_new(cursor, says)
    cursor.execute(TAG_NEW)
    step()
    return created


def _update_known(cursor: Any, becomes: str, step: Callable[[], None]) -> None:
    """Write down what the file says of people who are known, where that is something else."""
    claim(cursor, is_new="false")
    cursor.execute(CHANGING.format(becomes=becomes))
    cursor.execute(LOCK)
    step()
    for statement in (UPDATE.format(becomes=becomes), ALTERED, KEYS, TAG_KNOWN):
        cursor.execute(statement)
    step()
