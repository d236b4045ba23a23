"""`envoi bench`: its own options and the benchmark's, and what there is to choose from."""

from __future__ import annotations

import pytest

from envoi.cli import main, read
from envoi.config.commands.bench import names


@pytest.mark.parametrize(
    "words", [["bench", "launch", "--json", "--rows", "5"], ["bench", "--json", "launch", "--rows", "5"]]
)
def test_json_is_the_commands_and_the_rest_the_benchmarks(words: list[str]) -> None:
    asked = read(words)
    assert (asked.name, asked.json, asked.rest) == ("launch", True, ["--rows", "5"])


def test_other_commands_take_nothing_unknown() -> None:
    with pytest.raises(SystemExit) as ended:
        read(["migrate", "--quickly"])
    assert ended.value.code == 2


def test_an_unknown_benchmark_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "nothing", "--json"]) == 1
    said = capsys.readouterr().err
    assert all(name in said for name in names())


def test_the_contracts_benchmarks_are_there() -> None:
    assert {"dispatch", "gateway", "pacing", "launch", "preflight", "import", "segments"} <= set(names())
    assert not {"rig", "crowd", "shoppers", "visitor"} & set(names())
