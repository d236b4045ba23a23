"""The question after closing: asked once, answered on the conversation that was closed, in the way of nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.errors import BadInput, NotAllowed
from envoi.inbox import actions, satisfaction, satisfaction_actions
from envoi.inbox.models import Conversation, ConversationEvent
from envoi.inbox.satisfaction_words import NAMES, WORDS, words_for
from envoi.messaging.models import Message, Pair
from envoi.messaging.sending import What
from envoi.team.models import Staff

from .conftest import again

pytestmark = pytest.mark.django_db
Write = Callable[..., Conversation]
HELLO = What(kind="text", content={"body": "Hello"}, text="Hello")


def switch_on(owner: Staff, **more: Any) -> None:
    chosen = {"asks": True, "scale": "list", "delay_minutes": 0, "rest_days": 7, "asks_why": True, "wording": {}}
    satisfaction_actions.change(**{**chosen, **more}, by=owner)


def served(write: Write, ana: Staff) -> Conversation:
    """A conversation that was answered and closed."""
    conversation = write("Where is my parcel?")
    actions.reply(conversation.contact_id, conversation.id, HELLO, by=ana)
    actions.close(conversation.contact_id, conversation.id, by=ana)
    return again(conversation)


def asked(conversation: Conversation) -> bool:
    return satisfaction.ask(conversation.contact_id, conversation.id)


def waiting_jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'inbox.ask_satisfaction'")
        return int(cursor.fetchone()[0])


def said_to(conversation: Conversation) -> list[str]:
    rows = Message.objects.filter(contact_id=conversation.contact_id, direction="out").order_by("id")
    return list(rows.values_list("text", flat=True))


def tap(conversation: Conversation, score: int) -> dict[str, Any]:
    row = {"id": f"envoi-satisfaction:{conversation.id}:{score}", "title": str(score)}
    return {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": row}}


def test_nobody_is_asked_until_the_company_says_so(write: Write, ana: Staff) -> None:
    conversation = served(write, ana)
    assert waiting_jobs() == 0
    assert not asked(conversation)
    assert said_to(conversation) == ["Hello"]


def test_after_closing_they_are_asked_once_and_their_tap_is_written_down(
    write: Write, ana: Staff, owner: Staff
) -> None:
    switch_on(owner)
    conversation = served(write, ana)
    assert waiting_jobs() == 1
    assert asked(conversation)
    assert not asked(conversation)
    sent = Message.objects.filter(contact_id=conversation.contact_id, direction="out").latest("id")
    assert sent.kind == "interactive"
    assert [row["id"][-2:] for row in sent.content["action"]["sections"][0]["rows"]] == [":5", ":4", ":3", ":2", ":1"]
    write("4", twice=True, **tap(conversation, 4))
    marked = again(conversation)
    assert (marked.satisfaction, marked.state) == (4, "closed")
    assert Conversation.objects.count() == 1
    assert said_to(conversation)[1:] == [WORDS["en"]["question"], WORDS["en"]["why"]]
    # Their word on it, and thanks; then a message is a message again.
    write("The parcel was late, but you were kind.")
    assert again(conversation).satisfaction_text == "The parcel was late, but you were kind."
    assert said_to(conversation)[-1] == WORDS["en"]["thanks"]
    assert write("And another thing").id != conversation.id
    assert ConversationEvent.objects.filter(what="scored").count() == 2


@pytest.mark.parametrize(
    ("text", "score"), [("5", 5), (" 3 ", 3), ("４", 4), ("2/5", 2), ("4️⃣", 4), ("⭐⭐⭐", 3), ("5!", 5)]
)
def test_a_bare_number_is_an_answer(write: Write, ana: Staff, owner: Staff, text: str, score: int) -> None:
    switch_on(owner)
    conversation = served(write, ana)
    assert asked(conversation)
    assert write(text).id == conversation.id
    assert again(conversation).satisfaction == score


@pytest.mark.parametrize("text", ["6", "0", "15", "5 parcels are missing", "Number 5?", "", "five"])
def test_anything_else_is_a_message_for_somebody_to_answer(write: Write, ana: Staff, owner: Staff, text: str) -> None:
    switch_on(owner)
    conversation = served(write, ana)
    assert asked(conversation)
    assert write(text).id != conversation.id
    assert again(conversation).satisfaction is None


def test_a_question_after_the_score_is_for_somebody_to_answer(write: Write, ana: Staff, owner: Staff) -> None:
    switch_on(owner)
    conversation = served(write, ana)
    asked(conversation)
    write("5")
    assert write("Thanks! When do you open tomorrow?").id != conversation.id
    assert again(conversation).satisfaction_text == ""


def test_a_number_means_what_it_says_when_nobody_was_asked_or_long_ago(write: Write, ana: Staff, owner: Staff) -> None:
    conversation = served(write, ana)
    second = write("5")
    assert second.id != conversation.id
    switch_on(owner)
    actions.reply(second.contact_id, second.id, HELLO, by=ana)
    actions.close(second.contact_id, second.id, by=ana)
    assert asked(second)
    Conversation.objects.filter(id=second.id).update(asked_at=timezone.now() - timedelta(hours=25))
    assert write("5").id != second.id
    assert again(second).satisfaction is None


def test_while_they_talk_with_somebody_a_number_is_no_score(write: Write, ana: Staff, owner: Staff) -> None:
    switch_on(owner)
    conversation = served(write, ana)
    asked(conversation)
    talk = write("One more thing: my size")
    assert write("4").id == talk.id
    assert again(conversation).satisfaction is None
    # A tap on the question itself is about the conversation that it names.
    write("4", **tap(conversation, 4))
    assert again(conversation).satisfaction == 4


def test_nobody_is_asked_twice_within_the_days_of_rest(write: Write, ana: Staff, owner: Staff) -> None:
    switch_on(owner)
    assert asked(served(write, ana))
    second = served(write, ana)
    assert not asked(second)
    Conversation.objects.update(asked_at=timezone.now() - timedelta(days=8))
    third = served(write, ana)
    assert asked(third)


def test_nobody_is_asked_when_the_window_closed_or_they_write_again(write: Write, ana: Staff, owner: Staff) -> None:
    switch_on(owner)
    conversation = served(write, ana)
    Pair.objects.update(window_open_until=timezone.now() - timedelta(seconds=1))
    assert not asked(conversation)
    assert again(conversation).asked_at is None
    write("Hello again")
    assert not asked(conversation)


def test_where_nobody_answered_nobody_asks(write: Write, ana: Staff, owner: Staff) -> None:
    switch_on(owner)
    conversation = write("Hello?")
    actions.close(conversation.contact_id, conversation.id, by=ana)
    assert waiting_jobs() == 0


def test_somebody_elses_conversation_can_not_be_marked(write: Write, ana: Staff, owner: Staff) -> None:
    switch_on(owner)
    conversation = served(write, ana)
    asked(conversation)
    write("Hello", phone="33639980077")
    write("1", phone="33639980077", **tap(conversation, 1))
    assert again(conversation).satisfaction is None


def test_they_are_asked_in_their_language_with_the_companys_words(write: Write, ana: Staff, owner: Staff) -> None:
    switch_on(owner, scale="buttons", wording={"fr": {"question": "Alors, content ?", "why": ""}})
    conversation = served(write, ana)
    type(conversation.contact).objects.filter(pk=conversation.contact_id).update(language="fr_FR")
    asked(conversation)
    sent = Message.objects.filter(contact_id=conversation.contact_id, direction="out").latest("id")
    assert sent.content["body"]["text"] == "Alors, content ?"
    assert [one["reply"]["title"] for one in sent.content["action"]["buttons"]] == ["Bien 👍", "Moyen", "Pas bien 👎"]
    assert words_for("sv", {})["question"] == WORDS["en"]["question"]


def test_our_own_words_fit_into_whatsapps_buttons() -> None:
    for texts in WORDS.values():
        assert texts.keys() == NAMES.keys()
        assert all(len(text) <= NAMES[name] for name, text in texts.items())


def test_only_who_sets_the_service_sets_the_question(client: Client, ana: Staff, owner: Staff) -> None:
    with pytest.raises(NotAllowed):
        switch_on(ana)
    with pytest.raises(BadInput, match="20 characters"):
        switch_on(owner, wording={"en": {"good": "x" * 21}})
    client.force_login(owner)
    form = {"asks": "on", "scale": "list", "delay_minutes": "5", "rest_days": "3", "zh.question": "满意吗？"}
    assert client.post("/service/satisfaction/", form).status_code == 302
    assert satisfaction.settings().wording == {"zh": {"question": "满意吗？"}}
    assert client.post("/service/satisfaction/", form | {"delay_minutes": "2000"}).status_code == 422


@given(st.text(max_size=60))
def test_whatever_people_write_is_a_score_or_none(text: str) -> None:
    number = satisfaction._number(text)
    assert number is None or 1 <= number <= 5
