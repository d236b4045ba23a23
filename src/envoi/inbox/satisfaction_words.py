"""What customers read when they are asked how satisfied they are, in their own language.

They are messages to customers and no texts of a page: the company may write its own for each language, and a customer's
language is another matter than the reader's. Meta's limits (sheet, A.3): a button 20 characters, a row's title 24.
"""

from __future__ import annotations

from collections.abc import Mapping

# name: the most characters that it may have.
NAMES = {
    "question": 1024,
    "open": 20,
    "best": 24,
    "worst": 24,
    "good": 20,
    "fair": 20,
    "bad": 20,
    "why": 1024,
    "thanks": 1024,
}

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "question": "How satisfied were you with our service?",
        "open": "Choose",
        "best": "5 – very satisfied",
        "worst": "1 – not at all",
        "good": "Good 👍",
        "fair": "Fair",
        "bad": "Bad 👎",
        "why": "Thank you. Would you tell us in a message what we could do better?",
        "thanks": "Thank you for your answer.",
    },
    "fr": {
        "question": "Avez-vous été satisfait de notre service ?",
        "open": "Choisir",
        "best": "5 – très satisfait",
        "worst": "1 – pas du tout",
        "good": "Bien 👍",
        "fair": "Moyen",
        "bad": "Pas bien 👎",
        "why": "Merci. Pouvez-vous nous dire en un message ce que nous pourrions améliorer ?",
        "thanks": "Merci pour votre réponse.",
    },
    "zh": {
        "question": "您对我们的服务满意吗？",
        "open": "请选择",
        "best": "5 – 非常满意",
        "worst": "1 – 非常不满意",
        "good": "满意 👍",
        "fair": "一般",
        "bad": "不满意 👎",
        "why": "谢谢。您能告诉我们哪里可以做得更好吗？",
        "thanks": "谢谢您的反馈。",
    },
    "es": {
        "question": "¿Ha quedado satisfecho con nuestro servicio?",
        "open": "Elegir",
        "best": "5 – muy satisfecho",
        "worst": "1 – nada satisfecho",
        "good": "Bien 👍",
        "fair": "Regular",
        "bad": "Mal 👎",
        "why": "Gracias. ¿Nos cuenta en un mensaje qué podríamos mejorar?",
        "thanks": "Gracias por su respuesta.",
    },
    "pt": {
        "question": "Ficou satisfeito com o nosso atendimento?",
        "open": "Escolher",
        "best": "5 – muito satisfeito",
        "worst": "1 – nada satisfeito",
        "good": "Bom 👍",
        "fair": "Regular",
        "bad": "Ruim 👎",
        "why": "Obrigado. Pode dizer-nos em uma mensagem o que podemos melhorar?",
        "thanks": "Obrigado pela sua resposta.",
    },
    "de": {
        "question": "Wie zufrieden waren Sie mit unserem Service?",
        "open": "Auswählen",
        "best": "5 – sehr zufrieden",
        "worst": "1 – gar nicht",
        "good": "Gut 👍",
        "fair": "Mittel",
        "bad": "Schlecht 👎",
        "why": "Danke. Sagen Sie uns in einer Nachricht, was wir besser machen können?",
        "thanks": "Danke für Ihre Antwort.",
    },
}


def words_for(language: str, own: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The texts for a customer of this language: the company's own first, then ours, then English.

    A language without any ("sv") is asked in the company's own English, or ours.
    """
    code = language.lower().replace("_", "-").split("-")[0]
    known = code if code in WORDS or code in own else "en"
    return {**WORDS["en"], **WORDS.get(known, {}), **{name: text for name, text in own.get(known, {}).items() if text}}
