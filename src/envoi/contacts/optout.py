"""Words that stop and resume marketing. Only a whole message counts: “stop by tomorrow?” is no opt-out."""

from __future__ import annotations

import unicodedata

# What people in each language write when nobody told them a word, beside the words that providers name.
STOP_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("stop", "stop all", "stop promotions", "unsubscribe", "cancel", "end", "quit", "opt out", "optout"),
    "fr": ("stop", "arrêt", "arrêter", "arrêtez", "désabonner", "désabonnement", "désinscription", "me désabonner"),
    "zh": ("退订", "退訂", "取消订阅", "取消訂閱", "停止", "td", "t"),
    "es": ("baja", "parar", "alto", "cancelar", "darme de baja"),
    "pt": ("parar", "pare", "sair", "cancelar", "descadastrar"),
    "de": ("stopp", "abmelden", "abbestellen", "austragen"),
}
START_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("start", "unstop", "subscribe", "resume", "opt in", "optin"),
    "fr": ("start", "reprendre", "abonner", "m'abonner", "abonnement", "inscription"),
    "zh": ("订阅", "訂閱", "开始", "開始", "恢复订阅", "恢復訂閱"),
    "es": ("alta", "suscribir", "suscribirme", "empezar"),
    "pt": ("começar", "voltar", "assinar", "inscrever"),
    "de": ("anmelden", "abonnieren"),
}


def is_opt_out(text: str) -> bool:
    """Whether the whole message asks to stop; capitals, accents, punctuation and full-width forms do not matter."""
    return _folded(text) in _STOP


def is_opt_in(text: str) -> bool:
    """Whether the whole message asks to receive marketing again."""
    return _folded(text) in _START


def _folded(text: str) -> str:
    if len(text) > 100:
        return ""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = (letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(kept).split())


_STOP = frozenset(_folded(word) for words in STOP_WORDS.values() for word in words)
_START = frozenset(_folded(word) for words in START_WORDS.values() for word in words)
