"""The company's own stop, start and yes words, and whether a yes has to be confirmed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import ContactSettings, Keyword
from .optout import DEFAULTS, LONGEST, defaults, folded


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
    """Let a whole message mean something, or nothing. A word as we have it needs no row of its own."""
    require(by, "contacts.privacy")
    shown, word = " ".join(text.split()), folded(text)
    if not word:
        raise BadInput(_("A word has 1 to %(most)s characters, letters among them.") % {"most": LONGEST})
    if means not in Keyword.Means.values:
        raise BadInput(_("Choose what the word does."))
    ours = defaults().get(word, "nothing")
    if means == ours:
        Keyword.objects.filter(word=word).delete()
    else:
        values = {"shown": shown, "language": language[:12], "means": means, "by": by}
        Keyword.objects.update_or_create(word=word, defaults=values)
    note(by, "contacts.keyword", f"keyword/{word}", {"means": means})


@transaction.atomic
def set_double_opt_in(on: bool, *, question: str, by: Staff | None) -> None:
    """Whether a first yes waits for a second one, and what people are asked ("": our words, in their language)."""
    require(by, "contacts.privacy")
    words = question.replace("\0", "").strip()
    if len(words) > 1_000:
        raise BadInput(_("The question has at most 1,000 characters."))
    ContactSettings.objects.update_or_create(id=1, defaults={"double_opt_in": on, "question": words})
    note(by, "contacts.double_opt_in", "contact_settings", {"on": on, "question": words})
