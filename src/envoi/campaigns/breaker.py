"""The circuit breaker: stops a campaign, all campaigns of a template or all of a channel on a bad sign.

Replies and other service messages of a channel go on: it is promotions that made people complain. Tables:
breaker_events, and of campaigns the state (by the same statements as campaigns.actions).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ..channels.models import Channel
from ..message_templates.models import Template
from ..messaging import ledger
from ..messaging.actions import ledger_db
from ..providers.table import PROVIDERS
from ..team.actions import note
from ..team.models import Staff
from .errors import Broken
from .models import BreakerEvent, Campaign
from .policy import policy_of
from .sentences import sentence
from .signs import Figures, Sign, signs

WINDOW = timedelta(hours=1)
EVERY = timedelta(seconds=15)  # between two looks at one campaign: the counting takes its time on a large one
INSTANT = timedelta(seconds=1)  # between the clocks of this machine and the database's
AFTER_GONE = timedelta(minutes=10)  # a sign that may pass has to be gone for so long

GREEN = {"green", "high"}
YELLOW = {"yellow", "medium"}
RED = {"red", "low"}

# Signs that pass without us; the others wait for a person, as nothing that we could measure says that they are gone.
PASSING = {"template_stopped", "template_quality", "channel_stopped", "channel_quality"}


def look(campaign_id: int) -> BreakerEvent | None:
    """Judge a running campaign by its latest figures and the standing of template and channel; stop it if need be."""
    campaign = Campaign.objects.select_related("template", "channel__account").filter(pk=campaign_id).first()
    now = timezone.now()
    if campaign is None or campaign.state != Campaign.State.RUNNING or campaign.launched_at is None:
        return None
    if campaign.judged_at is not None and now - campaign.judged_at < EVERY:
        return None
    Campaign.objects.filter(pk=campaign_id).update(judged_at=now)
    if standing := _standing(campaign):
        scope, sign = standing
        return trip(campaign, scope, sign, None)
    since = max(filter(None, (campaign.launched_at, campaign.judged_from, now - WINDOW)))
    figures = figures_of(campaign, since=since)
    for sign in signs(figures, policy_of(campaign.policy).thresholds):
        if sign.stops:
            scope = BreakerEvent.Scope.CHANNEL if sign.name == "restricted" else BreakerEvent.Scope.CAMPAIGN
            return trip(campaign, scope, sign, figures)
    if trial := _unwell_trial(campaign, now):
        return trip(campaign, BreakerEvent.Scope.CAMPAIGN, *trial)
    return None


def warnings_of(campaign: Campaign) -> list[str]:
    """Sentences about figures that stop nothing yet ask for attention."""
    if campaign.launched_at is None:
        return []
    aged, aged_delivered, day_old, day_replied = _late(campaign, campaign.launched_at, timezone.now())
    late = Figures(aged=aged, aged_delivered=aged_delivered, day_old=day_old, day_replied=day_replied)
    found = signs(late, policy_of(campaign.policy).thresholds)
    sentences = [sentence(one.name, one.events, one.of, one.threshold) for one in found if not one.stops]
    if campaign.template.quality.lower() in YELLOW:
        sentences.append(sentence("template_yellow", 0, 0, 0))
    if campaign.channel.quality.lower() in YELLOW:
        sentences.append(sentence("channel_yellow", 0, 0, 0))
    return sentences


def _standing(campaign: Campaign) -> tuple[BreakerEvent.Scope, Sign] | None:
    """What WhatsApp itself says about the template and the number."""
    bad = RED | YELLOW if policy_of(campaign.policy).stop_at_yellow else RED
    if campaign.template.state != Template.State.APPROVED:
        return BreakerEvent.Scope.TEMPLATE, Sign("template_stopped", 0, 0, 0.0)
    if campaign.template.quality.lower() in bad:
        return BreakerEvent.Scope.TEMPLATE, Sign("template_quality", 0, 0, 0.0)
    if campaign.channel.state == Channel.State.SUSPENDED:
        return BreakerEvent.Scope.CHANNEL, Sign("channel_stopped", 0, 0, 0.0)
    if campaign.channel.quality.lower() in bad:
        return BreakerEvent.Scope.CHANNEL, Sign("channel_quality", 0, 0, 0.0)
    return None


def _unwell_trial(campaign: Campaign, now: datetime) -> tuple[Sign, Figures] | None:
    """A trial whose messages did not arrive in twice its time: the rest would not either."""
    policy = policy_of(campaign.policy)
    if campaign.canary_state != Campaign.Canary.WATCHING or campaign.canary_sent_at is None:
        return None
    if now - campaign.canary_sent_at < timedelta(minutes=2 * policy.canary_minutes):
        return None
    figures = figures_of(campaign, since=campaign.launched_at or now)
    if figures.delivered >= policy.thresholds.delivered * figures.accepted:
        return None
    return Sign("trial_delivered", figures.delivered, figures.accepted, policy.thresholds.delivered), figures


@transaction.atomic
def trip(campaign: Campaign, scope: str, sign: Sign, figures: Figures | None) -> BreakerEvent | None:
    """Pause what the sign speaks of and write it down: together, or not at all. None when it is stopped already."""
    meant: Q = {
        BreakerEvent.Scope.CAMPAIGN: Q(pk=campaign.pk),
        BreakerEvent.Scope.TEMPLATE: Q(template_id=campaign.template_id),
        BreakerEvent.Scope.CHANNEL: Q(channel_id=campaign.channel_id),
    }[BreakerEvent.Scope(scope)]
    # In one order, so that two looks at once take turns instead of each waiting for the other.
    running = list(Campaign.objects.select_for_update().filter(meant, state=Campaign.State.RUNNING).order_by("pk"))
    if not any(one.pk == campaign.pk for one in running):
        return None
    event = BreakerEvent.objects.create(
        scope=scope,
        sign=sign.name,
        campaign=campaign,
        template_id=campaign.template_id,
        channel_id=campaign.channel_id,
        events=sign.events,
        of=sign.of,
        threshold=sign.threshold,
        figures=asdict(figures) if figures else {},
        paused=[one.pk for one in running],
        resumes=BreakerEvent.Resumes.BY_ITSELF if sign.name in PASSING else BreakerEvent.Resumes.BY_A_PERSON,
    )
    for one in running:
        one.state = Campaign.State.PAUSED
        if one.pk == campaign.pk and one.canary_state == Campaign.Canary.WATCHING and scope == "campaign":
            one.canary_state = Campaign.Canary.STOPPED
        one.save(update_fields=["state", "canary_state"])
        assert one.lane_id is not None
        ledger.set_lane(ledger_db(), one.lane_id, "held")
        note(None, "campaign.break", f"campaign/{one.pk}", {"sign": sign.name, "event": event.pk})
    return event


def open_event(campaign: Campaign) -> BreakerEvent | None:
    """What keeps a campaign stopped now, None when nothing does."""
    return _open_about(campaign).order_by("-pk").first()


def refuse_start(campaign: Campaign) -> None:
    """Raise Broken while the template or the channel of a campaign is stopped for all."""
    wide = _open_about(campaign).exclude(scope=BreakerEvent.Scope.CAMPAIGN).order_by("-pk").first()
    if wide is not None:
        raise Broken(wide.sentence)


def resumed(campaign: Campaign, *, by: Staff | None) -> None:
    """A person goes on with a campaign: its figures count anew, and what stopped it alone is over."""
    now = timezone.now()
    campaign.judged_from = now
    fields = ["judged_from"]
    if campaign.canary_state == Campaign.Canary.STOPPED:
        # Whoever resumes has seen the trial's figures.
        campaign.canary_state, campaign.planned_to, campaign.planned_at = Campaign.Canary.PASSED, 0, None
        fields += ["canary_state", "planned_to", "planned_at"]
    campaign.save(update_fields=fields)
    close(_open_about(campaign).filter(scope=BreakerEvent.Scope.CAMPAIGN), by=by)


def close(events: Iterable[BreakerEvent], *, by: Staff | None, itself: bool = False) -> None:
    """Write down that these are over."""
    for event in events:
        event.resumed_at, event.resumed_by, event.resumed_itself = timezone.now(), by, itself
        event.save(update_fields=["resumed_at", "resumed_by", "resumed_itself"])


def is_gone(event: BreakerEvent) -> bool:
    """Whether the sign of an event that may pass is there no more."""
    bad = RED | YELLOW if policy_of(event.campaign.policy).stop_at_yellow else RED
    match event.sign:
        case "template_stopped":
            return event.template.state == Template.State.APPROVED
        case "template_quality":
            return event.template.quality.lower() not in bad
        case "channel_stopped":
            return event.channel.state == Channel.State.ACTIVE
        case "channel_quality":
            return event.channel.quality.lower() not in bad
    return False


def _open_about(campaign: Campaign) -> QuerySet[BreakerEvent]:
    """The open events that concern a campaign, by itself or by its template or channel."""
    return BreakerEvent.objects.filter(resumed_at=None).filter(
        Q(scope=BreakerEvent.Scope.CAMPAIGN, campaign_id=campaign.pk)
        | Q(scope=BreakerEvent.Scope.TEMPLATE, template_id=campaign.template_id)
        | Q(scope=BreakerEvent.Scope.CHANNEL, channel_id=campaign.channel_id)
    )


# When a message was accepted or refused; messages_by_outcome has the same words.
AT = "COALESCE(m.accepted_at, m.sent_at, m.delivered_at, m.failed_at)"
# Of a long stretch, the beginnings of so many equal slots are read, so many messages of each: shares need no more, and
# a million messages take as long as ten thousand.
SLOTS, OF_A_SLOT = 20, 500
OUTCOMES = f"""
WITH slots AS (
    SELECT %(since)s + n * (%(until)s - %(since)s) / {SLOTS} AS starts,
           %(since)s + (n + 1) * (%(until)s - %(since)s) / {SLOTS} AS ends
      FROM generate_series(0, {SLOTS - 1}) AS n
),
mine AS MATERIALIZED (
    SELECT s.starts, s.ends, m.*
      FROM slots s
     CROSS JOIN LATERAL (
            SELECT m.contact_id, m.state, m.error_code, {AT} AS at
              FROM messages m
             WHERE m.campaign_id = %(campaign)s
               AND m.state IN ('accepted', 'sent', 'delivered', 'read', 'failed')
               AND {AT} >= s.starts AND {AT} < s.ends
             ORDER BY {AT} LIMIT {OF_A_SLOT}
           ) AS m
)
"""  # noqa: S608  (our own text)
COUNTED = f"""
{OUTCOMES}
SELECT state, CASE WHEN state = 'failed' THEN error_code ELSE '' END, count(*),
       count(*) FILTER (WHERE %(answers)s AND EXISTS (
           SELECT 1 FROM messages i WHERE i.contact_id = mine.contact_id AND i.direction = 'in'
              AND i.created_at >= mine.at AND i.created_at < mine.at + interval '1 day'))
  FROM mine GROUP BY 1, 2
"""  # noqa: S608
# Of a slot that was read in part, only the withdrawals of that part: those and the messages are of the same minutes.
WITHDRAWN = f"""
{OUTCOMES},
looked AS (
    SELECT s.starts, CASE WHEN count(mine.at) = {OF_A_SLOT} THEN max(mine.at) ELSE s.ends END AS ends
      FROM slots s LEFT JOIN mine USING (starts)
     GROUP BY s.starts, s.ends
)
SELECT count(DISTINCT c.contact_id)
  FROM looked l
 CROSS JOIN LATERAL (
        SELECT c.contact_id, c.at FROM consents c
         WHERE c.at >= l.starts AND c.at < l.ends AND c.purpose = 'marketing' AND c.state = 'withdrawn'
        OFFSET 0
       ) AS c
 -- One look at each person's messages: how many withdrew is not known beforehand, and a join would read all of them.
 CROSS JOIN LATERAL (
        SELECT FROM messages m
         WHERE m.contact_id = c.contact_id AND m.campaign_id = %(campaign)s
           AND c.at >= COALESCE(m.accepted_at, m.created_at)
         LIMIT 1
       ) AS written
"""  # noqa: S608


def figures_of(campaign: Campaign, *, since: datetime) -> Figures:
    """What became of a campaign's messages since a moment: all of them up to some thousands, of more a sample.

    accepted, failed … are then those of the sample, never scaled up: a share of few stays one of few.
    """
    advice = PROVIDERS[campaign.channel.account.provider].advice
    now = timezone.now() + INSTANT
    accepted = failed = delivered = restricted = 0
    for state, code, number, _ in _outcomes(campaign, since, now):
        if state == "failed":
            says = advice(code)
            action = says.action if says else "rejected"
            restricted += number if action == "suspended" and says and says.scope == "channel" else 0
            # Who had enough promotions for today, or refuses them, says nothing about the campaign's health.
            failed += number if action not in ("wait", "opted_out") else 0
            continue
        accepted += number
        delivered += number if state in ("delivered", "read") else 0
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAWN, {"campaign": campaign.pk, "since": since, "until": now})
        opted_out = int(cursor.fetchone()[0])
    aged, aged_delivered, day_old, day_replied = _late(campaign, since, now)
    return Figures(
        accepted=accepted,
        failed=failed,
        delivered=delivered,
        opted_out=opted_out,
        restricted=restricted,
        aged=aged,
        aged_delivered=aged_delivered,
        day_old=day_old,
        day_replied=day_replied,
    )


def _late(campaign: Campaign, since: datetime, now: datetime) -> tuple[int, int, int, int]:
    """Of those accepted an hour ago and a day ago: how many they are, and how many arrived, or were answered."""
    hour = [row for row in _outcomes(campaign, since, now - timedelta(hours=1)) if row[0] != "failed"]
    day = [row for row in _outcomes(campaign, since, now - timedelta(days=1), answers=True) if row[0] != "failed"]
    return (
        sum(row[2] for row in hour),
        sum(row[2] for row in hour if row[0] in ("delivered", "read")),
        sum(row[2] for row in day),
        sum(row[3] for row in day),
    )


def _outcomes(
    campaign: Campaign, since: datetime, until: datetime, *, answers: bool = False
) -> list[tuple[str, str, int, int]]:
    """State, error code of what failed, how many, and of how many the customer wrote within a day (if asked)."""
    if until <= since:
        return []
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, {"campaign": campaign.pk, "since": since, "until": until, "answers": answers})
        return list(cursor.fetchall())
