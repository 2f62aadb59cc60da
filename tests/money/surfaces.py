"""One computed document on everything that prints it, and the figures read back from there."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import Template

from plugins.pdf_pluto import child
from tests.money import printed
from tests.pdf import documents
from webkit.core.kernel import frozen, i18n
from webkit.core.kernel.frozen import Frozen
from webkit.pricing import Priced
from webkit.pricing.show import lines, sum_rows

LOCALES = ("en-GB", "it-IT", "de-DE", "de-CH", "en-AU")
STAFF = "{{ ui.priced_totals(sums, currency) }}"
PUBLIC = "{{ ui.public_lines(lines, currency) }}{{ ui.public_totals(sums, currency) }}"
PRINT = "{{ ui.print_lines(lines, currency) }}{{ ui.print_totals(sums, currency) }}"
MOST_PDF = 2**26


def stored(priced: Priced) -> dict[str, Any]:
    """What a row keeps: JSON in which no number is a float, and which is the same when it is read again."""
    text = json.dumps(priced.to_dict(), sort_keys=True)
    kept: dict[str, Any] = json.loads(text, parse_float=lambda number: pytest.fail(f"a float: {number}"))
    again = Priced.from_dict(kept)
    assert again == priced
    assert json.dumps(again.to_dict(), sort_keys=True) == text
    return kept


def pages_say_what_is_stored(app: Flask, kept: dict[str, Any], locale: str) -> None:
    """The pieces that the staff's page, the client's page and the PDF are made of, from what was stored."""
    priced = Priced.from_dict(kept)
    with i18n.use_locale(locale):
        values = {"lines": lines(priced), "sums": sum_rows(priced), "currency": priced.currency}
        for template in (STAFF, PUBLIC, PRINT):
            html = _compiled(app, template).render(values)
            printed.same(html, kept, locale, lines=template is not STAFF)


@cache
def _compiled(app: Flask, template: str) -> Template:
    return app.jinja_env.from_string(template)


def invoice(kept: dict[str, Any], locale: str) -> Frozen:
    """An invoice that says this."""
    document = documents.golden("invoice-rows")
    snapshot = copy.deepcopy(document.snapshot)
    snapshot |= {"priced": kept, "currency": kept["currency"]}
    return replace(document, snapshot=snapshot, locale=locale)


def pdf_says_what_is_stored(app: Flask, document: Frozen, *stored: dict[str, Any], lines: bool = True) -> None:
    """The text of the PDF, as a reader copies it."""
    with app.app_context():
        html = frozen.render_html(document)
    text = _text(child.render(html, "", "", MOST_PDF)[1])
    for kept in stored:
        printed.in_order(printed.amounts(text, kept["currency"], document.locale), kept, lines=lines)


def _text(pdf: bytes) -> str:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        Path(file.name).write_bytes(pdf)
        found = subprocess.run(["pdftotext", "-raw", file.name, "-"], check=True, capture_output=True, text=True).stdout
    return re.sub(r"(?<=[’,.])\n(?=\d)", "", found)
