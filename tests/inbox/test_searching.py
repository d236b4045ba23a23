"""Search over what was written: languages, scripts without spaces, folded letters, the newest first, page by page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.core.events import MessageReceived, Person
from envoi.inbox import actions, searching
from envoi.inbox.excerpts import Wanted, excerpt
from envoi.inbox.models import Conversation
from envoi.messaging import actions as messaging
from envoi.messaging.ledger.lexemes import STRETCH_BITS, fold, lexemes
from envoi.messaging.models import MessageWords
from envoi.records import erasing
from envoi.team.models import Staff

Write = Callable[..., Conversation]

SAID = {
    "en": "The shipment hasn't arrived, I ordered two pairs of shoes",
    "fr": "Bonjour, où en sont mes commandes ? Le colis n’est pas arrivé à Besançon",
    "es": "¿Cuándo llegarán los pantalones? El envío tardó mucho en Logroño",
    "pt": "Não recebi a encomenda, a devolução está na loja de São João",
    "de": "Die Größe passt nicht, ich möchte die Schuhe zurückschicken. Straße 5",
    "ar": "أين الطلبات؟ لم تصل السفينة إلى القَاهِرَة",
    "zh": "你好，我想退货，鞋子太小了",
    "ja": "靴のサイズが合わないので交換できますか",
    "ru": "Когда приедут мои ботинки? Заказ ещё не отправлен",
    "th": "ฉันต้องการคืนสินค้า",
    "hi": "क्या आप हिन्दी बोलते हैं? मेरा 한국어 주문은",
}
ASKED = [
    ("ship", "en"), ("SHIPMENTS", "en"), ("order shoe", "en"), ("arrived pair", "en"),
    ("commande", "fr"), ("arrive besancon", "fr"), ("OÙ colis", "fr"), ("n'est pas", "fr"),
    ("envio", "es"), ("pantalón", "es"), ("logrono", "es"),
    ("devolucao", "pt"), ("SAO JOAO", "pt"), ("encomendas", "pt"),
    ("grosse", "de"), ("Groesse", ""), ("strasse", "de"), ("Schuh", "de"),
    ("طلب", "ar"), ("الطلب", "ar"), ("القاهرة", "ar"), ("سفينه", "ar"),
    ("退货", "zh"), ("鞋子", "zh"), ("子太小", "zh"), ("货", "zh"), ("退子", ""), ("好想", ""),
    ("サイズ", "ja"), ("交換", "ja"), ("ボーツ", ""), ("ботинок", ""), ("ботинки", "ru"), ("ЗАКАЗ еще", "ru"),
    ("สินค้า", "th"), ("हिन्दी", "hi"), ("हि", ""),
    ("nothing like it", ""), ("ar", ""), ("", ""), ("!?", ""), ("' | &':*~", ""),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("asked", "language"), ASKED)
def test_what_is_asked_finds_what_was_said(write: Write, ana: Staff, asked: str, language: str) -> None:
    for number, text in enumerate(SAID.values()):
        write(text, phone=f"3363998010{number}")
    hits = searching.search(ana, asked)
    assert [hit.conversation.last_text for hit in hits] == ([SAID[language][:200]] if language else [])
    if hits:
        assert any(marked for _piece, marked in hits[0].excerpt)


@pytest.mark.django_db
def test_what_agents_write_is_found_too_and_each_conversation_once(write: Write, ana: Staff) -> None:
    one = write("tell me about velvet")
    two = write("velvet?", phone="33639980002")
    text = "Velvet is in stock"
    actions.reply(one.contact_id, one.id, actions.What("text", {"body": text}, text), by=ana)
    hits = searching.search(ana, "velvet")
    assert [(hit.conversation.id, hit.direction) for hit in hits] == [(one.id, "out"), (two.id, "in")]
    assert hits[0].excerpt == (("Velvet", True), (" is in stock", False))


@pytest.mark.django_db
def test_pages_go_on_where_the_last_one_ended_across_stretches(
    ana: Staff, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = [Contact.objects.create(phone=f"+3363998{n:04d}") for n in range(30)]
    for number, contact in enumerate(contacts):
        # Far apart: the sequence runs over two stretches.
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('message_words_seq', %s)", [1 + number * 3_000])
        say(contact, channel, "the same words")
    monkeypatch.setattr(searching, "STRETCHES_AT_ONCE", 1)
    assert MessageWords.objects.order_by("-seq").values_list("seq", flat=True)[0] > 1 << STRETCH_BITS
    seen, after = [], None
    while True:
        page = searching.found(ana, "same words", after=after, limit=7)
        seen += [hit.conversation.contact_id for hit in page.items]
        if page.next is None:
            break
        after = page.next
    assert seen == [contact.pk for contact in reversed(contacts)]


@pytest.mark.django_db
def test_a_search_that_takes_long_ends_and_says_where_it_goes_on(
    ana: Staff, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('message_words_seq', 1)")
        say(Contact.objects.create(phone="+33639980001"), channel, "long ago")
        cursor.execute("SELECT setval('message_words_seq', %s)", [5 << STRETCH_BITS])
    monkeypatch.setattr(searching, "STRETCHES_AT_ONCE", 1)
    monkeypatch.setattr(searching, "PATIENCE_SECONDS", -1.0)
    page = searching.found(ana, "long ago")
    looks = 1
    while page.next is not None:
        assert page.items == []
        page = searching.found(ana, "long ago", after=page.next)
        looks += 1
    assert (len(page.items), looks) == (1, 6)


@pytest.mark.django_db
def test_an_erased_person_is_found_no_more(write: Write, ana: Staff, owner: Staff) -> None:
    one = write("my secret")
    erasing.erase(one.contact_id, by=owner)
    assert searching.search(ana, "secret") == []
    assert not MessageWords.objects.exists()


@pytest.mark.django_db
def test_very_long_and_very_odd_texts_are_taken(write: Write, ana: Staff) -> None:
    write("word" + "x" * 5_000 + " " + " ".join(f"w{n}" for n in range(12_000)))
    write("\u202eevil\u200b \u200fstop\u0000 'quoted' \\back' <b>bold</b>", phone="33639980002")
    assert len(searching.search(ana, "w7")) == 1
    assert len(searching.search(ana, "evil bold quoted back")) == 1


def test_an_excerpt_begins_shortly_before_the_word_and_marks_it() -> None:
    text = "a " * 100 + "the Été is here " + "b " * 200
    pieces = excerpt(text, [Wanted("", ("ete",))])
    assert [piece for piece, marked in pieces if marked] == ["Été"]
    assert pieces[0] == ("…", False)
    assert len("".join(piece for piece, _marked in pieces)) < 200


@given(st.text(max_size=300))
def test_folding_twice_is_folding_once_and_every_lexeme_can_be_kept(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    for word in lexemes(text):
        assert word
        assert len(word.encode()) < 400
        assert not set(word) & set("'\\~ ")


@given(st.text(max_size=200), st.text(max_size=20))
def test_an_excerpt_says_nothing_that_is_not_in_the_text(text: str, asked: str) -> None:
    wanted = [
        Wanted(piece, ()) if piece and ord(piece[0]) > 0x2FFF else Wanted("", (piece,)) for piece in lexemes(asked)
    ]
    flat = " ".join(text.split("\n")) + "…"
    for piece, _marked in excerpt(text, wanted):
        assert piece.strip("…") in flat


def say(contact: Contact, channel: Channel, text: str) -> Any:

    at = datetime.now(UTC)
    fact = MessageReceived("1099", Person(phone=contact.phone), f"wamid.{contact.pk}", at, "text", text)
    (message_id,) = messaging.receive([(contact.pk, channel.pk, fact)])
    assert message_id is not None
    return actions.receive([actions.Arrived(contact.pk, channel.pk, message_id, at, text, "text")])
