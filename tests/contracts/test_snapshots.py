"""One snapshot of every released version: pages and PDFs of old contracts must be drawn for ever."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template

from webkit.contracts import document
from webkit.core.kernel import frozen, i18n, ids
from webkit.core.kernel.crypto import canonical, digest
from webkit.core.kernel.frozen import Frozen
from webkit.signing import jobs

FOLDER = Path(__file__).parent / "snapshots"
KEPT = sorted(FOLDER.glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    snapshot: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return snapshot


def as_frozen(kind: str, template: str, snapshot: dict[str, Any]) -> Frozen:
    return Frozen(
        id=ids.uuid7(),
        kind=kind,
        document_id=ids.uuid7(),
        version=1,
        number="CON-2026-001",
        code="ABCD-EFGH-IJKL-MNOP",
        template=template,
        locale="en-GB",
        snapshot=snapshot,
        snapshot_hash=digest(canonical(snapshot).encode()),
        pdf_hash=None,
        pdf_key=None,
        pdf_size=None,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        seal=None,
    )


def test_every_released_version_is_kept() -> None:
    expected = {f"{document.KIND}_{n}" for n in range(1, document.VERSION + 1)}
    expected |= {f"{jobs.SEALED}_{n}" for n in range(1, jobs.VERSION + 1)}
    assert {path.stem for path in KEPT} == expected


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_it_is_still_printed(app: Flask, path: Path) -> None:
    snapshot = load(path)
    kind, _line, version = path.stem.rpartition("_")
    html = frozen.render_html(as_frozen(kind, f"pdf/{kind}/{version}.html", snapshot))
    for words in ("Caffè Olmo S.r.l.", "€5,856.00", "Website and bookings", "Signature and law"):
        assert words in html


@pytest.mark.parametrize("path", sorted(FOLDER.glob("contract_[0-9]*.json")), ids=lambda path: path.stem)
def test_it_is_still_shown(app: Flask, path: Path) -> None:
    snapshot = load(path)
    with app.test_request_context(), i18n.use_locale("en-GB", "Europe/Rome"):
        html = render_template(f"contracts/public/{snapshot['version']}.html", doc=snapshot)
    for words in ("Caffè Olmo S.r.l.", "Website and bookings", "Ada Brandt", "Signature and law"):
        assert words in html
