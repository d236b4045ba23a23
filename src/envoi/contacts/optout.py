"""Words that stop, start and confirm marketing. Only a whole message counts: “stop by tomorrow?” is no opt-out.

The words below hold unless the company has changed them (models.Keyword); `in_force` has both together.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .models import Keyword

# What people in each language write when nobody told them a word, beside the words that providers name.
STOP_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("stop", "stop all", "stop promotions", "unsubscribe", "cancel", "end", "quit", "opt out", "optout"),
    "fr": ("stop", "arrêt", "arrêter", "arrêtez", "désabonner", "désabonnement", "désinscription", "me désabonner"),
    "zh": ("退订", "退訂", "取消订阅", "取消訂閱", "停止", "td", "t"),
    "es": ("baja", "parar", "alto", "cancelar", "darme de baja"),
    "pt": ("parar", "pare", "sair", "cancelar", "descadastrar"),
    "de": ("stopp", "abmelden", "abbestellen", "austragen"),
    "ar": ("إيقاف", "ايقاف", "توقف", "أوقف", "إلغاء الاشتراك", "الغاء الاشتراك", "إلغاء"),
    "hi": ("बंद", "बंद करो", "बंद करें", "रोकें", "रोको", "सदस्यता समाप्त", "स्टॉप"),
}
START_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("start", "unstop", "subscribe", "resume", "opt in", "optin"),
    "fr": ("start", "reprendre", "abonner", "m'abonner", "abonnement", "inscription"),
    "zh": ("订阅", "訂閱", "开始", "開始", "恢复订阅", "恢復訂閱"),
    "es": ("alta", "suscribir", "suscribirme", "empezar"),
    "pt": ("começar", "voltar", "assinar", "inscrever"),
    "de": ("anmelden", "abonnieren"),
    "ar": ("ابدأ", "بدء", "اشتراك", "اشترك", "استئناف"),
    "hi": ("शुरू", "शुरू करें", "सदस्यता लें", "स्टार्ट"),
}
# Answers to the question whether they really want promotions (double opt-in); nothing at any other time.
CONFIRM_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("yes", "y", "confirm", "ok", "okay", "i agree"),
    "fr": ("oui", "d'accord", "je confirme", "ok"),
    "zh": ("是", "是的", "确认", "確認", "好", "好的", "同意"),
    "es": ("sí", "confirmo", "de acuerdo", "vale"),
    "pt": ("sim", "confirmo", "aceito"),
    "de": ("ja", "bestätigen", "einverstanden"),
    "ar": ("نعم", "موافق", "أوافق"),
    "hi": ("हाँ", "हां", "जी हाँ", "ठीक है", "पुष्टि"),
}
DEFAULTS: dict[str, dict[str, tuple[str, ...]]] = {"stop": STOP_WORDS, "start": START_WORDS, "confirm": CONFIRM_WORDS}

LONGEST = 100


def folded(text: str) -> str:
    """What makes two messages the same word: without capitals, accents, punctuation and full-width forms."""
    if len(text) > LONGEST:
        return ""
    plain = unicodedata.normalize("NFKD", text).casefold()
    # The vowel signs of Hindi are marks as well, but no accents: without them other words would be these words.
    kept = (
        letter if letter.isalnum() or unicodedata.category(letter) in ("Mc", "Mn") else " "
        for letter in plain
        if not unicodedata.combining(letter)
    )
    return " ".join("".join(kept).split())


@dataclass(frozen=True, slots=True)
class Words:
    """What each folded word means: "stop", "start" or "confirm"; what is not here means nothing."""

    means: Mapping[str, str]

    def meaning(self, said: Iterable[str]) -> str:
        """What the first of these texts that means something means, a stop before everything else; "" is nothing."""
        found = [meaning for text in said if (meaning := self.means.get(folded(text), ""))]
        return "stop" if "stop" in found else next(iter(found), "")


def defaults() -> dict[str, str]:
    """The words of this file, folded, with what each means; a word of two kinds stops, or else starts."""
    means: dict[str, str] = {}
    for meaning in ("stop", "start", "confirm"):
        for words in DEFAULTS[meaning].values():
            for word in words:
                means.setdefault(folded(word), meaning)
    return means


def language_of_word(text: str) -> str:
    """The one language that has this word, ours or the company's; "" when none or several do ("STOP")."""
    word = folded(text)
    found = {
        language
        for languages in DEFAULTS.values()
        for language, words in languages.items()
        if word in map(folded, words)
    }
    found |= set(Keyword.objects.filter(word=word).exclude(language="").values_list("language", flat=True))
    return found.pop() if len(found) == 1 else ""


_DEFAULTS = defaults()


def in_force() -> Words:
    """The words as they hold at this moment: one look at a small table."""
    changed = dict(Keyword.objects.values_list("word", "means"))
    return Words({word: means for word, means in (_DEFAULTS | changed).items() if means != Keyword.Means.NOTHING})


def is_opt_out(text: str) -> bool:
    """Whether our own list takes the whole message for a stop; `in_force` knows the company's changes as well."""
    return _DEFAULTS.get(folded(text)) == "stop"


def is_opt_in(text: str) -> bool:
    """Whether our own list takes the whole message for a wish to receive marketing."""
    return _DEFAULTS.get(folded(text)) == "start"
