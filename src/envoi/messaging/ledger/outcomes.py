"""What the provider answered: accepted, refused for good, or nobody can say."""

from __future__ import annotations

from collections.abc import Sequence

from .moves import forget, moments, move, note, tell_pages, texts, whole
from .receipts import Settled, apply, free_customers, words_of
from .words import Connection, Refused, Sent, Unclear


def record_sent(db: Connection, channel_id: int, sent: Sequence[Sent]) -> None:
    """The provider accepted these. A receipt that came first is not walked back."""
    if not sent:
        return
    # The outbox first, as everybody does who holds both rows.
    forget(db, channel_id, [item.message for item in sent])
    db.execute(
        """
        UPDATE messages
           SET state = CASE WHEN messages.state IN ('queued', 'sending', 'uncertain') THEN 'accepted'
                            ELSE messages.state END,
               provider_id = s.provider_id,
               accepted_at = to_timestamp(s.at)
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[], %(provider_ids)s::text[], %(ats)s::float8[])
               AS s (contact_id, id, provider_id, at)
         WHERE messages.contact_id = s.contact_id
           AND messages.id = s.id
        """,
        {
            "contacts": whole(item.message.contact_id for item in sent),
            "ids": whole(item.message.id for item in sent),
            "provider_ids": texts(item.provider_id for item in sent),
            "ats": moments(item.at for item in sent),
        },
    )
    # `accepted_at` is the trace's line (messaging.queries): a row of its own for each message would repeat it.
    note(db, [(item.message, "held", None) for item in sent if item.held])
    tell_pages(db, [item.message for item in sent])


def record_failed(db: Connection, channel_id: int, failed: Sequence[Refused]) -> None:
    """The provider refused these for good; a promotion that failed gives its customer's 24 hours back."""
    if not failed:
        return
    settled = [
        Settled(item.message.contact_id, item.message.id, state="failed", failed_at=item.at, failure=item.failure)
        for item in failed
    ]
    forget(db, channel_id, [item.message for item in failed])
    apply(db, settled)
    free_customers(db, settled)
    note(db, [(item.message, "failed", words_of(item.failure)) for item in failed])
    tell_pages(db, [item.message for item in failed])


def record_unclear(db: Connection, channel_id: int, unclear: Sequence[Unclear]) -> None:
    """Perhaps sent: the message is uncertain and keeps its outbox row until a receipt or a person settles it."""
    if not unclear:
        return
    db.execute(
        """
        UPDATE outbox SET state = 'uncertain', lease_until = NULL
         WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s) AND state = 'sending'
        """,
        {"channel_id": channel_id, "ids": [item.message.id for item in unclear]},
    )
    move(db, [item.message for item in unclear], to="uncertain", when_in=["queued", "sending"])
    note(db, [(item.message, "uncertain", {"reason": item.why}) for item in unclear])
    tell_pages(db, [item.message for item in unclear])
