"""Two colleagues answer at once: the second is asked first, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from envoi.inbox import actions
from envoi.inbox.models import Conversation, Draft, MessageAuthor
from envoi.messaging.models import Message
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db

Write = Callable[..., Conversation]
HTMX = {"HX-Request": "true"}


def send(one: Conversation, by: Staff, text: str = "Tomorrow", *, htmx: bool = True, **more: str) -> object:
    client = Client()
    client.force_login(by)
    given = {"text": text, "mode": "reply"} | more
    return client.post(f"/inbox/{one.contact_id}-{one.id}/send", given, headers=HTMX if htmx else {})


def answers() -> list[str]:
    return list(Message.objects.filter(direction="out").order_by("id").values_list("text", flat=True))


def test_the_second_answer_is_asked_about_and_goes_when_one_says_so(write: Write, ana: Staff, ben: Staff) -> None:
    one = write("When?")
    assert send(one, ana, "Today").status_code == 204
    asked = send(one, ben)
    assert asked.status_code == 409
    words = asked.content.decode()
    assert "Ana Silva answered" in words
    assert "Send anyway" in words
    assert answers() == ["Today"]
    assert Draft.objects.get(staff=ben).text == "Tomorrow"
    assert send(one, ben, anyway="1").status_code == 204
    assert answers() == ["Today", "Tomorrow"]
    # Whoever has just said so is not asked again.
    assert send(one, ben, "At noon").status_code == 204


def test_without_scripts_the_page_comes_back_with_the_text_and_the_button(write: Write, ana: Staff, ben: Staff) -> None:
    one = write("When?")
    send(one, ana, "Today")
    html = send(one, ben, htmx=False).content.decode()
    assert "Tomorrow</textarea>" in html
    assert 'form="reply" name="anyway" value="1"' in html


@pytest.mark.parametrize("why", ["long ago", "taken back", "failed", "they wrote since", "their own", "a note"])
def test_nobody_is_asked_where_nothing_crosses(why: str, write: Write, ana: Staff, ben: Staff) -> None:
    one = write("When?")
    first = actions.reply(one.contact_id, one.id, actions.What("text", {"body": "Today"}, "Today"), by=ana)
    more, by = {}, ben
    if why == "long ago":
        MessageAuthor.objects.update(at=timezone.now() - timedelta(minutes=2))
    elif why == "taken back":
        actions.take_back(one.contact_id, first, by=ana)
    elif why == "failed":
        Message.objects.filter(id=first).update(state="failed")
    elif why == "they wrote since":
        write("And how?")
    elif why == "their own":
        by = ana
    else:
        more = {"mode": "note"}
    assert send(one, by, **more).status_code == 204
