"""Templates for a customer whose window has closed: the fitting ones first, each with what it really costs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Account, Channel
from envoi.contacts.models import Contact
from envoi.inbox import actions, offers
from envoi.inbox.models import Conversation
from envoi.message_templates.models import Template
from envoi.messaging.models import MarketingBar, Message, Pair, Place
from envoi.rates.actions import Spend, add_costs, set_fee, set_rate
from envoi.rates.models import ProviderFee, Rate
from envoi.team.models import Staff
from envoi.web.look import moment

pytestmark = pytest.mark.django_db

LONG_AGO = date(2026, 1, 1)
PRICES = {"marketing": "0.07", "utility": "0.02"}


@pytest.fixture
def zoe(account: Account, channel: Channel, owner: Staff) -> Conversation:
    """A customer in Italy who reads French and agreed to promotions; her window is closed. Two prices hold there."""
    Rate.objects.all().delete()
    for category, price in PRICES.items():
        set_rate(currency="USD", market="Italy", category=category, price=Decimal(price), valid_from=LONG_AGO, by=owner)
    one = Contact.objects.create(phone="+393331234567", name="Zoé Blanc", language="fr", marketing="granted")
    return Conversation.objects.get(id=actions.open_with(one.pk, channel.pk, by=None))


def template(account: Account, name: str, language: str, category: str = "utility", state: str = "approved") -> None:
    body = [{"type": "BODY", "text": f"{name} {{{{1}}}}", "example": {"body_text": [["Ana"]]}}]
    Template.objects.create(
        account=account, name=name, language=language, category=category, state=state, components=body
    )


def offered(by: Staff, one: Conversation, *, window_is_open: bool = False) -> list[offers.Offer]:
    return offers.offers(by, one.contact, one.channel_id, window_is_open=window_is_open)


def price(by: Staff, one: Conversation) -> Decimal | None:
    return offered(by, one)[0].price


def test_their_language_comes_first_and_what_may_not_go_last(owner: Staff, account: Account, zoe: Conversation) -> None:
    template(account, "a_german", "de")
    template(account, "b_english", "en")
    template(account, "c_quebec", "fr-ca")
    template(account, "d_french", "fr")
    template(account, "e_promo", "fr", "marketing")
    template(account, "f_rejected", "fr", state="rejected")
    other = Account.objects.create(provider="meta", name="Other", provider_id="2", credentials=b"", hook_key="other")
    template(other, "g_elsewhere", "fr")
    assert [one.name for one in offered(owner, zoe)] == ["d french", "e promo", "c quebec", "b english", "a german"]
    # Without consent a promotion stands last and says why.
    Contact.objects.update(marketing="withdrawn")
    zoe.refresh_from_db()
    *_others, last = offered(owner, zoe)
    assert last.name == "e promo"
    assert "not agreed to promotions" in last.warning
    assert last.text == "e_promo Zoé"


def test_a_promotion_that_would_wait_says_why_and_until_when(
    owner: Staff, account: Account, channel: Channel, zoe: Conversation
) -> None:
    template(account, "note", "fr")
    template(account, "a_promo", "fr", "marketing")
    assert [(one.name, one.warning) for one in offered(owner, zoe)] == [("a promo", ""), ("note", "")]
    # Whatever number of ours it came from.
    other = Channel.objects.create(account=account, name="Other", address="+33639980009", provider_id="9")
    promoted = timezone.now() - timedelta(hours=20)
    Pair.objects.create(contact_id=zoe.contact_id, channel=other, promoted_at=promoted)
    note, promo = offered(owner, zoe)
    assert (note.name, note.warning) == ("note", "")
    assert promo.warning.startswith("Had a promotion less than 24 hours ago: it waits until ")
    assert moment(promoted + timedelta(hours=24)) in promo.warning
    Pair.objects.update(promoted_at=timezone.now() - timedelta(hours=25))
    Contact.objects.update(held_until=timezone.now() + timedelta(hours=3))
    zoe.refresh_from_db()
    assert "leave them in peace for a while: it waits until" in offered(owner, zoe)[-1].warning
    MarketingBar.objects.create(region="IT", from_at=timezone.now() - timedelta(days=1))
    Place.objects.create(key="+3933", west="Europe/Rome", east="Europe/Rome", region="IT")
    assert offered(owner, zoe)[-1].warning == "WhatsApp delivers no marketing in their country: it will not be sent."


def test_each_says_its_price_in_the_customers_country(owner: Staff, account: Account, zoe: Conversation) -> None:
    template(account, "note", "fr")
    template(account, "promo", "fr", "marketing")
    template(account, "code", "fr", "authentication")
    assert {one.name: one.price for one in offered(owner, zoe)} == {
        "note": Decimal("0.02"),
        "promo": Decimal("0.07"),
        "code": None,
    }
    client = Client()
    client.force_login(owner)
    page = client.get(f"/inbox/{zoe.contact_id}-{zoe.id}/templates", headers={"HX-Request": "true"}).content.decode()
    assert "0.0700\u00a0USD" in page
    assert "no price on record" in page


def test_who_came_by_an_advertisement_and_was_answered_costs_nothing_for_three_days(
    owner: Staff, account: Account, channel: Channel, zoe: Conversation
) -> None:
    template(account, "note", "fr")
    now = timezone.now()

    def said(direction: str, *, hours_ago: float, **more: object) -> None:
        at = now - timedelta(hours=hours_ago)
        given = {"kind": "text", "category": "service", "state": "sent", "text": "x", "created_at": at}
        given |= {"accepted_at": at} if direction == "out" else {}
        Message.objects.create(contact_id=zoe.contact_id, channel=channel, direction=direction, **given | more)

    said("in", hours_ago=60, content={"type": "text", "referral": {"source_id": "7"}})
    assert price(owner, zoe) == Decimal("0.02")
    # Answered too late, the 72 hours never began.
    said("out", hours_ago=30)
    assert price(owner, zoe) == Decimal("0.02")
    said("out", hours_ago=50)
    assert (price(owner, zoe), offered(owner, zoe)[0].is_free) == (Decimal(0), True)
    # Another customer, who came by no advertisement, is no cheaper for it.
    other = Contact.objects.create(phone="+393331234568", language="fr")
    there = Conversation.objects.get(id=actions.open_with(other.pk, channel.pk, by=None))
    assert price(owner, there) == Decimal("0.02")
    Message.objects.filter(direction="out").update(accepted_at=now - timedelta(hours=73))
    assert price(owner, zoe) == Decimal("0.02")


def test_the_providers_fee_is_on_top_once_its_free_messages_are_used(
    owner: Staff, account: Account, channel: Channel, zoe: Conversation
) -> None:
    template(account, "note", "fr")
    ProviderFee.objects.all().delete()
    fee = {"per_message": Decimal("0.005"), "per_failed": Decimal(0), "per_month": Decimal(0)}
    set_fee(provider="meta", currency="USD", free_messages=2, valid_from=LONG_AGO, by=owner, **fee)
    assert price(owner, zoe) == Decimal("0.02")
    today = timezone.now().date()
    spent = {"campaign_id": 0, "country": "IT", "market": "Italy", "category": "utility", "currency": "USD"}
    add_costs([Spend(channel.pk, today, messages=2, billed=2, amount=Decimal("0.04"), **spent)])
    assert price(owner, zoe) == Decimal("0.025")


def test_the_band_of_the_month_decides(owner: Staff, account: Account, channel: Channel, zoe: Conversation) -> None:
    template(account, "note", "fr")
    in_italy = {"currency": "USD", "market": "Italy", "category": "utility", "valid_from": date(2026, 2, 1)}
    set_rate(price=Decimal("0.02"), tier_from=1, tier_to=2, by=owner, **in_italy)
    set_rate(price=Decimal("0.01"), tier_from=3, by=owner, **in_italy)
    assert price(owner, zoe) == Decimal("0.02")
    today = timezone.now().date()
    spent = {"campaign_id": 0, "country": "IT", "market": "Italy", "category": "utility", "currency": "USD"}
    add_costs([Spend(channel.pk, today, messages=2, billed=2, amount=Decimal("0.04"), **spent)])
    assert price(owner, zoe) == Decimal("0.01")
