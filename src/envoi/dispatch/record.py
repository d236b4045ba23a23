"""A batch of outcomes into the ledger, and what it means for lanes, pace and channel: one transaction."""

from __future__ import annotations

from ..contacts import consents
from ..inbox import failing
from ..messaging import ledger
from . import store
from .deliver import Outcomes
from .store import Route


def record(db: store.Connection, route: Route, batch: Outcomes) -> bool:
    """Write one batch of outcomes, and what they mean for the channel: one transaction."""
    channel_id = route.channel_id
    # Rows in the order that holds everywhere (ledger.holding): lanes in front of all, as claims have them.
    for lane_id, reason in sorted(batch.held_lanes.items()):
        ledger.set_lane(db, lane_id, "held", reason=reason)
    _hold(db, channel_id, batch)
    ledger.record_sent(db, channel_id, batch.sent)
    ledger.put_back(db, channel_id, batch.back)
    ledger.record_failed(db, channel_id, batch.failed)
    ledger.record_unclear(db, channel_id, batch.unclear)
    failing.wait_again(db, [(one.message.contact_id, one.message.id) for one in batch.failed])
    ledger.release(db, channel_id, batch.unsent)
    for refused in batch.opted_out:
        consents.record(
            db,
            refused.message.contact_id,
            purpose="marketing",
            state="withdrawn",
            source="provider",
            text=refused.failure.title,
            proof=f"{route.provider} {refused.failure.code}",
            at=refused.at,
        )
    if batch.throttled_seconds:
        store.rest(db, channel_id, seconds=batch.throttled_seconds, too_fast=True)
    if batch.rest_seconds:
        store.rest(db, channel_id, seconds=batch.rest_seconds, too_fast=False)
    if batch.suspended:
        store.suspend(db, channel_id, whole_account=batch.suspended.scope == "account", reason=str(batch.suspended))
    return True


def _hold(db: store.Connection, channel_id: int, batch: Outcomes) -> None:
    """What several statements below take of one table, taken at once; a batch that was sent whole needs none of it."""
    waiting = {one.message.contact_id for one in batch.back if one.reason == ledger.CUSTOMER_WAITS}
    if not (batch.back or batch.failed or batch.unclear or batch.unsent):
        return
    told = [one.message for one in batch.sent] + [one.message for one in batch.back]
    told += [one.message for one in batch.failed] + [one.message for one in batch.unclear]
    ledger.hold_outbox(db, channel_id, [message.id for message in told + batch.unsent])
    # Nobody else's: an import may have them for a while.
    changed = {one.message.contact_id for one in batch.failed if _changes_customer(one)}
    ledger.hold_contacts(db, waiting | changed | {one.message.contact_id for one in batch.opted_out})
    ledger.hold_pairs(db, waiting | {one.message.contact_id for one in batch.failed})


def _changes_customer(refused: ledger.Refused) -> bool:
    """The provider's cap lets them rest; an answer that failed lets them wait for another."""
    return ledger.is_cap(refused.failure) or refused.message.priority == store.REPLIES
