"""A drawn signature: a small PNG from a stranger's browser, taken apart and put together again. Pure."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib

PREFIX = "data:image/png;base64,"
MAX_BYTES = 150_000
MAX_WIDTH, MAX_HEIGHT = 2_400, 1_200
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_KEPT = (b"IHDR", b"IDAT", b"IEND")


class NotADrawing(ValueError):
    """The data is not a small PNG with something drawn on it."""


def read(data_url: str) -> str:
    """The drawing as a clean data URL: only header and picture, no text, no second image, nothing behind the end."""
    if not data_url.startswith(PREFIX) or len(data_url) > MAX_BYTES * 4 // 3 + 64:
        raise NotADrawing("no PNG, or too large")
    try:
        content = base64.b64decode(data_url.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise NotADrawing("not base64") from error
    return PREFIX + base64.b64encode(_clean(content)).decode()


def _clean(content: bytes) -> bytes:
    chunks = list(_chunks(content))
    header, data = chunks[0], b"".join(body for kind, body in chunks if kind == b"IDAT")
    if header[0] != b"IHDR" or chunks[-1][0] != b"IEND" or not data:
        raise NotADrawing("not a whole PNG")
    _check_pixels(header[1], data)
    parts = ((b"IHDR", header[1]), (b"IDAT", data), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    if not content.startswith(_SIGNATURE):
        raise NotADrawing("not a PNG")
    found, at = [], len(_SIGNATURE)
    while at < len(content):
        if at + 12 > len(content):
            raise NotADrawing("cut off")
        length, kind = struct.unpack_from(">I4s", content, at)
        body, check = content[at + 8 : at + 8 + length], content[at + 8 + length : at + 12 + length]
        if len(check) != 4 or struct.unpack(">I", check)[0] != zlib.crc32(kind + body):
            raise NotADrawing("damaged")
        if kind in _KEPT:
            found.append((kind, body))
        elif kind[:1].isupper():
            raise NotADrawing("a kind of PNG that browsers do not draw")
        at += 12 + length
        if kind == b"IEND":
            break
    if not found:
        raise NotADrawing("empty")
    return found


def _check_pixels(header: bytes, data: bytes) -> None:
    if len(header) != 13:
        raise NotADrawing("no header")
    width, height, depth, colour, packing, filtering, interlaced = struct.unpack(">IIBBBBB", header)
    channels = _CHANNELS.get(colour)
    if channels is None or (depth, packing, filtering, interlaced) != (8, 0, 0, 0):
        raise NotADrawing("a kind of PNG that browsers do not draw")
    if not (0 < width <= MAX_WIDTH and 0 < height <= MAX_HEIGHT):
        raise NotADrawing("too large or empty")
    row = 1 + width * channels
    pixels = _inflate(data, row * height)
    lines = [pixels[start : start + row] for start in range(0, len(pixels), row)]
    if any(line[0] > 4 for line in lines):
        raise NotADrawing("damaged")
    # An empty canvas: the first line says one colour, and nothing after it differs from what it predicts.
    if len({line[1:] for line in lines}) == 1 and len(set(lines[0][1:])) == 1:
        raise NotADrawing("nothing is drawn")


def _inflate(data: bytes, size: int) -> bytes:
    try:
        unpacker = zlib.decompressobj()
        pixels = unpacker.decompress(data, size + 1)
    except zlib.error as error:
        raise NotADrawing("damaged") from error
    if len(pixels) != size or not unpacker.eof:
        raise NotADrawing("damaged")
    return pixels


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
