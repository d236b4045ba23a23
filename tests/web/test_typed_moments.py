"""A moment that was typed is read by the clock of its page; what no clock shows, or names none, is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from envoi.core.errors import BadInput
from envoi.web.typed_moments import read, shown


def test_it_is_read_in_the_zone_that_was_sent_whatever_the_present_one() -> None:
    with timezone.override("America/New_York"):
        assert read("2031-03-01T18:30", "Asia/Tokyo") == datetime(2031, 3, 1, 9, 30, tzinfo=UTC)
        assert read("2031-03-01T18:30:15", "Europe/Paris") == datetime(2031, 3, 1, 17, 30, 15, tzinfo=UTC)
        assert read("  ", "nowhere") is None, "nothing was typed"
        at = datetime(2031, 3, 1, 9, 30, tzinfo=UTC)
        assert read(shown(at), "America/New_York") == at
    assert shown(None) == ""


@pytest.mark.parametrize(
    "zone", ["", "nowhere", "../../etc/passwd", "Europe", "europe/paris ", "Etc/Unknown", "\0", "\ud800", "x" * 5000]
)
def test_a_page_without_a_known_zone_is_refused(zone: str) -> None:
    with pytest.raises(BadInput, match="did not say in which time zone"):
        read("2031-03-01T18:30", zone)


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "2031-02-31T10:00",
        "2031-03-01T25:00",
        "0001-01-01T00:00",
        "1" * 900,
        "20310301",
        "٢٠٣١-03-01T10:00",
        "\0",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="Choose a day and a time"):
        read(text, "Asia/Tokyo")


def test_the_calendars_last_day_is_none_where_it_is_over_elsewhere() -> None:
    with pytest.raises(BadInput, match="Choose a day and a time"):
        read("9999-12-31T23:59", "America/New_York")


def test_an_hour_that_the_clocks_leave_out_is_refused_and_one_that_comes_twice_is_the_first() -> None:
    with pytest.raises(BadInput, match="the clocks of Europe/Paris leave out 02:30"):
        read("2027-03-28T02:30", "Europe/Paris")
    assert read("2027-10-31T02:30", "Europe/Paris") == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
