"""Writing segments."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound, Problem
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import Segment
from .rules import compile_rule


class NameTaken(Problem):
    """Another segment has this name."""


@transaction.atomic
def save_segment(*, name: str, rule: dict[str, Any], by: Staff | None, segment_id: int | None = None) -> Segment:
    """Save a new segment, or the one of `segment_id` under this name and rule; the audit line commits with it.

    Raises BadRule for a rule that can't be meant, BadInput for a bad name, NameTaken, NotFound.
    """
    require(by, "segments.write")
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > 120:
        raise BadInput(_("The name of a segment has 1 to 120 characters."))
    compile_rule(rule)

    segment = Segment() if segment_id is None else Segment.objects.select_for_update().filter(pk=segment_id).first()
    if segment is None:
        raise NotFound(_("There is no such segment."))
    if Segment.objects.filter(name=name).exclude(pk=segment.pk).exists():
        raise NameTaken(_("There is a segment “%(name)s” already.") % {"name": name})
    segment.name, segment.rule = name, rule
    segment.save()
    note(by, "segments.save", f"segment/{segment.pk}", {"rule": rule})
    return segment
