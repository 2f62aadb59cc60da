"""Whatever leaves the house as a sheet holds texts and numbers, and no formula, whoever has typed it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.client import Browser
from tests.factories import documents
from tests.factories.people import Person, make_person
from tests.hardening import corpus
from tests.people import world
from webkit.administration import service as administration
from webkit.clients import service as clients
from webkit.core.kernel import audit, db, sheets, stepup
from webkit.core.kernel.directory import AgencyView
from webkit.lists import routes as lists

SHEETS = ("text/csv", sheets.MEDIA[sheets.Format.XLSX])
FORMULA = re.compile(r"[\s\ufeff\u200b]*[=+\-@|%＝＋－＠\t\r\n]")
NUMBER = re.compile(r"[+-]?\d[\d.,:T ]*%?|-?\d+(\.\d+)?")
SENT = ("=1+1", '=HYPERLINK("//wkx.example")', "@SUM(1+1)", "+1+1", "-1+1", "a;=1+1", "=cmd|'/C calc'!A0")


@pytest.fixture
def typed(docs: dict[str, UUID], agency: AgencyView, ada: Person) -> dict[str, UUID]:
    """Formulas wherever somebody may name something, issued and logged."""
    for at, text in enumerate(SENT):
        given = {"name": text, "contact_name": text, "country": "IT", "city": text, "notes": text}
        made = clients.create({**given, "email": f"f{at}@example.com"}, "system")
        documents.issued("10", client_id=made)
        with db.writing():
            audit.log("tried", subject=text, detail={text: text})
    db.release()
    return docs


def _cells(answer: TestResponse) -> Iterator[str]:
    if answer.mimetype == "text/csv":
        for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))):
            yield from row
        return
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        for name in book.namelist():
            text = book.read(name).decode()
            if re.search(r"<f[ >]|<hyperlink|externalLink|ddeLink", text) and name.startswith("xl/"):
                yield f"=formula in {name}: {text[:80]}"


def _asked(app: Flask, owner: Any, ids: dict[str, UUID]) -> Iterator[tuple[str, TestResponse]]:
    """Every address that gives a sheet, found by asking all of them; each list is exported in each form."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and re.search(r"sheet|export|\.csv|download|/file", rule.rule):
            names = ("revenue", "tax", "open", "deals", "payouts") if "<name>" in rule.rule else ("",)
            for name in names:
                path = world.address(rule, "northwind", ids).replace("/reports/invoices/", f"/reports/{name}/")
                for form in ("csv", "excel-csv", "xlsx"):
                    yield path, owner.get(path, query_string={"format": form, "form": form})
    for name in ("clients", "invoices", "proposals", "quotations", "contracts"):
        for form in (*lists.FORMATS, "nonsense"):
            path = f"/northwind/lists/{name}/export"
            yield f"{path} as {form}", owner.post(path, data={"format": form, "once": f"{name}{form}"})


@pytest.mark.slow
def test_no_export_holds_a_formula(app: Flask, typed: dict[str, UUID], owner: Browser) -> None:
    found, wrong = {}, []
    for path, answer in _asked(app, owner, typed):
        assert answer.status_code < 500, path
        if answer.mimetype in SHEETS:
            found[path] = answer.mimetype
            assert answer.headers["Content-Disposition"].startswith("attachment") and answer.headers.get(
                "X-Content-Type-Options"
            )
            cells = list(_cells(answer))
            wrong += [f"{path}: {cell!r}" for cell in cells if FORMULA.match(cell) and not NUMBER.fullmatch(cell)]
            wrong += [f"{path}: {cell!r}" for cell in cells if re.search(r"[;\t|]\s*[=+@]", cell)]
    assert not wrong, "\n".join(wrong)
    assert len(found) > 12 and set(found.values()) == set(SHEETS), sorted(found)
    assert any("log.csv" in path for path in found) and any("journal" in path for path in found)


@pytest.mark.parametrize("text", corpus.KINDS["formulas"], ids=repr)
def test_what_is_guarded_is_a_text(text: str) -> None:
    first = sheets.guarded(text)
    assert first.startswith("'") or not FORMULA.match(first)
    assert not re.search(r"[;\t|]\s*[=+\-@]", first)


def test_a_person_cannot_be_a_formula_to_the_platform(
    app: Flask, agency: AgencyView, browser_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of all agencies, which the platform's people take along."""
    monkeypatch.setattr(stepup, "is_fresh", lambda: True)
    root = make_person("=1+1", "root@example.com")
    with db.unit(db.Scope()):
        administration.grant_first(root.email, "superadmin")
    with db.writing():
        audit.log("tried", subject="@x", detail={"=a": "+b"})
    db.release()
    answer = browser_of(root).get("/platform/log.csv")
    assert answer.status_code == 200
    cells = list(_cells(answer))
    assert "'@x" in cells and not [cell for cell in cells if FORMULA.match(cell)]
