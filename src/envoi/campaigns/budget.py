"""What a campaign may spend: its own cap and its account's of the month, kept by never queueing what can't be paid.

Planning reserves the highest price of every message that it queues, in the transaction that queues it; so the sum of
what was queued never passes the cap, whatever is killed. A cap that is lowered afterwards holds the lane as soon as
what is spent and what is on its way reach it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.phone import PREFIX_LENGTH, country_of_prefix
from ..rates import queries as rates
from ..rates.cards import ZERO, Card
from ..rates.models import Billing
from .audience import Audience
from .models import Campaign

REASON = "budget"
# On their way: claimed, or taken by the provider, and not priced yet.
UNDER_WAY = ["sending", "accepted", "sent", "uncertain"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the caps are used. month: spent and reserved this month by all of the account, but this campaign."""

    currency: str
    cap: Decimal | None
    monthly_cap: Decimal | None
    month: Decimal

    def room(self, mine: Decimal) -> Decimal | None:
        """What may still be reserved when this campaign has taken `mine`; None without any cap."""
        rooms = []
        if self.cap is not None:
            rooms.append(self.cap - mine)
        if self.monthly_cap is not None:
            rooms.append(self.monthly_cap - self.month - mine)
        return max(min(rooms), ZERO) if rooms else None


def standing(campaign: Campaign, terms: rates.Terms | None = None, *, lock: bool = False) -> Standing:
    """The caps that hold for a campaign. lock: two campaigns of one account never reserve the same money."""
    account_id = campaign.channel.account_id
    if lock:
        list(Billing.objects.select_for_update().filter(account_id=account_id).values_list("pk"))
    terms = terms or rates.terms_of(account_id)
    month = ZERO
    if terms.monthly_budget is not None:
        month = rates.spent_in_month(account_id, terms.day_of(timezone.now()))
        others = Campaign.objects.filter(
            channel__account_id=account_id, state__in=(Campaign.State.RUNNING, Campaign.State.PAUSED)
        ).exclude(pk=campaign.pk)
        reserved = others.aggregate(all=Sum(F("committed")))["all"] or ZERO
        spent = rates.spent_by_campaigns([*others.values_list("pk", flat=True), campaign.pk])
        mine = spent.pop(campaign.pk, (ZERO, ""))[0]
        # What the others have spent is in `month` and in what they reserved: it counts once. Mine is counted apart.
        month += max(reserved - sum((amount for amount, _c in spent.values()), ZERO), ZERO) - mine
    return Standing(terms.currency, campaign.budget, terms.monthly_budget, month)


def card_of(campaign: Campaign) -> Card:
    """The card that bills a campaign now."""
    terms = rates.terms_of(campaign.channel.account_id)
    return rates.card(campaign.channel.account.provider, terms.currency, terms.day_of(timezone.now()))


def highest(card: Card, category: str, people: Mapping[str, int]) -> Decimal:
    """The most that so many people of each country can cost: no free window, no volume band."""
    return sum((unit(card, category, country) * count for country, count in people.items()), ZERO)


def unit(card: Card, category: str, country: str) -> Decimal:
    """The most that one message can cost; of a market without a price: the dearest of the card."""
    bands = card.bands_of(card.market_of(country), category)
    if not bands:
        bands = [band for (_m, kind), known in card.bands.items() if kind == category for band in known]
    fee = card.fee.per_message if card.fee.currency == card.currency else ZERO
    return max((band.price for band in bands), default=ZERO) + fee


def affordable(campaign: Campaign, audience: Audience, *, category: str, to: int) -> tuple[int | None, Decimal]:
    """How far a stretch up to contact `to` can be paid: (the last contact's id, what to reserve).

    None: not even the first one. Without a cap nothing is counted.
    """
    state = standing(campaign, lock=True)
    room = state.room(campaign.committed)
    if room is None:
        return to, ZERO
    card = card_of(campaign)
    # Whoever is planned already (the trial of the campaign) has their money reserved. Asked of this stretch alone: else
    # PostgreSQL would hash all that the campaign has planned so far, for each stretch anew.
    asked = f"""
        SELECT a.contact_id,
               CASE WHEN a.reason = ''
                     AND NOT EXISTS (SELECT 1 FROM messages m
                                      WHERE m.contact_id = a.contact_id AND m.campaign_id = %(_campaign)s
                                        AND m.contact_id > %(_from)s AND m.contact_id <= %(_up_to)s)
                    THEN left(a.recipient, %(_length)s) END AS prefix
          FROM ({audience.sql}) a
    """  # noqa: S608
    parameters = {**audience.parameters, "_length": PREFIX_LENGTH, "_campaign": campaign.pk}
    parameters |= {"_from": audience.parameters.get("_after", 0), "_up_to": to}
    with connection.cursor() as cursor:
        # Mostly all of them can be paid, and a dozen countries are counted instead of each person.
        cursor.execute(
            f"SELECT prefix, count(*) FROM ({asked}) s WHERE prefix IS NOT NULL GROUP BY prefix",  # noqa: S608
            parameters,
        )
        whole = sum((unit(card, category, country_of_prefix(prefix)) * n for prefix, n in cursor.fetchall()), ZERO)
        if whole <= room:
            return to, whole
        cursor.execute(f"{asked} ORDER BY a.contact_id", parameters)
        last, reserved = None, ZERO
        for contact_id, prefix in cursor.fetchall():
            price = ZERO if prefix is None else unit(card, category, country_of_prefix(prefix))
            if reserved + price > room:
                return last, reserved
            last, reserved = contact_id, reserved + price
    return to, reserved


def recount(campaign: Campaign) -> Decimal:
    """What is spent, and the most that all may cost which is queued or under way: failures give their money back."""
    category = (campaign.plan or {})["category"]
    spent = rates.spent_by_campaigns([campaign.pk]).get(campaign.pk, (ZERO, ""))[0]
    waiting = _unpriced(campaign.pk, ["queued", *UNDER_WAY, "delivered", "read"])
    return spent + highest(card_of(campaign), category, waiting)


def is_over(campaign: Campaign) -> bool:
    """Whether what is spent and what is on its way have reached a cap. Cheap while no cap was lowered or shared."""
    state = standing(campaign)
    room = state.room(campaign.committed)
    if room is None or room > 0:
        return False
    category = (campaign.plan or {})["category"]
    spent = rates.spent_by_campaigns([campaign.pk]).get(campaign.pk, (ZERO, ""))[0]
    under_way = highest(card_of(campaign), category, _unpriced(campaign.pk, [*UNDER_WAY, "delivered", "read"]))
    caps = [state.cap] if state.cap is not None else []
    if state.monthly_cap is not None:
        caps.append(state.monthly_cap - state.month)
    next_one = _cheapest_waiting(campaign)
    return next_one is not None and spent + under_way + next_one > min(caps)


def sentence() -> str:
    """Why it stands still."""
    return _("The budget is used up: the next messages would cost more than what is left of it.")


def _unpriced(campaign_id: int, states: list[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        # messages_by_campaign (campaign_id, state, contact_id).
        cursor.execute(
            """
            SELECT COALESCE(left(c.phone, %(length)s),
                            (SELECT left(min(i.value), %(length)s) FROM identities i
                              WHERE i.contact_id = c.id AND i.kind = 'user_id')), count(*)
              FROM messages m JOIN contacts c ON c.id = m.contact_id
             WHERE m.campaign_id = %(campaign)s AND m.state = ANY(%(states)s) AND m.price IS NULL
             GROUP BY 1
            """,
            {"campaign": campaign_id, "states": states, "length": PREFIX_LENGTH},
        )
        counted: dict[str, int] = {}
        for prefix, people in cursor.fetchall():
            country = country_of_prefix(prefix or "")
            counted[country] = counted.get(country, 0) + people
    return counted


def _cheapest_waiting(campaign: Campaign) -> Decimal | None:
    waiting = _unpriced(campaign.pk, ["queued"])
    card, category = card_of(campaign), (campaign.plan or {})["category"]
    return min((unit(card, category, country) for country in waiting), default=None)
