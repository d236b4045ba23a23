"""From a person's yes to consent: at once, or after they confirmed it (double opt-in)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import psycopg
from django.db import connection, transaction

from . import consents
from .models import Contact, ContactSettings
from .optout import language_of_word

Answer = Literal["granted", "pending", ""]

# In the languages whose yes and stop words are known (optout): each asks for words that are understood.
QUESTIONS: Mapping[str, str] = {
    "en": "Would you like to receive our offers here? Reply YES to confirm, STOP to refuse.",
    "fr": "Souhaitez-vous recevoir nos offres ici ? Répondez OUI pour confirmer, STOP pour refuser.",
    "zh": "您愿意在这里接收我们的优惠信息吗？回复“是”确认，回复“退订”拒绝。",
    "es": "¿Desea recibir nuestras ofertas aquí? Responda SÍ para confirmar, BAJA para rechazar.",
    "pt": "Gostaria de receber nossas ofertas por aqui? Responda SIM para confirmar, PARAR para recusar.",
    "de": "Möchten Sie hier unsere Angebote erhalten? Antworten Sie JA zum Bestätigen, STOPP zum Ablehnen.",
    "ar": "هل ترغب في تلقي عروضنا هنا؟ أرسل «نعم» للتأكيد أو «توقف» للرفض.",
    "hi": "क्या आप हमारे ऑफ़र यहाँ पाना चाहते हैं? पुष्टि के लिए «हाँ» लिखें, मना करने के लिए «बंद» लिखें।",
}


def settings() -> ContactSettings:
    """What is set; the defaults when nothing ever was."""
    return ContactSettings.objects.filter(id=1).first() or ContactSettings()


def question_to(contact_id: int, *, said: str = "") -> str:
    """What somebody who asks for promotions is asked, when a yes has to be confirmed: in their language.

    That is the contact's own, else that of the word they `said`, where only one language has it.
    """
    language = Contact.objects.values_list("language", flat=True).get(pk=contact_id)
    return question_in(language or language_of_word(said))


def question_in(language: str, chosen: ContactSettings | None = None) -> str:
    """The question in a language ("fr", "pt-br"): the company's words, else ours, else the company's for all others."""
    chosen = chosen or settings()
    language = language.lower().partition("-")[0].partition("_")[0]
    return chosen.questions.get(language) or chosen.question or QUESTIONS.get(language) or QUESTIONS["en"]


def questions_in_force() -> dict[str, str]:
    """Every question that somebody may be asked now, by language; "" for all other languages."""
    chosen = settings()
    if not chosen.double_opt_in:
        return {}
    return {language: question_in(language, chosen) for language in ("", *QUESTIONS)}


def says(meaning: str, was: str) -> str:
    """What a customer's own word ("stop", "start", "confirm") makes of a marketing consent; "" when it changes nothing.

    It writes nothing: for whoever has to know before `says_yes` and the consent ledger are asked.
    """
    if meaning == "stop":
        return "withdrawn" if was != "withdrawn" else ""
    if was == "pending":
        return "granted"
    if meaning != "start" or was == "granted":
        return ""
    return "pending" if settings().double_opt_in else "granted"


@transaction.atomic
def says_yes(
    contact_id: int, *, asks: bool, source: str, text: str, proof: str = "", at: datetime | None = None
) -> Answer:
    """Somebody agreed by a word of their own or by a form; returns what their marketing consent became.

    asks: it is a wish of its own (START, a form); else it only means something to who is to confirm. With double
    opt-in the first yes is `pending`, and the next one, in a message of theirs, is the consent: both are in the ledger.
    "" when nothing changed.
    """
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    said = {"text": text, "proof": proof, "at": at}
    if contact.marketing == "pending" and source == "keyword":
        _record(contact_id, "granted", source="confirmation", **said)
        return "granted"
    if not asks:
        return ""
    if settings().double_opt_in and contact.marketing != "granted":
        _record(contact_id, "pending", source=source, **said)
        return "pending"
    _record(contact_id, "granted", source=source, **said)
    return "granted"


def _record(contact_id: int, state: consents.State, **said: object) -> None:
    connection.ensure_connection()
    raw: psycopg.Connection[object] = connection.connection
    consents.record(raw, contact_id, purpose="marketing", state=state, **said)  # type: ignore[arg-type]
