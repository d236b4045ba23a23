"""Everything that a contact has, gathered from the apps below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..contacts import belongings as contacts
from ..inbox import belongings as inbox
from ..messaging import activity
from ..messaging import belongings as messaging
from ..orders import belongings as orders
from ..orders.actions import recompute_totals
from ..replies import belongings as replies
from ..segments import belongings as segments

ALL: tuple[contacts.Belonging, ...] = (
    *contacts.BELONGINGS,
    *orders.BELONGINGS,
    *segments.BELONGINGS,
    *messaging.BELONGINGS,
    *inbox.BELONGINGS,
    *replies.BELONGINGS,
)

# What is derived is worked out anew for these contacts, each by its own app.
DERIVE: Sequence[Callable[[Sequence[int]], object]] = (recompute_totals, activity.recompute)
