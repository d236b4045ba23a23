"""A message's trace as a program reads it: with the zone of its times, in the language that it asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from envoi.channels.models import Account, Channel
from envoi.message_templates.models import Template
from envoi.messaging.models import Message, MessageEvent
from envoi.messaging.queries import TraceLine
from envoi.messaging.shapes import trace
from envoi.web.told import story
from tests.rest.conftest import Caller
from tests.rest.test_resources import ANA

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def template(account: Account) -> Template:
    return Template.objects.create(
        account=account, name="autumn", language="fr", category="marketing", state="approved", components=[]
    )


def waits(until: datetime) -> TraceLine:
    detail = {"reason": "promoted_recently", "until": until.isoformat()}
    return TraceLine(at=until - timedelta(days=1), what="waits", detail=detail)


def test_a_program_reads_utc_and_a_person_their_own_clock() -> None:
    until = datetime(2025, 11, 29, 21, 39, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        (line,) = trace([waits(until)])
        assert line.words.endswith("Tried again at 29 Nov 2025 21:39 UTC.")
        assert line.until == until
        (shown,) = story([waits(timezone.now() + timedelta(seconds=1))])
        assert "UTC" not in shown["words"]
    with translation.override("fr"):
        assert "29 nov. 2025 21:39 UTC" in trace([waits(until)])[0].words


def test_a_program_reads_why_it_failed_in_the_language_that_it_asks_for(
    api: Caller, channel: Channel, template: Template
) -> None:
    contact = api.post("/contacts", ANA)["id"]
    title = "Meta held it back: enough marketing for this person"
    one = Message.objects.create(
        contact_id=contact, channel=channel, template=template, direction="out", kind="template", category="marketing",
        state="failed", error_code="131049", error_title=title, content={},
    )  # fmt: skip
    MessageEvent.objects.create(
        contact_id=contact, message_id=one.id, what="failed", detail={"code": "131049", "title": title}
    )
    address = f"/messages/{contact}.{one.id}"
    english = api.get(address)
    assert (english["error"]["title"], english["trace"][-1]["answer"]["title"]) == (title, title)
    api.http.headers["Accept-Language"] = "fr"
    french = api.get(address)
    said = "Meta l’a retenu\u00a0: assez de promotions pour cette personne"
    assert (french["error"]["title"], french["trace"][-1]["answer"]["title"]) == (said, said)
    assert said in french["trace"][-1]["words"]
