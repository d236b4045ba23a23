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
    # Lanes before the pace, as in store.take: the other way round the two could wait for each other in a circle.
    for lane_id, reason in batch.held_lanes.items():
        ledger.set_lane(db, lane_id, "held", reason=reason)
    if batch.throttled_seconds:
        store.rest(db, channel_id, seconds=batch.throttled_seconds, too_fast=True)
    if batch.rest_seconds:
        store.rest(db, channel_id, seconds=batch.rest_seconds, too_fast=False)
    if batch.suspended:
        store.suspend(db, channel_id, whole_account=batch.suspended.scope == "account", reason=str(batch.suspended))
    return True
