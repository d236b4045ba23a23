"""What a message costs: by country, category, day and how many went before it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import translation

from envoi.channels.models import Account, Channel
from envoi.core.errors import NotAllowed
from envoi.core.phone import country_of_prefix
from envoi.rates import actions, queries, seed
from envoi.rates.actions import Spend
from envoi.rates.cards import Band, Card, Fee
from envoi.rates.errors import BadCard
from envoi.rates.models import Market, Rate
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db

AUGUST, NOVEMBER = date(2026, 8, 3), date(2026, 11, 22)
CSV = """WhatsApp Business Platform rate card,,,,,,
Market,Currency,Marketing,Utility,Authentication,Authentication-International,Service
Italy,EUR,0.0658,0.0248,0.0248,n/a,0.0248
Ukraine,EUR,0.0700,0.0175,0.0175,0.0300,0.0175
"""


def card(day: date = NOVEMBER, **bands: list[Band]) -> Card:
    known = {("France", category): found for category, found in bands.items()}
    return Card("USD", day, known, {"FR": "France"}, Fee(""))


@pytest.mark.parametrize(
    ("prefix", "country"),
    [
        ("+3363", "FR"),
        ("+1415", "US"),
        ("+1416", "CA"),
        ("+1876", "JM"),
        ("+7701", "KZ"),
        ("+7916", "RU"),
        ("+4477", "GB"),
        ("+8613", "CN"),
        ("+3809", "UA"),
        ("", ""),
        ("+8835", ""),
    ],
)
def test_a_number_is_billed_by_its_calling_code(prefix: str, country: str) -> None:
    assert country_of_prefix(prefix) == country


def test_each_band_of_a_month_has_its_own_price() -> None:
    bands = [Band(1, 100, Decimal("0.03")), Band(101, 1000, Decimal("0.02")), Band(1001, None, Decimal("0.01"))]
    tiered = card(utility=bands)
    assert tiered.amount("France", "utility", 100) == Decimal("3.00")
    assert tiered.amount("France", "utility", 1100) == Decimal("3") + Decimal("18") + Decimal("1")
    assert tiered.amount("France", "utility", 10, already=995) == Decimal("0.10") + Decimal("0.05")
    assert tiered.price("France", "utility", already=100) == Decimal("0.02")
    assert tiered.price("France", "utility", already=99) == Decimal("0.03")


def test_service_messages_cost_the_utility_price_since_october() -> None:
    bands = [Band(1, 10, Decimal("0.03")), Band(11, None, Decimal("0.02"))]
    assert card(AUGUST, utility=bands).price("France", "service") == 0
    assert card(NOVEMBER, utility=bands).price("France", "service", already=50) == Decimal("0.03")


def test_an_open_window_makes_utility_free_until_september() -> None:
    assert card(AUGUST).is_free("utility", window_open=True, free_entry=False)
    assert not card(NOVEMBER).is_free("utility", window_open=True, free_entry=False)
    assert not card(AUGUST).is_free("marketing", window_open=True, free_entry=False)
    assert card(NOVEMBER).is_free("marketing", window_open=False, free_entry=True)


def test_the_providers_own_fee_begins_after_its_free_messages() -> None:
    fee = Fee("USD", per_message=Decimal("0.006"), free=500)
    bird = Card("USD", NOVEMBER, {}, {}, fee)
    assert bird.fees(500) == 0
    assert bird.fees(600) == Decimal("0.600")
    assert bird.fees(100, already=450) == Decimal("0.300")
    assert Card("EUR", NOVEMBER, {}, {}, fee).fees(600) == 0


def test_the_seed_has_a_market_and_a_price_as_dated() -> None:
    known = queries.card("meta", "USD", AUGUST)
    assert known.price(known.market_of("FR"), "marketing") == Decimal("0.0859")
    assert known.market_of("UA") == "Rest of Central & Eastern Europe"
    later = queries.card("meta", "USD", NOVEMBER)
    assert later.market_of("UA") == "Ukraine"
    assert later.price("Ukraine", "marketing") is None
    assert later.market_of("AQ") == "Other"
    assert Market.objects.count() == len(list(seed.markets()))


def test_metas_card_begins_on_its_day_and_keeps_what_was_before(owner: Staff) -> None:
    compared = actions.compare(CSV, date(2026, 10, 1), by=owner)
    kinds = {(one.market, one.category): one.kind for one in compared.changes}
    assert kinds["Italy", "marketing"] == "same"
    assert kinds["Ukraine", "marketing"] == "new"
    assert "France (EUR)" in compared.left_out

    assert actions.bring_in(CSV, date(2026, 10, 1), source="", by=owner) == 9
    assert actions.bring_in(CSV, date(2026, 10, 1), source="", by=owner) == 9
    assert queries.card("meta", "EUR", NOVEMBER).price("Ukraine", "authentication_international") == Decimal("0.03")
    old = Rate.objects.get(currency="EUR", market="Italy", category="marketing", valid_from=date(2026, 7, 1))
    assert (old.valid_to, old.price) == (date(2026, 10, 1), Decimal("0.0658"))


def test_a_price_entered_for_an_earlier_day_does_not_undo_a_later_one(owner: Staff) -> None:
    for day, price in ((date(2026, 10, 1), "0.10"), (date(2026, 9, 1), "0.09")):
        actions.set_rate(
            currency="eur", market="France", category="marketing", price=Decimal(price), valid_from=day, by=owner
        )
    assert queries.card("meta", "EUR", date(2026, 9, 15)).price("France", "marketing") == Decimal("0.09")
    assert queries.card("meta", "EUR", NOVEMBER).price("France", "marketing") == Decimal("0.10")
    assert [str(rate.price) for rate in queries.history(owner, currency="EUR", market="France")][:2] == [
        "0.100000",
        "0.090000",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not Meta’s rate card"),
        ("a,b\n1,2", "not Meta’s rate card"),
        ("Market,Currency,Marketing\nItaly,EUR,abc", "Line 2: “abc” is no price"),
        ("Market,Currency,Marketing\nItaly,EUR,-1", "is no price"),
        ("Market,Currency,Marketing\nItaly,EURO,1", "is no currency"),
        ("Market,Currency,Marketing\n,EUR,1", "no market"),
        ("Market,Currency,Marketing\nItaly,EUR,1\nItaly,EUR,2", "twice"),
        ("Market,Currency,Marketing\nItaly,EUR,n/a", "no price in this file"),
    ],
)
def test_a_file_that_is_no_card_is_refused_with_its_line(text: str, words: str, owner: Staff) -> None:
    with pytest.raises(BadCard, match=words):
        actions.bring_in(text, NOVEMBER, source="", by=owner)


def test_only_who_looks_after_channels_changes_prices(account: Account) -> None:
    marketer = Staff.objects.create(email="m@example.com", role=Staff.Role.MARKETER, name="M")
    with pytest.raises(NotAllowed):
        actions.bring_in(CSV, NOVEMBER, source="", by=marketer)
    with pytest.raises(NotAllowed):
        actions.set_terms(account.pk, currency="EUR", monthly_budget=None, by=marketer)


def test_accounts_of_one_business_share_the_bands_of_a_month(account: Account) -> None:
    second = Account.objects.create(provider="meta", name="B", provider_id="2", credentials=b"", hook_key="b")
    other = Account.objects.create(provider="twilio", name="C", provider_id="3", credentials=b"", hook_key="c")
    for position, one in enumerate((account, second, other)):
        number = Channel.objects.create(account=one, name="N", address=f"+3363998010{position}", provider_id="n")
        actions.add_costs(
            [Spend(number.pk, AUGUST, 0, "FR", "France", "utility", "USD", messages=9, billed=7, amount=Decimal(1))]
        )
    assert queries.billed_in_month(account.pk, AUGUST) == {("France", "utility"): 7}
    Account.objects.update(portfolio="1052348167")
    for one in (account, second):
        assert queries.billed_in_month(one.pk, AUGUST) == {("France", "utility"): 14}
    assert queries.billed_in_month(other.pk, AUGUST) == {("France", "utility"): 7}, "Twilio bills by its own count"


@pytest.mark.parametrize(
    ("market", "words", "unsure"),
    [
        ("Rest of Western Europe", "AT, BE, CH", True),
        ("Other", "belong to no other market", True),
        ("France", "FR", False),
    ],
)
def test_a_markets_page_names_its_countries_and_says_what_is_not_certain(
    client: Client, owner: Staff, market: str, words: str, unsure: bool
) -> None:
    client.force_login(owner)
    text = client.get(f"/prices/USD/{market}/").content.decode()
    assert words in text
    assert ("This list is not certain" in text) is unsure
    assert "its countries are not certain" in client.get("/prices/").content.decode()


@pytest.mark.parametrize(
    ("language", "search", "markets"),
    [
        ("en", "german", ["Germany"]),
        ("fr", "allem", ["Germany"]),
        ("fr", "EMIRATS", ["United Arab Emirates"]),
        ("zh-hans", "德国", ["Germany"]),
        # A country of a region is found by its own name, and by its letters.
        ("fr", "senegal", ["Rest of Africa"]),
        ("zh-hans", "塞内加尔", ["Rest of Africa"]),
        ("en", "SN", ["Rest of Africa"]),
        ("fr", "Germany", ["Germany"]),
        ("fr", "nowhere", []),
    ],
)
def test_markets_are_found_by_their_names_and_their_countries_in_the_readers_language(owner, language, search, markets):
    with translation.override(language):
        found = {row.market for row in queries.rows(owner, currency="USD", day=NOVEMBER, search=search)}
    assert found >= set(markets)
    assert bool(found) == bool(markets)
    if search != "SN":
        assert found == set(markets)
