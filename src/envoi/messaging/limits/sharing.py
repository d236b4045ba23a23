"""Who may send late on a channel that several dispatchers share: pure rules; the state is in `channel_pace`.

Slots are evenly spaced, whoever takes them. One that is used late stands in a second that also has the slots of others,
so only who is alone may do that, and only as long as the row says so: until then everybody else waits.
Times are in seconds from the database's moment of reading, past below 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# Who took slots for a campaign and is alone may rely on it for so long, though it hears nothing more from the database.
ALONE_SECONDS = 0.75
# The provider's second, and a quarter of one for ways that are not equally long.
SETTLES_SECONDS = 1.25
# For so long who took slots or asked for some is believed to be there still.
COMPANY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who took the channel's slots last.

    taken_by: that dispatcher's own number. company: until when there is believed to be another one. alone: until when
    `taken_by` may use slots that are late, or might; None when it never did.
    """

    taken_by: int | None = None
    company: float = 0.0
    alone: float | None = None

    @property
    def alone_for(self) -> float:
        """For how long `taken_by`, who asked just now, may still send as the only one."""
        return 0.0 if self.company > 0 else max(self.alone or 0.0, 0.0)


def waits(sharing: Sharing, sender: int) -> float:
    """For how long this dispatcher gets no slots, as somebody else's late messages may still count; 0 when it may."""
    if sharing.taken_by == sender or (alone := _alone(sharing)) is None:
        return 0.0
    return max(alone + SETTLES_SECONDS, 0.0)


def ask(sharing: Sharing, sender: int, *, bulk: int) -> Sharing:
    """The row once this dispatcher asked for slots, so many of them for campaigns; it gets none while it `waits`.

    Who sends nothing but replies needs no late slots, and whoever else has a reply then waits for nobody.
    """
    if waits(sharing, sender):
        return replace(sharing, company=COMPANY_SECONDS)
    if sharing.taken_by not in (None, sender):
        return Sharing(sender, company=COMPANY_SECONDS)
    company = sharing.company if sharing.company <= COMPANY_SECONDS else 0.0
    return Sharing(sender, company, ALONE_SECONDS if bulk and company <= 0 else _alone(sharing))


def _alone(sharing: Sharing) -> float | None:
    # A time further ahead was written by a clock that has since gone back.
    return None if sharing.alone is None or sharing.alone > ALONE_SECONDS else sharing.alone
