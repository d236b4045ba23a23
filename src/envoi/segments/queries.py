"""Reading segments, and the people that a rule chooses."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from ..contacts.models import Contact
from ..core.errors import NotFound
from ..team.models import Staff
from ..team.rights import require
from .models import Segment
from .rules import compile_rule


def segments(staff: Staff | None) -> list[Segment]:
    """Every segment, by name."""
    require(staff, "segments.read")
    return list(Segment.objects.order_by("name"))


def segment_for(staff: Staff | None, segment_id: int) -> Segment:
    """One segment. Raises NotFound."""
    require(staff, "segments.read")
    found = Segment.objects.filter(pk=segment_id).first()
    if found is None:
        raise NotFound(_("There is no such segment."))
    return found


def count(rule: dict[str, Any]) -> int:
    """How many contacts the rule chooses now. Raises BadRule."""
    condition = compile_rule(rule)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM contacts c WHERE {condition.sql}", condition.params)  # noqa: S608
        return int(cursor.fetchone()[0])


def sample(rule: dict[str, Any], limit: int = 10) -> list[Contact]:
    """The newest few contacts that the rule chooses. Raises BadRule."""
    condition = compile_rule(rule)
    parameters = {**condition.params, "_limit": limit}
    sql = f"SELECT c.* FROM contacts c WHERE {condition.sql} ORDER BY c.id DESC LIMIT %(_limit)s"  # noqa: S608
    return list(Contact.objects.raw(sql, parameters))
