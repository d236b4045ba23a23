"""The company's own stop, start and yes words, and whether a yes has to be confirmed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import ContactSettings, Keyword
from .optin import QUESTIONS, questions_in_force
from .optout import DEFAULTS, LONGEST, defaults, folded, in_force


@dataclass(frozen=True, slots=True)
class Shown:
    """A word as the page shows it, and what it does unless the company says otherwise ("nothing" for its own words)."""

    word: str
    shown: str
    usual: str


def listed() -> dict[str, dict[str, list[Shown]]]:
    """By meaning and language, every word in force, ours first; "nothing" has ours that are switched off."""
    changed = {one.word: one for one in Keyword.objects.order_by("shown")}
    found: dict[str, dict[str, list[Shown]]] = {"stop": {}, "start": {}, "confirm": {}, "nothing": {}}
    seen = set()
    ours = defaults()
    for meaning, languages in DEFAULTS.items():
        for language, words in languages.items():
            for shown in words:
                word = folded(shown)
                if word in seen or ours[word] != meaning:
                    continue
                seen.add(word)
                means = changed[word].means if word in changed else meaning
                found[means].setdefault(language, []).append(Shown(word, shown, meaning))
    for word, one in changed.items():
        if word not in seen and one.means != Keyword.Means.NOTHING:
            found[one.means].setdefault(one.language, []).append(Shown(word, one.shown, "nothing"))
    return found


@transaction.atomic
def set_word(text: str, *, means: str, language: str = "", by: Staff | None) -> None:
    """Let a whole message mean something, or nothing. A word as we have it needs no row of its own.

    Raises BadInput for a word that people are asked to answer with: what they mean by it is settled (asked_for_by has
    those that templates ask for, of which somebody should know).
    """
    require(by, "contacts.privacy")
    shown, word = " ".join(text.replace("\0", "").split()), folded(text)
    if not word:
        raise BadInput(_("A word has 1 to %(most)s characters, letters among them.") % {"most": LONGEST})
    if means not in Keyword.Means.values:
        raise BadInput(_("Choose what the word does."))
    ours = defaults().get(word, "nothing")
    _refuse_asked(word, shown, means)
    if means == ours:
        Keyword.objects.filter(word=word).delete()
    else:
        values = {"shown": shown, "language": language[:12], "means": means, "by": by}
        Keyword.objects.update_or_create(word=word, defaults=values)
    note(by, "contacts.keyword", f"keyword/{word}", {"means": means})


@transaction.atomic
def set_double_opt_in(
    on: bool, *, question: str = "", questions: Mapping[str, str] | None = None, by: Staff | None
) -> None:
    """Whether a first yes waits for a second one, and what people are asked, by language ("": our words).

    question: in every language that `questions` leaves out. Raises BadInput for a text that is too long, or one that
    asks for no word which confirms.
    """
    require(by, "contacts.privacy")
    said = {language: _clean(text) for language, text in {**(questions or {}), "": question}.items()}
    if unknown := said.keys() - QUESTIONS.keys() - {""}:
        raise BadInput(_("There is no such language: %(code)s.") % {"code": ", ".join(sorted(unknown))})
    means = in_force().means
    for text in filter(None, said.values()):
        if not any(means.get(word) == "confirm" for word in _answers_in(text)):
            raise BadInput(
                _("“%(text)s…” names no word that confirms, such as YES: nobody could agree.") % {"text": text[:40]}
            )
    other = said.pop("")
    kept = {language: text for language, text in said.items() if text}
    ContactSettings.objects.update_or_create(id=1, defaults={"double_opt_in": on, "question": other, "questions": kept})
    note(by, "contacts.double_opt_in", "contact_settings", {"on": on, "question": other, "questions": kept})


def asked_for_by(text: str) -> list[str]:
    """The approved templates that ask people to answer with this word, by a button or in capitals."""
    word = folded(text)
    with connection.cursor() as cursor:
        # Of an app above this one on the street: read by name, as segments does (docs/decisions/0018).
        cursor.execute("SELECT name, components FROM templates WHERE state = 'approved' ORDER BY name")
        found = cursor.fetchall()
    names = []
    for name, components in found:
        parts = json.loads(components) if isinstance(components, str) else components
        if any(word in words for words in map(_asked_in, parts)):
            names.append(name)
    return list(dict.fromkeys(names))


def _asked_in(part: Mapping[str, Any]) -> set[str]:
    buttons = [str(one.get("text", "")) for one in part.get("buttons") or () if one.get("type") == "QUICK_REPLY"]
    capitals = [one for one in re.findall(r"\w+", str(part.get("text", ""))) if len(one) > 1 and one.isupper()]
    return {folded(one) for one in (*buttons, *capitals)} - {""}


def _answers_in(text: str) -> set[str]:
    """The words of a text, one to three together, and of Chinese, which parts no words, one to four letters."""
    pieces = (one[at : at + LONGEST] for one in text.split() for at in range(0, len(one), LONGEST))
    words = [word for piece in pieces for word in folded(piece).split()]
    runs = {" ".join(words[at : at + size]) for at in range(len(words)) for size in (1, 2, 3)}
    for word in words:
        if "\u4e00" <= word[0] <= "\u9fff":
            runs |= {word[at : at + size] for at in range(len(word)) for size in (1, 2, 3, 4)}
    return runs


def _refuse_asked(word: str, shown: str, means: str) -> None:
    """Raise BadInput when a question in force asks people to answer with the word and it would mean something else."""
    now = in_force().means.get(word, "nothing")
    if means == now:
        return
    if means == "stop" and (now == "confirm" or defaults().get(word) == "confirm"):
        raise BadInput(
            _(
                "“%(word)s” is how people say yes, and we suggest it in campaigns: "
                "as a stop word it would end what they agree to."
            )
            % {"word": shown}
        )
    if now in ("confirm", "stop"):
        for text in questions_in_force().values():
            if word in _answers_in(text):
                raise BadInput(
                    _("“%(word)s” stands in the question of the double opt-in: change that text first.")
                    % {"word": shown}
                )


def _clean(text: str) -> str:
    words = text.replace("\0", "").strip()
    if len(words) > 1_000:
        raise BadInput(_("The question has at most 1,000 characters."))
    return words
