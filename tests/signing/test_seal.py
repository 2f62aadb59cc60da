"""The seal: whatever changes in the file is found."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from webkit.core.kernel.crypto import Keys, canonical, digest, load_keys
from webkit.signing import seal
from webkit.signing.seal import Seal, SealError


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return load_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(path)
    return path.read_bytes()


def make(keys: Keys, pdf: bytes) -> Seal:
    return seal.make(
        pdf,
        sign=keys.sign,
        public_key=keys.public_key,
        snapshot_hash=digest(b"snapshot"),
        agency="Northwind Studio",
        kind="contract_sealed",
        number="CON-2026-001",
        at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        verify_url="https://northwind.example/verify/ABCD",
    )


@pytest.fixture(scope="module")
def sealed(keys: Keys, pdf: bytes) -> bytes:
    return seal.attach(pdf, make(keys, pdf))


def test_a_sealed_file_proves_itself(keys: Keys, pdf: bytes, sealed: bytes) -> None:
    inside, found = seal.read(sealed)
    assert inside == pdf
    assert found.public_key == keys.public_key.hex()
    assert found.statement["pdf_sha256"] == digest(pdf) and found.statement["number"] == "CON-2026-001"


def test_it_is_still_a_pdf(sealed: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.pdf").write_bytes(sealed)
    assert len(PdfReader(tmp_path / "b.pdf", strict=True).pages) == 1


def test_every_changed_byte_is_found(pdf: bytes, sealed: bytes) -> None:
    for position in {*range(0, len(pdf), 7), *range(len(pdf), len(sealed))}:
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(sealed)
            changed[position] ^= flip
            with pytest.raises(SealError):
                seal.read(bytes(changed))


def test_cut_added_and_removed_bytes_are_found(sealed: bytes) -> None:
    for changed in (sealed[:-1], sealed[1:], sealed + b"\n", sealed + sealed, sealed[:100] + sealed[101:], b"", b"x"):
        with pytest.raises(SealError):
            seal.read(changed)


def test_an_unsealed_file_says_so(pdf: bytes) -> None:
    with pytest.raises(SealError, match="carries no seal"):
        seal.read(pdf)


def test_a_later_update_of_the_pdf_is_found(sealed: bytes, tmp_path: Path) -> None:
    writer = PdfWriter(PdfReader(_written(tmp_path, sealed)), incremental=True)
    writer.add_blank_page(100, 100)
    writer.write(tmp_path / "updated.pdf")
    with pytest.raises(SealError):
        seal.read((tmp_path / "updated.pdf").read_bytes())


def test_a_seal_cannot_move_to_another_file(keys: Keys, pdf: bytes) -> None:
    other = pdf.replace(b"200", b"300")
    with pytest.raises(SealError, match="changed after it was sealed"):
        seal.read(seal.attach(other, make(keys, pdf)))


def test_a_statement_cannot_be_changed_under_its_signature(keys: Keys, pdf: bytes) -> None:
    made = make(keys, pdf)
    forged = Seal({**made.statement, "number": "CON-2026-002"}, made.signature)
    with pytest.raises(SealError, match="signature"):
        seal.read(seal.attach(pdf, forged))


def test_whoever_seals_with_another_key_is_seen_by_it(pdf: bytes, tmp_path: Path) -> None:
    stranger = load_keys(tmp_path / "other")
    found = seal.read(seal.attach(pdf, make(stranger, pdf)))[1]
    assert found.public_key == stranger.public_key.hex()


@pytest.mark.parametrize(
    "envelope",
    [b"not json", b"[]", b"{}", canonical({"signature": "00", "statement": {}}).encode(), bytes(range(140, 200))],
)
def test_nonsense_in_the_seal_is_a_sentence_not_a_crash(pdf: bytes, envelope: bytes) -> None:
    offset = pdf.rsplit(b"startxref\n", 1)[1].split(b"\n")[0]
    file = pdf + b"\n" + seal.MARK + base64.urlsafe_b64encode(envelope) + b"\nstartxref\n" + offset + b"\n%%EOF\n"
    with pytest.raises(SealError):
        seal.read(file)


def test_what_is_no_pdf_is_not_sealed(keys: Keys) -> None:
    with pytest.raises(SealError):
        seal.attach(b"hello", make(keys, b"hello"))


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "sealed.pdf"
    path.write_bytes(content)
    return path
