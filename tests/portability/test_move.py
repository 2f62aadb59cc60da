"""Exported, brought in elsewhere, exported again: the same bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import Flask

from plugins.payments_local import courier
from tests.factories import people
from tests.factories.documents import client, draft, issued
from tests.portability.moving import WORDS, agency_at, exported, outside, packed, unpacked, verified
from webkit.agencies import service as agencies
from webkit.core.kernel import db, evidence, frozen, links, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.runtime import current
from webkit.demo import service as demo
from webkit.endpoints import service as endpoints
from webkit.invoices import service as invoices
from webkit.portability import content, importing
from webkit.portability.archive import Broken

Move = Callable[[], None]


@pytest.mark.slow
def test_the_demo_agency_moves(app: Flask, move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "start", lambda *_args: None)
    slug = outside(app, demo.load).agency
    first = {words: outside(app, exported, slug, words) for words in ("", WORDS)}
    for words, archive in first.items():
        move()
        outside(app, importing.bring_in, io.BytesIO(archive), words)
        assert outside(app, exported, slug, words) == archive
        report = outside(app, verified, slug)
        assert report.ok, report.findings
        assert report.events > 50 and report.documents > 5 and report.signed_heads


@pytest.fixture
def small(agency: AgencyView) -> AgencyView:
    """An agency with a client, an invoice and a draft."""
    olmo = client()
    issued("100.00", client_id=olmo)
    draft("7.00", client_id=olmo)
    return agency


def test_a_small_agency_moves_and_goes_on(app: Flask, small: AgencyView, move: Move) -> None:
    archive = outside(app, exported, small.slug, WORDS)
    token = links.token_for("i", invoices.page(limit=5)[-1].id)
    tenancy.session().rollback()
    move()
    outside(app, importing.bring_in, io.BytesIO(archive), WORDS)
    assert outside(app, exported, small.slug, WORDS) == archive
    assert outside(app, verified, small.slug).ok
    with tenancy.tenant(agency_at(small.slug).id):
        first = next(each.number for each in invoices.page(limit=5) if each.number)
        issued("5.00", client_id=invoices.page(limit=5)[0].client_id)
        numbers = sorted(each.number for each in invoices.page(limit=5) if each.number)
        assert numbers[0] == first and int(numbers[1][-3:]) == int(first[-3:]) + 1
        if token is not None:
            assert links.resolve("i", token) is not None
    assert outside(app, verified, small.slug).ok


def test_secrets_stay_unless_there_is_a_passphrase(app: Flask, small: AgencyView, move: Move) -> None:
    code = frozen.all_of_agency()[0].code
    parts = unpacked(outside(app, exported, small.slug))
    assert parts["tables/links.jsonl"] == b""
    assert b"password_hash" not in b"".join(parts.values()) and b"token_sealed" not in b"".join(parts.values())
    sealed = unpacked(outside(app, exported, small.slug, WORDS))
    assert code.encode() not in sealed["tables/links.jsonl"] and b"token_hash" not in sealed["tables/links.jsonl"]
    move()
    outside(app, importing.bring_in, packed(parts))
    with tenancy.tenant(small.id):
        assert links.resolve("verify", code) is not None  # it is printed, and no secret


def test_the_page_about_archives_shows_how_to_prove_one(
    app: Flask, small: AgencyView, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence.sign_head()
    tenancy.session().rollback()
    archive = tmp_path / "agency.zip"
    archive.write_bytes(outside(app, exported, small.slug))
    page = Path("docs/operations/export-format.md").read_text("utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    with ZipFile(archive) as opened:
        exec(code.replace("zipfile.ZipFile(sys.argv[1])", "OPENED"), {"OPENED": opened})
    said = capsys.readouterr().out
    assert "events, keys: " in said and current().keys.public_key.hex() in said
    manifest = json.loads(unpacked(archive.read_bytes())["manifest.json"])
    assert manifest["chain"]["signed_heads"] == 1 and manifest["secrets"] is None


DAMAGES: tuple[tuple[str, Callable[[bytes], bytes], str], ...] = (
    ("tables/clients.jsonl", lambda text: text.replace(b'"name":', b'"nome":', 1), "unknown column"),
    ("tables/clients.jsonl", lambda text: text.replace(b'"archived":false', b'"archived":0', 1), "is no bool"),
    ("tables/clients.jsonl", lambda text: text[:-1], "cut off"),
    ("tables/clients.jsonl", lambda _text: b"[" * 100_000 + b"\n", "cannot be read"),
    ("tables/events.jsonl", lambda text: text.replace(b'"text":"{', b'"text":" {', 1), "does not have its hash"),
    ("tables/events.jsonl", lambda text: text.split(b"\n", 1)[1], "does not continue"),
    ("tables/event_heads.jsonl", lambda _text: b"", "does not end"),
    ("tables/frozen_documents.jsonl", lambda text: text.replace(b"Caff", b"Kaff", 1), "does not have its hash"),
    ("tables/unknown.jsonl", lambda _text: b"", "no place in it"),
    ("../../etc/passwd", lambda _text: b"root", "no place in it"),
    ("files/documents/x/y.pdf", lambda _text: b"%PDF", "does not name"),
    ("manifest.json", lambda text: text.replace(b'"format":1', b'"format":2'), "format 2"),
    ("manifest.json", lambda text: text.replace(b'"seq":', b'"sequence":', 1), "manifest"),
)


def test_what_is_not_whole_is_refused_before_a_word_is_written(app: Flask, small: AgencyView, move: Move) -> None:
    parts = unpacked(outside(app, exported, small.slug))
    move()
    for name, change, words in DAMAGES:
        damaged = {**parts, name: change(parts.get(name, b""))}
        with pytest.raises(Broken, match=words):
            outside(app, importing.bring_in, packed(damaged, honest=name != "manifest.json"))
    assert outside(app, nothing_here)


def nothing_here() -> bool:
    with db.unit(db.Scope()):
        return not agencies.all_ids()


def test_rows_of_others_files_of_others_and_wrong_words_are_refused(app: Flask, small: AgencyView, move: Move) -> None:
    parts = unpacked(outside(app, exported, small.slug))
    other = b"01900000-0000-7000-8000-000000000000"
    for name, words in (("clients", "another agency"), ("frozen_documents", "not the agency")):
        table = f"tables/{name}.jsonl"
        here = str(small.id).encode()
        changed = parts[table].replace(b'"agency_id":"' + here, b'"agency_id":"' + other)
        if name == "frozen_documents":
            changed = parts[table].replace(b'"pdf_key":null', b'"pdf_key":"documents/' + other + b'/x.pdf"')
        with pytest.raises(Broken, match=words):
            outside(app, importing.bring_in, packed({**parts, table: changed}))
    sealed = io.BytesIO(outside(app, exported, small.slug, WORDS))
    for given, problem in (("", "Please give it"), ("another passphrase", "not the passphrase")):
        with pytest.raises(Broken, match=problem):
            outside(app, importing.bring_in, sealed, given)
    with pytest.raises(Conflict, match="already"):
        outside(app, importing.bring_in, packed(parts))


def test_what_leads_outside_is_connected_anew(app: Flask, small: AgencyView, move: Move) -> None:
    """Nobody who writes an archive by hand acts for somebody else's account, or goes on telling others."""
    row = {"agency_id": small.id, "connected": "acct_of_others", "sealed": "", "gone": False, "chosen_for": "payments"}
    content.unplug(content.ACCOUNTS, row)
    assert (row["gone"], row["chosen_for"]) == (True, None)
    endpoints.create("https://hooks.example.com/", "Books", ["invoice.paid"], "user:test")
    tenancy.session().rollback()
    archive = outside(app, exported, small.slug)
    parts = unpacked(archive)
    told = parts["tables/webhook_endpoints.jsonl"]
    assert b'"state":"paused"' in told
    move()
    forged = told.replace(b'"state":"paused"', b'"state":"active"')
    outside(app, importing.bring_in, packed({**parts, "tables/webhook_endpoints.jsonl": forged}))
    assert outside(app, exported, small.slug) == archive


def test_somebody_who_is_here_already_is_not_taken_over(app: Flask, small: AgencyView, move: Move) -> None:
    archive = outside(app, exported, small.slug)
    move()
    outside(app, people.make_person, "Mallory", "ada@northwind.example")
    with pytest.raises(Conflict, match=r"ada@northwind\.example"):
        outside(app, importing.bring_in, io.BytesIO(archive))
    assert outside(app, nothing_here)


def test_rows_that_do_not_fit_together_leave_nothing(app: Flask, small: AgencyView, move: Move) -> None:
    parts = unpacked(outside(app, exported, small.slug))
    move()
    with pytest.raises(Conflict, match="do not fit"):
        outside(app, importing.bring_in, packed({**parts, "tables/clients.jsonl": b""}))
    assert outside(app, nothing_here)


def test_bytes_are_measured_not_believed(app: Flask, small: AgencyView) -> None:
    parts = unpacked(outside(app, exported, small.slug))
    with pytest.raises(Broken, match="not what the manifest says"):
        outside(app, importing.bring_in, packed({**parts, "tables/clients.jsonl": b"\n"}, honest=False))
    with pytest.raises(Broken, match="no ZIP"):
        outside(app, importing.bring_in, io.BytesIO(b"PK nothing"))
