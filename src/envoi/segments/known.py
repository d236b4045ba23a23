"""What a rule refers to by name or number: tags, attributes, other segments, campaigns, staff. Looked up once each.

Campaigns live higher on the street, so they are read by SQL and not imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from ..contacts.models import Attribute, Tag
from ..orders.features import Measure
from ..orders.models import RfmBounds
from ..team.models import Staff
from .errors import BadRule, Circle
from .models import Segment


@dataclass(frozen=True, slots=True)
class KnownSegment:
    """A segment as another rule sees it."""

    id: int
    name: str
    kind: str
    rule: dict[str, Any]


@dataclass(slots=True)
class Known:
    """Look-ups of one compilation, each made at most once."""

    _tags: dict[str, int | None] = field(default_factory=dict)
    _segments: dict[int, KnownSegment | None] = field(default_factory=dict)
    _campaigns: dict[int, str | None] = field(default_factory=dict)
    _staff: dict[int, str | None] = field(default_factory=dict)
    _attributes: dict[str, Attribute] | None = None
    _bounds: RfmBounds | None = None
    _looked_for_bounds: bool = False

    def tag_id(self, name: str) -> int | None:
        """The tag of this name, None when there is none (any more)."""
        if name not in self._tags:
            self._tags[name] = Tag.objects.filter(name=name).values_list("pk", flat=True).first()
        return self._tags[name]

    def segment(self, segment_id: int) -> KnownSegment | None:
        """A saved segment, None when there is none (any more)."""
        if segment_id not in self._segments:
            found = Segment.objects.filter(pk=segment_id).first()
            self._segments[segment_id] = KnownSegment(found.pk, found.name, found.kind, found.rule) if found else None
        return self._segments[segment_id]

    def campaign(self, campaign_id: int) -> str | None:
        """A campaign's name, None when there is no such campaign."""
        if campaign_id not in self._campaigns:
            with connection.cursor() as cursor:
                cursor.execute("SELECT name FROM campaigns WHERE id = %(id)s", {"id": campaign_id})
                row = cursor.fetchone()
            self._campaigns[campaign_id] = row[0] if row else None
        return self._campaigns[campaign_id]

    def staff(self, staff_id: int) -> str | None:
        """A colleague's name, None when there is no such person."""
        if staff_id not in self._staff:
            found = Staff.objects.filter(pk=staff_id).first()
            self._staff[staff_id] = str(found) if found else None
        return self._staff[staff_id]

    def attribute(self, key: str) -> Attribute | None:
        """What the company notes under this key, None when it is not defined."""
        if self._attributes is None:
            self._attributes = {one.key: one for one in Attribute.objects.order_by("label", "key")}
        return self._attributes.get(key)

    def bounds(self, measure: Measure) -> Sequence[Any]:
        """The four values that part all buyers in five by this measure, by the newest count; none without one."""
        if not self._looked_for_bounds:
            self._bounds = RfmBounds.objects.order_by("-at").first()
            self._looked_for_bounds = True
        return getattr(self._bounds, measure) if self._bounds else ()

    def attributes(self) -> list[Attribute]:
        """All that the company notes, by label."""
        self.attribute("")
        return list((self._attributes or {}).values())


def named(known: Known, segment_id: int) -> KnownSegment:
    """The segment that a rule names. Raises BadRule when it is gone."""
    found = known.segment(segment_id)
    if found is None:
        raise BadRule(_("The rule names a segment that was deleted: choose another."))
    return found


def circle(path: tuple[KnownSegment, ...]) -> Circle:
    """The refusal of a way that leads back to where it was."""
    names = " → ".join(f"“{one.name}”" for one in path)
    return Circle(_("A segment can't be made of itself: %(path)s.") % {"path": names})
