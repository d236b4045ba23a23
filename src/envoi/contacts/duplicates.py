"""Records that are perhaps of one person. Nothing is merged by itself: a person looks at each pair."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from ..team.models import Staff
from ..team.rights import require
from .models import Contact

# Each is an index look-up: usernames that two have; ids under an account whose business is known by now; and who is
# known by an id alone, but has the name of one other person of their country.
PAIRS = """
SELECT kept, gone, why FROM (
    (SELECT min(id) AS kept, max(id) AS gone, 'username' AS why
       FROM contacts WHERE username <> '' AND erased_at IS NULL
      GROUP BY username HAVING count(*) > 1 ORDER BY 2 DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT min(b.contact_id), a.contact_id, 'user_id'
       FROM identities a JOIN identities b ON b.kind = 'user_id' AND b.value = a.value AND b.contact_id <> a.contact_id
      WHERE a.kind = 'user_id' AND a.scope LIKE 'account:%%' AND b.scope NOT LIKE 'account:%%'
      GROUP BY a.contact_id ORDER BY 2 DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT min(b.id), a.id, 'name'
       FROM (SELECT * FROM contacts WHERE phone IS NULL AND name <> '' AND erased_at IS NULL
              ORDER BY id DESC LIMIT 2000) a
       JOIN contacts b ON b.name = a.name AND b.id <> a.id AND b.phone IS NOT NULL AND b.erased_at IS NULL
                      AND (b.country = a.country OR a.country = '')
      GROUP BY a.id HAVING count(*) = 1 ORDER BY 2 DESC LIMIT %(limit)s)
) AS pairs
 LIMIT %(limit)s
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
