"""Which rule fires for which text: a table in six languages, and what holds for every text there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from envoi.replies.folding import LONGEST, folded, is_unspaced
from envoi.replies.keywords import MOST_FUZZY_WORDS, Keywords, is_one_typo, may_be_mistyped
from envoi.replies.matching import Matcher, numbers_in
from envoi.replies.rules import Customer, Heard, Rule

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NIGHT = datetime(2026, 3, 2, 23, tzinfo=UTC)
ORDERS = {"A-1042": "A-1042", "2026-77": "2026-77", "100455": "100455"}
NUMBERS = iter(range(1, 1_000))


def rule(name: str, trigger: str = "keyword", *words: str, **more: object) -> Rule:
    return Rule(id=next(NUMBERS), name=name, trigger=trigger, words=words, **more)  # type: ignore[arg-type]


def keyword(name: str, how: str, *words: str, **more: object) -> Rule:
    return rule(name, "keyword", *words, how=how, **more)


# As a shop might keep them, in this order. Nothing stops here unless it says so.
RULES = [
    rule("ad", "referral", "spring-ad", "https://fb.me/summer", stops=False),
    rule("menu: orders", "payload", "menu.orders"),
    rule("menu: human", "payload", "menu.human"),
    rule("pictures", "media", "image", "video"),
    rule("order number", "order"),
    keyword("promo en", "fuzzy", "discount", "promo code", "coupon", "voucher"),
    keyword("promo fr", "fuzzy", "réduction", "code promo", "bon de réduction"),
    keyword("promo es", "fuzzy", "descuento", "cupón", "código de descuento"),
    keyword("promo zh", "word", "优惠", "折扣", "红包"),
    keyword("promo ar", "contains", "خصم", "كود الخصم", "تخفيض"),
    keyword("promo hi", "fuzzy", "छूट", "कूपन", "डिस्काउंट"),
    keyword("hours en", "contains", "opening hours", "when do you open", "are you open"),
    keyword("hours fr", "contains", "horaire", "ouvert", "ferme"),
    keyword("hours es", "word", "horario", "a qué hora abren", "abierto"),
    keyword("hours zh", "word", "营业时间", "几点开门", "开门吗"),
    keyword("hours ar", "word", "ساعات العمل", "متى تفتحون", "مفتوح"),
    keyword("hours hi", "word", "समय क्या है", "कब खुलता है", "खुला"),
    keyword("thanks", "exact", "thanks", "thank you", "merci", "gracias", "谢谢", "شكرا", "धन्यवाद", "👍", "ty"),
    keyword("catalogue", "exact", "1", "catalogue"),
    rule("night", "outside_hours"),
    rule("welcome", "first"),
    rule("else", "nothing"),
]


def is_open(at: datetime, _team: int | None) -> bool:
    return 9 <= at.hour < 18


def fired(text: str, *, at: datetime = NOON, customer: Customer | None = None, rules: list[Rule] = RULES, **how) -> str:  # type: ignore[no-untyped-def]
    """The names of the rules that fire, with “ + ” between them."""
    said = Heard(kind=how.pop("kind", "text"), text=text, at=at, channel_id=how.pop("channel_id", 1), **how)
    who = customer or Customer(order_named=lambda numbers: next((ORDERS[n] for n in numbers if n in ORDERS), ""))
    return " + ".join(one.rule.name for one in Matcher(rules).match(said, who, is_open))


TABLE = [
    # English
    ("discount", "promo en"), ("Discount", "promo en"), ("DISCOUNT!!!", "promo en"), ("Any discount?", "promo en"),
    ("do you have a discount for me please", "promo en"), ("discont", "promo en"), ("discuont", "promo en"),
    ("disscount", "promo en"), ("discoumt", "promo en"), ("dsicount", "promo en"), ("iscount", "promo en"),
    ("discounts", "promo en"), ("discounted prices", "else"), ("dscnt", "else"), ("discotheque", "else"),
    ("promo code", "promo en"), ("promo  code", "promo en"), ("promo-code?", "promo en"), ("PromoCode", "promo en"),
    ("promo cod", "promo en"), ("code for promo", "else"), ("promo", "else"), ("coupon", "promo en"),
    ("cupon", "promo en"), ("coupn pls", "promo en"), ("vouchr", "promo en"), ("a voucher, perhaps", "promo en"),
    ("vouch for me", "else"), ("What are your opening hours?", "hours en"), ("opening  HOURS", "hours en"),
    ("When do you open tomorrow", "hours en"), ("are you open", "hours en"), ("are you opening a shop", "hours en"),
    ("open", "else"), ("hours", "else"), ("thanks", "thanks"), ("Thanks!", "thanks"), ("THANK YOU", "thanks"),
    ("thank you so much", "else"), ("ty", "thanks"), ("ty.", "thanks"), ("tyre", "else"), ("1", "catalogue"),
    ("1️⃣", "catalogue"), ("１", "catalogue"), ("1.", "catalogue"), ("10", "else"), ("11", "else"),
    ("hello", "else"), ("", "else"), ("?", "else"), ("I want to complain", "else"),
    ("d\u200bis\u200bcount", "promo en"), ("dis\u00adcount", "promo en"), ("\u202ddiscount\u202c", "promo en"),
    ("ｄｉｓｃｏｕｎｔ", "promo en"), ("<b>discount</b>", "promo en"), ("<script>alert(1)</script>", "else"),
    ("*discount*", "promo en"), ("_discount_", "promo en"), ("#discount", "promo en"),
    ("discount\n\nplease", "promo en"),
    ("ⓓⓘⓢⓒⓞⓤⓝⓣ", "promo en"), ("𝐝𝐢𝐬𝐜𝐨𝐮𝐧𝐭", "promo en"), ("\tdiscount\u00a0", "promo en"),
    # French
    ("réduction", "promo fr"), ("reduction", "promo fr"), ("RÉDUCTION", "promo fr"), ("Réduction ?", "promo fr"),
    ("re\u0301duction", "promo fr"), ("Bonjour, je voudrais une réduction s’il vous plaît", "promo fr"),
    ("redution", "promo fr"), ("réducton", "promo fr"), ("rédcution", "promo fr"), ("réductions", "promo fr"),
    ("reduc", "else"), ("réducteur", "else"), ("code promo", "promo fr"), ("Code Promo svp", "promo fr"),
    ("codepromo", "promo fr"), ("cod promo", "promo fr"), ("bon de réduction", "promo fr"),
    ("un bon de reduction", "promo fr"), ("j’ai une question", "else"), ("Quels sont vos horaires ?", "hours fr"),
    ("HORAIRES", "hours fr"), ("vous êtes ouverts dimanche ?", "hours fr"), ("c’est fermé ?", "hours fr"),
    ("ouverture", "hours fr"), ("merci", "thanks"), ("Merci !", "thanks"),
    ("merci beaucoup", "else"), ("MERCI.", "thanks"), ("prix", "else"), ("j’ai pris", "else"), ("où ça ?", "else"),
    # Spanish
    ("descuento", "promo es"), ("¿Hay descuento?", "promo es"), ("DESCUENTO", "promo es"), ("descuentos", "promo es"),
    ("decuento", "promo es"), ("desceunto", "promo es"), ("descuent", "promo es"), ("cupón", "promo en"),
    ("cupones", "else"), ("código de descuento", "promo es"), ("codigo de descuento por favor", "promo es"),
    ("codigo de descuentto", "promo es"), ("cuento", "else"), ("encuentro", "else"), ("horario", "hours es"),
    ("¿Cuál es el horario?", "hours es"), ("horarios", "else"), ("¿A qué hora abren?", "hours es"),
    ("a que hora abren hoy", "hours es"), ("¿Está abierto?", "hours es"), ("abiertos", "else"), ("gracias", "thanks"),
    ("¡Gracias!", "thanks"), ("muchas gracias", "else"), ("mañana", "else"),
    ("miscount the stock", "else"),
    # Chinese
    ("优惠", "promo zh"), ("有优惠吗", "promo zh"), ("请问现在有没有优惠活动？", "promo zh"), ("优 惠", "promo zh"),
    ("优惠！！", "promo zh"), ("我想要折扣", "promo zh"), ("打折", "else"), ("发红包", "promo zh"),
    ("红色的包", "else"),
    ("惠优", "else"), ("优质", "else"), ("你好，优惠码多少", "promo zh"), ("优\u200b惠", "promo zh"),
    ("hi 优惠 please", "promo zh"), ("营业时间", "hours zh"), ("你们的营业时间是几点到几点", "hours zh"),
    ("几点开门", "hours zh"), ("明天几点开门呢？", "hours zh"), ("今天开门吗", "hours zh"), ("开门", "else"),
    ("时间", "else"), ("谢谢", "thanks"), ("谢谢！", "thanks"), ("谢谢你", "else"), ("你好", "else"),
    ("优惠券和折扣", "promo zh"),
    # Arabic
    ("خصم", "promo ar"), ("هل يوجد خصم؟", "promo ar"), ("الخصم", "promo ar"), ("خُصْم", "promo ar"), ("خصومات", "else"),
    ("كود الخصم", "promo ar"), ("كود الخصم من فضلك", "promo ar"), ("\u200fخصم\u200f", "promo ar"),
    ("\u202bهل هناك خصم\u202c", "promo ar"), ("خـصـم", "promo ar"), ("تخفيض", "promo ar"), ("التخفيضات", "promo ar"),
    ("ساعات العمل", "hours ar"), ("ما هي ساعات العمل؟", "hours ar"), ("متى تفتحون", "hours ar"),
    ("متي تفتحون", "hours ar"),
    ("مفتوح", "hours ar"), ("هل أنتم مفتوحون", "else"), ("شكرا", "thanks"), ("شكراً", "thanks"), ("شُكْرًا!", "thanks"),
    ("شكرا جزيلا", "else"), ("مرحبا", "else"), ("أهلا", "else"),
    # Hindi
    ("छूट", "promo hi"), ("क्या कोई छूट है?", "promo hi"), ("छूट चाहिए", "promo hi"), ("छूत", "else"),
    ("कूपन", "promo hi"),
    ("कूपन कोड", "promo hi"), ("कुपन", "else"), ("डिस्काउंट", "promo hi"), ("डिस्काउँट", "promo hi"),
    ("डिस्कउंट", "promo hi"), ("समय क्या है", "hours hi"), ("दुकान का समय क्या है?", "hours hi"),
    ("कब खुलता है", "hours hi"),
    ("खुला", "hours hi"), ("खुला है क्या", "hours hi"), ("खुली", "else"), ("धन्यवाद", "thanks"), ("धन्यवाद।", "thanks"),
    ("बहुत धन्यवाद", "else"), ("नमस्ते", "else"), ("बंदर", "else"),
    # Orders, whatever the language
    ("Where is A-1042?", "order number"), ("commande A-1042", "order number"), ("100455", "order number"),
    ("#100455", "order number"), ("订单100455", "order number"), ("طلب 100455", "order number"),
    ("order 2026-77 late", "order number"),
    ("999999", "else"), ("call me at 0612345678", "else"), ("A-1042 discount", "order number"),
    # Emoji
    ("👍", "thanks"), ("👍🏽", "thanks"), ("👍👍", "else"), ("❤️", "else"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[ascii(text)[:40] for text, _ in TABLE])
def test_a_text_fires_this_rule(text: str, expected: str):
    assert fired(text) == expected


def test_the_table_holds_two_hundred_texts():
    assert len(TABLE) >= 200
    assert len({text for text, _ in TABLE}) == len(TABLE)


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("hello", {"at": NIGHT}, "night"),
        ("discount", {"at": NIGHT}, "promo en"),
        ("hello", {"customer": Customer(is_first=True)}, "welcome"),
        ("discount", {"customer": Customer(is_first=True)}, "promo en"),
        ("hello", {"customer": Customer(is_first=True), "at": NIGHT}, "night"),
        ("My orders", {"payload": "menu.orders", "kind": "interactive"}, "menu: orders"),
        ("My orders", {"payload": "MENU.ORDERS", "kind": "interactive"}, "menu: orders"),
        ("Someone", {"payload": "menu.human", "kind": "button"}, "menu: human"),
        ("discount", {"payload": "menu.other", "kind": "button"}, "promo en"),
        ("", {"kind": "image"}, "pictures"),
        ("a discount like this", {"kind": "image"}, "pictures"),
        ("", {"kind": "audio"}, "else"),
        ("", {"kind": "location"}, "else"),
        ("hi", {"referral": {"source_id": "spring-ad-7", "headline": "Spring"}}, "ad"),
        ("discount", {"referral": {"source_url": "https://fb.me/summer"}}, "ad + promo en"),
        ("hi", {"referral": {"source_id": "winter"}}, "else"),
    ],
)
def test_kind_time_and_source_fire_as_well(text: str, more: dict, expected: str):  # type: ignore[type-arg]
    assert fired(text, **more) == expected


@pytest.mark.parametrize(
    ("asks", "customer", "more", "fires"),
    [
        ({"has_tags": frozenset({"vip"})}, Customer(tags=frozenset({"vip", "x"})), {}, True),
        ({"has_tags": frozenset({"vip"})}, Customer(), {}, False),
        ({"lacks_tags": frozenset({"vip"})}, Customer(tags=frozenset({"vip"})), {}, False),
        ({"lacks_tags": frozenset({"vip"})}, Customer(), {}, True),
        ({"segment": 4}, Customer(in_segment=lambda one: one == 4), {}, True),
        ({"segment": 4}, Customer(), {}, False),
        ({"hours": "open"}, Customer(), {}, True),
        ({"hours": "open"}, Customer(), {"at": NIGHT}, False),
        ({"hours": "closed"}, Customer(), {"at": NIGHT}, True),
        ({"window": True}, Customer(window_open=False), {}, False),
        ({"languages": ("pt",)}, Customer(language="pt-br"), {}, True),
        ({"languages": ("pt-br",)}, Customer(language="pt"), {}, False),
        ({"languages": ("fr", "es")}, Customer(language=""), {}, False),
        ({"channels": frozenset({2})}, Customer(), {}, False),
        ({"channels": frozenset({2})}, Customer(), {"channel_id": 2}, True),
        ({"teams": frozenset({5})}, Customer(team_id=5), {}, True),
        ({"teams": frozenset({5})}, Customer(), {}, False),
        ({"starts_at": NOON + timedelta(hours=1)}, Customer(), {}, False),
        ({"starts_at": NOON}, Customer(), {}, True),
        ({"ends_at": NOON}, Customer(), {}, False),
        ({"ends_at": NOON + timedelta(seconds=1)}, Customer(), {}, True),
        ({}, Customer(person_until=NOON + timedelta(minutes=1)), {}, False),
        ({}, Customer(person_until=NOON), {}, True),
        ({"with_people": True}, Customer(person_until=NOON + timedelta(minutes=1)), {}, True),
        ({"enabled": False}, Customer(), {}, False),
    ],
)
def test_a_condition_must_hold(asks: dict, customer: Customer, more: dict, fires: bool):  # type: ignore[type-arg]
    one = keyword("x", "word", "promo", **asks)
    assert fired("promo", rules=[one], customer=customer, **more) == ("x" if fires else "")
    said = Heard(kind="text", text="promo", at=more.get("at", NOON), channel_id=more.get("channel_id", 1))
    [verdict] = Matcher([one]).explain(said, customer, is_open)
    assert verdict.fires is fires
    assert all(check.holds for check in verdict.checks) is fires


def test_a_rule_that_stops_ends_the_line_and_the_bench_says_so():
    rules = [
        keyword("greets", "contains", "hello", stops=False),
        keyword("stops", "word", "promo"),
        keyword("later", "word", "promo"),
        rule("else", "nothing"),
    ]
    assert fired("hello promo", rules=rules) == "greets + stops"
    verdicts = Matcher(rules).explain(Heard("text", "hello promo", NOON, 1), Customer(), is_open)
    assert [one.fires for one in verdicts] == [True, True, False, False]
    assert verdicts[2].after is rules[1]
    assert verdicts[3].checks[0] == ("nothing", False, "greets")


def test_the_bench_shows_the_typo_that_it_forgave():
    [verdict] = Matcher([keyword("p", "fuzzy", "réduction")]).explain(
        Heard("text", "une reducton svp", NOON, 1), Customer(), is_open
    )
    assert verdict.checks[0] == ("keyword_fuzzy", True, "reducton")


def test_a_word_of_four_letters_is_not_taken_for_another():
    rules = [keyword("price", "fuzzy", "prix")]
    assert fired("c'est pris", rules=rules) == ""
    assert [fired(text, rules=rules) for text in ("prixx", "pirx", "prx")] == ["price"] * 3


def test_a_number_has_no_typos():
    assert fired("2025", rules=[keyword("year", "fuzzy", "2026")]) == ""


def test_sixty_four_thousand_characters_cost_no_more_than_the_longest_message():
    text = "no " * 21_333 + "discount"
    assert len(text) > 64_000
    assert fired(text) == "else"
    assert fired("discount " + text) == "promo en"
    assert len(folded(text)) <= LONGEST


def test_a_long_text_is_read_whole_for_keywords_but_typos_only_in_its_beginning():
    rules = [keyword("promo", "fuzzy", "discount")]
    words = "please " * MOST_FUZZY_WORDS
    assert fired(words + "discount", rules=rules) == "promo"
    assert fired("discuont " + words, rules=rules) == "promo"
    assert fired(words + "discuont", rules=rules) == ""


def test_a_dot_under_a_hindi_letter_is_left_out_however_it_is_written():
    assert folded("\u0929\u0931\u0934") == folded("\u0928\u093c\u0930\u093c\u0933\u093c") == "\u0928\u0930\u0933"


def test_numbers_of_orders_are_read_out_of_a_sentence():
    assert numbers_in("where is #A-1042, or 2026/77? call 12") == ["A-1042", "2026/77"]


@given(st.text(max_size=300))
def test_folding_again_changes_nothing(text: str):
    assert folded(folded(text)) == folded(text)


@given(st.text(max_size=60), st.sampled_from(["word", "contains", "exact", "fuzzy"]))
def test_every_keyword_finds_itself(word: str, how: str):
    index = Keywords()
    index.add(7, word, how)  # type: ignore[arg-type]
    assert (7 in index.find(folded(word))) is bool(folded(word))


@given(st.text("abcde", min_size=5, max_size=14), st.data())
def test_one_typo_in_a_word_of_five_letters_is_forgiven_but_for_another_first_letter(word: str, data: st.DataObject):
    plain = folded(word)
    assume(len(plain) >= 5)
    place = data.draw(st.integers(0, len(plain) - 1))
    other = data.draw(st.sampled_from("xyz"))
    before, after = plain[:place], plain[place:]
    changed = data.draw(st.sampled_from([before + after[1:], before + other + after, before + other + after[1:]]))
    index = Keywords()
    index.add(7, word, "fuzzy")
    assert (7 in index.find(changed)) is (changed != other + plain[1:])


LETTERS = st.one_of(st.text("ab ", min_size=1, max_size=9), st.text("优惠a ", min_size=1, max_size=6))


@given(
    st.lists(st.tuples(LETTERS, st.sampled_from(["word", "contains", "exact", "fuzzy"])), max_size=8),
    st.lists(LETTERS, max_size=12).map(" ".join),
)
def test_looking_up_finds_what_comparing_every_keyword_finds(words: list[tuple[str, str]], text: str):
    index = Keywords()
    for number, (word, how) in enumerate(words):
        index.add(number, word, how)  # type: ignore[arg-type]
    said = folded(text)
    compared = {number for number, (word, how) in enumerate(words) if means(folded(word), how, said)}
    assert set(index.find(said)) == compared


def means(keyword: str, how: str, said: str) -> bool:
    """Whether a folded text means one keyword, by asking for nothing but that one."""
    if not keyword:
        return False
    if how == "exact":
        return said == keyword
    if how == "contains" or is_unspaced(keyword):
        return keyword in said
    tokens, size = said.split(), len(keyword.split())
    windows = [
        " ".join(tokens[place : place + width])
        for width in (size - 1, size, size + 1)
        if width
        for place in range(len(tokens) - width + 1)
    ]
    mistyped = how == "fuzzy" and may_be_mistyped(keyword) and any(is_one_typo(keyword, one) for one in windows)
    return keyword in windows or mistyped


@given(st.text())
def test_no_text_is_too_strange_to_be_matched(text: str):
    assert fired(text)


@pytest.mark.parametrize(
    ("keyword", "said", "is_one"),
    [
        ("discount", "miscount", False),
        ("discount", "idscount", True),
        ("discount", "discont", True),
        ("my order", "my older", False),
        ("my order", "by order", False),
        ("my order", "my oder", True),
        ("where is my parcel", "where is my parcek", True),
    ],
)
def test_a_typo_is_what_a_hurried_thumb_makes_and_no_other_word(keyword: str, said: str, is_one: bool):
    assert is_one_typo(keyword, said) is is_one
