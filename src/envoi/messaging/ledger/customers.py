"""What each customer's limits say at the moment of sending: who may be written to, who waits, who is skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from ..limits import pair
from . import pairs, portfolios
from .freeing import free_unsent
from .holding import hold_pairs
from .moves import ends, flags, forget, move, note, tell_pages, whole
from .returns import put_back
from .standing import InForce, in_force, joins, verdict
from .words import Claimed, Connection, PutBack, Refusal

# Whoever holds a contact may promise their next 24 hours, and reads who did so before (`pairs`) in a statement that
# begins after. Nobody waits here for a row that somebody else is changing; in the order of their ids all the same.
HOLD = """
SELECT id FROM contacts WHERE id = ANY(%(contacts)s::bigint[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
BUSY = timedelta(seconds=2)

_REASON, _UNTIL = verdict(promotional="m.promotional", free_form="m.free_form", expires_at="m.expires_at")
STANDING = f"""
SELECT m.id, c.id, {_REASON}, {_UNTIL}, w.open_now, pr.borrowed_until
  FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[], %(promotional)s::boolean[], %(free_form)s::boolean[],
              %(ends)s::timestamptz[]) AS m (contact_id, id, promotional, free_form, expires_at)
  LEFT JOIN contacts c ON c.id = m.contact_id
  {joins(promotional="m.promotional", message_id="m.id", of="claim")}
"""  # noqa: S608  (our own text)


def reserve_customers(db: Connection, taken: Sequence[Claimed]) -> tuple[list[Claimed], list[Refusal]]:
    """Ask every customer's limits at the moment of sending, and reserve what they allow, in the caller's transaction.

    Returns who may be sent to, and who not with the reason (standing.RULES has them in order): for good, or until a
    time. `busy` is who is being changed at this moment, by an import for instance: the others do not wait for them.
    """
    if not taken:
        return [], []
    channel_id = _channel_of(db, taken[0])
    rules = in_force(db, channel_id)
    round_ = _Round(db, channel_id, rules, taken)
    # Each asks only those whom the one before it let through; what is written is written for those alone.
    passed = round_.ask_standing(taken)
    passed = round_.one_promotion_each(passed)
    passed = round_.ask_pairs(passed)
    passed = round_.ask_portfolio(passed)
    passed = round_.reserve(passed)
    kept = {message.id for message in passed}
    return [message for message in taken if message.id in kept], round_.refused


class _Round:
    """One batch on its way through the limits; `refused` gathers those who were stopped."""

    def __init__(self, db: Connection, channel_id: int, rules: InForce, taken: Sequence[Claimed]) -> None:
        self.db = db
        self.channel_id = channel_id
        self.rules = rules
        self.refused: list[Refusal] = []
        self._open: set[int] = set()
        self._free_form = {message.id for message in taken if is_free_form(message)}
        self._borrowed: dict[int, datetime | None] = {}
        promoted = sorted({message.contact_id for message in taken if message.promotional})
        self._held = (
            {row[0] for row in db.execute(HOLD, {"contacts": whole(promoted)}).fetchall()} if promoted else set()
        )

    def ask_standing(self, taken: Sequence[Claimed]) -> list[Claimed]:
        """The rules about the customer alone: consent, window, region, cool-down, promotions, hours."""
        rows = self.db.execute(
            STANDING,
            {
                **self.rules.parameters,
                "contacts": whole(message.contact_id for message in taken),
                "ids": whole(message.id for message in taken),
                "promotional": flags(message.promotional for message in taken),
                "free_form": flags(message.id in self._free_form for message in taken),
                "ends": ends(message.expires_at for message in taken),
            },
            # All at once: a cursor that is walked through makes three calls for each row.
        ).fetchall()
        said = {row[0]: row for row in rows}
        passed = []
        for message in taken:
            _, known, reason, until, open_now, borrowed_until = said[message.id]
            if known is None:
                self._refuse(message, "opted_out", None)
            elif message.promotional and message.contact_id not in self._held:
                self._refuse(message, "busy", self.rules.now + BUSY)
            elif reason:
                self._refuse(message, reason, until)
            else:
                passed.append(message)
                self._borrowed[message.contact_id] = borrowed_until
                if open_now:
                    self._open.add(message.contact_id)
        return passed

    def one_promotion_each(self, passed: Sequence[Claimed]) -> list[Claimed]:
        """Two campaigns' promotions to one person in one batch: the first goes, the other has its day."""
        first: dict[int, int] = {}
        for message in passed:
            if message.promotional:
                first.setdefault(message.contact_id, message.id)
        kept = []
        for message in passed:
            if message.promotional and first[message.contact_id] != message.id:
                gap: timedelta = self.rules.parameters["_gap"]
                self._refuse(message, "promoted_recently", self.rules.now + gap)
            else:
                kept.append(message)
        return kept

    def ask_pairs(self, passed: Sequence[Claimed]) -> list[Claimed]:
        """The pair rate: so many to one customer at once, and then one each INTERVAL."""
        kept: list[Claimed] = []
        counts: Counter[int] = Counter()
        # Nearly everybody's: nothing was lent to them.
        fresh = pair.room(None, self.rules.now)
        for message in passed:
            borrowed_until = self._borrowed[message.contact_id]
            room = pair.room(borrowed_until, self.rules.now) if borrowed_until else fresh
            if counts[message.contact_id] < room:
                counts[message.contact_id] += 1
                kept.append(message)
            else:
                borrowed = pair.borrowed(borrowed_until, self.rules.now, counts[message.contact_id])
                self._refuse(message, "too_fast", pair.free_at(borrowed))
        return kept

    def ask_portfolio(self, passed: Sequence[Claimed]) -> list[Claimed]:
        """Templates outside an open window count in the portfolio: so many customers in a moving 24 hours."""
        counting = [m for m in passed if m.id not in self._free_form and m.contact_id not in self._open]
        firsts: dict[int, int] = {}
        for message in counting:
            firsts.setdefault(message.contact_id, message.id)
        counted = portfolios.count(self.db, self.channel_id, list(firsts.items()))
        stopped = {message.id for message in counting if message.contact_id not in counted.let}
        for message in passed:
            if message.id in stopped:
                self._refuse(message, "portfolio_full", counted.turns[message.contact_id])
        return [message for message in passed if message.id not in stopped]

    def reserve(self, passed: Sequence[Claimed]) -> list[Claimed]:
        """Write down what the pair rate lends, and that a promotion that goes has its customer's next 24 hours.

        The pair rate is asked again there, for another dispatcher may have been first.
        """
        counts = Counter(message.contact_id for message in passed)
        promotions = {message.contact_id: message.id for message in passed if message.promotional}
        # Who is skipped gives back what an earlier claim of the same message reserved (record_refusals): a second
        # statement over pairs, whose rows are therefore taken here with the others.
        skipped = {refusal.message.contact_id for refusal in self.refused if refusal.until is None}
        if skipped:
            hold_pairs(self.db, skipped | counts.keys())
        let = pairs.borrow(self.db, self.channel_id, counts, promotions=promotions, now=self.rules.now)
        for message in passed:
            if message.contact_id not in let:
                self._refuse(message, "too_fast", self.rules.now + pair.INTERVAL)
        return [message for message in passed if message.contact_id in let]

    def _refuse(self, message: Claimed, reason: str, until: datetime | None) -> None:
        # Waiting beyond the campaign's end would only keep it open: then it is for good, with the same reason.
        # Who is busy is asked again in any case: to skip them, their row would have to be waited for.
        if reason != "busy" and until and message.expires_at and until >= message.expires_at:
            until = None
        self.refused.append(Refusal(message, reason, until))


def is_free_form(message: Claimed) -> bool:
    """Whether it may go only in an open window: everything that is no template, and says or shows something."""
    kind = (message.content or {}).get("kind", "template")
    return kind not in ("template", "read")


def _channel_of(db: Connection, message: Claimed) -> int:
    row = db.execute("SELECT channel_id FROM lanes WHERE id = %(id)s", {"id": message.lane_id}).fetchone()
    assert row is not None
    return int(row[0])


def record_refusals(db: Connection, channel_id: int, refusals: Sequence[Refusal]) -> None:
    """Send back to wait, or skip, those whom `reserve_customers` refused; each with its line in the trace."""
    waiting = [
        PutBack(refusal.message, refusal.reason, refusal.until) for refusal in refusals if refusal.until is not None
    ]
    put_back(db, channel_id, waiting)
    ended = [refusal for refusal in refusals if refusal.until is None]
    for reason in sorted({refusal.reason for refusal in ended}):
        skipped = [refusal.message for refusal in ended if refusal.reason == reason]
        move(db, skipped, to="skipped", when_in=["queued", "sending"], reason=reason)
        forget(db, channel_id, skipped)
        free_unsent(db, [(message.contact_id, message.id) for message in skipped])
    note(db, [(refusal.message, "skipped", {"reason": refusal.reason}) for refusal in ended])
    tell_pages(db, [refusal.message for refusal in ended])
