"""The job of staffing: passing on what somebody with very much work left behind."""

from __future__ import annotations

from procrastinate.contrib.django import app

from ..team.changes import acting
from ..team.models import Staff
from .leaving import pass_on


@app.task(name="staffing.hand_over")
def hand_over(
    staff_id: int, to_staff: int | None, to_team: int | None, contacts_to: int | None, by: int | None
) -> None:
    """Pass stretch after stretch on, each in a transaction of its own, until nothing is left."""
    who = Staff.objects.filter(pk=by).first() if by else None
    # Who asked for it may have lost the right since; that it was asked for was theirs to say.
    actor = who if who is not None and who.is_active else None
    with acting(staff=by, way="job"):
        while not pass_on(staff_id, to_staff=to_staff, to_team=to_team, contacts_to=contacts_to, by=actor):
            pass
