"""A file of each kind, to begin with and to compare one's own with."""

from __future__ import annotations

from pathlib import Path

from webkit.imports.models import Kind


def sample(kind: Kind) -> bytes:
    """The file of a kind, with the mark by which spreadsheets see that it is UTF-8."""
    return (Path(__file__).parent / f"{kind.value}.csv").read_text("utf-8").encode("utf-8-sig")
