from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envoi.contacts.encodings import NotText
from envoi.contacts.reading import Row, Table
from envoi.core.errors import BadInput

FRENCH = "phone;name;ville\n1;Noël Gérard;Nîmes\n2;Élodie;Besançon\n3;Chloé Ça;Orléans\n"
PORTUGUESE = "phone;nome;bairro\n1;João Conceição;Estação\n2;Inês;São João\n"
CHINESE = "手机;姓名;城市\n1;张伟;北京\n2;李娜;上海\n3;Wei 王;深圳\n"


def table(folder: Path, content: bytes) -> Table:
    path = folder / "file.csv"
    path.write_bytes(content)
    return Table(path)


def read(folder: Path, content: bytes) -> list[Row]:
    with table(folder, content) as found:
        return list(found)


def cells(folder: Path, content: bytes) -> list[list[str]]:
    with table(folder, content) as found:
        return [found.header, *(row.cells for row in found)]


@pytest.mark.parametrize(
    ("text", "codec", "title"),
    [
        (FRENCH, "utf-8", "UTF-8"),
        (FRENCH, "utf-8-sig", "UTF-8"),
        (FRENCH, "utf-16", "UTF-16"),
        (CHINESE, "utf-16-le", "UTF-16"),
        (FRENCH, "utf-16-be", "UTF-16"),
        (FRENCH, "cp1252", "Windows-1252"),
        (PORTUGUESE, "cp1252", "Windows-1252"),
        (CHINESE, "utf-8", "UTF-8"),
        (CHINESE, "gb18030", "GB18030"),
        (CHINESE.replace("\n", "\r\n"), "gb18030", "GB18030"),
        (FRENCH.replace("\n", "\r"), "cp1252", "Windows-1252"),
    ],
)
def test_a_file_reads_the_same_in_every_encoding(tmp_path, text, codec, title):
    with table(tmp_path, text.encode(codec)) as found:
        assert found.encoding.title == title
        lines = [line.split(";") for line in text.splitlines()]
        assert [found.header, *(row.cells for row in found)] == lines


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text(alphabet="张王李赵陈刘芳娜敏静镕堃琪丽洋", min_size=2, max_size=3), min_size=3, max_size=30)
)
def test_chinese_names_are_never_taken_for_western_letters(tmp_path, names):
    text = "phone,name,city\n" + "".join(f"{number},{name},上海\n" for number, name in enumerate(names))
    with table(tmp_path, text.encode("gb18030")) as found:
        assert [row.cells[1] for row in found] == names


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(
        st.sampled_from("Noël Élodie François Müller Größe João Conceição Ñandú Zoé Åsa Bjørn Renée".split()),
        min_size=1,
        max_size=30,
    )
)
def test_western_names_are_never_taken_for_chinese(tmp_path, names):
    text = "phone,name\n" + "".join(f"{number},{name}\n" for number, name in enumerate(names))
    with table(tmp_path, text.encode("cp1252")) as found:
        assert [row.cells[1] for row in found] == names


def test_a_line_in_another_encoding_is_refused_with_its_number_and_the_rest_is_read(tmp_path):
    mixed = "phone,name\n1,Noël\n".encode() + "2,Zoé\n".encode("cp1252") + "3,张伟\n".encode()
    rows = read(tmp_path, mixed)
    assert [(row.line, row.reason != "") for row in rows] == [(2, False), (3, True), (4, False)]
    assert "UTF-8" in rows[1].reason


def test_a_line_of_utf8_in_a_windows_file_is_refused_instead_of_garbled(tmp_path):
    mixed = "phone,name\n1,Noël\n2,Zoé\n".encode("cp1252") + "3,Élodie\n".encode() + "4,Théo\n".encode("cp1252")
    rows = read(tmp_path, mixed)
    assert [row.line for row in rows if row.reason] == [4]
    assert rows[1].cells == ["2", "Zoé"]


def test_half_a_letter_of_utf16_spoils_its_line_only(tmp_path):
    content = "phone,name\n1,a\n2,".encode("utf-16") + b"\x00\xd8" + "\n3,c\n".encode("utf-16-le")
    assert [(row.line, bool(row.reason)) for row in read(tmp_path, content)] == [(2, False), (3, True), (4, False)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_even_when_others_stand_in_the_cells(tmp_path, delimiter):
    content = delimiter.join(["phone", "name", "note"]) + "\n" + delimiter.join(["1", '"a,b;c|d"', "e"]) + "\n"
    assert cells(tmp_path, content.encode())[1] == ["1", "a,b;c|d", "e"]


def test_excels_own_first_line_names_the_delimiter(tmp_path):
    with table(tmp_path, b"sep=;\nphone;name\n1;a,b\n") as found:
        assert found.header == ["phone", "name"]
        assert list(found) == [(3, ["1", "a,b"], "")]


def test_quoted_line_ends_and_quotes_belong_to_the_cell_and_lines_are_counted_on(tmp_path):
    rows = read(tmp_path, b'phone,note\n1,"two\nlines"\n2,"say ""hi"""\n\n,\n3,plain\n')
    assert rows == [(2, ["1", "two\nlines"], ""), (4, ["2", 'say "hi"'], ""), (7, ["3", "plain"], "")]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path):
    body = b'1,"open\n2,b\n3,"c"\n' + b"4,d\n" * 1000
    rows = read(tmp_path, b"phone,name\n" + body)
    assert [row.line for row in rows if row.reason] == [2]
    assert len(rows) == 1003


def test_a_quote_left_open_at_the_end_of_the_file_costs_its_own_line_only(tmp_path):
    rows = read(tmp_path, b'phone,name\n1,a\n2,"b\n3,c')
    assert [(row.line, bool(row.reason)) for row in rows] == [(2, False), (3, True), (4, False)]


def test_a_ten_megabyte_line_is_refused_in_bounded_memory_and_the_file_goes_on(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(b"phone,name\n1,a\n2," + b"x" * 60_000_000 + b"\n3,c\n4," + b"y" * 10_000_000)
    tracemalloc.start()
    with Table(path) as found:
        rows = list(found)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(row.line, bool(row.reason)) for row in rows] == [(2, False), (3, True), (4, False), (5, True)]
    assert peak < 25_000_000


@pytest.mark.parametrize("length", [131_073, 1_000_001, 1_500_000, 4_100_000])
def test_a_cell_that_is_too_long_is_refused_whatever_its_length(tmp_path, length):
    rows = read(tmp_path, b"phone,name\n1,a\n2," + b"x" * length + b"\n3,c\n")
    assert [(row.line, bool(row.reason)) for row in rows] == [(2, False), (3, True), (4, False)]


def test_a_nul_character_spoils_its_line_only(tmp_path):
    rows = read(tmp_path, b"phone,name\n1,a\n2,b\0c\n3,d\n")
    assert [(row.line, bool(row.reason)) for row in rows] == [(2, False), (3, True), (4, False)]


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"%PDF-1.7", b"\xd0\xcf\x11\xe0", b"\x1f\x8b\x08"])
def test_a_file_that_is_no_text_is_refused_by_name(tmp_path, start):
    with pytest.raises(NotText, match="save it as CSV"):
        table(tmp_path, start + bytes(range(256)) * 20)


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(tmp_path, content):
    with pytest.raises(BadInput, match="empty"):
        table(tmp_path, content)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_at_all_give_rows_or_one_sentence(tmp_path, content):
    try:
        lines = [row.line for row in read(tmp_path, content)]
    except BadInput as problem:
        lines = [len(problem.sentence)]
    assert all(line > 0 for line in lines)


def test_bytes_read_grow_to_the_size_of_the_file(tmp_path):
    content = b"phone,name\n" + b"1,abcdefgh\n" * 300_000
    with table(tmp_path, content) as found:
        seen = {found.bytes_read for _row in found}
    assert len(seen) > 2
    assert max(seen) == len(content)
