"""One-time codes: pools of them, filled by upload, given out by rules; each to one person, once, for good."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound, Problem
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .checking import checked_texts
from .models import PromoCode, PromoPool, ReplyRule
from .wording import Version

LONGEST_CODE = 60
# What parts the columns of a file. A code has none of them unless it stands in quotes: nobody could say where it ends.
SEPARATORS = (",", ";", "\t")
MOST_AT_ONCE = 200_000
MOST_BYTES = 20 * 1024 * 1024
# What the first line of a file may say instead of a code.
HEADINGS = ("code", "codes", "coupon", "promo", "promo code", "promo_code", "voucher", "code promo", "优惠码", "代码")


class PoolInUse(Problem):
    """A rule gives out this pool's codes."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of an upload: new codes, those that were here already (in any pool) or twice, and lines left out."""

    added: int
    known: int
    refused: tuple[str, ...] = ()


@transaction.atomic
def save_pool(
    *, name: str, again: str, low_at: int, empty: Sequence[Version], by: Staff | None, pool_id: int | None = None
) -> PromoPool:
    """Make a pool, or change one. Raises BadInput, NotFound."""
    require(by, "replies.write")
    words = " ".join(name.replace("\0", "").split())
    if not 1 <= len(words) <= 120:
        raise BadInput(_("A name has 1 to 120 characters."))
    if again not in PromoPool.Again.values:
        raise BadInput(_("Choose what somebody gets who asks again."))
    if not 0 <= low_at <= 10_000_000:
        raise BadInput(_("Warn at a number between 0 and 10,000,000."))
    if PromoPool.objects.filter(name=words).exclude(pk=pool_id or 0).exists():
        raise BadInput(_("There is a pool “%(name)s” already.") % {"name": words})
    values = {"name": words, "again": again, "low_at": low_at, "empty": checked_texts(empty)}
    if pool_id is None:
        pool = PromoPool.objects.create(**values, made_by=by)
    else:
        if not PromoPool.objects.filter(pk=pool_id).update(**values):
            raise NotFound(_("There is no such pool."))
        pool = PromoPool.objects.get(pk=pool_id)
    note(by, "replies.pool", f"pool/{pool.pk}", {"name": words})
    return pool


@transaction.atomic
def delete_pool(pool_id: int, *, by: Staff | None) -> None:
    """Delete a pool that no rule gives out and of which nobody has a code. Raises PoolInUse, NotFound."""
    require(by, "replies.write")
    pool = PromoPool.objects.select_for_update().filter(pk=pool_id).first()
    if pool is None:
        raise NotFound(_("There is no such pool."))
    for rule in ReplyRule.objects.all():
        if any(one.get("pool") == pool_id for one in rule.actions):
            raise PoolInUse(_("The rule “%(rule)s” gives out its codes.") % {"rule": rule.name})
    if PromoCode.objects.filter(pool=pool_id, contact_id__isnull=False).exists():
        raise PoolInUse(_("Customers have codes of this pool, so it stays."))
    PromoCode.objects.filter(pool=pool_id).delete()
    pool.delete()
    note(by, "replies.delete_pool", f"pool/{pool_id}", {"name": pool.name})


@transaction.atomic
def add_codes(pool_id: int, text: str, *, by: Staff | None) -> Added:
    """Put codes into a pool: one a line, or the first column of a CSV. What is known in any pool is left out.

    Raises BadInput for too many, NotFound.
    """
    require(by, "replies.write")
    if not PromoPool.objects.select_for_update(no_key=True).filter(pk=pool_id).exists():
        raise NotFound(_("There is no such pool."))
    codes, refused = codes_in(text)
    if not codes and not refused:
        raise BadInput(_("There is no code in it. Write one a line."))
    with connection.cursor() as cursor:
        # promo_codes_by_code finds each in any pool; within the pool the constraint has the last word.
        cursor.execute(
            """
            INSERT INTO promo_codes (pool_id, code)
            SELECT %(pool)s, code FROM unnest(%(codes)s::text[]) WITH ORDINALITY AS u (code, place)
             WHERE NOT EXISTS (SELECT 1 FROM promo_codes p WHERE p.code = u.code)
             ORDER BY place
                ON CONFLICT (pool_id, code) DO NOTHING
            """,
            {"pool": pool_id, "codes": codes},
        )
        added = cursor.rowcount
    note(by, "replies.add_codes", f"pool/{pool_id}", {"added": added})
    return Added(added, len(codes) - added, tuple(refused))


@transaction.atomic
def remove_codes(pool_id: int, *, by: Staff | None) -> int:
    """Take out the codes that nobody has; returns how many."""
    require(by, "replies.write")
    gone, _what = PromoCode.objects.filter(pool=pool_id, contact_id__isnull=True).delete()
    note(by, "replies.remove_codes", f"pool/{pool_id}", {"removed": gone})
    return gone


def codes_in(text: str) -> tuple[list[str], list[str]]:
    """The codes of a paste or a file, each once and in order, and the lines that hold none that can be sent."""
    lines = text.replace("\0", "").removeprefix("\ufeff").splitlines()
    if len(lines) > MOST_AT_ONCE:
        raise BadInput(_("At most 200,000 codes at once: split the file."))
    first = lines[0] if lines else ""
    separator = max(SEPARATORS, key=first.count)
    has_heading = _first_cell(first, separator).casefold() in HEADINGS and not _is_mixed(first)
    codes: dict[str, None] = {}
    refused: list[str] = []
    for line in lines[1:] if has_heading else lines:
        if not line.strip():
            continue
        code = _first_cell(line, separator)
        # Without a heading nobody can say where the code of “CODE,3;x” ends; quotes say where.
        is_quoted = line.lstrip().startswith('"')
        has_separator = (not has_heading and _is_mixed(line)) or any(one in code for one in SEPARATORS)
        if not code or len(code) > LONGEST_CODE or not code.isprintable() or (has_separator and not is_quoted):
            refused.append(line.strip()[:80])
        else:
            codes[code] = None
    return list(codes), refused


def _is_mixed(line: str) -> bool:
    return sum(one in line for one in SEPARATORS) > 1


def _first_cell(line: str, separator: str) -> str:
    return next(csv.reader(StringIO(line), delimiter=separator), [""])[0].strip()


def take(pool_id: int, contact_id: int, message_id: int) -> str:
    """A code for this customer, theirs for good; the one they have where the pool says so. "" when none is left.

    In the caller's transaction, who holds the contact: two messages of one customer take turns.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.code FROM promo_codes c JOIN promo_pools p ON p.id = c.pool_id
             WHERE c.contact_id = %(contact)s AND c.pool_id = %(pool)s
               AND (p.again = 'same' OR c.message_id = %(message)s)
             ORDER BY c.id DESC LIMIT 1
            """,
            {"pool": pool_id, "contact": contact_id, "message": message_id},
        )
        if row := cursor.fetchone():
            return str(row[0])
        # promo_codes_left (pool, id): the first free one; SKIP LOCKED lets customers who ask at once not wait for each
        # other, and none of them sees the other's code.
        cursor.execute(
            """
            WITH free AS (
                SELECT id FROM promo_codes
                 WHERE pool_id = %(pool)s AND contact_id IS NULL
                 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
            )
            UPDATE promo_codes SET contact_id = %(contact)s, message_id = %(message)s, taken_at = now()
              FROM free
             WHERE promo_codes.pool_id = %(pool)s AND promo_codes.id = free.id
            RETURNING code
            """,
            {"pool": pool_id, "contact": contact_id, "message": message_id},
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def peek(pool_id: int, contact_id: int | None) -> str:
    """The code that somebody would get now, without taking it; "" when none is left."""
    mine = PromoCode.objects.filter(pool=pool_id, contact_id=contact_id, pool__again=PromoPool.Again.SAME)
    if contact_id is not None and (found := mine.order_by("-id").first()):
        return found.code
    free = PromoCode.objects.filter(pool=pool_id, contact_id__isnull=True).order_by("id").first()
    return free.code if free else ""
