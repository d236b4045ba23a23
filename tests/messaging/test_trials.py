"""A test message: which templates it offers, that it goes ahead of marketing, and whom it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from envoi.channels.models import Channel
from envoi.core.errors import BadInput
from envoi.message_templates.models import Template
from envoi.messaging import trials
from envoi.messaging.models import Lane, Message, Outbox
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db

PHONE = "+33639980001"


def template(channel: Channel, name: str, *components: dict[str, Any], state: str = "approved") -> Template:
    return Template.objects.create(
        account=channel.account, name=name, language="en", category="utility", state=state, components=[*components]
    )


def body(text: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text}


def test_only_templates_that_ask_for_nothing_are_offered(channel: Channel, owner: Staff) -> None:
    template(channel, "hello_world", body("Hello"))
    template(channel, "named", body("Hello {{1}}"))
    template(channel, "pictured", {"type": "HEADER", "format": "IMAGE"}, body("Hello"))
    template(channel, "waiting", body("Hello"), state="pending")
    assert [one.name for one in trials.choices(owner, channel.pk)] == ["hello_world"]


def test_a_test_waits_in_a_service_lane_that_is_made_once(channel: Channel, owner: Staff) -> None:
    hello = template(channel, "hello_world", body("Hello"))
    trials.send_trial(channel.pk, phone="+33 6 39 98 00 01", text="hi", by=owner)
    trials.send_trial(channel.pk, phone=PHONE, text="again", by=owner)
    trials.send_trial(channel.pk, phone=PHONE, template_id=hello.pk, by=owner)
    trials.send_trial(channel.pk, phone=PHONE, template_id=hello.pk, by=owner)
    assert sorted(lane.form is None for lane in Lane.objects.all()) == [False, True]
    assert set(Lane.objects.values_list("priority", flat=True)) == {Lane.Priority.SERVICE}
    assert set(Outbox.objects.values_list("recipient", flat=True)) == {PHONE}
    assert Message.objects.values("contact_id").distinct().count() == 1


@pytest.mark.parametrize(
    "asked", [{"phone": "call me", "text": "hi"}, {"phone": PHONE, "text": " "}, {"phone": PHONE, "template_id": 4711}]
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(channel: Channel, owner: Staff, asked: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        trials.send_trial(channel.pk, **asked, by=owner)
    assert not Outbox.objects.exists()


def test_a_number_that_rests_sends_no_test(channel: Channel, owner: Staff) -> None:
    Channel.objects.update(state="paused")
    with pytest.raises(trials.CantSend):
        trials.send_trial(channel.pk, phone=PHONE, text="hi", by=owner)
