"""One snapshot of every released version: pages and PDFs of old quotations must be drawn for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask, g, render_template

from tests.contracts.test_snapshots import as_frozen
from tests.quotations.test_routes import words
from webkit.core.kernel import clock, frozen, i18n
from webkit.core.kernel.hx import fields
from webkit.quotations import snapshot
from webkit.quotations.paper import paper

FOLDER = Path(__file__).parent / "snapshots"
KEPT = sorted(FOLDER.glob("*.json"))
TOLD = ("Photo studio in the back room", "€ 3,824.41", "Plaster and paint", "Dimmers", "Two years.")


def test_every_released_version_is_kept() -> None:
    kinds = (snapshot.KIND, snapshot.ACCEPTED)
    assert {path.stem for path in KEPT} == {f"{kind}_{n}" for kind in kinds for n in range(1, snapshot.VERSION + 1)}


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_it_is_still_shown_and_printed(app: Flask, path: Path) -> None:
    doc = json.loads(path.read_text("utf-8"))
    kind, _line, version = path.stem.rpartition("_")
    printed = frozen.render_html(as_frozen(kind, f"pdf/quotation/{version}.html", doc))
    with app.test_request_context("/q/token"), i18n.use_locale("en-GB", "Europe/Rome"):
        g.token = "token"
        word = "accepted" if doc["acceptance"] else "withdrawn"
        view = paper(doc, word=word, pdf_url="/pdf", answered_at=clock.now())
        shown = render_template(f"quotations/public/{version}.html", **fields(view))
    for html in (printed, shown):
        for told in TOLD:
            assert told.replace(" ", "") in words(html).replace(" ", ""), told
    assert snapshot.choice_of(doc, doc["chosen"]).priced.to_dict() == doc["priced"]
