"""What may be attached: looked at, never believed; names that are safe everywhere."""

from __future__ import annotations

import io
import zipfile

import pytest

from webkit.core.kernel import attachments
from webkit.core.kernel.attachments import LIMIT, Attached, clean, receive
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.ids import uuid7

PDF = b"%PDF-1.7\nx"
PNG = b"\x89PNG\r\n\x1a\nx"


def packed(*names: str, **texts: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "x")
        for name, text in texts.items():
            made.writestr(name, text)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("report.pdf", PDF, "pdf"),
        ("Bild.PNG", PNG, "png"),
        ("a.jpg", b"\xff\xd8\xff\xe0x", "jpeg"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        ("a.docx", packed("word/document.xml"), "docx"),
        ("a.xlsx", packed("xl/workbook.xml"), "xlsx"),
        ("a.odt", packed(mimetype="application/vnd.oasis.opendocument.text"), "odt"),
        ("a.zip", packed("anything"), "zip"),
        ("hours.csv", "Tag;Stunden\nMärz;1,5\n".encode(), "csv"),
        ("notes.txt", b"plain", "txt"),
    ],
)
def test_what_may_be_attached(name: str, body: bytes, kind: str) -> None:
    received = receive(name, io.BytesIO(body))
    assert (received.name, received.content_type, received.size) == (name, attachments.TYPES[kind], len(body))
    assert received.body.read() == body


def spoiled() -> bytes:
    """A ZIP file whose one member cannot be unpacked."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mimetype", "a" * 90)
    whole = bytearray(file.getvalue())
    begin = 30 + len("mimetype")
    whole[begin] ^= 0xFF
    return bytes(whole)


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("", b"x", "Choose the file"),
        ("a.pdf", b"", "a.pdf is empty"),
        ("a.pdf", PDF + b"x" * LIMIT, "too large: at most 8 MB"),
        ("a.exe", b"MZ", "Attach PDF"),
        ("noend", PDF, "Attach PDF"),
        ("a.svg", b"<svg onload=alert(1)>", "Attach PDF"),
        ("a.html", b"<script>", "Attach PDF"),
        ("a.pdf", b"<html>", "does not hold what its name says"),
        ("a.pdf", PNG, "does not hold what its name says"),
        ("a.png", PDF, "does not hold what its name says"),
        ("a.csv", b"a\x00b", "does not hold what its name says"),
        ("a.txt", b"\xff\xfe", "does not hold what its name says"),
        ("a.docx", packed("xl/workbook.xml"), "does not hold what its name says"),
        ("a.docx", packed("word/document.xml", "word/vbaProject.bin"), "does not hold what its name says"),
        ("a.odt", spoiled(), "does not hold what its name says"),
        ("a.zip", b"PK\x03\x04 broken", "does not hold what its name says"),
    ],
)
def test_what_may_not(name: str, body: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        receive(name, io.BytesIO(body))
    assert why in refused.value.errors["file"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\a.pdf", "a.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("invoice\u202efdp.exe.pdf", "invoicefdp.exe.pdf"),
        ("  .hidden.pdf ", "hidden.pdf"),
        ('a"b<c>d|e?f*g:h.pdf', "a_b_c_d_e_f_g_h.pdf"),
        ("見積書.pdf", "見積書.pdf"),
        ("Città.pdf", "Città.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("\x00\x01", "file"),
        ("...", "file"),
    ],
)
def test_names(given: str, kept: str) -> None:
    assert clean(given) == kept
    assert clean(kept) == kept and len(kept) <= attachments.NAME


def _of(size: int) -> Attached:
    return Attached(uuid7(), "a.pdf", "application/pdf", size, "0" * 64, "k", None)


def test_a_document_takes_so_many_and_no_more() -> None:
    attachments.demand_room([_of(1)] * 9, _of(1))
    with pytest.raises(Invalid, match="At most 10 files"):
        attachments.demand_room([_of(1)] * 10, _of(1))
    with pytest.raises(Invalid, match="Together"):
        attachments.demand_room([_of(LIMIT)] * 2, _of(1))
    assert Attached.from_dict(_of(1).to_dict() | {"id": str(uuid7())}).size == 1
