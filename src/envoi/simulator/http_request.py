"""Cuts HTTP/1.1 requests off a stream of bytes; it refuses to write anything."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

LARGEST_HEAD = 64 * 1024
LARGEST_BODY = 110 * 1024 * 1024  # a document may weigh 100 MB (Meta fact sheet, B)


class MalformedRequest(Exception):
    """The bytes are not HTTP; the connection ends after a 400."""


@dataclass(slots=True)
class Request:
    """One request, body complete. `headers` has lower-case names; `base_url` is how the client called us."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes = b""
    keep_alive: bool = True

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def base_url(self) -> str:
        return f"http://{self.headers.get('host', 'localhost')}"


class RequestReader:
    """Holds what came and what is known of the request that is coming."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._coming: Request | None = None  # its head is off the buffer
        self._length: int | None = None  # of its body; None when chunked
        self._scanned = 0  # how far whole chunks reach
        self._chunks: list[tuple[int, int]] = []
        self._went_ahead = False

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def has_more(self) -> bool:
        return bool(self._buffer)

    def wants_go_ahead(self) -> bool:
        """True once for a request that waits for "100 Continue" before it sends its body."""
        if self._coming is None or self._went_ahead:
            return False
        self._went_ahead = self._coming.headers.get("expect", "").lower() == "100-continue"
        return self._went_ahead

    def next(self) -> Request | None:
        """One complete request, or None while bytes are missing."""
        if self._coming is None:
            self._coming = self._head()
            if self._coming is None:
                return None
        used = self._whole_chunks() if self._length is None else self._length
        if used is None or len(self._buffer) < used:
            return None
        request, self._coming = self._coming, None
        if self._length is None:
            request.body = b"".join(bytes(self._buffer[start:end]) for start, end in self._chunks)
        else:
            request.body = bytes(self._buffer[:used])
        del self._buffer[:used]
        return request

    def _head(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > LARGEST_HEAD:
                raise MalformedRequest
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        target, _, version = rest.rpartition(" ")
        if not version.startswith("HTTP/1") or not target:
            raise MalformedRequest
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        del self._buffer[: end + 4]
        self._expect_body(headers)

        connection = headers.get("connection", "").lower()
        keep_alive = connection != "close" and (version != "HTTP/1.0" or connection == "keep-alive")
        path, _, query = target.partition("?")
        return Request(method.upper(), unquote(path), query, headers, keep_alive=keep_alive)

    def _expect_body(self, headers: dict[str, str]) -> None:
        self._scanned, self._chunks, self._went_ahead = 0, [], False
        if "chunked" in headers.get("transfer-encoding", "").lower():
            self._length = None
            return
        length = headers.get("content-length") or "0"
        if not length.isdigit() or int(length) > LARGEST_BODY:
            raise MalformedRequest
        self._length = int(length)

    def _whole_chunks(self) -> int | None:
        """Where the chunked body ends, or None while chunks are missing; goes on where it stopped."""
        while True:
            line_end = self._buffer.find(b"\r\n", self._scanned)
            if line_end < 0:
                return None
            try:
                size = int(self._buffer[self._scanned : line_end].split(b";")[0], 16)
            except ValueError:
                raise MalformedRequest from None
            end = line_end + 2 + size
            if size < 0 or end > LARGEST_BODY:
                raise MalformedRequest
            if len(self._buffer) < end + 2:
                return None
            self._scanned = end + 2
            if size == 0:
                return self._scanned
            self._chunks.append((line_end + 2, end))
