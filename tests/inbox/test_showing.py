"""What a line of the thread says: which rule answered, why a message failed, who is named, what nobody can see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.template import engines
from django.test import Client

from envoi.campaigns.models import Campaign
from envoi.channels.models import Account, Channel
from envoi.inbox import actions, queries
from envoi.inbox.models import Conversation
from envoi.inbox.seeing import shows
from envoi.inbox.showing import Drawn, drawn
from envoi.message_templates.models import Template
from envoi.message_templates.wording import bubble
from envoi.messaging.models import Lane, Message, Outbox
from envoi.notifications.models import Notification
from envoi.replies.models import ReplyRule
from envoi.segments.models import Segment
from envoi.team import people
from envoi.team.models import Staff
from envoi.web.undelivered import KNOWN, undelivered

from ..media.conftest import library_file
from ..media.files import png
from .conftest import again

pytestmark = pytest.mark.django_db

Write = Callable[..., Conversation]


def page(one: Conversation, reader: Staff) -> str:
    client = Client()
    client.force_login(reader)
    return client.get(f"/inbox/{one.contact_id}-{one.id}/").content.decode()


def lines(one: Conversation, reader: Staff) -> list[Drawn]:
    return drawn(queries.thread(reader, one.contact_id, one.id), customer="Zoé", reader=reader)


def sent(one: Conversation, **more: object) -> Message:
    given = {"direction": "out", "kind": "text", "category": "service", "state": "sent", "text": "Nine to five"} | more
    Message.objects.create(contact_id=one.contact_id, channel_id=one.channel_id, **given)
    return Message.objects.filter(contact_id=one.contact_id, direction="out").latest("id")


def test_an_automatic_answer_names_its_rule_and_leads_who_may_see_it_there(write: Write, ana: Staff) -> None:
    one = write("opening hours?")
    rule = ReplyRule.objects.create(name="Hours <b>", position=1, trigger={"on": "media"})
    message = sent(one)
    actions.answered_by_rule(one.contact_id, one.id, message.id, rule_id=rule.pk, settles=True)
    html = page(one, ana)
    assert f'<a href="/replies/{rule.pk}/">Automatic reply: Hours &lt;b&gt;</a>' in html
    people.set_rights(ana.pk, {"replies.read": False}, by=None)
    html = page(one, Staff.objects.get(pk=ana.pk))
    assert f"/replies/{rule.pk}/" not in html
    assert "Automatic reply: Hours &lt;b&gt;" in html
    rule.delete()
    (line,) = [one for one in lines(one, ana) if one.ours]
    assert (line.who, line.story) == ("Automatic reply", "")


def test_a_failure_is_one_sentence_its_code_and_the_rest_folded_away(write: Write, ana: Staff) -> None:
    one = write("hello")
    noise = "Message undeliverable (fbtrace_id AXyz09)"
    sent(one, state="failed", error_code="131026", error_title="Undeliverable", error_detail=noise)
    html = page(one, ana)
    sentence = "The number is not on WhatsApp, or its app is too old. Check the number, or reach them another way."
    assert f"<strong>Not delivered.</strong> {sentence}<details" in " ".join(html.split()).replace("> <", "><").replace(
        ". <details", ".<details"
    )
    assert "<code>131026</code>" in html
    assert html.index('<details class="raw"') < html.index("fbtrace_id")


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        ("131047", "", "More than 24 hours had passed since they wrote. Send a template instead."),
        ("63049", "", "WhatsApp held it back: they have had enough promotions lately. Try again in a day or later."),
        ("132999", "", "The provider refused it, and said why in its own words."),
        ("132012", "", "The template could not be used as it is. Look at it under Templates, or choose another."),
        ("", "given_up", "Nobody knows whether it left, and somebody gave it up."),
    ],
)
def test_every_failure_says_what_happened_and_what_to_do(
    write: Write, ana: Staff, code: str, reason: str, words: str
) -> None:
    one = write("hello")
    sent(one, state="failed", error_code=code, reason=reason)
    (line,) = [each for each in lines(one, ana) if each.ours]
    assert line.trouble is not None
    assert (line.trouble.words, line.trouble.code) == (words, code)


def test_no_code_means_two_things() -> None:
    codes = [code for some, _sentence in KNOWN for code in some]
    assert len(codes) == len(set(codes))
    assert all(undelivered(code).endswith((".", "first.")) for code in codes)
    assert undelivered("no such code") == ""


@pytest.mark.parametrize("text", ["\u200b\u200d", "\u2800", "\ufeff \u2060", "\u3164"])
def test_what_nobody_can_see_is_said(write: Write, ana: Staff, text: str) -> None:
    one = write(text)
    assert "Message without visible characters" in page(one, ana)
    (line,) = [each for each in lines(one, ana) if each.what == "message"]
    assert (line.speech.text, line.speech.note) == ("", "Message without visible characters")


def test_what_shows_is_shown_as_it_is(write: Write, ana: Staff) -> None:
    assert shows("\u200f.\u200f")
    assert not shows("")
    one = write("\u200fשלום\u200f")
    assert "Message without visible characters" not in page(one, ana)


def test_who_is_named_in_a_note_is_marked_by_the_whole_name(write: Write, ana: Staff, ben: Staff) -> None:
    one = write("hello")
    text = "@Ben Okri and @bén, not @nobody <b>: @ben@example.com"
    actions.add_note(one.contact_id, one.id, text=text, by=ana)
    (note,) = [str(each.note) for each in lines(one, ana) if each.what == "note"]
    assert note == (
        '<span class="mention">@Ben Okri</span> and <span class="mention">@bén</span>, not @nobody &lt;b&gt;: '
        '<span class="mention">@ben@example.com</span>'
    )


def test_links_to_conversations_are_kept_in_their_final_form(write: Write, owner: Staff, ben: Staff) -> None:
    one = write("hello")
    actions.assign(one.contact_id, one.id, staff_id=ben.pk, by=owner)
    told = Notification.objects.get(staff=ben)
    assert told.link == f"/inbox/{one.contact_id}-{one.id}/"
    client = Client()
    client.force_login(ben)
    assert client.get(told.link).status_code == 200
    told.refresh_from_db()
    assert told.read_at is not None
    assert again(one).assignee == ben


@pytest.fixture
def offer(account: Account) -> Template:
    """A template whose header is a picture."""
    parts = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "New in the shop"}]
    return Template.objects.create(
        account=account, name="new_in", language="en", category="utility", state="approved", components=parts
    )


def test_the_picture_of_a_single_template_is_shown_in_the_thread(write: Write, ana: Staff, offer: Template) -> None:
    one, picture = write("hello"), library_file(png(), "sleeve.png", "image/png")
    words = actions.Words(template_id=offer.pk, headers={"header": {"file": picture.pk}})
    message_id = actions.reply(one.contact_id, one.id, words, by=ana)
    assert f'<img src="/files/{picture.pk}/sleeve.png"' in page(one, ana)
    assert Message.objects.get(id=message_id).content == {"headers": {"header": {"file": picture.pk}}}
    # What leaves is the lane's form, as ever.
    assert Outbox.objects.get(id=message_id).content == {"kind": "template", "reply_to": ""}


def test_the_picture_of_a_campaign_is_shown_in_the_thread(
    write: Write, ana: Staff, channel: Channel, offer: Template
) -> None:
    one, picture = write("hello"), library_file(png(), "sleeve.png", "image/png")
    form = {"name": "new_in", "header": {"type": "image", "image": {"file": picture.pk}}}
    lane = Lane.objects.create(channel=channel, priority=2, form=form)
    segment = Segment.objects.create(name="All", rule={})
    campaign = Campaign.objects.create(
        name="New", segment=segment, channel=channel, template=offer, variables={}, lane=lane, state="running"
    )
    sent(one, kind="template", text="", template=offer, values=[], campaign_id=campaign.pk)
    assert f'<img src="/files/{picture.pk}/sleeve.png"' in page(one, ana)


def test_a_preview_shows_the_file_that_was_chosen(offer: Template) -> None:
    shown = bubble(offer.components, {}, {"header": {"file": 7}})
    drawn_as = engines["django"].get_template("inbox/_template_preview.html")
    html = drawn_as.render({"bubble": shown})
    assert 'src="/files/7/header"' in html
    assert "<img" not in drawn_as.render({"bubble": bubble(offer.components, {})})
