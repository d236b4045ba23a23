from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import phonenumbers
import pytest

from envoi.contacts.cells import BadCell, moment_of, past
from envoi.contacts.optout import START_WORDS, STOP_WORDS, is_opt_in, is_opt_out
from envoi.contacts.phones import Phones
from envoi.contacts.rejects import guarded, unguarded
from envoi.contacts.words import consent_of, country_of_word, language_of
from envoi.core.errors import BadInput
from envoi.core.phone import BadPhone, e164


def numbers() -> list[tuple[str, str]]:
    """Phones as people write them in every country, right and wrong, each with the country of its file."""
    draw = random.Random(7)
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in kinds:
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            written = [phonenumbers.format_number(example, style) for style in range(4)]
            for _ in range(4):
                digits = list(written[0])
                for _ in range(draw.randint(1, 4)):
                    digits[draw.randrange(1, len(digits))] = draw.choice("0123456789")
                changed = "".join(digits) + draw.choice(["", "", "7"])
                written += [changed, changed[1:], "0" + changed[3:], changed[3:], "00" + changed[1:]]
            found += [(text, country) for text in written for country in (region, "", "FR")]
    return found


def answer(read, text: str, country: str) -> str:
    try:
        return read(text, country)
    except BadPhone:
        return "refused"


def test_the_fast_reader_of_phones_says_what_the_slow_one_says():
    def slow(text, country):
        return e164.__wrapped__(text, country=country or None)

    said = {(text, country): answer(Phones().e164, text, country) for text, country in numbers()}
    assert len(said) > 10_000
    assert {key: answer(slow, *key) for key in said} == said


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+33639980001", "FR"),
        ("+12025550123", "US"),
        ("+14165550123", "CA"),
        ("+8613812345678", "CN"),
        ("+99912345", ""),
    ],
)
def test_a_number_tells_its_country(number, country):
    assert Phones().country_of(number) == country


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-01-31", "", "2026-01-31T00:00:00+00:00"),
        ("2026/1/3 9:05", "", "2026-01-03T09:05:00+00:00"),
        ("2026-01-31T10:00:00+02:00", "", "2026-01-31T08:00:00+00:00"),
        ("20260131", "", "2026-01-31T00:00:00+00:00"),
        ("31.01.2026", "", "2026-01-31T00:00:00+00:00"),
        ("2026年1月31日", "", "2026-01-31T00:00:00+00:00"),
        ("31/01/2026", "", "2026-01-31T00:00:00+00:00"),
        ("01/31/2026", "", "2026-01-31T00:00:00+00:00"),
        ("03/04/2026", "day", "2026-04-03T00:00:00+00:00"),
        ("03/04/2026", "month", "2026-03-04T00:00:00+00:00"),
    ],
)
def test_dates_are_read_as_people_write_them(text, order, day):
    assert moment_of(text, order).isoformat() == day


@pytest.mark.parametrize("text", ["03/04/2026", "2026-02-30", "yesterday", "31/31/2026", "", "1e5", "2026-13-01"])
def test_a_date_that_is_none_or_two_is_refused(text):
    with pytest.raises(BadCell):
        moment_of(text)


def test_the_future_is_refused_except_for_another_time_zone():
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert past(now + timedelta(hours=13), now) == now
    with pytest.raises(BadCell, match="future"):
        past(now + timedelta(days=2), now)


@pytest.mark.parametrize(
    ("text", "code"),
    [("FR", "fr"), ("fr_FR", "fr-fr"), ("Français", "fr"), ("简体中文", "zh-hans"), ("ENGLISH", "en"), (" ", "")],
)
def test_a_language_has_many_names_and_one_code(text, code):
    assert language_of(text) == code


def test_an_unknown_language_is_refused():
    with pytest.raises(BadInput, match="Klingon"):
        language_of("Klingon speaker")


def test_words_for_yes_no_and_silence():
    assert [consent_of(word) for word in ("Oui", "YES", "是", "1")] == ["granted"] * 4
    assert [consent_of(word) for word in ("non", "désabonné", "退订", "0")] == ["withdrawn"] * 4
    assert [consent_of(word) for word in ("", "?", "unknown")] == [""] * 3
    assert consent_of("perhaps") is None


def test_a_country_has_names_too():
    assert [country_of_word(word) for word in ("fr", "États-Unis", "中国", "Atlantis")] == ["FR", "US", "CN", None]


@pytest.mark.parametrize("word", sorted({word for words in STOP_WORDS.values() for word in words}))
def test_every_stop_word_stops_however_it_is_written(word):
    assert is_opt_out(word)
    assert is_opt_out(f"  {word.upper()} ! ")
    assert not is_opt_in(word)


@pytest.mark.parametrize("word", sorted({word for words in START_WORDS.values() for word in words}))
def test_every_start_word_starts(word):
    assert is_opt_in(word.title() + "。")
    assert not is_opt_out(word)


@pytest.mark.parametrize("text", ["ARRET", "Arrêt.", "ＳＴＯＰ", "«stop»", "退订。", "STOP 🙏"])
def test_accents_width_and_signs_do_not_matter_to_stop(text):
    assert is_opt_out(text)


@pytest.mark.parametrize("text", ["stop by tomorrow?", "don't stop", "bus stop", "", "🙏", "stop " * 50, "我不想退订"])
def test_only_the_whole_message_stops(text):
    assert not is_opt_out(text)


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\r=1"])
def test_a_formula_is_guarded_and_comes_back_as_it_was(cell):
    assert guarded(cell)[0] == "'"
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("cell", ["+33 639980001", "-4.2", "Ana", "'quoted'", ""])
def test_phones_numbers_and_words_are_left_alone(cell):
    assert guarded(cell) == cell == unguarded(cell)
