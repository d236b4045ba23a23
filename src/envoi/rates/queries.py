"""Reading prices: a card as it holds on a day, the list for the page, what was really spent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from django.db import connection
from django.db.models import F, Max, Q, Sum
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..channels.models import Account
from ..core.errors import NotFound
from ..team.models import Staff
from ..team.rights import require
from ..web.markets import market_word
from .cards import OTHER, ZERO, Band, Card, Fee
from .models import Billing, Category, Cost, Market, ProviderFee, Rate


@dataclass(frozen=True, slots=True)
class Terms:
    """How an account pays; `monthly_budget` None: without a cap."""

    currency: str = "USD"
    timezone: str = "UTC"
    monthly_budget: Decimal | None = None

    def day_of(self, moment: datetime) -> date:
        """The day on which the provider bills this moment."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()


def terms_of(account_id: int) -> Terms:
    """The account's terms; those of a new account when nobody has said otherwise."""
    found = Billing.objects.filter(account_id=account_id).first()
    return Terms(found.currency, found.timezone, found.monthly_budget) if found else Terms()


def card(provider: str, currency: str, day: date) -> Card:
    """Every price that holds on this day in this currency."""
    bands: dict[tuple[str, str], list[Band]] = {}
    newest: dict[tuple[str, str], date] = {}
    current = Rate.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=day), currency=currency, valid_from__lte=day
    )
    for rate in current.order_by("market", "category", F("valid_from").desc(), "tier_from"):
        key = (rate.market, rate.category)
        # Bands of one day belong together; those of an earlier day are history.
        if newest.setdefault(key, rate.valid_from) == rate.valid_from:
            bands.setdefault(key, []).append(Band(rate.tier_from, rate.tier_to, rate.price, rate.source))
    return Card(currency, day, bands, markets_on(day), fee_of(provider, day))


def markets_on(day: date) -> dict[str, str]:
    """The market of each country that has one, on this day."""
    rows = Market.objects.filter(valid_from__lte=day).order_by("valid_from").values_list("country", "market")
    return dict(rows)


def countries_of(market: str, day: date) -> list[str]:
    """The countries whose numbers are billed as this market on this day, by their letters."""
    return sorted(country for country, named in markets_on(day).items() if named == market)


def is_unsure(market: str) -> bool:
    """Whether which countries belong to it was put together by others: the sources of the seed name no list of Meta's.

    A market that is one country, or North America, is sure (Meta sheet, F.4); regions and what is left over are not.
    """
    return market.startswith("Rest of ") or market == OTHER


def fee_of(provider: str, day: date) -> Fee:
    """The provider's own price on this day; nothing for a provider without any (Meta)."""
    found = ProviderFee.objects.filter(provider=provider, valid_from__lte=day).order_by("-valid_from").first()
    if found is None:
        return Fee("")
    return Fee(found.currency, found.per_message, found.per_failed, found.per_month, found.free_messages)


def spent_in_month(account_id: int, day: date) -> Decimal:
    """What the account's messages of this day's month have cost so far, in its currency."""
    currency = terms_of(account_id).currency
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT COALESCE(sum(amount), 0) FROM costs
             WHERE channel_id IN (SELECT id FROM channels WHERE account_id = %(account)s)
               AND date_trunc('month', day) = date_trunc('month', %(day)s::date)
               AND currency = %(currency)s
            """,
            {"account": account_id, "day": day, "currency": currency},
        )
        row = cursor.fetchone()
    return Decimal(row[0]) if row else ZERO


def billed_in_month(account_id: int, day: date) -> dict[tuple[str, str], int]:
    """Billed messages by (market, category) of this day's month: they choose the volume band.

    Counted over all accounts of the same business portfolio (Meta sheet, F.2); an account whose portfolio is not known
    stands alone. Each account's days are those of its own time zone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT market, category, sum(billed) FROM costs
             WHERE channel_id IN (
                       SELECT c.id FROM accounts mine
                         JOIN accounts theirs ON theirs.id = mine.id
                                              OR mine.portfolio <> '' AND theirs.portfolio = mine.portfolio
                                                 AND theirs.provider = mine.provider
                         JOIN channels c ON c.account_id = theirs.id
                        WHERE mine.id = %(account)s)
               AND date_trunc('month', day) = date_trunc('month', %(day)s::date)
             GROUP BY market, category
            """,
            {"account": account_id, "day": day},
        )
        return {(market, category): int(billed) for market, category, billed in cursor.fetchall()}


def messages_in_month(channel_id: int, day: date, *, category: str | None = None) -> int:
    """Priced messages of a number in this day's month, of one category when given."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT COALESCE(sum(messages), 0) FROM costs
             WHERE channel_id = %(channel)s
               AND date_trunc('month', day) = date_trunc('month', %(day)s::date)
               AND (%(category)s::text IS NULL OR category = %(category)s)
            """,
            {"channel": channel_id, "day": day, "category": category},
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a campaign's delivered messages of one country and category really cost."""

    country: str
    market: str
    category: str
    currency: str
    messages: int
    billed: int
    amount: Decimal


def spent_by(campaign_id: int) -> list[Spent]:
    """A campaign's real cost by country and category, dearest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT country, market, category, currency, sum(messages), sum(billed), sum(amount)
              FROM costs WHERE campaign_id = %(campaign)s
             GROUP BY country, market, category, currency
             ORDER BY sum(amount) DESC, country, category
            """,
            {"campaign": campaign_id},
        )
        return [
            Spent(country, market, category, code, int(messages), int(billed), amount)
            for country, market, category, code, messages, billed, amount in cursor.fetchall()
        ]


@dataclass(frozen=True, slots=True)
class Row:
    """One market of a card, as the page shows it: its price by category, and since when and from where it is."""

    market: str
    prices: tuple[Rate | None, ...]
    valid_from: date
    source: str

    @property
    def is_unsure(self) -> bool:
        """Whether it is not certain which countries are billed as it."""
        return is_unsure(self.market)


def currencies(staff: Staff | None) -> list[str]:
    """Every currency that has a card."""
    require(staff, "channels.read")
    return list(Rate.objects.order_by("currency").values_list("currency", flat=True).distinct())


def rows(staff: Staff | None, *, currency: str, day: date | None = None, search: str = "") -> list[Row]:
    """A card by market, as it holds on `day` (today).

    search: part of a market's name, or of one of its countries', in English or in the reader's language.
    """
    require(staff, "channels.read")
    day = day or timezone.now().date()
    found = Rate.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=day), currency=currency, valid_from__lte=day
    ).order_by("market", "category", "-valid_from", "tier_from")
    table: dict[str, dict[str, Rate]] = {}
    for rate in found:
        table.setdefault(rate.market, {}).setdefault(rate.category, rate)
    wanted = _markets_named(search, table, day) if search else table
    made = []
    for market, known in table.items():
        if market not in wanted:
            continue
        newest = max(known.values(), key=lambda one: one.valid_from)
        prices = tuple(known.get(category) for category in Category.values)
        made.append(Row(market, prices, newest.valid_from, newest.source))
    return made


def _markets_named(search: str, markets: Iterable[str], day: date) -> set[str]:
    word = _plain(search)
    here = Locale.parse((get_language() or "en").replace("-", "_")).territories
    english = Locale("en").territories
    named = {market: [market, market_word(market)] for market in markets}
    for country, market in markets_on(day).items():
        if market in named:
            named[market] += [here.get(country, ""), english.get(country, "")]
            if word == country.casefold():
                named[market].append(word)
    return {market for market, names in named.items() if any(word in _plain(name) for name in names)}


def _plain(text: str) -> str:
    """Without capitals and accents."""
    apart = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def history(staff: Staff | None, *, currency: str, market: str) -> list[Rate]:
    """Every price that a market ever had, newest first."""
    require(staff, "channels.read")
    return list(Rate.objects.filter(currency=currency, market=market).order_by("-valid_from", "category", "tier_from"))


def days_of_change(staff: Staff | None, currency: str) -> list[date]:
    """The days on which a price of this card begins."""
    require(staff, "channels.read")
    return list(
        Rate.objects.filter(currency=currency).order_by("-valid_from").values_list("valid_from", flat=True).distinct()
    )


def fees(staff: Staff | None) -> list[ProviderFee]:
    """What each provider takes now."""
    require(staff, "channels.read")
    newest = ProviderFee.objects.values("provider").annotate(last=Max("valid_from"))
    since = {row["provider"]: row["last"] for row in newest}
    return [fee for fee in ProviderFee.objects.order_by("provider") if since[fee.provider] == fee.valid_from]


def accounts(staff: Staff | None) -> list[tuple[Account, Terms, Decimal]]:
    """Every account with its terms and what it has spent this month."""
    require(staff, "channels.read")
    listed = []
    for account in Account.objects.order_by("name", "pk"):
        terms = terms_of(account.pk)
        listed.append((account, terms, spent_in_month(account.pk, terms.day_of(timezone.now()))))
    return listed


def spent_by_campaigns(campaign_ids: list[int]) -> dict[int, tuple[Decimal, str]]:
    """What each campaign has cost so far, with its currency."""
    found = Cost.objects.filter(campaign_id__in=campaign_ids).values_list("campaign_id", "currency", "amount")
    sums: dict[int, tuple[Decimal, str]] = {}
    for campaign_id, currency, amount in found:
        sums[campaign_id] = (sums.get(campaign_id, (ZERO, currency))[0] + amount, currency)
    return sums


def changed_since(moment: datetime) -> bool:
    """Whether a price was entered after this moment."""
    return Rate.objects.filter(created_at__gt=moment).exists()


def messages_ever(channel_id: int) -> int:
    """How many delivered messages of a number have been priced."""
    return Cost.objects.filter(channel_id=channel_id).aggregate(all=Sum("messages"))["all"] or 0


def account_for(staff: Staff | None, account_id: int) -> Account:
    """One account. Raises NotFound."""
    require(staff, "channels.read")
    found = Account.objects.filter(pk=account_id).first()
    if found is None:
        raise NotFound(_("There is no such account."))
    return found
