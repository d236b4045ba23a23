"""A hundred thousand phone numbers that no one has: ranges kept for fiction in three parts of the world."""

from __future__ import annotations

from collections.abc import Iterator

# Landlines that no one has: 0113 496 0xxx in Leeds and so on (Ofcom, numbers for drama), then 020 and 029.
BRITISH = [*(f"+44{area}4960" for area in (113, 114, 115, 116, 117, 118, 121, 131, 141, 151, 161))]
BRITISH += ["+441914980", "+442079460", "+442920180"]
AREA_CODES = [code for code in range(201, 1000) if code % 100 != 11]
MOST = 9_999 + 1_000 * (len(BRITISH) + 1) + 100 * len(AREA_CODES)


def numbers(count: int) -> Iterator[str]:
    """`count` different numbers in E.164, at most MOST: France, the United Kingdom, North America."""
    made = 0
    for source in (
        (f"+3363998{number:04d}" for number in range(1, 10_000)),
        (f"+447700900{number:03d}" for number in range(1_000)),
        (f"{start}{number:03d}" for start in BRITISH for number in range(1_000)),
        (f"+1{area}55501{number:02d}" for area in AREA_CODES for number in range(100)),
    ):
        for number in source:
            if made == count:
                return
            made += 1
            yield number
