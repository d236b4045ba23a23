"""Messages that no rule may answer: said by a machine, or the same again and again. Two machines stop here.

Business phones have greeting and away messages of their own (the WhatsApp Business app writes some of those below),
and mail programs have theirs; each language's words for “automatic reply” are few.
"""

from __future__ import annotations

from .folding import folded

# Nobody wrote them: reactions, what the provider says itself, and kinds that it could not hand on.
NOT_ANSWERED = frozenset({"reaction", "system", "revoke", "edit", "unsupported", "unknown", "request_welcome"})

SAYS_MACHINE = tuple(
    folded(words)
    for words in (
        "automated message", "automated reply", "automated response", "automatic reply", "automatic response",
        "automatic message", "auto reply", "autoreply", "auto response", "out of office", "do not reply to this",
        "please do not reply", "this is an automatically generated", "i am a bot", "virtual assistant",
        # The WhatsApp Business app's own away and greeting messages.
        "thank you for your message we re unavailable right now",
        "thank you for contacting us please let us know how we can help you",
        "réponse automatique", "message automatique", "absence du bureau", "merci de ne pas répondre à ce message",
        "je suis un robot", "assistant virtuel",
        "自动回复", "自動回覆", "自动应答", "系统消息请勿回复", "请勿回复",
        "respuesta automática", "mensaje automático", "fuera de la oficina", "no responda a este mensaje",
        "resposta automática", "mensagem automática", "não responda a esta mensagem", "fora do escritório",
        "automatische antwort", "abwesenheitsnotiz", "automatisch generierte nachricht",
        "رد تلقائي", "رد آلي", "رسالة تلقائية", "لا ترد على هذه الرسالة",
        "स्वचालित उत्तर", "स्वचालित संदेश", "ऑटो रिप्लाई",
        "自動返信", "자동 응답", "автоматический ответ", "risposta automatica",
    )
)  # fmt: skip

# The same words so often within so many seconds: a machine, or somebody whom the answer does not help.
REPEATS = 3
REPEATS_SECONDS = 120


def is_automatic(kind: str, text: str) -> bool:
    """Whether nobody typed or tapped this, as far as it shows."""
    if kind in NOT_ANSWERED:
        return True
    if len(text) < 4:
        return False
    plain = f" {folded(text)} "
    return any((f" {words} " in plain) if words.isascii() else (words in plain) for words in SAYS_MACHINE)
