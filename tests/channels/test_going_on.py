"""A token is revoked in the middle of a campaign: it stops by name, loses nothing, goes on when told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from envoi.channels import actions
from envoi.channels.models import Account, Channel
from envoi.config.shop import account as demo
from envoi.team.models import Staff
from tests.rig import Rig, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 60


@pytest.fixture
def rig(transactional_db: None, test_database_url: str, tmp_path: Path) -> Iterator[Rig]:
    one = Rig(test_database_url, tmp_path)
    try:
        yield one
    finally:
        one.close()


def test_a_campaign_outlives_a_revoked_token(rig: Rig, client: Client, owner: Staff) -> None:
    rig.begin(faults="none", speed=200)
    campaign = rig.shop(customers=PEOPLE, throughput=10, simulated_throughput=80)
    rig.start("dispatch")
    rig.start("worker")
    rig.launch(campaign)
    wait_until(lambda: rig.simulated.ledger()["accepted"] >= 10, saying="nothing was sent")

    callback = f"http://127.0.0.1:{rig.port}/hooks/meta/hook-of-the-tests"
    spec = demo.PLAYED["meta"].spec(callback, 80)
    rig.simulated.put_account("meta", demo.WABA, {**spec, "token": "a-new-token"})
    wait_until(lambda: Channel.objects.get().state == "suspended", saying="not suspended")
    assert "190" in Channel.objects.get().state_reason
    account = Account.objects.get()
    actions.ask(account.pk, "check", by=owner)
    wait_until(lambda: Account.objects.get().state == "suspended", saying="the account does not say so")
    assert "190" in Account.objects.get().problem

    client.force_login(owner)
    page = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "Sending is held: the number can’t send." in page
    waits = rig.waiting()
    assert 0 < waits < PEOPLE

    form = {"name": "Shop", "provider_id": demo.WABA, "base_url": rig.simulated.url}
    client.post(f"/channels/accounts/{account.pk}/change/", {**form, "credential_token": "a-new-token"})
    client.post(f"/channels/accounts/{account.pk}/ask/again")
    wait_until(lambda: not rig.waiting(), saying="it did not go on")
    rig.wait_for_receipts()
    ledger = rig.simulated.ledger()
    assert (ledger["accepted"], ledger["duplicates"]) == (PEOPLE, 0)
    assert rig.number("SELECT count(*) FROM messages WHERE state IN ('delivered', 'read')") == PEOPLE
