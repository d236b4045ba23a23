"""A campaign reaches people whose phone WhatsApp never showed, through the simulator's Meta."""

from __future__ import annotations

import pytest

from envoi.contacts.models import Contact, Identity
from envoi.messaging.models import Message
from tests.rig import Rig, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_people_known_by_an_id_alone_get_the_campaign_and_its_receipts(rig: Rig) -> None:
    rig.begin(faults="none", speed=5000)
    campaign = rig.shop(customers=0, throughput=50)
    account = campaign.channel.account
    for number in range(4):
        one = Contact.objects.create(name=f"Léa {number}", language="fr", country="FR", marketing="granted")
        Identity.objects.create(
            kind="user_id", value=f"FR.48219077355120{number}", scope=f"account:{account.pk}", contact=one
        )
    rig.start("dispatch")
    rig.launch(campaign)
    wait_until(lambda: not rig.waiting(), saying="they were not sent")
    rig.wait_for_receipts()

    ended = Message.objects.filter(campaign_id=campaign.pk, contact__phone=None)
    assert {one.state for one in ended} <= {"sent", "delivered", "read"}
    assert ended.count() == 4
    told = rig.simulated.ledger()
    assert told["faults"].get("user_id_in_to", 0) == 0
    assert told["duplicates"] == 0
    # Their receipts made nobody anew.
    assert Contact.objects.count() == 4
