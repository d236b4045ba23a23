"""Messages that hold the words somebody searches for, as rows of the list with the passage marked."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from ..team.models import Staff
from .asked import Asked
from .rows import Row, row_of
from .searching import search

MOST = 30


def found(by: Staff, asked: Asked, *, many_channels: bool) -> list[Row]:
    """The newest messages that have all the words, whatever view is shown; each leads to its place in the thread."""
    rows = []
    for hit in search(by, asked.q, limit=MOST):
        row = row_of(hit.conversation, asked, many_channels=many_channels, hit=_marked(hit.excerpt))
        row.key += f"-{hit.message_id}"
        row.href += f"#m-{hit.message_id}"
        row.at, row.last_ours = hit.at, hit.direction == "out"
        rows.append(row)
    return rows


def _marked(excerpt: Sequence[tuple[str, bool]]) -> SafeString:
    """The passage with its words marked; every piece of it is escaped."""
    return format_html_join("", "{}{}{}", (_piece(text, is_word) for text, is_word in excerpt))


def _piece(text: str, is_word: bool) -> tuple[object, ...]:
    return (MARK, text, END) if is_word else ("", text, "")


MARK, END = SafeString("<mark>"), SafeString("</mark>")
