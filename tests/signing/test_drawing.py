"""Drawn signatures: only a small whole PNG with something on it comes through, and nothing else in it."""

from __future__ import annotations

import base64
import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signing.pictures import DRAWN, data_url, png
from webkit.signing import drawing
from webkit.signing.drawing import NotADrawing


def test_a_drawing_comes_through() -> None:
    assert drawing.read(DRAWN) == DRAWN
    assert drawing.read(data_url(png(colour=2))).startswith(drawing.PREFIX)


def test_what_is_not_the_picture_is_left_behind() -> None:
    clean = drawing.read(data_url(png(text=b"Comment\0<script>alert(1)</script>") + b"trailing"))
    assert clean == DRAWN


BOMB = drawing._SIGNATURE + b"".join(
    drawing._chunk(kind, body)
    for kind, body in (
        (b"IHDR", struct.pack(">IIBBBBB", 300, 120, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0" * 50_000_000)),
        (b"IEND", b""),
    )
)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hello",
        "data:image/svg+xml;base64,PHN2Zy8+",
        drawing.PREFIX + "not base64!",
        data_url(b"GIF89a"),
        data_url(png()[:-20]),
        data_url(png().replace(b"IEND", b"IEND", 1)[:60]),
        data_url(png(ink=False)),
        data_url(png(3000, 10)),
        data_url(png(10, 1300)),
        data_url(BOMB),
        data_url(drawing._SIGNATURE),
        data_url(drawing._SIGNATURE + drawing._chunk(b"IEND", b"")),
        data_url(bytes(b ^ (1 if n == 70 else 0) for n, b in enumerate(png()))),
        drawing.PREFIX + base64.b64encode(b"\0" * 300_000).decode(),
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(NotADrawing):
        drawing.read(url)


@given(st.binary(max_size=200), st.integers(0, 120))
def test_broken_files_never_crash(noise: bytes, at: int) -> None:
    content = png(20, 10)
    with suppress(NotADrawing):
        drawing.read(data_url(content[:at] + noise + content[at:]))
