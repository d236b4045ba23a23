"""Ready-made segments: what the shop next door asks for every week, to be added as they are or to begin from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..contacts.models import Attribute
from ..core.errors import NotFound
from ..team.models import Staff
from ..team.rights import require
from . import actions, tagging
from .fields import RFM
from .known import Known
from .models import Segment
from .operators import Text

# The company's own currency; figures of mission M3, to be changed to the shop's own.
LOW, HIGH = 50, 200
BIRTHDAYS: tuple[str, ...] = (
    "birthday",
    "birth date",
    "date of birth",
    "born",
    "anniversaire",
    "naissance",
    "date de naissance",
)
BIRTHDAYS += ("né le", "née le", "生日", "出生日期")

_average = "orders.average"
HIGH_VALUE = {"field": _average, "is": ">", "value": HIGH}
INTERACTED = {"field": "interacted_days", "is": "within", "value": 7}
INACTIVE = {"field": "inactive_days", "is": "since_days", "value": 90}


@dataclass(frozen=True, slots=True)
class Ready:
    """One ready-made segment. `taken` is the one that was made from it."""

    key: str
    group: Text
    name: Text
    rule: dict[str, Any]
    taken: Segment | None = None

    @property
    def detail(self) -> str:
        """What the words of its rule leave open: the scores behind the name of a group of buyers."""
        if not self.key.startswith("rfm_"):
            return ""
        _label, (recency, frequency) = RFM[self.key.removeprefix("rfm_")]
        return _("Recency score %(recency)s, frequency score %(frequency)s.") % {
            "recency": _span(recency),
            "frequency": _span(frequency),
        }


_FREQUENCY = gettext_lazy("How often they buy")
_VALUE = gettext_lazy("What they spend")
_INTERACTION = gettext_lazy("Whether they answer")
_GROUPS = gettext_lazy("Recency and frequency")
_DAYS = gettext_lazy("Days to remember")

_ALL: tuple[tuple[str, Text, Text, dict[str, Any]], ...] = (
    ("monthly", _FREQUENCY, gettext_lazy("Monthly buyers"), {"field": "orders.90", "is": ">=", "value": 3}),
    ("quarterly", _FREQUENCY, gettext_lazy("Quarterly buyers"),
     {"field": "orders.90", "is": "between", "value": [1, 2]}),
    ("low", _VALUE, gettext_lazy("Average order below 50"), {"field": _average, "is": "<", "value": LOW}),
    ("middle", _VALUE, gettext_lazy("Average order 50 to 200"),
     {"field": _average, "is": "between", "value": [LOW, HIGH]}),
    ("high", _VALUE, gettext_lazy("Average order above 200"), HIGH_VALUE),
    ("interacted", _INTERACTION, gettext_lazy("Interacted in 7 days"), INTERACTED),
    ("silent", _INTERACTION, gettext_lazy("Silent for 30 days"),
     {"field": "interacted_days", "is": "not_within", "value": 30}),
    ("high_interacted", _INTERACTION, gettext_lazy("High value and interacted in 7 days"),
     {"all": [HIGH_VALUE, INTERACTED]}),
    ("inactive", _INTERACTION, gettext_lazy("Inactive for 90 days"), INACTIVE),
    *((f"rfm_{name}", _GROUPS, label, {"field": "rfm.segment", "is": "is", "value": name})
      for name, (label, _area) in RFM.items()),
)  # fmt: skip


def ready(staff: Staff | None) -> list[Ready]:
    """Everything that is offered, in groups; the birthday week only where a date of birth is noted."""
    require(staff, "segments.read")
    taken = {one.ready: one for one in Segment.objects.exclude(ready=None)}
    offered = [*_ALL, *_birthday()]
    return [Ready(key, group, name, rule, taken.get(key)) for key, group, name, rule in offered]


@transaction.atomic
def take(keys: Iterable[str], *, tags: bool, by: Staff | None) -> list[Segment]:
    """Make the ready-made segments of these keys that are not there yet, under their names in the reader's language.

    tags: also a tag of the same name that follows each. Raises NotFound for a key that is not offered.
    """
    require(by, "segments.write")
    offered = {one.key: one for one in ready(by)}
    made: list[Segment] = []
    for key in dict.fromkeys(keys):
        one = offered.get(key)
        if one is None:
            raise NotFound(_("There is no such ready-made segment."))
        if one.taken is not None:
            continue
        segment = actions.save_segment(name=_free(str(one.name)), rule=one.rule, by=by, ready=key)
        if tags:
            tagging.start(segment.pk, tag=segment.name[:60], by=by)
        made.append(segment)
    return made


def _span(scores: tuple[int, int]) -> str:
    low, high = scores
    return str(low) if low == high else f"{low}–{high}"


def _birthday() -> list[tuple[str, Text, Text, dict[str, Any]]]:
    dates = [one for one in Known().attributes() if one.kind == Attribute.Kind.DATE]
    born = [one for one in dates if {one.key.casefold(), one.label.casefold()} & set(BIRTHDAYS)]
    if not born:
        return []
    rule = {"field": f"attribute:{born[0].key}", "is": "anniversary_week"}
    return [("birthday", _DAYS, gettext_lazy("Birthday this week"), rule)]


def _free(name: str) -> str:
    """The name, or the next one with a number that nobody has."""
    taken = set(Segment.objects.filter(name__startswith=name).values_list("name", flat=True))
    number = 2
    free = name
    while free in taken:
        free = f"{name} {number}"
        number += 1
    return free
