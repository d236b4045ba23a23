"""Sentences of a trace name the zone of their times where nobody's clock is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone, translation

from envoi.messaging.queries import TraceLine
from envoi.messaging.shapes import trace
from envoi.web.told import story


def waits(until: datetime) -> TraceLine:
    detail = {"reason": "promoted_recently", "until": until.isoformat()}
    return TraceLine(at=until - timedelta(days=1), what="waits", detail=detail)


def test_a_program_reads_utc_and_a_person_their_own_clock() -> None:
    until = datetime(2025, 11, 29, 21, 39, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        (line,) = trace([waits(until)])
        assert line.words.endswith("Tried again at 29 Nov 2025 21:39 UTC.")
        assert line.until == until
        (shown,) = story([waits(timezone.now() + timedelta(seconds=1))])
        assert "UTC" not in shown["words"]
    with translation.override("fr"):
        assert "29 nov. 2025 21:39 UTC" in trace([waits(until)])[0].words
