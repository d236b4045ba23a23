"""A campaign to many people who agreed, and the means to say what became of its messages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from envoi.campaigns import actions, planning
from envoi.campaigns.models import Campaign
from envoi.channels.models import Account, Channel
from envoi.message_templates.models import Template
from envoi.segments.models import Segment
from envoi.team.models import Staff


@pytest.fixture
def crowd_template(account: Account) -> Template:
    return Template.objects.create(
        account=account,
        name="winter",
        language="fr",
        category="marketing",
        state="approved",
        components=[{"type": "BODY", "text": "Bonjour !"}],
    )


@pytest.fixture
def crowd(channel: Channel, crowd_template: Template, owner: Staff) -> Callable[..., Campaign]:
    """Make `people` and a draft to them; the policy is the campaign's."""
    segment = Segment.objects.create(name="Crowd", rule={"field": "language", "is": "is", "value": "fr"})

    def made(people: int = 0, **policy: object) -> Campaign:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
                SELECT '+3363998' || lpad(n::text, 4, '0'), 'Client ' || n, 'fr', 'FR', '', 'granted', 'unknown'
                  FROM generate_series(1, %s) n
                """,
                [people],
            )
        return actions.create(
            name="Winter",
            segment_id=segment.pk,
            channel_id=channel.pk,
            template_id=crowd_template.pk,
            variables={},
            policy=policy,
            by=owner,
        )

    return made


def plan(campaign: Campaign) -> None:
    """Plan all that is to be planned now."""
    while planning.plan_stretch(campaign.pk):
        pass


def became(campaign: Campaign, state: str, number: int, *, code: str = "", minutes_ago: int = 0) -> None:
    """Let `number` of the waiting messages have come to `state`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH at AS (SELECT clock_timestamp() - %(ago)s * interval '1 minute' AS moment),
            gone AS (
                DELETE FROM outbox WHERE lane_id = %(lane)s AND id IN (
                    SELECT id FROM outbox WHERE lane_id = %(lane)s ORDER BY id LIMIT %(number)s)
                RETURNING id
            )
            UPDATE messages SET state = %(state)s, error_code = %(code)s,
                   accepted_at = CASE WHEN %(state)s = 'failed' THEN NULL ELSE moment END,
                   failed_at = CASE WHEN %(state)s = 'failed' THEN moment END
              FROM at
             WHERE id IN (SELECT id FROM gone)
            """,
            {"lane": campaign.lane_id, "number": number, "state": state, "code": code, "ago": minutes_ago},
        )
