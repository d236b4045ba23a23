"""The only code that moves a message between states; it neither sends, nor decides whom to write to, nor knows Django.

Every function takes a psycopg connection and works inside the caller's transaction: what it says happens together
with whatever else the caller does, or not at all. The row in `messages` is for good and leads with the contact; the
row in `outbox` leads with the channel and lives from the decision to send until the outcome is known.

    queued < sending < accepted < sent < delivered < read       beside them: uncertain, failed, skipped, cancelled
"""

from .claims import claim, end_waiting, make_promotional, park_lapsed
from .cooling import is_cap
from .customers import record_refusals, reserve_customers
from .forecasts import Forecast, Portfolio, Share, forecast, portfolio_of
from .holding import hold_contacts, hold_outbox, hold_pairs
from .lanes import BELL, Answer, add_lane, enqueue, enqueue_answers, enqueue_recipients, receive, set_lane, take_back
from .outcomes import record_failed, record_sent, record_unclear
from .pairs import SAID_BY_NOBODY
from .portfolios import next_room
from .prices import Price, Unpriced, record_prices, unpriced
from .receipts import settle
from .returns import CUSTOMER_WAITS, put_back, release
from .words import ORDER, Claimed, Connection, Planned, PutBack, Refusal, Refused, Sent, Unclear

__all__ = [
    "BELL",
    "CUSTOMER_WAITS",
    "ORDER",
    "SAID_BY_NOBODY",
    "Answer",
    "Claimed",
    "Connection",
    "Forecast",
    "Planned",
    "Portfolio",
    "Price",
    "PutBack",
    "Refusal",
    "Refused",
    "Sent",
    "Share",
    "Unclear",
    "Unpriced",
    "add_lane",
    "claim",
    "end_waiting",
    "enqueue",
    "enqueue_answers",
    "enqueue_recipients",
    "forecast",
    "hold_contacts",
    "hold_outbox",
    "hold_pairs",
    "is_cap",
    "make_promotional",
    "next_room",
    "park_lapsed",
    "portfolio_of",
    "put_back",
    "receive",
    "record_failed",
    "record_prices",
    "record_refusals",
    "record_sent",
    "record_unclear",
    "release",
    "reserve_customers",
    "set_lane",
    "settle",
    "take_back",
    "unpriced",
]
