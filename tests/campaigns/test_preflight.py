"""What is known before pressing send, and that it is what happens; and what stands in the way of a launch."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from datetime import timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone, translation

from envoi.campaigns import actions, budget, canary, forecasts, preflight, queries
from envoi.campaigns.errors import Blocked, OverBudget
from envoi.campaigns.models import Campaign
from envoi.campaigns.models import Forecast as Kept
from envoi.campaigns.policy import Policy
from envoi.campaigns.preflight import Forecast
from envoi.channels.models import Account, Channel
from envoi.message_templates.models import Template
from envoi.messaging import pricing
from envoi.messaging.limit_tables import LimitSettings, MarketingBar, Place
from envoi.messaging.models import Lane, Message, Outbox
from envoi.rates import actions as rates
from envoi.rates import queries as costs
from envoi.rates.models import Cost
from envoi.team.models import Staff

from .drafts import codes, deliver, draft, people, plan, promoted

pytestmark = pytest.mark.django_db

FRANCE, SPAIN, CANADA = Decimal("0.0859"), Decimal("0.0615"), Decimal("0.0250")


@pytest.fixture
def template(account: Account) -> Template:
    return Template.objects.create(
        account=account,
        name="autumn",
        language="fr",
        category="marketing",
        state="approved",
        components=[{"type": "BODY", "text": "Bonjour {{1}}"}],
    )


def test_cost_comes_from_the_card_by_country(channel: Channel, template: Template) -> None:
    people(3)
    people(2, start="+3460055")
    people(1, start="+1416555")
    made = preflight.forecast(draft(channel, template))
    assert [(part.country, part.people, part.amount) for part in made.parts] == [
        ("FR", 3, 3 * FRANCE),
        ("ES", 2, 2 * SPAIN),
        ("CA", 1, CANADA),
    ]
    assert (made.amount, made.currency, made.will_get) == (3 * FRANCE + 2 * SPAIN + CANADA, "USD", 6)
    assert "no_rate" not in codes(made.blockers)


def test_a_forecast_is_the_same_after_it_was_kept(channel: Channel, template: Template) -> None:
    promoted(people(3), channel, timezone.now())
    made = preflight.forecast(draft(channel, template))
    assert preflight.forecast_of(made.dump()) == made
    assert isinstance(made, Forecast)


def test_who_waits_is_told_with_the_time(channel: Channel, template: Template) -> None:
    now = timezone.now()
    promoted(people(2), channel, now - timedelta(hours=4))
    people(1, held_until=now + timedelta(hours=30))
    people(1)
    made = preflight.forecast(draft(channel, template))
    assert {(one.reason, one.people) for one in made.later} == {("promoted_recently", 2), ("cooling_down", 1)}
    assert made.finish_at >= now + timedelta(hours=29)


def test_who_is_never_reached_is_left_out_with_the_rule(channel: Channel, template: Template) -> None:
    Place.objects.create(key="+1415", west="America/Los_Angeles", east="America/Los_Angeles", region="US")
    MarketingBar.objects.create(region="US", from_at=timezone.now() - timedelta(days=1))
    people(2, start="+1415555")
    people(1, held_until=timezone.now() + timedelta(days=9))
    people(1)
    made = preflight.forecast(draft(channel, template))
    assert {(one.reason, one.people) for one in made.left_out} == {("not_delivered_there", 2), ("cooling_down", 1)}
    assert (made.will_get, made.total, made.later) == (1, 4, [])


def test_at_night_they_wait_for_the_morning(channel: Channel, template: Template) -> None:
    now = timezone.now()
    LimitSettings.objects.create(
        quiet_from=(now - timedelta(hours=1)).time(), quiet_to=(now + timedelta(hours=2)).time()
    )
    people(2, timezone="UTC")
    made = preflight.forecast(draft(channel, template))
    assert [(one.reason, one.people) for one in made.later] == [("quiet_hours", 2)]
    assert made.will_get == 2


def test_a_card_without_a_country_stops_the_launch_and_names_it(channel: Channel, template: Template) -> None:
    people(1)
    people(1, start="+38050123")
    campaign = draft(channel, template)
    with pytest.raises(Blocked, match=r"no price for UA \(Ukraine\)"):
        actions.launch(campaign.pk, by=None)
    rates.set_rate(
        currency="USD",
        market="Ukraine",
        category="marketing",
        price=Decimal("0.09"),
        valid_from=timezone.now().date(),
        by=None,
    )
    assert actions.launch(campaign.pk, by=None).state == "running"


def test_what_was_promised_is_kept_with_the_campaign(channel: Channel, template: Template) -> None:
    people(3)
    campaign = actions.launch(draft(channel, template).pk, by=None)
    kept = preflight.forecast_of(campaign.plan["forecast"])
    assert (kept.will_get, kept.amount) == (3, 3 * FRANCE)


def test_without_any_card_the_cost_is_unknown_and_no_budget_can_be_kept(channel: Channel, template: Template) -> None:
    people(1)
    rates.set_terms(channel.account_id, currency="CHF", monthly_budget=None, by=None)
    free = preflight.forecast(draft(channel, template))
    assert "no_card" in codes(free.warnings)
    assert not free.blockers
    assert "no_card" in codes(preflight.forecast(draft(channel, template, budget=Decimal(5))).blockers)


def test_more_than_the_budget_is_refused_before_anything_is_sent(channel: Channel, template: Template) -> None:
    people(10)
    campaign = draft(channel, template, budget=Decimal("0.50"))
    with pytest.raises(OverBudget, match=r"would cost 0\.86 USD; the campaign’s budget is 0\.50"):
        actions.launch(campaign.pk, by=None)


def test_two_campaigns_share_the_budget_of_the_month(channel: Channel, template: Template) -> None:
    people(10)
    rates.set_terms(channel.account_id, currency="USD", monthly_budget=Decimal("1.20"), by=None)
    first, second = draft(channel, template), draft(channel, template)
    actions.launch(first.pk, by=None)
    plan(first)
    with pytest.raises(OverBudget, match=r"0\.34 USD are left"):
        actions.launch(second.pk, by=None)


def test_people_who_join_after_the_forecast_are_not_queued_beyond_the_budget(
    channel: Channel, template: Template, owner: Staff
) -> None:
    people(10)
    campaign = actions.launch(draft(channel, template, budget=Decimal("1.00")).pk, by=None)
    people(10)
    plan(campaign)
    # 11 of them cost 0.9449, the 12th would cost more than 1.00.
    assert Outbox.objects.count() == 11
    campaign.refresh_from_db()
    assert (campaign.out_of_budget, campaign.planned_at, campaign.committed) == (True, None, 11 * FRANCE)

    Outbox.objects.all().delete()
    Message.objects.filter(campaign_id=campaign.pk).update(state="failed")
    assert actions.watch(campaign.pk)
    lane = Lane.objects.get(pk=campaign.lane_id)
    assert (lane.state, "budget" in lane.reason) == ("held", True)

    # What failed cost nothing: the others can be paid.
    actions.resume(campaign.pk, by=owner)
    plan(campaign)
    assert Outbox.objects.count() == 9
    campaign.refresh_from_db()
    assert (campaign.out_of_budget, campaign.planned_at is not None) == (False, True)


def test_a_budget_that_is_lowered_holds_what_waits(channel: Channel, template: Template, owner: Staff) -> None:
    people(10)
    campaign = actions.launch(draft(channel, template, budget=Decimal("1.00")).pk, by=None)
    plan(campaign)
    sent = Message.objects.filter(campaign_id=campaign.pk)[:4]
    for message in sent:
        Outbox.objects.filter(id=message.id).delete()
    deliver(sent)
    actions.set_budget(campaign.pk, Decimal("0.40"), by=owner)
    actions.watch(campaign.pk)
    assert Lane.objects.get(pk=campaign.lane_id).state == "held"
    with pytest.raises(OverBudget):
        actions.resume(campaign.pk, by=owner)
    actions.set_budget(campaign.pk, Decimal("0.60"), by=owner)
    actions.resume(campaign.pk, by=owner)
    actions.watch(campaign.pk)
    assert Lane.objects.get(pk=campaign.lane_id).state == "open"


def test_the_real_price_stands_beside_the_promised_one(channel: Channel, template: Template) -> None:
    people(2)
    people(1, start="+3460055")
    campaign = actions.launch(draft(channel, template).pk, by=None)
    plan(campaign)
    messages = list(Message.objects.filter(campaign_id=campaign.pk).order_by("contact_id"))
    deliver(messages[:1])
    deliver(messages[1:2], type="free_entry_point")
    deliver(messages[2:], category="marketing_lite")
    assert pricing.price_stretch()
    assert not pricing.price_stretch()
    assert [(str(one.price), one.currency) for one in Message.objects.order_by("contact_id")] == [
        ("0.085900", "USD"),
        ("0.000000", "USD"),
        ("0.061500", "USD"),
    ]
    spent = {(one.country, one.messages, one.billed, one.amount) for one in costs.spent_by(campaign.pk)}
    assert spent == {("FR", 2, 1, FRANCE), ("ES", 1, 1, SPAIN)}
    # The same receipts again change nothing.
    deliver(messages)
    assert not pricing.price_stretch()
    assert sum(one.amount for one in Cost.objects.all()) == FRANCE + SPAIN


def test_a_message_for_which_no_card_has_a_price_is_priced_when_it_has_one(
    channel: Channel, template: Template
) -> None:
    people(1, start="+38050123")
    rates.set_terms(channel.account_id, currency="CHF", monthly_budget=None, by=None)
    campaign = actions.launch(draft(channel, template).pk, by=None)
    plan(campaign)
    deliver(Message.objects.filter(campaign_id=campaign.pk))
    assert pricing.price_stretch()
    assert not pricing.price_stretch()
    assert Message.objects.get().price is None
    today = timezone.now().date()
    rates.set_rate(
        currency="CHF", market="Ukraine", category="marketing", price=Decimal("0.08"), valid_from=today, by=None
    )
    assert pricing.price_stretch(again=True)
    assert Message.objects.get().price == Decimal("0.08")


def test_a_price_of_the_provider_itself_wins(channel: Channel, template: Template) -> None:
    people(1)
    campaign = actions.launch(draft(channel, template).pk, by=None)
    plan(campaign)
    deliver(Message.objects.filter(campaign_id=campaign.pk), price="-0.0550", price_unit="USD")
    pricing.price_stretch()
    assert Message.objects.get().price == Decimal("0.055")


def test_who_waits_for_another_campaign_too_is_counted(channel: Channel, template: Template) -> None:
    people(4)
    first = actions.launch(draft(channel, template).pk, by=None)
    plan(first)
    people(1)
    made = preflight.forecast(draft(channel, template))
    assert (made.overlap, made.will_get) == (4, 5)
    assert "overlap" in codes(made.warnings)


def test_a_daily_limit_spreads_it_over_days(channel: Channel, template: Template) -> None:
    people(600)
    Channel.objects.filter(pk=channel.pk).update(tier="TIER_250")
    campaign = draft(channel, template)
    made = preflight.forecast(campaign)
    assert (made.days, "spread" in codes(made.warnings)) == (2, True)
    launched = actions.launch(campaign.pk, by=None)
    assert launched.expires_at - launched.launched_at > timedelta(days=2)


def test_a_draft_that_changes_is_counted_again(channel: Channel, template: Template) -> None:
    people(2)
    campaign = draft(channel, template)
    first = forecasts.ask(campaign, by=None)
    people(1)
    assert forecasts.ask(campaign, by=None).data == first.data
    assert forecasts.ask(campaign, by=None, again=True).data["will_get"] == 3
    campaign.budget = Decimal(1)
    assert forecasts.kept(campaign) is None


def test_a_large_address_book_is_counted_by_the_worker(channel: Channel, template: Template) -> None:
    people(2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = 2e6 WHERE oid = 'contacts'::regclass")
    campaign = draft(channel, template)
    assert forecasts.ask(campaign, by=None).computed_at is None
    actions.compute_forecast(campaign.pk)
    kept = forecasts.kept(campaign)
    assert kept is not None
    assert kept.data["will_get"] == 2


def test_a_variable_missing_for_everybody_is_named(channel: Channel, template: Template) -> None:
    people(2, name="")
    made = preflight.forecast(draft(channel, template))
    assert codes(made.blockers) >= {"missing_for_everyone", "nobody"}


def test_money_is_never_reserved_twice_nor_lost(channel: Channel, template: Template) -> None:
    people(5)
    campaign = actions.launch(draft(channel, template, budget=Decimal(9)).pk, by=None)
    plan(campaign)
    campaign.refresh_from_db()
    assert campaign.committed == 5 * FRANCE == budget.recount(campaign)
    deliver(Message.objects.filter(campaign_id=campaign.pk)[:2])
    pricing.price_stretch()
    assert budget.recount(campaign) == 5 * FRANCE
    assert queries.funnel(campaign.pk).delivered == 2


def test_the_people_of_a_trial_are_paid_for_once(channel: Channel, template: Template) -> None:
    people(120)
    campaign = draft(channel, template, budget=Decimal(11), policy={"canary": "always", "canary_size": 50})
    actions.launch(campaign.pk, by=None)
    plan(campaign)
    tried = Outbox.objects.count()
    assert 0 < tried < 120
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert campaign.committed == tried * FRANCE
    canary.open_rest(campaign)
    plan(campaign)
    campaign.refresh_from_db()
    assert (Outbox.objects.count(), campaign.committed, campaign.out_of_budget) == (120, 120 * FRANCE, False)


def test_a_new_installation_holds_marketing_to_the_united_states_back_with_day_and_source(
    channel: Channel, template: Template
) -> None:
    fill = import_module("envoi.messaging.migrations.0003_customer_limits").fill
    fill(apps, None)
    LimitSettings.objects.all().delete()
    people(2, start="+1415555")
    people(1, start="+1416555")
    made = preflight.forecast(draft(channel, template))
    assert [(one.reason, one.people) for one in made.left_out] == [("not_delivered_there", 2)]
    assert made.will_get == 1, "Canada begins with +1 too"
    [sentence] = [one.sentence for one in made.warnings if one.code == "not_delivered_there"]
    assert "numbers of US since 1 Apr 2025: Meta: marketing templates to +1 numbers" in sentence


def test_an_open_page_is_told_when_it_was_counted_and_gets_a_newer_count(
    channel: Channel, template: Template, client: Client, owner: Staff
) -> None:
    people(2)
    campaign = draft(channel, template)
    client.force_login(owner)
    text = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "counted at" in text
    [address] = re.findall(r'hx-get="(/campaigns/[0-9]+/counted[?]seen=[0-9.]+)"', text)
    people(1)
    assert client.get(address).status_code == 204, "it is of this minute"
    old = timezone.now() - forecasts.FRESH - timedelta(seconds=1)
    Kept.objects.update(computed_at=old, asked_at=old)
    newer = client.get(address)
    assert newer.status_code == 200
    assert "Send to 3 people" in newer.content.decode()
    actions.launch(campaign.pk, by=owner)
    assert client.get(address).headers["HX-Refresh"] == "true"


def test_saving_a_draft_keeps_everything_of_its_trial_and_its_stops(
    channel: Channel, template: Template, client: Client, owner: Staff
) -> None:
    chosen = {
        "canary": "always",
        "canary_from": 900,
        "canary_size": 300,
        "canary_minutes": 45,
        "opted_out_percent": 1.5,
        "failed_percent": 20.0,
        "delivered_percent": 90.0,
        "replied_percent": 4.0,
        "stop_at_yellow": True,
        "uncertain": "ask",
        "uncertain_hours": 6,
        "exclude_inactive": False,
    }
    assert chosen.keys() == {one.name for one in fields(Policy)}, "the form has them all"
    campaign = draft(channel, template, policy=chosen)
    client.force_login(owner)
    address = f"/campaigns/{campaign.pk}/edit/"
    form = client.get(address).context["form"]
    shown = {one.html_name: one.value() for one in form}
    sent = {name: value for name, value in shown.items() if value not in (None, False)}
    sent |= {"name": "Renamed", "from.1": "first_name"}
    assert client.post(address, sent).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.name, asdict(campaign.trial)) == ("Renamed", chosen)

    assert client.post(address, sent | {"stop_at_yellow": "", "uncertain_hours": "48"}).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.trial.stop_at_yellow, campaign.trial.uncertain_hours) == (False, 48)
    refused = client.post(address, sent | {"uncertain_hours": "0"})
    assert refused.status_code == 422
    assert 'id="trial-more" open' in refused.content.decode(), "what is to be mended is in view"


def test_what_is_kept_is_read_in_the_readers_language(channel: Channel, template: Template) -> None:
    people(2)
    kept = forecasts.ask(draft(channel, template), by=None).data
    read = preflight.forecast_of(kept)
    with translation.override("fr"):
        french = [one.sentence for one in read.warnings]
    english = [one.sentence for one in read.warnings]
    assert len(english) >= 2
    assert not set(french) & set(english)
    kept["warnings"] = [{"code": "slow", "sentence": "Kept by an earlier version: 5 % of it."}]
    assert preflight.forecast_of(kept).warnings[0].sentence == "Kept by an earlier version: 5 % of it."


def test_accounts_of_one_business_climb_the_bands_of_a_month_together(channel: Channel) -> None:
    today = timezone.now().date()
    for first, last, price in ((1, 1, "0.03"), (2, None, "0.02")):
        rates.set_rate(
            currency="USD",
            market="France",
            category="utility",
            price=Decimal(price),
            valid_from=today,
            tier_from=first,
            tier_to=last,
            by=None,
        )
    second = Account.objects.create(provider="meta", name="B", provider_id="2", credentials=b"", hook_key="b")
    number = Channel.objects.create(account=second, name="B", address="+33639980002", provider_id="2")
    [person] = people(1)

    def delivered() -> list[Decimal | None]:
        for one in (channel, number):
            Message.objects.create(
                contact=person,
                channel=one,
                direction="out",
                kind="template",
                category="utility",
                state="delivered",
                delivered_at=timezone.now(),
            )
        pricing.price_stretch()
        return list(Message.objects.order_by("-pk").values_list("price", flat=True)[:2])

    assert delivered() == [Decimal("0.03")] * 2, "each account for itself"
    Account.objects.update(portfolio="1052348167")
    assert delivered() == [Decimal("0.02")] * 2
    assert costs.billed_in_month(second.pk, today)["France", "utility"] == 4
