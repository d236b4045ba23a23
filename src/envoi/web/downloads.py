"""A list as a file to keep: CSV of any length, streamed, or a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import tables
from ..core.errors import BadInput

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(
    name: str, kind: str | None, header: Sequence[str], rows: Iterable[Sequence[tables.Cell]]
) -> HttpResponseBase:
    """`rows` under `header` as a file called after `name` and the day; kind: "xlsx", anything else is CSV.

    Raises BadInput for a workbook of too many rows.
    """
    title = f"{name}-{timezone.now():%Y-%m-%d}"
    if kind != "xlsx":
        response = StreamingHttpResponse(tables.as_csv(header, rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{title}.csv"'
        return response
    try:
        file = tables.as_xlsx(header, rows)
    except tables.TooLongForXlsx:
        raise BadInput(
            _("A workbook is made of %(most)s rows at most: take the CSV, which may have any number.")
            % {"most": f"{tables.MOST_XLSX:,}"}
        ) from None
    return FileResponse(file, as_attachment=True, filename=f"{title}.xlsx", content_type=XLSX)
