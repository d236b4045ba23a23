"""Small files of every sort that the tests need: real beginnings, little behind them."""

from __future__ import annotations

import struct
import zlib


def png(width: int = 2, height: int = 2, *, shade: int = 120) -> bytes:
    """A whole picture that browsers draw; another `shade` is another file."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes((shade, (x * 7) % 256, 160) * 1)[:3] * width for x in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(4_000_000)
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PROGRAM = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff" + bytes(200)
SCRIPT = b"#!/bin/sh\necho hello\n"
