"""Templates for one customer: those approved at this number's account, the fitting ones first, with their prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..contacts.models import Consent, Contact
from ..core.errors import NotFound
from ..core.phone import PREFIX_LENGTH, country_of_prefix
from ..message_templates.models import Template
from ..message_templates.queries import sendable
from ..message_templates.wording import Bubble, Header, Variable, bubble, headers, variables
from ..messaging.free_entry import came_in_free
from ..messaging.reasons import REASONS
from ..messaging.turns import promotion_now
from ..rates import queries as rates
from ..rates.cards import Card
from ..team.models import Staff
from ..web.look import moment
from .filling import known_values

Category = Template.Category


@dataclass(frozen=True, slots=True)
class Offer:
    """One template for one customer. price: WhatsApp's and the provider's for a delivered one; None when no card says.

    warning: why it may not go, or not now, in a sentence.
    """

    template: Template
    text: str
    price: Decimal | None
    currency: str
    is_free: bool
    warning: str

    @property
    def id(self) -> int:
        """The template's."""
        return self.template.pk

    @property
    def name(self) -> str:
        """Its name in words."""
        return self.template.name.replace("_", " ")

    @property
    def language(self) -> str:
        """Its language's code."""
        return self.template.language

    @property
    def category(self) -> str:
        """What it is billed as."""
        return self.template.category


def offers(by: Staff, contact: Contact, channel_id: int, *, window_is_open: bool) -> list[Offer]:
    """Every template that may be sent here: in the customer's language first, what may not go to them last."""
    channel = Channel.objects.select_related("account").get(pk=channel_id)
    till = _Till(channel, contact, window_is_open)
    found = [_offer(by, one, contact, till) for one in sendable(by, channel_id)]
    return sorted(found, key=lambda one: (bool(one.warning), _distance(contact.language, one.language), one.name))


def offer_for(by: Staff, contact: Contact, channel_id: int, template_id: int, *, window_is_open: bool) -> Offer:
    """One of them. Raises NotFound."""
    channel = Channel.objects.select_related("account").get(pk=channel_id)
    till = _Till(channel, contact, window_is_open)
    for one in sendable(by, channel_id):
        if one.pk == template_id:
            return _offer(by, one, contact, till)
    raise NotFound(_("There is no such template, or WhatsApp has not approved it."))


def places_of(offer: Offer) -> tuple[list[Variable], list[Header]]:
    """What has to be filled, and the headers that need a file, a link or a place."""
    return variables(offer.template.components), headers(offer.template.components)


def bubble_for(
    offer: Offer, values: Mapping[str, str], chosen: Mapping[str, Mapping[str, Any]] | None = None
) -> Bubble:
    """How the customer will see it; what is not filled stays visible as {{name}}."""
    filled = {key: value for key, value in values.items() if value}
    return bubble(offer.template.components, filled, chosen)


def start_values(by: Staff, offer: Offer, contact: Contact) -> dict[str, str]:
    """What is known already of the places: the customer's name and the like."""
    known = known_values(contact, by)
    places, _headers = places_of(offer)
    start: dict[str, str] = {}
    for position, place in enumerate(place for place in places if place.kind == "text"):
        # The first place of a numbered template is nearly always the name.
        first = position == 0 and place.key == "1"
        start[place.key] = known.get("first_name", "") if first else known.get(place.key, "")
    return {key: value for key, value in start.items() if value}


class _Till:
    """Prices for one customer at one number, the card read once."""

    def __init__(self, channel: Channel, contact: Contact, window_is_open: bool) -> None:
        terms = rates.terms_of(channel.account_id)
        self.day = terms.day_of(timezone.now())
        self.card: Card = rates.card(channel.account.provider, terms.currency, self.day)
        self.currency = terms.currency
        country = country_of_prefix((contact.phone or "")[:PREFIX_LENGTH]) or contact.country
        self.market = self.card.market_of(country)
        self.window_is_open = window_is_open
        self.came_in_free = came_in_free(contact.pk)
        self.billed = rates.billed_in_month(channel.account_id, self.day)
        self.fee = self.card.fees(1, already=rates.messages_in_month(channel.pk, self.day))
        self.no, self.until = promotion_now(contact.pk, channel.pk)

    def is_free(self, category: str) -> bool:
        return self.card.is_free(category, window_open=self.window_is_open, free_entry=self.came_in_free)

    def price(self, category: str) -> Decimal | None:
        if self.is_free(category):
            return self.fee
        price = self.card.price(self.market, category, already=self.billed.get((self.market, category), 0))
        return None if price is None else price + self.fee


def _offer(by: Staff, template: Template, contact: Contact, till: _Till) -> Offer:
    price = till.price(template.category)
    offer = Offer(template, "", price, till.currency, price == 0, _warning(template, contact, till))
    text = bubble_for(offer, start_values(by, offer, contact)).body
    return Offer(template, " ".join(text.split())[:200], price, till.currency, price == 0, offer.warning)


def _warning(template: Template, contact: Contact, till: _Till) -> str:
    if contact.service == Consent.WITHDRAWN:
        return _("They asked not to be written to.")
    if template.category != Category.MARKETING:
        return ""
    if contact.marketing != Consent.GRANTED:
        return _("A promotion, and they have not agreed to promotions: it will not be sent.")
    if not till.no:
        return ""
    words = {"why": REASONS.get(till.no, till.no), "when": moment(till.until) if till.until else ""}
    if till.until is None:
        return _("%(why)s: it will not be sent.") % words
    return _("%(why)s: it waits until %(when)s.") % words


def _distance(wanted: str, language: str) -> int:
    """0 for the customer's language, 1 for a relative of it, 2 for English, 3 for the rest."""
    one, other = (code.lower().replace("_", "-") for code in (wanted, language))
    if one and one == other:
        return 0
    if one and one.split("-")[0] == other.split("-")[0]:
        return 1
    return 2 if other.startswith("en") else 3


def problems_in(places: Sequence[Variable], problems: Mapping[str, str]) -> dict[str, str]:
    """A refusal's sentences by the places that they are about (messaging.sending.ValuesMissing)."""
    return {place.key: problems.get(f"template/values/{place.key}", "") for place in places}
