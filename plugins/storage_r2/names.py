"""The header that names a download."""

from __future__ import annotations

from urllib.parse import quote


def disposition(filename: str) -> str:
    """`attachment` under any name: plain letters for old programs, the real name for all others."""
    name = "".join(letter for letter in filename if letter.isprintable() and letter not in "/\\")[:200]
    plain = "".join(letter if letter.isascii() and letter not in '"%;' else "_" for letter in name)
    full = f"; filename*=UTF-8''{quote(name, safe='')}" if plain != name else ""
    return f'attachment; filename="{plain}"{full}'
