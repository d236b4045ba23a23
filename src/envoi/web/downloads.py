"""A list as a file to keep, of any length, sent as it is made: CSV or a workbook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path

from asgiref.sync import sync_to_async
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from ..core import tables, workbooks

CSV = "text/csv; charset=utf-8"
PIECE = 65_536
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


def download_file(path: Path, title: str) -> HttpResponseBase:
    """A CSV that is kept already, as it is. Raises FileNotFoundError."""
    response = Streamed(_pieces(path), content_type=CSV)
    response["Content-Length"] = str(path.stat().st_size)
    response["Content-Disposition"] = content_disposition_header(True, title) or ""
    return response


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
