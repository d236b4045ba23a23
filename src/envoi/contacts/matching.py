"""Finds out who the rows of a file are, and gives them their keys: the phone and the customer number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from .options import ImportOptions

# Narrow rows, so that finding out who is who moves no names and attributes about.
PEOPLE = """
CREATE TEMPORARY TABLE people ON COMMIT DROP AS
SELECT line, phone, customer, left(name, 40) AS name FROM stage
"""
# Only keys that occur twice reach the join.
DUPLICATES = """
DELETE FROM {table} p
 USING (SELECT {key} AS key, {keep}(line) AS line FROM {table} WHERE {which}
         GROUP BY {key} HAVING count(*) > 1) AS kept
 WHERE p.{key} = kept.key AND p.line <> kept.line
"""
# One look-up a key; a contact that nobody has gets its number here, so that its keys can be claimed before it exists.
# Numbers follow names, backwards: the indexes by name and of names' letters then grow in one place after the other, in
# two thirds of the time, and the list, newest first, begins with A.
MATCH = """
CREATE TEMPORARY TABLE matched ON COMMIT DROP AS
SELECT line, phone, customer, by_phone, by_customer,
       COALESCE(by_phone, by_customer, nextval('contacts_id_seq')) AS contact_id,
       by_phone IS NULL AND by_customer IS NULL AS is_new
  FROM (SELECT p.line, p.phone, p.customer, a.contact_id AS by_phone, b.contact_id AS by_customer
          FROM people p
          LEFT JOIN identities a ON a.kind = 'phone' AND a.value = p.phone
          LEFT JOIN identities b ON b.kind = 'customer' AND b.value = p.customer
         ORDER BY p.name DESC NULLS FIRST, p.line DESC) AS found
"""
TWO_PEOPLE = """
WITH clash AS (DELETE FROM matched WHERE by_phone <> by_customer RETURNING line, phone, customer)
INSERT INTO refused (line, reason)
SELECT line, replace(replace(%(sentence)s, '{phone}', phone), '{customer}', customer) FROM clash
"""
# In the order of the key: two writers of the same keys wait for each other in one direction only. The foreign key is
# checked at the commit, so a key may be claimed before its contact is inserted.
KEYS = """
INSERT INTO identities (kind, value, contact_id)
SELECT kind, value, contact_id
  FROM (SELECT 'phone' AS kind, phone AS value, contact_id FROM matched
         WHERE phone IS NOT NULL AND by_phone IS NULL AND is_new = {is_new}
         UNION ALL
        SELECT 'customer', customer, contact_id FROM matched
         WHERE customer IS NOT NULL AND by_customer IS NULL AND is_new = {is_new}) AS keys
 ORDER BY kind, value
"""
CLAIMED = """
SELECT count(*) FILTER (WHERE phone IS NOT NULL AND by_phone IS NULL)
     + count(*) FILTER (WHERE customer IS NOT NULL AND by_customer IS NULL) FROM matched WHERE is_new = {is_new}
"""
# Somebody else (a customer who wrote in) took a key between MATCH and CLAIM: a row that would have been a new
# contact belongs to them now, with its other key.
LOST = """
CREATE TEMPORARY TABLE lost ON COMMIT DROP AS
SELECT m.line, m.contact_id AS ours, min(i.contact_id) AS theirs
  FROM matched m
  JOIN identities i ON (i.kind = 'phone' AND i.value = m.phone) OR (i.kind = 'customer' AND i.value = m.customer)
 WHERE i.contact_id <> m.contact_id AND m.is_new = {is_new}
 GROUP BY m.line, m.contact_id
"""
LOST_HELD = """
SELECT count(*) FROM (SELECT 1 FROM contacts WHERE id IN (SELECT theirs FROM lost) ORDER BY id FOR KEY SHARE) AS held
"""
HAND_OVER = """
UPDATE identities i SET contact_id = lost.theirs
  FROM lost JOIN matched m ON m.line = lost.line
 WHERE m.is_new AND i.contact_id = lost.ours
   AND ((i.kind = 'phone' AND i.value = m.phone) OR (i.kind = 'customer' AND i.value = m.customer))
"""
FOLLOW = """
UPDATE matched m
   SET contact_id = CASE WHEN m.is_new THEN lost.theirs ELSE m.contact_id END,
       by_phone = COALESCE(m.by_phone, lost.theirs), by_customer = COALESCE(m.by_customer, lost.theirs),
       is_new = false
  FROM lost WHERE m.line = lost.line
"""
# A phone that went to another contact is not this row's to write down.
NOT_THEIRS = """
UPDATE stage s SET phone = NULL
  FROM lost JOIN matched m ON m.line = lost.line
 WHERE s.line = lost.line
   AND NOT EXISTS (SELECT 1 FROM identities i
                    WHERE i.kind = 'phone' AND i.value = s.phone AND i.contact_id = m.contact_id)
"""


def find_out_who(cursor: Any, options: ImportOptions, step: Callable[[], None]) -> int:
    """Fill `matched` with one row a person, from `stage`; returns how many rows of the file repeat one.

    Rows that name two people go to `refused`.
    """
    keep = "min" if options.duplicates == "first" else "max"
    duplicate = 0
    cursor.execute(PEOPLE)
    for key in ("phone", "customer"):
        cursor.execute(DUPLICATES.format(table="people", key=key, keep=keep, which=f"{key} IS NOT NULL"))
        duplicate += cursor.rowcount
    step()
    cursor.execute("ANALYZE people")
    cursor.execute(MATCH)
    sentence = _("The phone {phone} and the customer number {customer} belong to two different contacts.")
    cursor.execute(TWO_PEOPLE, {"sentence": sentence})
    # A phone in one row and a customer number in another may name the same contact.
    cursor.execute(DUPLICATES.format(table="matched", key="contact_id", keep=keep, which="NOT is_new"))
    duplicate += cursor.rowcount
    cursor.execute("ANALYZE matched")
    return duplicate


def claim(cursor: Any, *, is_new: str) -> None:
    """Insert the keys of people who are new, or of people who are known and bring another one.

    Almost always all of them are free, and not asking for each one first takes half the time.
    """
    try:
        with transaction.atomic():
            cursor.execute(KEYS.format(is_new=is_new))
    except IntegrityError:
        cursor.execute(CLAIMED.format(is_new=is_new))
        (wanted,) = cursor.fetchone()
        cursor.execute(KEYS.format(is_new=is_new) + " ON CONFLICT DO NOTHING")
        if cursor.rowcount < wanted:
            cursor.execute(LOST.format(is_new=is_new))
            for statement in (LOST_HELD, HAND_OVER, FOLLOW, NOT_THEIRS, "DROP TABLE lost"):
                cursor.execute(statement)
