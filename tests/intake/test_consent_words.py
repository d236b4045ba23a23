"""What a whole message does to consent: in every language, with the company's own words, and confirmed where asked.

And who it was: one line in each of its variants, one id within its business, a username that may change.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from envoi.channels.models import Account, Channel
from envoi.contacts import actions, identities, keywords, optin, optout
from envoi.contacts.models import ConsentEntry, Contact, Identity
from envoi.contacts.optout import START_WORDS, STOP_WORDS
from envoi.core.errors import BadInput
from envoi.core.events import Person
from envoi.core.phone import e164, line_of
from envoi.core.vault import seal
from envoi.inbox.models import Conversation
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.message_templates.models import Template
from envoi.messaging.models import Message, Outbox

from .meta import NOON, preference, said, value, webhook

pytestmark = pytest.mark.django_db
SOURCES = Path(__file__).parents[2] / "src" / "envoi"

Store = Callable[..., list[int]]


def marketing() -> str:
    return Contact.objects.get().marketing


@pytest.mark.parametrize("word", [words[0] for words in STOP_WORDS.values()])
def test_a_stop_in_any_language_stops(store: Store, word: str):
    store(said(f" {word}! "))
    engine.step()
    assert marketing() == "withdrawn"


@pytest.mark.parametrize("word", [words[0] for words in START_WORDS.values()])
def test_a_start_in_any_language_starts(store: Store, word: str):
    store(said(word))
    engine.step()
    assert marketing() == "granted"


def test_a_word_of_hindi_is_not_taken_for_another_one(store: Store):
    store(said("बाद"))  # "later", which has the consonants of "stop"
    engine.step()
    assert marketing() == "unknown"


def test_the_companys_own_words_hold_from_the_next_message_on(store: Store):
    keywords.set_word("Genug!", means="stop", by=None)
    keywords.set_word("end", means="nothing", by=None)
    store(said("end", number=1))
    engine.step()
    assert marketing() == "unknown"
    store(said("GENUG", number=2))
    engine.step()
    assert marketing() == "withdrawn"


@pytest.mark.parametrize(
    ("words", "became", "waits"),
    [
        (("START", "YES"), "granted", False),
        (("START", "STOP", "START"), "pending", False),
        (("STOP", "YES"), "withdrawn", True),
        (("START", "YES", "YES"), "granted", True),
        (("START", "Where is my parcel?"), "pending", True),
    ],
)
def test_words_of_one_batch_wait_for_nobody_unless_they_ask(
    store: Store, channel: Channel, words: tuple[str, ...], became: str, waits: bool
):
    keywords.set_double_opt_in(True, question="Really? YES", by=None)
    store(*(said(text, number=number) for number, text in enumerate(words, 1)))
    engine.step()
    assert marketing() == became
    assert Conversation.objects.filter(waiting_since__isnull=False).exists() is waits


def test_with_double_opt_in_a_start_waits_for_its_yes(store: Store, channel: Channel):
    keywords.set_double_opt_in(True, question="Really? YES", by=None)
    store(said("START", number=1))
    engine.step()
    assert marketing() == "pending"
    assert Outbox.objects.get().promotional is False
    assert Message.objects.get(direction="out").text == "Really? YES"
    store(said("Sí", number=2))
    engine.step()
    assert marketing() == "granted"
    lines = ConsentEntry.objects.order_by("at")
    assert [(line.state, line.source, line.text) for line in lines] == [
        ("pending", "keyword", "START"),
        ("granted", "confirmation", "Sí"),
    ]
    assert lines[1].proof == "wamid.IN33639980001.2"
    assert Outbox.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "word", "asked"),
    [
        ("", "START", "Reply YES"),
        ("", "Inscription", "Répondez OUI"),
        ("", "订阅", "回复“是”"),
        ("pt-br", "START", "Responda SIM"),
        ("de", "Inscription", "Antworten Sie JA"),
        ("ja", "START", "Reply YES"),
    ],
)
def test_the_question_is_asked_in_their_language_or_in_that_of_their_word(
    store: Store, channel: Channel, language: str, word: str, asked: str
):
    keywords.set_double_opt_in(True, by=None)
    actions.add_contact(phone="+33639980001", language=language, by=None)
    store(said(word, number=1))
    engine.step()
    assert asked in Message.objects.get(direction="out").text


def test_the_companys_own_question_holds_for_its_language_and_one_for_all_others(store: Store, channel: Channel):
    questions = {"fr": "Nos offres ? Répondez OUI."}
    keywords.set_double_opt_in(True, question="Our offers? Say YES.", questions=questions, by=None)
    assert optin.question_in("fr-be") == "Nos offres ? Répondez OUI."
    assert optin.question_in("de") == optin.question_in("ja") == "Our offers? Say YES."


def test_a_question_that_nobody_can_agree_to_is_refused():
    with pytest.raises(BadInput, match="no word that confirms"):
        keywords.set_double_opt_in(True, questions={"fr": "Cela vous dit ?"}, by=None)
    keywords.set_word("Volontiers", means="confirm", by=None)
    keywords.set_double_opt_in(True, questions={"fr": "Cela vous dit ? Répondez VOLONTIERS."}, by=None)


@pytest.mark.parametrize("word", ["yes", "Oui", "是", "SÍ"])
def test_a_word_of_agreement_never_becomes_a_stop_word(word: str):
    with pytest.raises(BadInput, match="how people say yes"):
        keywords.set_word(word, means="stop", by=None)
    assert optout.in_force().meaning([word]) == "confirm"


def test_a_word_of_the_question_keeps_its_meaning_while_it_is_asked():
    keywords.set_double_opt_in(True, by=None)
    for word in ("OUI", "BAJA", "退订"):
        with pytest.raises(BadInput, match="question of the double opt-in"):
            keywords.set_word(word, means="nothing", by=None)
    keywords.set_double_opt_in(False, by=None)
    keywords.set_word("OUI", means="nothing", by=None)


def test_a_template_that_asks_for_a_word_is_known(channel: Channel):
    buttons = [
        {"type": "QUICK_REPLY", "text": "Plus tard"},
        {"type": "URL", "text": "Boutique", "url": "https://a.example"},
    ]
    Template.objects.create(
        account=channel.account,
        name="autumn",
        language="fr",
        category="marketing",
        state="approved",
        components=[{"type": "BODY", "text": "Répondez PROMO."}, {"type": "BUTTONS", "buttons": buttons}],
    )
    asked = {word: keywords.asked_for_by(word) for word in ("plus tard", "Promo", "Boutique", "Répondez")}
    assert asked == {"plus tard": ["autumn"], "Promo": ["autumn"], "Boutique": [], "Répondez": []}


def test_a_question_answered_with_stop_is_a_stop(store: Store):
    keywords.set_double_opt_in(True, question="", by=None)
    store(said("START", number=1), said("STOP", number=2))
    engine.step()
    assert marketing() == "withdrawn"


def test_a_yes_that_nobody_asked_for_is_no_consent(store: Store):
    store(said("yes"))
    engine.step()
    assert marketing() == "unknown"
    assert ConsentEntry.objects.count() == 0


def test_who_agreed_already_is_not_asked_again(store: Store):
    store(said("START", number=1))
    engine.step()
    keywords.set_double_opt_in(True, question="", by=None)
    store(said("START", number=2))
    engine.step()
    assert (marketing(), Outbox.objects.count()) == ("granted", 0)


@pytest.mark.parametrize(("what", "state"), [("stop", "withdrawn"), ("resume", "granted"), ("signup", "granted")])
def test_what_somebody_says_inside_whatsapp_itself_counts(store: Store, what: str, state: str):
    store(preference(what))
    engine.step()
    assert marketing() == state


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+55 31 8765-4321", "5531987654321"),
        ("+55 11 98765-4321", "551187654321"),
        ("+52 55 1234 5678", "5215512345678"),
        ("+52 1 55 1234 5678", "525512345678"),
        ("+54 9 11 2345-6789", "541123456789"),
        ("+54 11 2345-6789", "5491123456789"),
    ],
)
def test_the_variants_of_a_number_are_one_person(store: Store, one: str, other: str):
    actions.add_contact(phone=one, name="Ana", by=None)
    store(said("hello", phone=other))
    engine.step()
    assert Contact.objects.count() == 1
    assert Message.objects.get().contact_id == Contact.objects.get().pk


def test_a_landline_of_brazil_is_no_mobile():
    assert e164("+55 11 3333-4444") == line_of("+551133334444") == "+551133334444"


def test_an_argentine_is_answered_at_the_number_that_whatsapp_has(store: Store):
    store(said("hello", phone="541143211234"))
    engine.step()
    assert Contact.objects.get().phone == "+541143211234"
    assert Identity.objects.get().value == "+5491143211234"


def by_id(text: str, *, number: int, username: str = "ana.l", channel: str = "1099") -> bytes:
    """A message of somebody who shows no phone."""
    written = {"from_user_id": "ES.1", "id": f"wamid.ID{channel}{number}", "timestamp": str(NOON), "type": "text"}
    profile = {"name": "Ana", "username": f"@{username}"}
    return webhook(
        "messages",
        value(
            channel, contacts=[{"profile": profile, "user_id": "ES.1"}], messages=[written | {"text": {"body": text}}]
        ),
    )


def other_account(portfolio: str = "") -> Account:
    account = Account.objects.create(
        provider="meta", name="Other", provider_id="200", credentials=seal({}), hook_key="other", portfolio=portfolio
    )
    Channel.objects.create(account=account, name="Other", address="+33639980009", provider_id="2099")
    return account


def test_an_id_holds_within_its_business(store: Store):
    other = other_account()
    store(by_id("a", number=1))
    WebhookEvent.objects.create(account_id=other.pk, provider="meta", body=by_id("b", number=1, channel="2099"))
    engine.step()
    assert Contact.objects.count() == 2
    assert set(Identity.objects.values_list("kind", "value")) == {("user_id", "ES.1")}


def test_all_numbers_of_one_business_know_an_id(store: Store, account: Account):
    other = other_account("9000")
    Account.objects.filter(pk=account.pk).update(portfolio="9000")
    store(by_id("a", number=1))
    WebhookEvent.objects.create(account_id=other.pk, provider="meta", body=by_id("b", number=1, channel="2099"))
    engine.step()
    assert Identity.objects.get().scope == "9000"


def test_ids_follow_when_the_business_of_an_account_becomes_known(store: Store, account: Account):
    store(by_id("a", number=1))
    engine.step()
    Account.objects.filter(pk=account.pk).update(portfolio="9000")
    assert identities.rescope(account.pk, "") == 1
    assert identities.rescope(account.pk, "") == 0
    store(by_id("b", number=2))
    engine.step()
    assert (Contact.objects.count(), Identity.objects.get().scope) == (1, "9000")


def test_a_username_is_the_newest_and_no_key(store: Store):
    store(by_id("a", number=1), by_id("b", number=2, username="ana.new"))
    engine.step()
    found = Contact.objects.get()
    assert (found.username, found.phone, str(found)) == ("ana.new", None, "Ana")
    assert actions.contact_for_person(Person(user_id="ES.2", username="ana.new", scope="x")) != found.pk


def test_nobody_but_the_ledger_itself_writes_the_ledger():
    """Append-only: apart from a merge that is undone and from an erasure, both declared, no line changes or goes."""
    allowed = {"contacts/consents.py", "contacts/belongings.py"}
    found = set()
    for path in SOURCES.rglob("*.py"):
        text = " ".join(path.read_text().split()).lower()
        for words in ("update consents", "delete from consents", "into consents"):
            if words in text and "migrations" not in str(path):
                found.add(str(path.relative_to(SOURCES)))
        for call in ("consententry.objects.create", "consententry.objects.update", "consententry("):
            if call in text and "class consententry(" not in text:
                found.add(str(path.relative_to(SOURCES)))
    assert found <= allowed
    ledger = (SOURCES / "contacts" / "consents.py").read_text().lower()
    assert "update consents" not in ledger
    assert ledger.count("delete from consents") == 1
