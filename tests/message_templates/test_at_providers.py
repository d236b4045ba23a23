"""Writing, handing in, following, changing and deleting templates at each simulated provider, over real HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from envoi.campaigns.models import Campaign
from envoi.channels.models import Account, Channel
from envoi.config.commands.simulated import Simulated
from envoi.config.shop.account import PLAYED
from envoi.core.errors import NotAllowed
from envoi.message_templates import actions, wording, work
from envoi.message_templates.composing import Key, Wording
from envoi.message_templates.errors import InUse, NameTaken, NotEditable, NoTemplateApi, UnderWay, Unfit
from envoi.message_templates.models import Template, TemplateSync
from envoi.providers import base
from envoi.providers.http import Client
from envoi.providers.table import PROVIDERS
from envoi.segments.models import Segment
from envoi.team.models import Staff
from tests.providers.simulated import until

from .conftest import account_at
from .test_wording import WORDINGS

pytestmark = pytest.mark.django_db

EVERY = sorted(PROVIDERS)
LINK = "https://shop.example/autumn.jpg"
TO = "+33639980001"

# What is lacking, and the words that say so.
LACKING = {
    ("twilio", "offer"): "LIMITED_TIME_OFFER",
    ("bird", "offer"): "no such part",
    ("zenvia", "offer"): "no such part",
}


@pytest.fixture(params=EVERY)
def account(request: pytest.FixtureRequest, db: None, simulated: Simulated) -> Account:
    return account_at(simulated, request.param)


def hand_in(template: Template) -> Template:
    """As a person and then the worker do."""
    actions.submit(template.pk, by=None)
    work.hand_in(template.pk)
    template.refresh_from_db()
    return template


def follow(template: Template) -> Template:
    """Compare until the review is over."""

    def over() -> bool:
        work.sync(template.account_id)
        template.refresh_from_db()
        return template.state != "pending"

    until(over, "the review is over")
    return template


def approved(account: Account, words: Wording) -> Template:
    made = actions.create(account.pk, words, by=None)
    hand_in(made)
    assert (made.trouble, made.work) == ("", "")
    assert made.state == "pending"
    follow(made)
    assert made.state == "approved", made.reason
    return made


def mapping_for(components: Any) -> dict[str, dict[str, Any]]:
    """Something in every place."""
    mapping: dict[str, dict[str, Any]] = {one.key: {"link": LINK} for one in wording.headers(components)}
    for one in wording.variables(components):
        mapping[one.key] = {"text": {"moment": "1893456000000", "code": "493817"}.get(one.kind, "Ana")}
    return mapping


def send(account: Account, template: Template) -> base.Accepted:
    """One message of the template, with something in every place, through the provider's own code."""
    provider, played = PROVIDERS[account.provider], PLAYED[account.provider]
    mapping = mapping_for(template.components)
    name = template.provider_id if provider.template_key == "id" else template.name
    form = wording.form_of(name, template.language, template.components, mapping)
    values = [mapping[one.key]["text"] for one in wording.needed(template.components, mapping)]
    channel = base.Channel(provider_id=played.channel_id, address="+33639980000")
    body = provider.body(base.Outgoing(recipient=TO, token="e1.1.1", form=form, values=values), channel)
    at = base.Account(
        provider_id=account.provider_id, credentials=played.credentials, base_url=account.base_url, allow_base_url=True
    )

    async def leave() -> base.Accepted:
        async with Client() as http:
            return await provider.send(http, at, channel, body)

    return asyncio.run(leave())


@pytest.mark.parametrize("kind", WORDINGS)
def test_every_form_of_template_is_approved_and_its_messages_are_taken(account: Account, kind: str) -> None:
    words = replace(WORDINGS[kind], name=f"every_{kind}")
    lacking = LACKING.get((account.provider, kind))
    if lacking:
        made = hand_in(actions.create(account.pk, words, by=None))
        assert (made.state, made.work) == ("draft", "")
        assert lacking.casefold() in made.trouble.casefold()
        return
    assert send(account, approved(account, words)).provider_id


def test_a_template_that_the_reviewers_refuse_shows_their_reason_and_can_be_changed(account: Account) -> None:
    bad = Wording(name="bad_words", language="en", body="Send us your password and card number today.")
    made = follow(hand_in(actions.create(account.pk, bad, by=None)))
    assert made.state == "rejected"
    assert made.reason

    actions.change(made.pk, replace(bad, body="Our autumn records are in the shop."), by=None)
    made.refresh_from_db()
    assert "password" in str(made.components)
    follow(hand_in(made))
    assert (made.state, made.reason, made.draft, made.trouble) == ("approved", "", None, "")
    assert "autumn records" in str(made.components)
    # It was not approved when it was changed, so today's change of an approved one is still to have.
    actions.may_change(made)


def test_an_approved_template_is_changed_once_a_day_and_keeps_its_words_until_then(account: Account) -> None:
    words = Wording(name="once_a_day", language="en", body="The records of autumn are in.")
    made = approved(account, words)
    actions.change(made.pk, replace(words, body="The records of winter are in."), by=None)
    made.refresh_from_db()
    assert made.state == "approved"
    assert "autumn" in str(made.components)
    follow(hand_in(made))
    assert "winter" in str(made.components)
    assert made.state == "approved"
    with pytest.raises(NotEditable, match="once in 24 hours"):
        actions.change(made.pk, words, by=None)


def test_the_category_is_the_one_that_whatsapp_gave(account: Account) -> None:
    words = Wording(name="recategorised", language="en", category="utility", body="A big sale waits for you here.")
    made = follow(hand_in(actions.create(account.pk, words, by=None)))
    assert made.state == "approved"
    if account.provider != "bird":  # the Bird API tells a template's category as it was asked for
        assert made.category == "marketing"


def test_comparing_takes_over_what_others_made_and_marks_what_vanished(account: Account, simulated: Simulated) -> None:
    work.sync(account.pk)
    found = Template.objects.get(account=account, name="autumn_offer")
    assert found.state == "approved"
    assert [one.key for one in wording.variables(found.components)] == ["first_name", "code"]
    done = TemplateSync.objects.get(account=account)
    assert (done.state, done.changed, done.gone) == ("finished", done.found, 0)
    assert done.found >= 1
    work.sync(account.pk)
    done.refresh_from_db()
    assert done.changed == 0

    ours = Template.objects.create(
        account=account,
        name="vanished",
        language="en",
        category="marketing",
        state="approved",
        provider_id="9",
        components=[],
        updated_at=timezone.now(),
    )
    draft = actions.create(account.pk, Wording(name="mine", language="en", body="Words."), by=None)
    work.sync(account.pk)
    ours.refresh_from_db()
    draft.refresh_from_db()
    assert (ours.state, draft.state) == ("gone", "draft")
    with pytest.raises(NotEditable, match="no longer has"):
        actions.may_change(ours)


def test_a_template_is_deleted_at_the_provider_too_unless_a_campaign_needs_the_row(account: Account) -> None:
    one = approved(account, Wording(name="short_lived", language="en", body="Words for a day."))
    assert not actions.delete(one.pk, by=None)
    work.delete(one.pk)
    assert not Template.objects.filter(pk=one.pk).exists()

    used = approved(account, Wording(name="used_once", language="en", body="Words for longer."))
    channel = Channel.objects.create(account=account, name="C", address=TO, provider_id="1")
    segment = Segment.objects.create(name="S", rule={"field": "language", "is": "is", "value": "fr"})
    Campaign.objects.create(name="X", segment=segment, template=used, channel=channel, variables={})
    actions.delete(used.pk, by=None)
    work.delete(used.pk)
    used.refresh_from_db()
    assert (used.state, used.work) == ("gone", "")
    with pytest.raises(InUse):
        actions.delete(used.pk, by=None)
    work.sync(account.pk)
    used.refresh_from_db()
    assert used.state == "gone"


def test_another_language_is_a_draft_with_the_same_words(account: Account) -> None:
    one = approved(account, Wording(name="bilingual", language="en", body="Our records are here."))
    made = actions.copy(one.pk, language="fr", by=None)
    assert (made.name, made.language, made.state, made.provider_id) == ("bilingual", "fr", "draft", "")
    with pytest.raises(NameTaken):
        actions.copy(one.pk, language="fr", by=None)
    with pytest.raises(Unfit, match="language"):
        actions.copy(one.pk, language="tlh", by=None)
    follow(hand_in(made))
    assert made.state == "approved"
    one.refresh_from_db()
    assert one.state == "approved"


def test_while_the_provider_is_away_the_draft_stays_and_says_so(account: Account) -> None:
    account.base_url = "http://127.0.0.1:9"
    account.save()
    made = hand_in(actions.create(account.pk, Wording(name="kept", language="en", body="Words."), by=None))
    assert (made.state, made.work) == ("draft", "handing_in")
    assert "No connection" in made.trouble
    assert "Trying again" in made.trouble
    with pytest.raises(UnderWay):
        actions.change(made.pk, Wording(name="kept", language="en", body="Other words."), by=None)
    work.hand_in(made.pk, tries=work.MOST_TRIES)
    made.refresh_from_db()
    assert (made.state, made.work) == ("draft", "")
    work.sync(account.pk)
    sync = TemplateSync.objects.get(account=account)
    assert sync.state == "failed"
    assert "No connection" in sync.trouble


def test_a_token_that_is_refused_is_a_sentence_on_the_draft(account: Account, simulated: Simulated) -> None:
    Account.objects.filter(pk=account.pk).update(credentials=b"written with another key")
    made = hand_in(actions.create(account.pk, Wording(name="locked", language="en", body="Words."), by=None))
    assert (made.state, made.work) == ("draft", "")
    assert "credentials" in made.trouble


def test_what_is_in_review_or_under_way_waits(account: Account) -> None:
    words = Wording(name="in_review", language="en", body="Words.")
    made = actions.create(account.pk, words, by=None)
    actions.submit(made.pk, by=None)
    for verb in (actions.submit, actions.delete, actions.forget_change):
        with pytest.raises(UnderWay):
            verb(made.pk, by=None)
    work.hand_in(made.pk)
    with pytest.raises(UnderWay, match="looking at"):
        actions.change(made.pk, words, by=None)
    work.hand_in(made.pk)  # a second worker finds nothing to do
    assert Template.objects.filter(account=account, name="in_review").count() == 1


def test_bad_words_are_refused_by_the_action_too(account: Account, owner: Staff) -> None:
    with pytest.raises(Unfit) as refused:
        actions.create(account.pk, Wording(name="Bad Name", language="en", body=""), by=owner)
    assert set(refused.value.problems) == {"name", "body"}
    assert "small letters" in refused.value.sentence
    agent = Staff.objects.create(email="agent@example.com", role=Staff.Role.AGENT)
    with pytest.raises(NotAllowed):
        actions.create(account.pk, Wording(name="x", language="en", body="Words."), by=agent)


def test_a_provider_without_an_api_for_templates_says_so(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    made = actions.create(account.pk, Wording(name="no_api", language="en", body="Words."), by=None)

    class Silent:
        templates = None

    monkeypatch.setitem(PROVIDERS, account.provider, Silent())
    with pytest.raises(NoTemplateApi, match="own pages"):
        actions.submit(made.pk, by=None)
    with pytest.raises(NoTemplateApi):
        actions.ask_sync(account.pk, by=None)


def test_quick_replies_stay_as_they_are_in_the_template(account: Account) -> None:
    buttons = (Key("quick_reply", "Yes"), Key("quick_reply", "Later"))
    made = approved(account, Wording(name="replies", language="en", body="Shall we?", buttons=buttons))
    assert send(account, made).provider_id
