"""A list as a file leaves as it is made, also under ASGI: nobody's proxy waits for the last row."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from envoi.web.downloads import Streamed, download, download_file


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_first_bytes_leave_long_before_the_last_row_is_read(kind: str) -> None:
    read = 0

    def rows() -> Iterator[list[str]]:
        nonlocal read
        for number in range(20_000):
            read += 1
            yield [f"row {number}"]

    answer = download("people", kind, ["Name"], rows())
    assert isinstance(answer, Streamed)
    pieces = answer.__aiter__()
    while not await anext(pieces):
        pass
    assert 0 < read < 10_000
    async for _ in pieces:
        pass
    assert read == 20_000


async def test_a_kept_file_leaves_in_pieces_with_its_length_and_name(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_bytes("line,é\r\n".encode() * 50_000)
    answer = download_file(path, "refusés-3.csv")
    assert isinstance(answer, Streamed)
    assert answer.headers["Content-Length"] == str(path.stat().st_size)
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''refus%C3%A9s-3.csv"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        pieces = [piece async for piece in answer]
    assert not said
    assert len(pieces) > 3
    assert b"".join(pieces) == path.read_bytes()
    with pytest.raises(FileNotFoundError):
        download_file(tmp_path / "nothing.csv", "nothing.csv")
