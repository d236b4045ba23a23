"""Deleting a segment."""

from __future__ import annotations

from django.db import models, transaction
from django.utils.translation import gettext as _

from ..core.errors import NotFound, Problem
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import Segment


class InUse(Problem):
    """A campaign refers to it."""


@transaction.atomic
def delete_segment(segment_id: int, *, by: Staff | None) -> None:
    """Delete a segment that nothing refers to. Raises NotFound, InUse."""
    require(by, "segments.write")
    segment = Segment.objects.select_for_update().filter(pk=segment_id).first()
    if segment is None:
        raise NotFound(_("There is no such segment."))
    note(by, "segments.delete", f"segment/{segment_id}", {"name": segment.name, "rule": segment.rule})
    try:
        segment.delete()
    except models.ProtectedError:
        raise InUse(_("A campaign refers to “%(name)s”, so it stays.") % {"name": segment.name}) from None
