"""A person's erasure: what is known of them goes, what was counted stays, and a withdrawal is remembered.

GDPR 17. What goes and what stays is said table by table (contacts.belongings); what is not in a table of ours runs out
by itself: stored webhooks after their days, files that customers sent with the next nightly clearing.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..contacts import belongings, erased, events
from ..contacts.models import Contact, Merge
from ..core.errors import NotFound
from ..inbox.words import customer_path
from ..messaging.actions import ledger_db
from ..messaging.ledger import kin, settlement
from ..notifications.actions import forget_about
from ..team.actions import forget, note
from ..team.models import Staff
from ..team.rights import require
from .belongings import ALL
from .merging import OnItsWay


@transaction.atomic
def erase(contact_id: int, *, by: Staff | None) -> None:
    """Erase a person. What waits for them is cancelled; nothing of this can be undone.

    Their row stays without a name or a key, so that figures keep their sums. Raises OnItsWay while a message to them
    is leaving, NotFound for nobody and for who was erased before.
    """
    require(by, "contacts.privacy")
    waiting = kin.hold_rows(ledger_db(), contact_id)
    contact = Contact.objects.select_for_update().filter(pk=contact_id, erased_at=None).first()
    if contact is None:
        raise NotFound(_("There is no such contact."))
    if any(state == "sending" for _channel, _message, state in waiting):
        raise OnItsWay(_("A message to them is leaving at this moment: try again in a few seconds."))
    kin.cancel(ledger_db(), contact_id, [row[:2] for row in waiting if row[2] == "queued"], reason="erased")
    uncertain = [(contact_id, message_id) for _channel, message_id, state in waiting if state == "uncertain"]
    settlement.give_up(ledger_db(), uncertain, by=str(by) if by else _("the operator"))
    hashes = erased.remember(contact_id)
    with connection.cursor() as cursor:
        for one in ALL:
            belongings.erase(cursor, one, contact_id)
    # A merge that could be undone would bring them back.
    for merged in (*Merge.objects.filter(kept_id=contact_id), *Merge.objects.filter(gone_id=contact_id)):
        forget(f"contact/{merged.gone_id}")
        Merge.objects.filter(pk=merged.pk).update(saved={})
    forget(f"contact/{contact_id}")
    # What colleagues were told names them.
    forget_about(customer_path(contact_id))

    Contact.objects.filter(pk=contact_id).update(
        phone=None,
        name="",
        username="",
        timezone="",
        attributes={},
        owner=None,
        blocked_at=None,
        blocked_reason="",
        marketing="withdrawn" if contact.marketing == "withdrawn" else "unknown",
        service="withdrawn" if contact.service == "withdrawn" else "unknown",
        erased_at=timezone.now(),
        updated_at=timezone.now(),
    )
    events.record([contact_id], "erased", {}, by)
    note(by, "contacts.erase", f"contact/{contact_id}", {"withdrawals_remembered": hashes})
