"""Records that are perhaps of one person. Nothing is merged by itself: a person looks at each pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import Contact, DifferentPeople


def told_apart(one: str, other: str) -> str:
    """SQL: nobody has said yet that these two are different people."""
    return f"""NOT EXISTS (SELECT 1 FROM different_people d
                            WHERE d.first_id = LEAST({one}, {other}) AND d.second_id = GREATEST({one}, {other}))"""  # noqa: S608


# Each is an index look-up: usernames that two have; ids under an account whose business is known by now; and who is
# known by an id alone, but has the name of one other person of their country.
PAIRS = f"""
SELECT kept, gone, why FROM (
    (SELECT u.kept, u.gone, 'username' AS why
       FROM (SELECT lag(id) OVER (PARTITION BY username ORDER BY id) AS kept, id AS gone
               FROM contacts WHERE username <> '' AND erased_at IS NULL) u
      WHERE u.kept IS NOT NULL AND {told_apart("u.kept", "u.gone")} ORDER BY 2 DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT min(b.contact_id), a.contact_id, 'user_id'
       FROM identities a JOIN identities b ON b.kind = 'user_id' AND b.value = a.value AND b.contact_id <> a.contact_id
      WHERE a.kind = 'user_id' AND a.scope LIKE 'account:%%' AND b.scope NOT LIKE 'account:%%'
        AND {told_apart("a.contact_id", "b.contact_id")}
      GROUP BY a.contact_id ORDER BY 2 DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT min(b.id), a.id, 'name'
       FROM (SELECT * FROM contacts WHERE phone IS NULL AND name <> '' AND erased_at IS NULL
              ORDER BY id DESC LIMIT 2000) a
       JOIN contacts b ON b.name = a.name AND b.id <> a.id AND b.phone IS NOT NULL AND b.erased_at IS NULL
                      AND (b.country = a.country OR a.country = '')
      GROUP BY a.id HAVING count(*) = 1 AND {told_apart("a.id", "min(b.id)")} ORDER BY 2 DESC LIMIT %(limit)s)
) AS pairs
 LIMIT %(limit)s
"""  # noqa: S608  (our own text)


# Whoever is not the one who goes is not the one who stays either.
CARRY = """
INSERT INTO different_people (first_id, second_id, at, by_id)
SELECT LEAST(other, %(kept)s), GREATEST(other, %(kept)s), at, by_id
  FROM (SELECT CASE WHEN first_id = %(gone)s THEN second_id ELSE first_id END AS other, at, by_id
          FROM different_people WHERE %(gone)s IN (first_id, second_id)) AS known
 WHERE other <> %(kept)s
    ON CONFLICT (first_id, second_id) DO NOTHING
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records and why they may be one person's; `kept` is the older one."""

    kept: Contact
    gone: Contact
    why: str


def perhaps_the_same(staff: Staff | None, *, limit: int = 50) -> list[Pair]:
    """Pairs to look at, at most `limit`."""
    require(staff, "contacts.merge")
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, {"limit": limit})
        found = cursor.fetchall()
    people = Contact.objects.in_bulk({one for kept, gone, _why in found for one in (kept, gone)})
    words = {
        "username": _("Both have the same username on WhatsApp."),
        "user_id": _("Both have the same WhatsApp id in one business."),
        "name": _("The same name; one of them is known by a WhatsApp id alone."),
    }
    return [Pair(people[kept], people[gone], words[why]) for kept, gone, why in found]


@transaction.atomic
def tell_apart(one_id: int, other_id: int, *, by: Staff | None) -> None:
    """Note that two records are two people; they are not suggested again. Raises NotFound, BadInput for one record."""
    require(by, "contacts.merge")
    if one_id == other_id:
        raise BadInput(_("Choose two different contacts."))
    if Contact.objects.filter(pk__in=(one_id, other_id)).count() < 2:
        raise NotFound(_("There is no such contact."))
    first, second = sorted((one_id, other_id))
    DifferentPeople.objects.get_or_create(first_id=first, second_id=second, defaults={"by": by})
    note(by, "contacts.tell_apart", f"contact/{first}", {"other": second})


def carry_apart(cursor: Any, *, gone: int, kept: int) -> list[int]:
    """Let what was said of a contact that goes hold for the one who stays, too; returns what `forget_apart` takes."""
    cursor.execute(CARRY, {"gone": gone, "kept": kept})
    return [row[0] for row in cursor.fetchall()]


def forget_apart(carried: Sequence[int]) -> None:
    """Undo `carry_apart`."""
    DifferentPeople.objects.filter(pk__in=carried).delete()
