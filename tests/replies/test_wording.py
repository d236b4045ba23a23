"""What an answer says: variables, what stands in for them, and the version in somebody's language."""

from __future__ import annotations

import pytest

from envoi.replies.wording import filled, variables_in, version_for

KNOWN = {"first_name": "Zoé", "size of shoes": "38", "empty": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello {{first_name}}!", "Hello Zoé!"),
        ("Hello {{ first_name | friend }}!", "Hello Zoé!"),
        ("Hello {{unknown|friend}}!", "Hello friend!"),
        ("Hello {{unknown}}!", "Hello!"),
        ("Bonjour {{empty}} !", "Bonjour !"),
        ("{{unknown}} hello", "hello"),
        ("Size {{size of shoes}}, {{unknown|?}}", "Size 38, ?"),
        ("One\n{{unknown}}\nthree", "One\n\nthree"),
        ("{not a variable} {{}} {{{first_name}}}", "{not a variable} {{}} {Zoé}"),
        ("100 % {{first_name}} %s %(x)s", "100 % Zoé %s %(x)s"),
    ],
)
def test_a_variable_leaves_no_gap(text: str, expected: str):
    assert filled(text, KNOWN) == expected


def test_a_value_is_never_read_as_a_variable_again():
    assert filled("{{a}}", {"a": "{{b}}", "b": "secret"}) == "{{b}}"


def test_variables_say_whether_something_stands_in():
    assert variables_in("{{a}} {{b|c}} {{ d | }}") == [("a", False), ("b", True), ("d", False)]


@pytest.mark.parametrize(
    ("language", "expected"), [("fr", "F"), ("fr-ca", "F"), ("pt_BR", "B"), ("pt", "*"), ("", "*"), ("zh-hans", "Z")]
)
def test_the_version_nearest_to_the_language_is_taken(language: str, expected: str):
    texts = {"": "*", "fr": "F", "pt-br": "B", "zh": "Z"}
    versions = [{"language": one, "text": said} for one, said in texts.items()]
    assert version_for(versions, language)["text"] == expected


def test_without_a_version_for_all_the_first_is_taken():
    assert version_for([{"language": "fr", "text": "F"}, {"language": "es", "text": "E"}], "de")["text"] == "F"
    assert version_for([], "de") == {}
