"""Moves staged orders into the tables, set by set, with the sums of every customer they touch."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ..contacts import unseen
from ..contacts.changed import note_all_changed
from ..contacts.importing import Outcome, Watch, unchecked
from ..contacts.models import Import
from ..contacts.options import ImportOptions
from ..core import jobs
from . import lines, totals
from .worth import CHOOSE_OWN, COUNTS, worth

STAGE = """
CREATE TEMPORARY TABLE stage (
    line int, customer text, phone text, perhaps_phone text, at timestamptz, amount numeric(14, 2), currency text,
    quantity int, external_id text, items jsonb, refunded numeric(14, 2)
) ON COMMIT DROP
"""
COPY = """
COPY stage (line, customer, phone, perhaps_phone, at, amount, currency, quantity, external_id, items, refunded)
FROM STDIN (NULL '')
"""

# Customers are made only for a number or a phone that the file is sure about.
CREATE = """
WITH unknown AS (
    SELECT DISTINCT CASE WHEN s.phone IS NULL AND s.customer NOT LIKE '+%%' THEN 'customer' ELSE 'phone' END AS kind,
           CASE WHEN s.phone IS NULL AND s.customer NOT LIKE '+%%' THEN s.customer
                ELSE COALESCE(s.phone, s.perhaps_phone) END AS value
      FROM stage s
     WHERE NOT EXISTS (SELECT 1 FROM identities i WHERE i.kind = 'customer' AND i.value = s.customer)
       AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.kind = 'phone'
                          AND i.value = COALESCE(s.phone, s.perhaps_phone))
), numbered AS (
    SELECT kind, value, nextval('contacts_id_seq') AS contact_id FROM unknown WHERE value IS NOT NULL
), claimed AS (
    INSERT INTO identities (kind, value, contact_id)
    SELECT kind, value, contact_id FROM numbered ORDER BY kind, value
        ON CONFLICT DO NOTHING RETURNING kind, value, contact_id
), made AS (
    INSERT INTO contacts (id, phone, name, language, country, timezone, marketing, service, import_id)
    SELECT contact_id, CASE WHEN kind = 'phone' THEN value END, '', '', '', '', 'unknown', 'unknown', %(import)s
      FROM claimed
    RETURNING id AS contact_id
)
"""
# The customer number goes before a phone: numbers are the company's own. Of two rows with one order number the last
# counts. An order without a number gets one from its own facts, the same in every import of the same file; whoever
# buys the same for the same on one day twice has it twice, told apart by the count within the file. Only those are
# sorted for it. Rows of nobody stay in it for a moment, with what they call their customer.
MATCHED = """
CREATE TEMPORARY TABLE matched ON COMMIT DROP AS
WITH known AS NOT MATERIALIZED (
    SELECT s.*, COALESCE(n.contact_id, p.contact_id) AS contact_id,
           CASE WHEN n.contact_id IS NULL AND p.contact_id IS NULL THEN COALESCE(s.customer, s.phone) END AS nobody
      FROM stage s
      LEFT JOIN identities n ON n.kind = 'customer' AND n.value = s.customer
      LEFT JOIN identities p ON p.kind = 'phone' AND p.value = COALESCE(s.phone, s.perhaps_phone)
)
SELECT line, contact_id, at, amount, currency, quantity, items, refunded, nobody, external_id
  FROM known WHERE contact_id IS NULL OR external_id IS NOT NULL
 UNION ALL
SELECT line, contact_id, at, amount, currency, quantity, items, refunded, nobody,
       'auto:' || replace(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'), 'T00:00:00', '')
       || '/' || amount || '/' || currency || '/' || quantity || '/'
       || row_number() OVER (PARTITION BY contact_id, date_trunc('second', at), amount, currency, quantity
                             ORDER BY line)
  FROM known WHERE contact_id IS NOT NULL AND external_id IS NULL
"""
UNKNOWN = """
INSERT INTO refused (line, reason)
SELECT line, replace(%(sentence)s, '{customer}', nobody) FROM matched WHERE contact_id IS NULL
"""
NOBODY = "DELETE FROM matched WHERE contact_id IS NULL"
# Hashes of eight bytes say in a third of the time that no order is there twice, as in almost every file.
TWICE = "SELECT count(*), count(DISTINCT hashtextextended(external_id, contact_id)) FROM matched"
DUPLICATES = """
DELETE FROM matched m
 USING (SELECT contact_id, external_id, {keep}(line) AS line FROM matched
         GROUP BY contact_id, external_id HAVING count(*) > 1) AS kept
 WHERE m.contact_id = kept.contact_id AND m.external_id = kept.external_id AND m.line <> kept.line
"""
# In the order of ids, as everybody does who holds several contacts. Held until the commit: nobody deletes them. No
# other writer of orders is at work (totals.be_alone), and whatever else is written of them need not wait.
BUYERS = "CREATE TEMPORARY TABLE buyers ON COMMIT DROP AS SELECT DISTINCT contact_id FROM matched"
LOCK = """
CREATE TEMPORARY TABLE held ON COMMIT DROP AS
SELECT id FROM contacts WHERE id IN (SELECT contact_id FROM buyers) ORDER BY id FOR KEY SHARE
"""
GONE = """
WITH gone AS (DELETE FROM matched m WHERE NOT EXISTS (SELECT 1 FROM held WHERE held.id = m.contact_id) RETURNING line)
INSERT INTO refused (line, reason) SELECT line, %(sentence)s FROM gone
"""
# What was given back stays given back, whatever an older file says; a newer one may tell of more.
BACK = "LEAST(GREATEST(o.refunded, m.refunded), m.amount)"
CHANGED = f"""
CREATE TEMPORARY TABLE changed ON COMMIT DROP AS
WITH updated AS (
    UPDATE orders o SET import_id = NULL, at = m.at, amount = m.amount, currency = m.currency, quantity = m.quantity,
                        items = COALESCE(m.items, o.items),
                        refunded = {BACK},
                        value = {worth(f"m.amount - {BACK}", "m.currency", "m.at")}
      FROM matched m JOIN orders p USING (contact_id, external_id)
     WHERE o.contact_id = p.contact_id AND o.id = p.id
       AND (o.at, o.amount, o.currency, o.quantity, o.items, o.refunded)
           IS DISTINCT FROM (m.at, m.amount, m.currency, m.quantity, COALESCE(m.items, o.items), {BACK})
    RETURNING o.contact_id, o.id,
              jsonb_build_object('at', p.at, 'amount', p.amount, 'currency', p.currency, 'quantity', p.quantity,
                                 'refunded', p.refunded, 'items', p.items, 'import_id', p.import_id) AS before,
              jsonb_build_object('at', o.at, 'amount', o.amount, 'currency', o.currency, 'quantity', o.quantity,
                                 'refunded', o.refunded, 'items', o.items) AS after
), remembered AS (
    INSERT INTO order_changes (contact_id, order_id, import_id, before, after)
    SELECT contact_id, id, %(import)s, before, after FROM updated ORDER BY contact_id, id
        ON CONFLICT DO NOTHING
)
SELECT contact_id FROM updated
"""  # noqa: S608
# New orders only add to their buyers' totals (totals.ADD_UP): summing up all orders again took as long as half of this.
INSERT = f"""
WITH inserted AS (
    INSERT INTO orders (contact_id, external_id, at, amount, currency, quantity, items, refunded, value, import_id)
    SELECT m.contact_id, m.external_id, m.at, m.amount, m.currency, m.quantity, COALESCE(m.items, '[]'),
           COALESCE(m.refunded, 0), {worth("m.amount - COALESCE(m.refunded, 0)", "m.currency", "m.at")}, %(import)s
      FROM matched m
     WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.contact_id = m.contact_id AND o.external_id = m.external_id)
     ORDER BY m.contact_id, m.at
    RETURNING contact_id, at, value, amount, refunded
), added AS (SELECT contact_id, at, value FROM inserted o WHERE {COUNTS}),
summed AS ({totals.ADD_UP})
SELECT count(*) FROM inserted
"""  # noqa: S608


# What a check tells: known orders that say something else, and new ones.
FORESEEN = f"""
SELECT count(*) FILTER (WHERE o.id IS NULL), count(*),
       count(*) FILTER (WHERE o.id IS NOT NULL AND (o.at, o.amount, o.currency, o.quantity, o.items, o.refunded)
           IS DISTINCT FROM (m.at, m.amount, m.currency, m.quantity, COALESCE(m.items, o.items), {BACK}))
  FROM matched m LEFT JOIN orders o USING (contact_id, external_id)
"""  # noqa: S608


def merge(cursor: Any, one: Import, options: ImportOptions, watch: Watch) -> Outcome:
    """Move the table `stage` into orders and order_totals, and tell `watch` between the statements."""
    further = lines.gather(cursor)
    if options.unknown_customers == "create":
        # A check makes them as well, and lets go of them with all else.
        cursor.execute(CREATE + unseen.RANGES.format(people="made"), {"import": one.pk})
        watch.hide(unseen.edges(cursor))
    duplicate = _find_out_whose(cursor, options, watch)
    if not one.check_only:
        _lock(cursor)
        watch.look()
    if further:
        duplicate += further - lines.refuse_with_their_order(cursor)
    if one.check_only:
        cursor.execute(FORESEEN)
        created, total, updated = cursor.fetchone()
        return Outcome(created, updated, total - created - updated, duplicate)
    cursor.execute(CHOOSE_OWN.format(source="matched"))
    cursor.execute(CHANGED, {"import": one.pk})
    updated = cursor.rowcount
    watch.look()
    with unchecked(cursor):
        cursor.execute("ANALYZE changed")
        cursor.execute(INSERT, {"import": one.pk})
        (created,) = cursor.fetchone()
        watch.look()
        totals.refresh_from(cursor, "changed")
    note_all_changed(cursor, "changed")
    jobs.defer("orders.refresh_bounds", once="all")
    cursor.execute("SELECT count(*) FROM matched")
    (orders,) = cursor.fetchone()
    return Outcome(created, updated, orders - created - updated, duplicate)


def _find_out_whose(cursor: Any, options: ImportOptions, watch: Watch) -> int:
    """Fill `matched` with one row an order; returns how many rows of the file went into or repeat another."""
    cursor.execute(MATCHED)
    watch.look()
    cursor.execute(UNKNOWN, {"sentence": _("Nobody has the customer number or phone “{customer}”.")})
    if cursor.rowcount:
        cursor.execute(NOBODY)
    cursor.execute("ANALYZE matched")
    cursor.execute(TWICE)
    rows, orders = cursor.fetchone()
    if rows == orders:
        return 0
    together = 0
    if options.duplicates in ("add", "whole"):
        together = lines.put_together(cursor, options.duplicates)
    elif options.duplicates == "ask":
        lines.refuse_unlike(cursor)
    cursor.execute(DUPLICATES.format(keep="min" if options.duplicates == "first" else "max"))
    return together + int(cursor.rowcount)


def _lock(cursor: Any) -> None:
    cursor.execute(BUYERS)
    buyers = cursor.rowcount
    cursor.execute("ANALYZE buyers")
    # Before the contacts, as everybody (totals.WRITING_ORDERS).
    totals.be_alone(cursor)
    cursor.execute(LOCK)
    if cursor.rowcount < buyers:
        cursor.execute(GONE, {"sentence": _("The customer was deleted a moment ago.")})
