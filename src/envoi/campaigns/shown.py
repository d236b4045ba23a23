"""How a campaign's numbers are shown: the steps of its funnel and where their rows are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from ..rates.cards import ZERO
from ..rates.queries import spent_by, terms_of
from ..web.templatetags.look import category_word, percent
from .preflight import forecast_of
from .queries import Funnel


@dataclass(frozen=True)
class Step:
    """One bar: `width` of 100, `share` of the step before it, `says` how it is counted, `href` to the rows."""

    label: str
    count: int
    width: float
    share: str
    says: str
    href: str = ""
    tone: str = ""


def steps(campaign_id: int, funnel: Funnel) -> list[Step]:
    """From recipients to replies."""
    page = reverse("campaigns:show", args=[campaign_id])

    # A link only where the list can show exactly those counted.
    def step(label: str, count: int, before: int, says: str, *, query: str | None = None, tone: str = "") -> Step:
        width = round(100 * count / funnel.recipients, 2) if funnel.recipients else 0.0
        href = f"{page}{query}#recipients-title" if query is not None else ""
        return Step(label, count, width, percent(count / before) if before else "–", says, href, tone)

    f = funnel
    return [
        step(
            _("Recipients"),
            f.recipients,
            f.recipients,
            _("Everybody in the segment at the launch, those left out included."),
            query="",
            tone="calm",
        ),
        step(
            _("Sent"),
            f.accepted,
            f.recipients,
            _("Accepted by the provider ÷ recipients."),
            query="?state=sent_or_more",
        ),
        step(
            _("Delivered"),
            f.delivered,
            f.accepted,
            _("Reached the phone ÷ sent. Usual is 92 %; under 85 % the number may be slowed down."),
            query="?state=delivered_or_more",
        ),
        step(
            _("Read"),
            f.read,
            f.delivered,
            _("Opened ÷ delivered. Usual is 65 %; customers may hide it."),
            query="?state=read",
            tone="good",
        ),
        step(
            _("Replied"),
            f.replied,
            f.delivered,
            _("Wrote back within three days ÷ delivered. Usual is 15 %; under 5 % is a sign of unwanted messages."),
            tone="good",
        ),
    ]


@dataclass
class CostRow:
    """What one country was to cost and what it has cost; categories are those really billed."""

    country: str
    market: str
    promised_people: int = 0
    promised: Decimal = ZERO
    delivered: int = 0
    billed: int = 0
    real: Decimal = ZERO
    categories: str = ""


def costs(campaign: Any) -> dict[str, Any]:
    """The promised cost beside the real one, by country, and in all."""
    kept = (campaign.plan or {}).get("forecast")
    made = forecast_of(kept) if kept else None
    rows: dict[str, CostRow] = {}
    for part in made.parts if made else ():
        rows[part.country] = CostRow(part.country, part.market, part.people, part.amount)
    for spent in spent_by(campaign.pk):
        row = rows.setdefault(spent.country, CostRow(spent.country, spent.market))
        row.delivered += spent.messages
        row.billed += spent.billed
        row.real += spent.amount
        row.categories = ", ".join(filter(None, (row.categories, category_word(spent.category))))
    return {
        "cost_rows": sorted(rows.values(), key=lambda row: (-max(row.real, row.promised), row.country)),
        "cost_promised": made.amount if made else None,
        "cost_fees": made.fees if made else ZERO,
        "cost_real": sum((row.real for row in rows.values()), ZERO),
        "cost_priced": sum(row.delivered for row in rows.values()),
        "currency": made.currency if made else terms_of(campaign.channel.account_id).currency,
        "forecast": made,
    }
