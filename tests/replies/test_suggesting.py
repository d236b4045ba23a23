"""Answers from the FAQ, offered to agents: the nearest question first, in any language, only when switched on."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.test import Client

from envoi.replies import actions, suggesting
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
    assert max(suggesting.shared(asked, entries)) < 1
    assert suggesting.nearest(asked, entries)[0].entry.question == question


def test_without_the_model_words_alone_decide():
    # As on a machine without the extra: a process in which the package can't be imported.
    program = """
import sys
sys.modules["wordllama"] = None
from envoi.replies import meaning
assert not meaning.available()
assert meaning.closeness("delivery price", ["How much is shipping?"]) == [0.0]
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
