"""A campaign's life: reach, launch, planning in stretches, pause, resume, cancel, end."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from envoi.campaigns import actions, planning, preflight, queries
from envoi.campaigns.audience import audience_of
from envoi.campaigns.errors import (
    AlreadyLaunched,
    ChannelNotReady,
    NothingToSend,
    NotRunning,
    TemplateNotApproved,
    VariableMissing,
)
from envoi.campaigns.models import Campaign
from envoi.channels.models import Account, Channel
from envoi.contacts.models import Contact, Identity
from envoi.core.errors import BadInput, NotAllowed
from envoi.message_templates.models import Template
from envoi.messaging.models import Lane, Message, Outbox
from envoi.segments.models import Segment
from envoi.team.models import AuditEntry, Staff

pytestmark = pytest.mark.django_db

BODY = "Bonjour {{first_name}}, le code {{code}} vaut jusqu’à dimanche."
VARIABLES = {"first_name": {"field": "first_name"}, "code": {"text": "AUTOMNE20"}}


@pytest.fixture
def template(account: Account) -> Template:
    return Template.objects.create(
        account=account,
        name="autumn",
        language="fr",
        category="marketing",
        state="approved",
        components=[{"type": "BODY", "text": BODY}],
    )


@pytest.fixture
def shop(channel: Channel) -> list[Contact]:
    """Six people: two who get it, one each without consent, opted out, without phone, without name."""
    rows: list[dict[str, Any]] = [
        {"name": "Élodie Girard", "phone": "+33639980001", "marketing": "granted"},
        {"name": "Hugo", "phone": "+33639980002", "marketing": "granted"},
        {"name": "Inès Noël", "phone": "+33639980003", "marketing": "unknown"},
        {"name": "Paul Perrin", "phone": "+33639980004", "marketing": "withdrawn"},
        {"name": "Manon Vasseur", "phone": None, "marketing": "granted"},
        {"name": "  ", "phone": "+33639980006", "marketing": "granted"},
    ]
    return [Contact.objects.create(language="fr", **row) for row in rows]


@pytest.fixture
def draft(shop: list[Contact], channel: Channel, template: Template, owner: Staff) -> Campaign:
    segment = Segment.objects.create(name="French", rule={"field": "language", "is": "is", "value": "fr"})
    return actions.create(
        name="Autumn offer",
        segment_id=segment.pk,
        channel_id=channel.pk,
        template_id=template.pk,
        variables=VARIABLES,
        by=owner,
    )


def plan(campaign: Campaign) -> None:
    while planning.plan_stretch(campaign.pk):
        pass


@pytest.fixture(autouse=True)
def nothing_waits(db: None) -> None:
    """The queue outlives tests that commit: what they left there is not of this one."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE status = 'todo'")


def jobs() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def states(campaign: Campaign) -> dict[str, int]:
    found: dict[str, int] = {}
    for message in Message.objects.filter(campaign_id=campaign.pk):
        key = message.reason or message.state
        found[key] = found.get(key, 0) + 1
    return found


def test_the_reach_that_is_promised_is_the_reach_that_is_planned(draft: Campaign, owner: Staff) -> None:
    reach = queries.reach(
        segment_id=draft.segment_id,
        channel_id=draft.channel_id,
        template_id=draft.template_id,
        variables=draft.variables,
    )
    assert (reach.total, reach.will_get) == (6, 2)
    promised = {reason: count for reason, _, count in reach.skipped}
    assert promised == {"no_consent": 1, "opted_out": 1, "no_phone": 1, "missing:first_name": 1}

    actions.launch(draft.pk, by=owner)
    plan(draft)
    assert states(draft) == {"queued": 2, **promised}


def test_who_has_no_phone_is_written_to_by_their_id_in_the_business_of_the_number(
    draft: Campaign, account: Account, owner: Staff
) -> None:
    manon = Contact.objects.get(name="Manon Vasseur")
    Identity.objects.create(kind="user_id", value="FR.4821", scope=f"account:{account.pk}", contact=manon)
    elsewhere = Contact.objects.create(name="Li Wei", language="fr", marketing="granted")
    Identity.objects.create(kind="user_id", value="CN.4821", scope="another business", contact=elsewhere)
    hugo = Contact.objects.get(name="Hugo")
    Identity.objects.create(kind="user_id", value="FR.9", scope=f"account:{account.pk}", contact=hugo)

    left_out = {one.reason: (one.people, one.label) for one in preflight.forecast(draft).left_out}
    assert left_out["no_phone"] == (1, "Neither a phone nor a WhatsApp id in this business")
    actions.launch(draft.pk, by=owner)
    plan(draft)
    assert sorted(Outbox.objects.values_list("recipient", flat=True)) == ["+33639980001", "+33639980002", "FR.4821"]


def test_a_code_for_signing_in_goes_to_phones_alone(draft: Campaign, account: Account) -> None:
    manon = Contact.objects.get(name="Manon Vasseur")
    Identity.objects.create(kind="user_id", value="FR.4821", scope=f"account:{account.pk}", contact=manon)
    asked: dict[str, Any] = {"components": draft.template.components, "channel_id": draft.channel_id}
    counted = {}
    for category in ("authentication", "utility"):
        audience = audience_of(draft.segment.rule, draft.variables, category=category, **asked)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({audience.sql}) a WHERE reason = 'no_phone'", audience.parameters)
            counted[category] = cursor.fetchone()[0]
    assert counted == {"authentication": 1, "utility": 0}


def test_values_are_filled_from_the_contact_and_end_on_one_line(draft: Campaign, owner: Staff) -> None:
    Contact.objects.filter(name="Hugo").update(name="Hugo\tLambert\nJunior")
    actions.launch(draft.pk, by=owner)
    plan(draft)
    values = Outbox.objects.values_list("recipient", "values").order_by("recipient")
    assert list(values) == [
        ("+33639980001", ["Élodie", "AUTOMNE20"]),
        ("+33639980002", ["Hugo Lambert Junior", "AUTOMNE20"]),
    ]


def test_a_fallback_saves_those_whose_field_is_empty(draft: Campaign, owner: Staff) -> None:
    draft.variables["first_name"]["fallback"] = "cher client"
    draft.save()
    actions.launch(draft.pk, by=owner)
    plan(draft)
    assert Outbox.objects.get(recipient="+33639980006").values == ["cher client", "AUTOMNE20"]


def test_planning_twice_queues_nobody_twice(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    plan(draft)
    before = states(draft)
    Campaign.objects.update(planned_to=0, planned_at=None)
    plan(draft)
    assert states(draft) == before
    assert Outbox.objects.count() == 2


def test_planning_goes_on_from_the_stretch_that_was_committed(draft: Campaign, owner: Staff, settings: Any) -> None:
    actions.launch(draft.pk, by=owner)
    whole = planning.STRETCH
    planning.STRETCH = 2
    try:
        assert planning.plan_stretch(draft.pk)
        assert Message.objects.count() == 2
        plan(draft)
    finally:
        planning.STRETCH = whole
    assert Message.objects.count() == 6


def test_a_second_launch_is_refused_and_queues_nothing(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    with pytest.raises(AlreadyLaunched, match="already launched"):
        actions.launch(draft.pk, by=owner)
    assert jobs() == ["campaigns.plan_audience", "campaigns.watch"]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_launch_leaves_no_job_and_no_lane(draft: Campaign, owner: Staff) -> None:
    class PowerCut(Exception):
        pass

    with pytest.raises(PowerCut), transaction.atomic():
        actions.launch(draft.pk, by=owner)
        raise PowerCut
    draft.refresh_from_db()
    assert (draft.state, jobs(), Lane.objects.count()) == ("draft", [], 0)


def test_a_template_that_is_not_approved_can_not_be_launched(draft: Campaign, owner: Staff) -> None:
    Template.objects.update(state="paused")
    with pytest.raises(TemplateNotApproved):
        actions.launch(draft.pk, by=owner)


def test_a_channel_that_is_paused_or_of_another_account_can_not_be_used(draft: Campaign, owner: Staff) -> None:
    Channel.objects.update(state="paused")
    with pytest.raises(ChannelNotReady):
        actions.launch(draft.pk, by=owner)
    other = Account.objects.create(
        provider="meta", name="Other", provider_id="9", credentials=b"", hook_key="other", base_url=""
    )
    Channel.objects.update(state="active", account=other)
    with pytest.raises(ChannelNotReady, match="another account"):
        actions.launch(draft.pk, by=owner)


def test_a_campaign_that_nobody_would_get_is_not_launched(draft: Campaign, owner: Staff) -> None:
    Contact.objects.update(marketing="withdrawn")
    with pytest.raises(NothingToSend):
        actions.launch(draft.pk, by=owner)


def test_a_variable_without_anything_to_put_is_refused_when_the_draft_is_made(draft: Campaign, owner: Staff) -> None:
    with pytest.raises(VariableMissing, match="code"):
        actions.update(
            draft.pk,
            name="x",
            segment_id=draft.segment_id,
            channel_id=draft.channel_id,
            template_id=draft.template_id,
            variables={"first_name": {"field": "first_name"}},
            by=owner,
        )


def test_a_field_can_not_smuggle_sql(draft: Campaign, owner: Staff) -> None:
    for field in ("name); DROP TABLE contacts; --", "attribute:x' || (SELECT 1) || '"):
        variables = {"first_name": {"field": field, "fallback": "'; --"}, "code": {"text": "%(x)s %s {{1}}"}}
        if field.startswith("attribute:"):
            reach = queries.reach(
                segment_id=draft.segment_id,
                channel_id=draft.channel_id,
                template_id=draft.template_id,
                variables=variables,
            )
            assert reach.will_get == 3
        else:
            with pytest.raises(BadInput):
                queries.reach(
                    segment_id=draft.segment_id,
                    channel_id=draft.channel_id,
                    template_id=draft.template_id,
                    variables=variables,
                )


def test_pause_holds_the_lane_and_resume_opens_it(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    actions.pause(draft.pk, by=owner)
    assert Lane.objects.get().state == "held"
    with pytest.raises(NotRunning):
        actions.pause(draft.pk, by=owner)
    actions.resume(draft.pk, by=owner)
    assert Lane.objects.get().state == "open"
    with pytest.raises(NotRunning):
        actions.resume(draft.pk, by=owner)


def test_cancel_ends_it_for_good_and_says_so_of_every_recipient(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    plan(draft)
    actions.cancel(draft.pk, by=owner)
    while actions.cancel_stretch(draft.pk):
        pass
    assert states(draft)["cancelled"] == 2
    assert Outbox.objects.count() == 0
    with pytest.raises(NotRunning):
        actions.cancel(draft.pk, by=owner)
    with pytest.raises(NotRunning):
        actions.resume(draft.pk, by=owner)


def test_a_campaign_finishes_when_nothing_of_it_waits(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    assert actions.watch(draft.pk), "not planned yet, so it needs watching"
    plan(draft)
    assert actions.watch(draft.pk)
    Outbox.objects.update(state="uncertain")
    assert not actions.watch(draft.pk)
    draft.refresh_from_db()
    assert draft.state == "finished"


def test_only_those_who_may_launch_launch(draft: Campaign) -> None:
    analyst = Staff.objects.create(email="analyst@example.com", role="analyst")
    for act in (actions.launch, actions.pause, actions.resume, actions.cancel):
        with pytest.raises(NotAllowed):
            act(draft.pk, by=analyst)
    agent = Staff.objects.create(email="agent@example.com", role="agent")
    with pytest.raises(NotAllowed):
        queries.campaign_for(agent, draft.pk)


def test_every_step_is_in_the_audit_log(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    actions.pause(draft.pk, by=owner)
    actions.cancel(draft.pk, by=owner)
    verbs = list(
        AuditEntry.objects.filter(subject=f"campaign/{draft.pk}").order_by("pk").values_list("verb", flat=True)
    )
    assert verbs == ["campaign.create", "campaign.launch", "campaign.pause", "campaign.cancel"]


def test_the_funnel_counts_each_recipient_once(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    plan(draft)
    first, second = Message.objects.filter(campaign_id=draft.pk, state="queued")
    Message.objects.filter(id=first.id).update(state="read", accepted_at=first.created_at)
    Message.objects.filter(id=second.id).update(state="failed", error_code="131026", error_title="Undeliverable")
    funnel = queries.funnel(draft.pk)
    assert (funnel.recipients, funnel.accepted, funnel.delivered, funnel.read) == (6, 1, 1, 1)
    assert (funnel.failed, funnel.skipped, funnel.queued) == (1, 4, 0)
    assert funnel.failed_by_code == [("131026", "Undeliverable", 1)]


def test_what_was_launched_is_what_is_planned_whatever_is_edited_meanwhile(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    Segment.objects.update(rule={"field": "language", "is": "is", "value": "zh"})
    Template.objects.update(components=[{"type": "BODY", "text": "Nobody filled {{other}} in"}])
    plan(draft)
    assert Outbox.objects.count() == 2


def test_after_its_time_a_campaign_ends_even_when_its_lane_is_held(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    plan(draft)
    actions.pause(draft.pk, by=owner)
    assert actions.watch(draft.pk)
    Campaign.objects.update(expires_at=draft.created_at)
    assert not actions.watch(draft.pk)
    assert states(draft)["expired"] == 2
    draft.refresh_from_db()
    assert draft.state == "finished"


def test_a_utility_that_becomes_a_promotion_is_held_and_then_asks_for_consent(draft: Campaign, owner: Staff) -> None:
    Template.objects.update(category="utility")
    actions.launch(draft.pk, by=owner)
    plan(draft)
    assert Outbox.objects.filter(promotional=False).count() == 4
    Template.objects.update(category="marketing")
    assert actions.hold_recategorised() == 1
    assert Lane.objects.get().state == "held"
    actions.resume(draft.pk, by=owner)
    assert Outbox.objects.filter(promotional=True).count() == 4
    assert actions.hold_recategorised() == 0


def test_a_lost_job_is_queued_again_by_the_net_under_it(draft: Campaign, owner: Staff) -> None:
    actions.launch(draft.pk, by=owner)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    for _ in range(3):
        actions.look_after()
    assert sorted(jobs()) == ["campaigns.plan_audience", "campaigns.watch"]
