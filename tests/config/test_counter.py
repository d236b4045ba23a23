"""The demo's counter: somebody answers there, rules have what they need, and customers write in their languages."""

from __future__ import annotations

import pytest

from envoi.config.shop import counter
from envoi.contacts import actions as contacts
from envoi.contacts.models import Contact
from envoi.core.events import Person
from envoi.inbox.canned import canned_replies
from envoi.replies.codes import peek
from envoi.replies.models import PromoPool, ReplyRule
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db


def test_the_counter_opens_with_an_agent_answers_and_rules_that_work(owner: Staff):
    agent = counter.open_counter(owner, password="correct horse battery")
    assert (agent.role, counter.is_open()) == (Staff.Role.AGENT, True)
    assert len(canned_replies(agent)) == len(counter.CANNED)
    assert set(ReplyRule.objects.filter(enabled=True).values_list("ready", flat=True)) == {"promo", "order", "thanks"}
    assert peek(PromoPool.objects.get().pk, None).startswith("RECORDS-")


def test_each_letter_comes_from_somebody_else_who_speaks_its_language(owner: Staff):
    for number in range(40):
        person = Person(phone=f"+3363998{number:04d}", name=f"Person {number}")
        language = ("fr", "en", "zh-hans")[number % 3]
        Contact.objects.filter(pk=contacts.contact_for_person(person)).update(language=language)
    said: list[tuple[str, str]] = []
    assert counter.write(lambda phone, text: said.append((phone, text))) == len(counter.WRITTEN)
    assert [text for _phone, text in said] == [text for _language, text in counter.WRITTEN]
    spoken = [Contact.objects.get(phone=phone).language for phone, _text in said]
    assert spoken == [language for language, _text in counter.WRITTEN]
    assert len({phone for phone, _text in said}) == len(said)


def test_ready_made_rules_answer_in_each_of_envois_languages(owner: Staff):
    counter.open_counter(owner, password="correct horse battery")
    [thanks] = ReplyRule.objects.get(ready="thanks").actions
    said = {one["language"]: one["text"] for one in thanks["texts"]}
    assert said.keys() == {"", "fr", "zh-hans"}
    assert len(set(said.values())) == 3
