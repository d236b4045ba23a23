"""A list as a file to keep, of any length, sent as it is made: CSV or a workbook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from asgiref.sync import sync_to_async
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from ..core import tables, workbooks

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Streamed(StreamingHttpResponse):
    """Sent piece by piece also under ASGI, where Django would make all of it before the first byte leaves."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces: Iterator[bytes] = iter(self.streaming_content)  # type: ignore[arg-type]
        following = sync_to_async(lambda: next(pieces, None))
        while (piece := await following()) is not None:
            yield piece


def download(
    name: str, kind: str | None, header: Sequence[str], rows: Iterable[Sequence[tables.Cell]]
) -> HttpResponseBase:
    """`rows` under `header` as a file called after `name` and the day; kind: "xlsx", anything else is CSV."""
    as_workbook = kind == "xlsx"
    pieces: Iterator[str] | Iterator[bytes] = (
        workbooks.as_xlsx(header, rows) if as_workbook else tables.as_csv(header, rows)
    )
    response = Streamed(pieces, content_type=XLSX if as_workbook else CSV)
    title = f"{name}-{timezone.now():%Y-%m-%d}.{'xlsx' if as_workbook else 'csv'}"
    response["Content-Disposition"] = f'attachment; filename="{title}"'
    return response
