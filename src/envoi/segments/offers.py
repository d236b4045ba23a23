"""What the builder offers to choose from: tags, languages, countries, colleagues, segments, campaigns, products."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import available_timezones

from django.db import connection
from django.utils.translation import gettext as _
from phonenumbers import SUPPORTED_REGIONS

from ..contacts.queries import tags
from ..orders.queries import own_currency
from ..team.models import Staff
from ..web.look import language_choices
from .fields import by_group
from .forms import Row
from .known import Known
from .models import Segment

Choices = Sequence[tuple[Any, Any]]

# The newest: whoever asks for an older one by name still finds it in the rule that names it.
MOST = 500
CAMPAIGNS = """
SELECT id, name FROM campaigns
 WHERE state <> 'draft' OR id = ANY(%(chosen)s)
 ORDER BY id = ANY(%(chosen)s) DESC, id DESC LIMIT %(most)s
"""
# Of the first few thousand orders with articles: enough to show how the shop writes them, and as quick at 5 million.
PRODUCTS = """
SELECT name FROM (
    SELECT COALESCE(item ->> 'name', item ->> 'sku') AS name
      FROM (SELECT items FROM orders WHERE items <> '[]'::jsonb LIMIT 2000) o
     CROSS JOIN LATERAL jsonb_array_elements(o.items) AS item
) AS named WHERE name <> '' GROUP BY name ORDER BY count(*) DESC, name LIMIT 100
"""


def offers(rows: Iterable[Row], known: Known, *, segment: Segment | None) -> dict[str, Any]:
    """Choices for these rows, by kind; what no row asks for is not looked up."""
    asked: dict[str, list[Row]] = {}
    for row in rows:
        asked.setdefault(row.about.kind, []).append(row)
    made: dict[str, Any] = {"groups": by_group(known.attributes())}
    if "tag" in asked:
        names = [tag.name for tag, _people in tags()][:MOST]
        made["tag"] = _with_chosen([(name, name) for name in names], asked["tag"])
    if "language" in asked:
        made["language"] = _with_chosen(language_choices(), asked["language"])
    if "country" in asked:
        made["country"] = _with_chosen([(code, code) for code in sorted(SUPPORTED_REGIONS)], asked["country"])
    if "zone" in asked:
        zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        made["zone"] = _with_chosen([(zone, zone.replace("_", " ")) for zone in zones], asked["zone"])
    if "staff" in asked:
        people = [(str(one.pk), str(one)) for one in Staff.objects.filter(is_active=True).order_by("name", "email")]
        made["staff"] = _with_chosen(people, asked["staff"])
    if "segment" in asked:
        # Itself it can't contain.
        others = Segment.objects.exclude(pk=segment.pk if segment else 0).order_by("name")
        made["segment"] = _with_chosen([(str(one.pk), one.name) for one in others], asked["segment"])
    if "campaign" in asked:
        made["campaign"] = [("", _("any campaign")), *_campaigns(asked["campaign"])]
    if "product" in asked:
        made["product"] = _rows(PRODUCTS, {})
    if "money" in asked:
        made["currency"] = own_currency()
    return made


def _campaigns(rows: list[Row]) -> Choices:
    chosen = [int(row.value) for row in rows if row.value.isascii() and row.value.isdigit()]
    found = _rows(CAMPAIGNS, {"chosen": chosen, "most": MOST})
    return _with_chosen([(str(key), name) for key, name in found], rows)


def _with_chosen(offered: Choices, rows: list[Row]) -> Choices:
    """With what is chosen and no longer offered, so that opening a page never changes a rule."""
    known = {value for value, _label in offered}
    gone = {value: None for row in rows for value in row.values if value and value not in known}
    return [*offered, *((value, value) for value in gone)]


def _rows(sql: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = cursor.fetchall()
    return [row[0] for row in found] if found and len(found[0]) == 1 else found
