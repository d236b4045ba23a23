"""A list as a file leaves as it is made, also under ASGI: nobody's proxy waits for the last row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from envoi.web.downloads import Streamed, download


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
