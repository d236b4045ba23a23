"""What customers are called and say, in their language; it refuses to understand what they were sent."""

YES = {
    "en": ("Yes", "Yes please", "Great, thanks!", "How much is it?", "Is it still on?"),
    "fr": ("Oui", "Oui merci", "Super, merci !", "C'est combien ?", "C'est encore valable ?"),
    "es": ("Sí", "Sí, gracias", "¡Genial!", "¿Cuánto cuesta?", "¿Sigue disponible?"),
    "pt": ("Sim", "Quero sim", "Ótimo, obrigado!", "Quanto custa?", "Ainda está valendo?"),
    "de": ("Ja", "Ja, gerne", "Super, danke!", "Was kostet das?", "Gilt das noch?"),
    "it": ("Sì", "Sì grazie", "Ottimo!", "Quanto costa?", "È ancora valido?"),
    "nl": ("Ja", "Ja graag", "Top, bedankt!", "Wat kost het?"),
    "zh": ("好", "好的，谢谢", "可以", "多少钱？", "还有吗？"),
    "ja": ("はい", "お願いします", "ありがとう", "いくらですか？"),
    "ko": ("네", "네, 감사합니다", "얼마예요?"),
    "ar": ("نعم", "نعم شكرا", "كم السعر؟"),
    "hi": ("हाँ", "जी, धन्यवाद", "कितने का है?"),
    "ru": ("Да", "Да, спасибо", "Сколько стоит?"),
    "tr": ("Evet", "Evet, teşekkürler", "Fiyatı ne kadar?"),
    "id": ("Ya", "Ya, terima kasih", "Berapa harganya?"),
    "pl": ("Tak", "Tak, dziękuję", "Ile to kosztuje?"),
}

STOP = {
    "en": "STOP",
    "fr": "ARRÊT",
    "es": "BAJA",
    "pt": "SAIR",
    "de": "STOPP",
    "it": "BASTA",
    "nl": "STOP",
    "zh": "退订",
    "ja": "停止",
    "ko": "수신거부",
    "ar": "إيقاف",
    "hi": "बंद",
    "ru": "СТОП",
    "tr": "DUR",
    "id": "BERHENTI",
    "pl": "STOP",
}

NAMES = {
    "en": ("Ann Reed", "Tom Hale", "Grace Cole", "Sam Wood"),
    "fr": ("Camille Roux", "Hugo Blanc", "Léa Morel", "Noé Garnier"),
    "es": ("Ana Ruiz", "Luis Vega", "Carmen Soto", "Diego Marín"),
    "pt": ("Ana Souza", "João Lima", "Beatriz Alves", "Rui Costa"),
    "de": ("Anna Vogel", "Jonas Braun", "Lena Kraft", "Paul Winter"),
    "zh": ("王芳", "李伟", "张敏", "陈杰"),
}

STOP_WORDS = frozenset(word.casefold() for word in STOP.values())


def is_stop(text: str) -> bool:
    """True for a label that asks for no more promotions, as quick-reply buttons often do."""
    folded = text.casefold()
    return folded in STOP_WORDS or any(
        word in folded for word in ("stop", "unsubscribe", "désabonn", "no más", "退订", "baja", "abmelden")
    )
