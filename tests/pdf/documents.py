"""Documents as they were frozen, one of each kind and some that are hard to print."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

from flask import Flask

from webkit.core.kernel import frozen
from webkit.core.kernel.crypto import canonical, digest
from webkit.core.kernel.frozen import Frozen

FOLDER = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def golden(name: str) -> Frozen:
    """One of them."""
    kept = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return Frozen(
        id=UUID(int=1),
        document_id=UUID(int=2),
        version=1,
        code="ABCD-EFGH-IJKL-MNOP",
        snapshot_hash=digest(canonical(kept["snapshot"]).encode()),
        pdf_hash=None,
        pdf_key=None,
        pdf_size=None,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        seal=None,
        **kept,
    )


class _Told(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self._in_name = False  # of a picture: read aloud, not printed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_name = tag == "title"

    def handle_endtag(self, tag: str) -> None:
        self._in_name = False

    def handle_data(self, data: str) -> None:
        inside = self.cdata_elem is None  # not in <style>
        if inside and data.strip() and not self._in_name:
            self.told.append(data.strip())


def told(document: str) -> list[str]:
    """Every text of a page's body."""
    parser = _Told()
    parser.feed(document.partition("<body>")[2])
    return parser.told


def html(app: Flask, document: Frozen) -> str:
    """What the engines are given."""
    with app.app_context():
        return frozen.render_html(document)
