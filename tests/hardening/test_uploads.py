"""Files that are not what they say, at every place that takes one; and what is given out again."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.hardening import pages
from tests.hardening.pages import Form
from webkit.core.paths import ROOT

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='wkx()'><script>wkx()</script></svg>"
HTML = b"<!doctype html><script>wkx()</script>"


def _png(width: int, height: int) -> bytes:
    """A picture that claims to be large and is not."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def _zip(entries: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for name, body in entries.items():
            book.writestr(name, body)
    return packed.getvalue()


FILES: dict[str, tuple[str, bytes]] = {
    "svg": ("logo.svg", SVG),
    "svg as png": ("logo.png", SVG),
    "html": ("page.html", HTML),
    "html as pdf": ("page.pdf", HTML),
    "html as csv": ("page.csv", HTML),
    "page in a pdf": ("poly.pdf", b"%PDF-1.4\n" + HTML),
    "script in a gif": ("poly.gif", b"GIF89a/*" + HTML + b"*/=1;"),
    "archive in a picture": ("poly.png", _png(1, 1) + _zip({"a.html": HTML})),
    "large picture": ("bomb.png", _png(65_500, 65_500)),
    "archive bomb": ("bomb.zip", _zip({f"{at}.bin": bytes(400_000) for at in range(20)})),
    "bomb as document": ("bomb.docx", _zip({"word/document.xml": bytes(4_000_000)})),
    "bomb as mimetype": ("bomb.odt", _zip({"mimetype": bytes(4_000_000)})),
    "ways out of a folder": ("zip.zip", _zip({"../../etc/cron.d/wkx": b"x", "/etc/passwd": b"x"})),
    "macros": ("sheet.xlsx", _zip({"xl/workbook.xml": b"<x/>", "xl/vbaProject.bin": b"x"})),
    "program": ("run.exe", b"MZ" + bytes(100)),
    "shell": ("run.csv", b"#!/bin/sh\nrm -rf /\n"),
    "entities": (
        "x.csv",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    ),
    "name with a path": ("../../etc/passwd.csv", b"Name,E-mail\nA,a@example.com\n"),
    "name of two lines": ("a\r\nContent-Type: text/html\r\n\r\n.csv", b"Name\nA\n"),
    "name from right to left": ("\u202efdp.exe", b"MZ"),
    "no name": ("", b"x"),
    "nothing": ("empty.csv", b""),
    "zeros": ("zeros.csv", bytes(100_000)),
    "one long line": ("long.csv", b"a," * 200_000),
    "half a letter": ("half.csv", b"Name\n\xc3"),
}
NEVER = {
    "svg",
    "svg as png",
    "html",
    "html as pdf",
    "script in a gif",
    "macros",
    "program",
    "name from right to left",
    "nothing",
}


@pytest.fixture
def takers(app: Flask, starts: tuple[list[str], list[str]], docs: dict[str, UUID], owner: Browser) -> list[Form]:
    """Every form with a field for a file."""
    likely = [
        path for path in starts[0] + starts[1] if any(word in path for word in ("files", "bank", "import", "verify"))
    ]
    found = [form for form in pages.forms(owner, likely, most=20) if any(each.kind == "file" for each in form.fields)]
    assert len(found) >= 4, [form.key for form in found]
    return found


def _send(client: Browser, form: Form, name: str, body: bytes) -> int:
    files = {each.name: (io.BytesIO(body), name) for each in form.fields if each.kind == "file"}
    answer = client.post(form.action, data={**form.data(), **files}, content_type="multipart/form-data")
    assert answer.status_code < 500, (form.key, name)
    assert b"wkx()" not in answer.data
    return answer.status_code


@pytest.mark.slow
def test_hostile_files(takers: list[Form], owner: Browser, docs: dict[str, UUID]) -> None:
    """Nothing breaks; what is none of the kinds that are taken is refused; what is kept is given out inert."""
    for form in takers:
        for what, (name, body) in FILES.items():
            code = _send(owner, form, name, body)
            if form.action.endswith("/files"):
                assert code == 422 or what not in NEVER, f"{form.key} takes {what}"
    kept = 0
    for _path, answer, seen in pages.walk(owner, [form.page for form in takers if form.action.endswith("/files")], 10):
        for link in {link for link in seen.links if "/files/" in link}:
            kept += 1
            file = owner.get(link)
            assert file.headers["Content-Disposition"].startswith("attachment"), link
            assert file.headers["X-Content-Type-Options"] == "nosniff"
            assert file.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert file.mimetype not in ("text/html", "image/svg+xml", "text/xml", "application/xhtml+xml")
        assert answer.status_code < 500
    assert kept >= 2


@pytest.mark.parametrize("most", [2 * 1024 * 1024 + 1, 30 * 1024 * 1024])
def test_too_much_is_refused(owner: Browser, docs: dict[str, UUID], most: int) -> None:
    """A form's text and its files have limits, before anybody reads them."""
    path = f"/northwind/clients/{docs['client_id']}/notes"
    assert owner.post(path, data={"notes": "x" * most}).status_code in (413, 422)
    path = f"/northwind/invoices/{docs['invoice_id']}/files"
    answer = owner.post(path, data=b"x" * (11 * 1024 * 1024), content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413


def test_nobody_here_decodes_pictures() -> None:
    """What is not decoded cannot blow up: no library that does is among what runs."""
    locked = (ROOT / "requirements" / "run.lock").read_text()
    for name in ("pillow", "opencv-python", "imageio", "wand", "cairosvg", "pyvips"):
        assert f"\n{name}==" not in locked, f"{name} decodes pictures: limit their pixels first"
