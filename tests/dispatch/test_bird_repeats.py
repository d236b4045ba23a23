"""Bird answers a repeat under the same Idempotency-Key with its first answer: what timed out is asked for again."""

from __future__ import annotations

from collections import Counter

import pytest

from envoi.campaigns import actions
from envoi.campaigns.models import Campaign
from envoi.channels.models import Account, Channel
from envoi.config.shop import wording
from envoi.config.shop.account import ADDRESS, PLAYED
from envoi.core.vault import seal
from envoi.message_templates.models import Template
from envoi.messaging import settling
from envoi.segments.models import Segment
from tests.rig import Rig, kill, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMERS = 12


def shop_at_bird(rig: Rig) -> Campaign:
    """An account at the simulated Bird, customers who agreed, and a draft to all of them."""
    played = PLAYED["bird"]
    account = Account.objects.create(
        provider="bird",
        name="Shop",
        provider_id=played.account_id,
        credentials=seal(played.credentials),
        hook_key="hook-of-bird",
        base_url=rig.simulated.url + played.path,
    )
    channel = Channel.objects.create(account=account, name="Shop", address=ADDRESS, provider_id=played.channel_id)
    template = Template.objects.create(
        account=account,
        name=wording.NAME,
        language=wording.LANGUAGE,
        category="marketing",
        state="approved",
        components=wording.COMPONENTS,
    )
    rig.db.execute(
        """
        INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
        SELECT '+3363998' || lpad(n::text, 4, '0'), 'Client ' || n, 'fr', 'FR', '', 'granted', 'unknown'
          FROM generate_series(1, %(count)s) n
        """,
        {"count": CUSTOMERS},
    )
    segment = Segment.objects.create(name="All", rule={"field": "language", "is": "is", "value": "fr"})
    callback = f"http://127.0.0.1:{rig.port}/hooks/bird/{account.hook_key}"
    rig.simulated.put_account("bird", played.control, played.spec(callback, 80))
    return actions.create(
        name="Autumn",
        segment_id=segment.pk,
        channel_id=channel.pk,
        template_id=template.pk,
        variables=wording.VARIABLES,
        policy={"canary": "never"},
        by=None,
    )


def test_what_timed_out_at_bird_is_asked_for_again_under_its_key_and_never_doubled(rig: Rig) -> None:
    # Accepted, then silence for longer than we wait for an answer; and nobody here reads receipts meanwhile.
    rig.begin(faults="none", settings={"faults": {"timeout_after": 1.0, "hold_seconds": 5.0}})
    kill(rig.intake)
    campaign = shop_at_bird(rig)
    rig.launch(campaign)
    rig.start("dispatch")
    unknown = "SELECT count(*) FROM messages WHERE state = 'uncertain'"
    wait_until(lambda: rig.number(unknown) == CUSTOMERS, saying="the answers came after all")
    assert rig.simulated.ledger()["accepted"] == CUSTOMERS

    rig.simulated.change(faults={"timeout_after": 0.0})
    assert settling.repeat_safely() == CUSTOMERS
    accepted = "SELECT count(*) FROM messages WHERE state = 'accepted' AND provider_id IS NOT NULL"
    wait_until(lambda: rig.number(accepted) == CUSTOMERS, saying="the repeats were not answered")
    assert rig.number("SELECT count(*) FROM outbox") == 0
    assert rig.number("SELECT count(*) FROM message_events WHERE what = 'repeated_safely'") == CUSTOMERS
    assert settling.repeat_safely() == 0

    rig.start("intake")
    arrived = "SELECT count(*) FROM messages WHERE direction = 'out' AND state IN ('delivered', 'read')"
    wait_until(lambda: rig.number(arrived) == CUSTOMERS, saying="their receipts did not find them")
    ledger = rig.simulated.ledger()
    assert (ledger["accepted"], ledger["duplicates"]) == (CUSTOMERS, 0)
    assert set(Counter(row["to"] for row in rig.simulated.accepted()).values()) == {1}
