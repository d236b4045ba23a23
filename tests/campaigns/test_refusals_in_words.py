"""What a provider's code is called is said in the reader's language wherever it is shown; its own words stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from tools import messages

from envoi.campaigns import actions, queries
from envoi.campaigns.models import Campaign
from envoi.messaging.models import Message, MessageEvent
from envoi.providers.table import PROVIDERS
from envoi.team.models import Staff
from tests.campaigns.conftest import became, plan

CAP = "Meta held it back: enough marketing for this person"
NOT_THERE = "Undeliverable: not on WhatsApp, or an old version"


@pytest.fixture
def failed(crowd: Callable[..., Campaign], owner: Staff) -> Message:
    """One whom Meta did not let have it, with the line of its trace."""
    campaign = crowd(2, canary="never")
    actions.launch(campaign.pk, by=owner)
    campaign.refresh_from_db()
    plan(campaign)
    became(campaign, "failed", 1, code="131026")
    Message.objects.filter(state="failed").update(error_title=NOT_THERE, error_detail="Message undeliverable")
    one = Message.objects.get(state="failed")
    words = {"code": "131026", "title": NOT_THERE, "detail": "Message undeliverable"}
    MessageEvent.objects.create(contact_id=one.contact_id, message_id=one.id, what="failed", detail=words)
    return one


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Non remis\u00a0: pas sur WhatsApp, ou une version ancienne"),
        ("zh-hans", "无法送达：不在 WhatsApp 上，或版本过旧"),
        ("en", NOT_THERE),
    ],
)
def test_every_page_says_why_it_failed_in_the_readers_language(
    failed: Message, owner: Staff, client: Client, language: str, said: str
) -> None:
    client.force_login(owner)
    client.cookies["django_language"] = language
    campaign = f"/campaigns/{failed.campaign_id}/"
    for path in (
        campaign,
        f"{campaign}recipients/",
        f"{campaign}recipients/{failed.contact_id}/{failed.id}/",
        f"/contacts/{failed.contact_id}/",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        html = page.content.decode()
        assert said in html, path
        assert language == "en" or NOT_THERE not in html, path
    assert said in b"".join(client.get(f"{campaign}recipients/export")).decode("utf-8-sig")


@pytest.mark.django_db
def test_a_providers_own_words_stay_as_they_are(failed: Message, owner: Staff, client: Client) -> None:
    Message.objects.update(error_title="Re-engagement message", error_code="999001")
    client.force_login(owner)
    client.cookies["django_language"] = "fr"
    assert "Re-engagement message" in client.get(f"/campaigns/{failed.campaign_id}/recipients/").content.decode()
    (row,) = queries.recipients(failed.campaign_id, states=["failed"]).items
    assert row.error_words == "Re-engagement message"
    Message.objects.update(error_title="", error_code="")
    (row,) = queries.recipients(failed.campaign_id, states=["failed"]).items
    assert row.error_words == "", "and nothing is said of what has no name"


def test_every_title_of_the_providers_tables_is_brought_to_the_translators() -> None:
    texts = {one.text for one in messages.found()}
    for name, codes in {
        "meta": ("131049", "131026", "138000", "100/33"),
        "twilio": ("63049", "63024", "21610"),
        "zenvia": ("VALIDATION_ERROR", "131049", "http_429"),
        "bird": ("undeliverable", "gen2/409", "gen2/11001", "conversations/103"),
    }.items():
        for code in codes:
            advice = PROVIDERS[name].advice(code)
            assert advice is not None, (name, code)
            assert advice.title in texts, (name, code)
    assert CAP in texts
    theirs = {one.text for one in messages.found() if one.file.startswith("providers/")}
    assert len(theirs) > 150
    assert not {"rejected", "suspended", "throttled", "channel"} & theirs, "and nothing else of their rows"
