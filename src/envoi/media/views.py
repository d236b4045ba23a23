"""Files to browsers and to providers. Whatever is inside, nothing of it is run: see `_shown`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from ..team.requests import StaffRequest
from . import queries
from .sniffing import SHOWN, UNKNOWN

# A range is answered with as much at most: players ask again for what follows, and no request holds a whole film.
STRETCH = 2 * 1024 * 1024

RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


@login_required
@require_safe
def show(request: StaffRequest, file_id: int, name: str) -> HttpResponseBase:
    """A file for staff. Its name in the address is for people and says nothing to us."""
    return _shown(request, queries.file_for(request.user, file_id), private=True)


@require_safe
def fetch(request: HttpRequest, seal: str, name: str) -> HttpResponseBase:
    """A file for a provider that fetches what it is to send, by an address that we signed."""
    return _shown(request, queries.file_behind_link(seal), private=False)


def _shown(request: HttpRequest, file: queries.File, *, private: bool) -> HttpResponseBase:
    """The type is ours and never guessed anew; what is not on the list of harmless types is only ever downloaded."""
    inline = file.mime_type in SHOWN
    asked = _asked(request.headers.get("Range", ""), file.size)
    response: HttpResponseBase
    if asked:
        response = _stretch(file, asked)
    elif asked is not None:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}"})
    elif file.size <= STRETCH or request.method == "HEAD":
        response = HttpResponse(queries.content(file))
    else:
        queries.content(file, 0, 1)  # what is not there is refused now, not in mid-stream
        response = StreamingHttpResponse(_stretches(file))
        response["Content-Length"] = str(file.size)
    response["Content-Type"] = file.mime_type if inline or not private else UNKNOWN
    response["Content-Disposition"] = content_disposition_header(not inline, file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    # A PDF's viewer does not start inside a sandbox; it runs in a process of its own, and gets nothing else either.
    sandbox = "" if file.mime_type == "application/pdf" else "; sandbox"
    response["Content-Security-Policy"] = f"default-src 'none'; frame-ancestors 'none'{sandbox}"
    response["Cross-Origin-Resource-Policy"] = "same-origin" if private else "cross-origin"
    response["Accept-Ranges"] = "bytes"
    # The bytes behind a number never change.
    response["Cache-Control"] = f"{'private' if private else 'public'}, max-age=3600, immutable"
    return response


def _asked(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for, STRETCH at most; empty when there are none, None when it asks nothing.

    One range only: who asks for several, or backwards, gets the whole file (RFC 9110, 14.2).
    """
    match = RANGE.fullmatch(header)
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        start, end = max(size - int(match[2]), 0), size - 1
    else:
        start, end = int(match[1]), min(int(match[2] or size), size - 1)
        if match[2] and int(match[2]) < start:
            return None
    return range(start, min(end + 1, start + STRETCH))


def _stretch(file: queries.File, asked: range) -> HttpResponse:
    data = queries.content(file, asked.start, len(asked))
    span = f"bytes {asked.start}-{asked.start + len(data) - 1}/{file.size}"
    return HttpResponse(data, status=206, headers={"Content-Range": span})


async def _stretches(file: queries.File) -> AsyncIterator[bytes]:
    for start in range(0, file.size, STRETCH):
        yield await sync_to_async(queries.content)(file, start, STRETCH)
