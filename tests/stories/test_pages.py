"""Every page answers, speaks through the catalogues, keeps to the security policy, and refuses in words."""

from __future__ import annotations

import re
from asyncio import run
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.utils import timezone

from envoi.campaigns.models import Campaign
from envoi.channels.models import Account, Channel
from envoi.contacts.actions import start_import
from envoi.contacts.models import Contact, Import, Tag
from envoi.message_templates.models import Template
from envoi.messaging.models import Lane, Message, MessageEvent
from envoi.messaging.queries import TraceLine
from envoi.segments.models import Segment
from envoi.team.models import Staff
from envoi.web.charts import Chart, Series
from envoi.web.templatetags.look import duration, percent, tier, whatsapp
from envoi.web.told import story

HTMX = {"HX-Request": "true"}
COMPONENTS = [
    {"type": "HEADER", "format": "TEXT", "text": "News for {{1}}"},
    {"type": "BODY", "text": "Hello {{first_name}}, *new* things & more. <b>Look</b>"},
    {"type": "FOOTER", "text": "Reply STOP to end these messages"},
    {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Look", "url": "https://shop.example/new"}]},
]
VARIABLES = {"header.1": {"text": "autumn"}, "first_name": {"field": "first_name", "fallback": "you"}}


@dataclass
class Shop:
    """One of everything that a page can show."""

    contact: Contact
    segment: Segment
    template: Template
    draft: Campaign
    running: Campaign
    message: Message
    brought: Import
    draft_import: Import


@pytest.fixture
def shop(account: Account, channel: Channel) -> Shop:
    contact = Contact.objects.create(
        phone="+33639980001", name="Ines <Wang>", language="fr", marketing="granted", attributes={"size": "<M>"}
    )
    Tag.objects.create(name="vip")
    segment = Segment.objects.create(name="French", rule={"all": [{"field": "language", "is": "is", "value": "fr"}]})
    template = Template.objects.create(
        account=account, name="autumn", language="en", category="marketing", state="approved", components=COMPONENTS
    )
    parts = {"segment": segment, "channel": channel, "template": template, "variables": VARIABLES}
    lane = Lane.objects.create(channel=channel, priority=Lane.Priority.MARKETING)
    now = timezone.now()
    draft = Campaign.objects.create(name="Autumn", **parts)
    running = Campaign.objects.create(
        name="Spring", state="running", lane=lane, launched_at=now, planned_at=now, **parts
    )
    message = Message.objects.create(
        contact=contact,
        channel=channel,
        campaign_id=running.pk,
        direction="out",
        kind="template",
        category="marketing",
        state="delivered",
        template=template,
        values=["autumn", "Ines"],
        accepted_at=now,
        sent_at=now,
        delivered_at=now,
    )
    MessageEvent.objects.create(
        contact=contact, message_id=message.id, what="waits", detail={"reason": "throttled", "until": now.isoformat()}
    )
    brought = Import.objects.create(kind="contacts", state="finished", file_name="clients.csv", rows_read=3)
    draft_import = start_import(
        kind="contacts",
        file_name="new.csv",
        file=BytesIO(b"phone,name,<M>\n+33639980009,<Wang>,x\n"),
        options={},
        by=None,
        draft=True,
    )
    return Shop(contact, segment, template, draft, running, message, brought, draft_import)


@pytest.fixture
def signed_in(client: Client, owner: Staff) -> Client:
    client.force_login(owner)
    return client


def addresses(shop: Shop) -> list[str]:
    return [
        "/",
        "/contacts/",
        "/contacts/?q=ines&marketing=granted&language=fr&sort=name",
        "/contacts/?tag=vip",
        "/contacts/new/",
        f"/contacts/{shop.contact.pk}/",
        "/contacts/import/",
        f"/contacts/imports/{shop.brought.pk}/",
        f"/contacts/imports/{shop.draft_import.pk}/",
        f"/contacts/imports/{shop.draft_import.pk}/columns/",
        "/orders/",
        "/orders/?q=ines&state=unconverted&sort=oldest",
        "/orders/exchange/",
        "/segments/",
        "/segments/new/",
        "/segments/new-list/",
        "/segments/ready/",
        f"/segments/{shop.segment.pk}/",
        "/templates/",
        f"/templates/{shop.template.pk}/",
        "/channels/",
        "/campaigns/",
        "/campaigns/?q=aut&state=draft",
        f"/campaigns/new/?segment={shop.segment.pk}&template={shop.template.pk}",
        f"/campaigns/{shop.draft.pk}/",
        f"/campaigns/{shop.draft.pk}/edit/",
        f"/campaigns/{shop.running.pk}/",
        f"/campaigns/{shop.running.pk}/recipients/?state=delivered",
        f"/campaigns/{shop.running.pk}/recipients/{shop.contact.pk}/{shop.message.id}/",
        "/account/password/change/",
        "/account/logout/",
    ]


@pytest.mark.parametrize("language", ["en", "fr", "zh-hans"])
def test_every_page_answers_within_the_security_policy(signed_in: Client, shop: Shop, language: str) -> None:
    signed_in.cookies["django_language"] = language
    for address in addresses(shop):
        answer = signed_in.get(address)
        assert answer.status_code == 200, address
        html = answer.content.decode()
        assert f'<html lang="{language}">' in html, address
        assert "<Wang>" not in html
        assert "<M>" not in html
        assert not re.search(r"<[^>]+\sstyle=", html), address
        assert not re.search(r"<[^>]+\son\w+=", html), address
        for script in re.findall(r"<script[^>]*>", html):
            assert "src=" in script or "application/json" in script, (address, script)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert not re.findall(r'(?:src|href)="https?://(?!shop\.example)', html), address


def test_a_stranger_is_led_to_the_sign_in(client: Client, shop: Shop) -> None:
    for address in addresses(shop)[:-2]:
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/account/login/"), address


def test_who_lacks_the_right_reads_why(client: Client, shop: Shop) -> None:
    client.force_login(Staff.objects.create(email="agent@example.com", role=Staff.Role.AGENT))
    answer = client.get("/campaigns/")
    assert answer.status_code == 403
    assert "Ask an administrator" in answer.content.decode()
    assert client.get("/contacts/").status_code == 200


def test_a_refusal_comes_as_a_piece_to_htmx_and_as_a_page_without(signed_in: Client, shop: Shop) -> None:
    address = f"/campaigns/{shop.running.pk}/launch"
    piece = signed_in.post(address, headers=HTMX)
    assert piece.status_code == 409
    assert piece.content.decode().lstrip().startswith('<div class="notice bad"')
    page = signed_in.post(address)
    assert page.status_code == 409
    assert "<!doctype html>" in page.content.decode()


def test_lists_answer_htmx_with_their_rows_only(signed_in: Client, shop: Shop) -> None:
    for address, outer in (
        ("/contacts/?q=ines", "contact-rows"),
        ("/segments/?q=fr", "segment-rows"),
        ("/templates/?q=autumn", "template-cards"),
        ("/campaigns/?q=aut", "campaign-rows"),
        (f"/campaigns/{shop.running.pk}/recipients/?q=ines", "recipients"),
    ):
        answer = signed_in.get(address, headers=HTMX)
        html = answer.content.decode().strip()
        assert f'id="{outer}"' in html.split(">")[0], address
        assert "<!doctype" not in html
        assert "HX-Request" in answer.headers["Vary"]


def test_the_draft_asks_once_in_words_and_shows_the_filled_message(signed_in: Client, shop: Shop) -> None:
    html = signed_in.get(f"/campaigns/{shop.draft.pk}/").content.decode()
    assert "Send to 1 person for about" in html
    assert "Hello Ines, <strong>new</strong> things &amp; more. &lt;b&gt;Look&lt;/b&gt;" in html


def test_the_preview_follows_the_form(signed_in: Client, shop: Shop) -> None:
    asked = {"segment": shop.segment.pk, "channel": shop.draft.channel_id, "template": shop.template.pk}
    html = signed_in.get("/campaigns/new/preview/", asked, headers=HTMX).content.decode()
    assert 'id="preview"' in html
    assert 'id="variables" hx-swap-oob="true"' in html
    again = asked | {"shown_channel": shop.draft.channel_id, "shown_template": shop.template.pk}
    again |= {"from.header.1": "text", "text.header.1": "winter", "from.first_name": "first_name"}
    html = signed_in.get("/campaigns/new/preview/", again, headers=HTMX).content.decode()
    assert "News for winter" in html
    assert "hx-swap-oob" not in html


def test_a_draft_can_be_made_changed_and_discarded(signed_in: Client, shop: Shop) -> None:
    sent = {
        "name": "Winter",
        "segment": shop.segment.pk,
        "channel": shop.draft.channel_id,
        "template": shop.template.pk,
        "from.header.1": "text",
        "text.header.1": "winter",
        "from.first_name": "first_name",
        "text.first_name": "friend",
    }
    assert signed_in.post("/campaigns/new/", sent | {"name": ""}).status_code == 422
    assert signed_in.post("/campaigns/new/", sent).status_code == 302
    made = Campaign.objects.get(name="Winter")
    assert made.variables == {
        "header.1": {"text": "winter"},
        "first_name": {"field": "first_name", "fallback": "friend"},
    }
    assert signed_in.post(f"/campaigns/{made.pk}/edit/", sent | {"name": "Cold"}).status_code == 302
    answer = signed_in.post(f"/campaigns/{made.pk}/cancel", headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"/campaigns/{made.pk}/"
    made.refresh_from_db()
    assert (made.name, made.state) == ("Cold", "cancelled")


def test_a_segment_is_built_row_by_row(signed_in: Client, shop: Shop) -> None:
    nodes = ["open:n1", "leaf:n2", "close"]
    sent = {"name": "Buyers", "node": nodes, "join.n1": "all", "shape": "n1:1|n2:tag:has"}
    row = {"field.n2": "orders.count", "is.n2": "has", "value.n2": ""}
    html = signed_in.post("/segments/new/", sent | row, headers=HTMX).content.decode()
    assert 'id="rule"' in html
    assert "is between" in html
    row = {"field.n2": "orders.count", "is.n2": "between", "value.n2": "1", "upper.n2": "3"}
    rows = {"shape": "n1:1|n2:orders.count:between", "do": "save"}
    assert signed_in.post("/segments/new/", sent | row | rows, headers=HTMX).headers["HX-Redirect"]
    made = Segment.objects.get(name="Buyers")
    assert made.rule == {"all": [{"field": "orders.count", "is": "between", "value": [1, 3]}]}
    assert "Number of orders is between 1 and 3" in signed_in.get(f"/segments/{made.pk}/").content.decode()


def test_a_contact_by_hand_needs_proof_of_consent(signed_in: Client, shop: Shop) -> None:
    sent = {"phone": "+33 6 39 98 00 09", "name": "Li", "tags": "vip, paris", "agreed": "on"}
    assert signed_in.post("/contacts/new/", sent).status_code == 422
    assert signed_in.post("/contacts/new/", sent | {"proof": "at the till, 3 March"}).status_code == 302
    assert Contact.objects.get(phone="+33639980009").marketing == "granted"


def test_picked_contacts_get_a_tag_and_lose_it(signed_in: Client, shop: Shop) -> None:
    sent = {"contact": [shop.contact.pk], "name": "paris", "next": "/contacts/?q=ines"}
    assert signed_in.post("/contacts/tag/", sent | {"do": "tag"}).headers["Location"] == "/contacts/?q=ines"
    assert Tag.objects.filter(name="paris", tagged__contact=shop.contact).exists()
    elsewhere = sent | {"do": "untag", "next": "https://elsewhere.example/"}
    assert signed_in.post("/contacts/tag/", elsewhere).headers["Location"] == "/contacts/"
    assert not Tag.objects.filter(name="paris", tagged__contact=shop.contact).exists()


@pytest.mark.django_db(transaction=True)
def test_the_live_page_sends_its_pieces_and_ends(signed_in: Client, shop: Shop) -> None:
    Campaign.objects.filter(pk=shop.running.pk).update(state="cancelled")
    answer = signed_in.get(f"/campaigns/{shop.running.pk}/live")
    assert answer.headers["Content-Type"] == "text/event-stream"
    text = run(_all_of(answer)).decode()
    assert 'data: <div class="head" id="campaign-head">' in text
    assert 'id="campaign-live"' in text
    assert text.endswith("event: done\ndata: done\n\n")


async def _all_of(answer: HttpResponse) -> bytes:
    assert isinstance(answer, StreamingHttpResponse)
    content: AsyncIterator[bytes] = aiter(answer.streaming_content)  # type: ignore[arg-type]
    return b"".join([part async for part in content])


def test_message_text_is_shown_as_whatsapp_shows_it() -> None:
    assert whatsapp("*a* _b_ ~c~ `d`") == "<strong>a</strong> <em>b</em> <s>c</s> <code>d</code>"
    assert whatsapp("2 * 3 * 4, snake_case_name, *\nno*") == "2 * 3 * 4, snake_case_name, *<br>no*"
    assert whatsapp("<script>*x*</script>") == "&lt;script&gt;<strong>x</strong>&lt;/script&gt;"
    assert whatsapp("Hi {{1}}") == "Hi <mark>{{1}}</mark>"


def test_numbers_read_well() -> None:
    assert [percent(0.0741), percent(0.65), percent(1), percent(None)] == ["7.4%", "65.0%", "100%", "–"]
    assert [duration(40), duration(95), duration(3900), duration(None)] == ["40 s", "1 min 35 s", "1 h 5 min", "–"]
    assert [tier("TIER_10K"), tier("TIER_UNLIMITED"), tier("")] == ["10,000", "no limit", "–"]


def test_a_chart_says_the_same_in_its_table() -> None:
    chart = Chart("line", ["Mon", "Tue"], [Series("Sent", [3, None])])
    assert chart.rows == [("Mon", [3]), ("Tue", [None])]
    assert chart.spec["series"] == [{"name": "Sent", "values": [3, None], "tone": ""}]
    assert not chart.is_empty


def test_a_trace_is_told_in_order_and_the_price_once() -> None:
    second = timezone.now().replace(microsecond=0)
    lines = [
        TraceLine(second, "sent", {"pricing": {"category": "marketing"}}),
        TraceLine(second.replace(microsecond=400_000), "queued", {}),
        TraceLine(second.replace(microsecond=600_000), "accepted", {}),
        TraceLine(second + timedelta(seconds=2), "delivered", {"pricing": {"category": "marketing"}}),
    ]
    assert [(line["what"], line["words"]) for line in story(lines)] == [
        ("queued", ""),
        ("accepted", ""),
        ("sent", "Billed as marketing."),
        ("delivered", ""),
    ]


@pytest.mark.parametrize("number", ["1e3000000", "Infinity", "NaN", "sNaN", "1e400"])
def test_a_number_too_large_to_mean_anything_is_refused_at_once(client, owner, number: str) -> None:
    client.force_login(owner)
    sent = {"name": "q", "node": ["open:n1", "leaf:n2", "close"], "field.n2": "orders.count", "is.n2": ">="}
    answer = client.post(
        "/segments/new/", {**sent, "value.n2": number, "shape": "n1:1|n2:orders.count:>=", "do": "save"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "path",
    ["/campaigns/?q=%00", "/campaigns/?after=²", "/campaigns/new/?segment=²", "/contacts/?q=%00", "/segments/?q=%00"],
)
def test_odd_letters_in_an_address_are_no_error(client, owner, path: str) -> None:
    client.force_login(owner)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/segments/0/", "/campaigns/0/live", "/contacts/imports/0/live", "/account/signup/"])
def test_what_does_not_exist_is_not_found(client, owner, path: str) -> None:
    client.force_login(owner)
    assert client.get(path).status_code == 404
