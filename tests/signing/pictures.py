"""Small PNGs as browsers draw them, and broken ones."""

from __future__ import annotations

import base64
import struct
import zlib

from webkit.signing import drawing


def png(width: int = 300, height: int = 120, *, ink: bool = True, colour: int = 6, text: bytes = b"") -> bytes:
    """A picture with one black line across it, or without."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    empty = b"\0" * (width * channels)
    rows = [b"\0" + (b"\xff" * len(empty) if ink and row == height // 2 else empty) for row in range(height)]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *([(b"tEXt", text)] if text else []), (b"IDAT", zlib.compress(b"".join(rows)))]
    return drawing._SIGNATURE + b"".join(drawing._chunk(kind, body) for kind, body in [*parts, (b"IEND", b"")])


def data_url(content: bytes) -> str:
    return drawing.PREFIX + base64.b64encode(content).decode()


DRAWN = data_url(png())
