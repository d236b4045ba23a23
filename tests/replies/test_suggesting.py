"""Answers from the FAQ, offered to agents: the nearest question first, in any language, only when switched on."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from envoi.replies import actions, suggesting
from envoi.replies.faq import Faq
from envoi.replies.models import FaqEntry
from envoi.team.models import Staff

ENTRIES = [
    FaqEntry(question="How long does delivery take?", answer="Two to three days.", language="en"),
    FaqEntry(question="How can I send something back?", answer="Within 30 days, for free.", language="en"),
    FaqEntry(question="Combien de temps prend la livraison ?", answer="Deux à trois jours.", language="fr"),
    FaqEntry(question="Puis-je payer en plusieurs fois ?", answer="Oui, en trois fois.", language="fr"),
    FaqEntry(question="多久能送到？", answer="两到三天。", language="zh"),
    FaqEntry(question="怎么退货？", answer="三十天内免费退货。", language="zh"),
    FaqEntry(question="كم يستغرق التوصيل؟", answer="يومان إلى ثلاثة أيام.", language="ar"),
]


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("when will my delivery arrive", 0),
        ("delivry time?", 0),
        ("I want to send it back", 1),
        ("la livraison prend combien de temps", 2),
        ("payer en trois fois", 3),
        ("请问怎么退货呢", 5),
        ("كم يستغرق التوصيل", 6),
    ],
)
def test_the_nearest_question_comes_first(asked: str, place: int):
    assert suggesting.nearest(asked, ENTRIES)[0].entry is ENTRIES[place]


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("can I get my money back", "How do I return an item?"),
        ("delivery price", "How much is shipping?"),
        ("邮费是多少", "运费多少钱？"),
    ],
)
def test_other_words_of_one_meaning_are_found_where_the_model_is_installed(asked: str, question: str):
    questions = ["How do I return an item?", "How much is shipping?", "When do you open?", "如何退货？", "运费多少钱？"]
    entries = [FaqEntry(question=one, answer="-", language=one[:2]) for one in questions]
    assert suggesting.nearest(asked, entries)[0].entry.question == question


def test_without_the_model_words_alone_decide():
    # As on a machine without the extra: a process in which the package can't be imported.
    program = """
import sys
sys.modules["wordllama"] = None
from envoi.replies import meaning
assert not meaning.available()
questions = meaning.Questions()
questions.become({0: "How much is shipping?"})
assert questions.closeness("delivery price", 1) == [0.0]
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("asked", ["", "?!", "zzz qqq", "🎉"])
def test_what_has_nothing_to_do_with_any_gets_none(asked: str):
    assert suggesting.nearest(asked, ENTRIES) == []


@pytest.mark.django_db
def test_nothing_is_suggested_until_it_is_switched_on(client: Client, ana: Staff):
    client.force_login(ana)
    actions.save_entry(question="How long does delivery take?", answer='Two "days"', language="en", by=None)
    address = "/replies/faq/suggestions?text=delivery time&into=composer"
    assert "Two" not in client.get(address).content.decode()
    actions.save_settings(per_hour=5, silent_minutes=120, silent_until_closed=False, suggest=True, by=None)
    shown = client.get(address).content.decode()
    assert 'data-insert="Two &quot;days&quot;" data-into="composer"' in shown
    assert "Two" not in client.get(f"{address}&language=fr").content.decode()


def test_only_what_has_changed_is_worked_out_anew():
    faq = Faq()
    assert faq.become(dict(enumerate(ENTRIES))) == len(ENTRIES)
    assert faq.become(dict(enumerate(ENTRIES))) == 0
    other = FaqEntry(question="Do you have a shop?", answer="In Lyon.", language="en")
    assert faq.become(dict(enumerate([*ENTRIES[:2], other, *ENTRIES[3:]]))) == 1
    found = {one.entry.question: one.words for one in faq.near("where is your shop")}
    assert max(found, key=lambda question: found[question]) == other.question
    assert ENTRIES[2].question not in found


@given(st.lists(st.dictionaries(st.integers(0, 5), st.integers(0, 6), max_size=6), min_size=1, max_size=6))
def test_after_any_changes_it_answers_as_one_made_of_what_is_left(steps: list[dict[int, int]]):
    kept = Faq()
    for step in steps:
        kept.become({key: ENTRIES[which] for key, which in step.items()})
    new = Faq()
    new.become({key: ENTRIES[which] for key, which in steps[-1].items()})
    for asked in ("delivery time", "怎么退货", "payer"):
        told = [sorted((one.entry.question, one.words, one.meaning) for one in faq.near(asked)) for faq in (kept, new)]
        assert told[0] == [(q, pytest.approx(w), pytest.approx(m, abs=1e-6)) for q, w, m in told[1]]


@pytest.mark.django_db
def test_a_changed_entry_is_found_at_once_and_a_deleted_one_no_more(client: Client, ana: Staff):
    client.force_login(ana)
    actions.save_settings(per_hour=5, silent_minutes=120, silent_until_closed=False, suggest=True, by=None)
    entry = actions.save_entry(question="How long does delivery take?", answer="Three days.", by=None)

    def asked(text: str) -> str:
        return client.post("/replies/faq/suggestions", {"text": text}).content.decode()

    assert "Three days." in asked("delivery time")
    actions.save_entry(entry_id=entry.pk, question="How long does delivery take?", answer="Two days.", by=None)
    assert "Two days." in asked("delivery time")
    assert "Three days." not in asked("delivery time")
    actions.save_entry(entry_id=entry.pk, question="Where is your shop?", answer="In Lyon.", by=None)
    assert "Lyon" not in asked("delivery time")
    assert "Lyon" in asked("your shop")
    actions.delete_entry(entry.pk, by=None)
    assert "Lyon" not in asked("your shop")
