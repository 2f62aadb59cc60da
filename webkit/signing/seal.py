"""The seal of a PDF: a signed statement behind the last byte, which proves the file without any database.

    <the PDF as it was rendered>
    %webkit-seal 1 <base64url of the envelope>
    startxref
    <the same offset as before>
    %%EOF

The envelope is canonical JSON `{"signature", "statement"}`; the statement names the SHA-256 and the length of the bytes
before the seal. To a PDF reader the seal is a comment, and the repeated end makes every reader find its way. There is
exactly one right form of the whole file, so any changed byte is noticed. Pure: no database, no application.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from webkit.core.kernel.crypto import canonical, digest, verify
from webkit.core.values import dataclass

MARK = b"%webkit-seal 1 "
_OFFSET = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*\Z")
_SEALED = re.compile(rb"\n%webkit-seal 1 ([A-Za-z0-9_=-]{1,8192})\nstartxref\n(\d{1,12})\n%%EOF\n\Z")
_SEARCHED = 16_384


class SealError(ValueError):
    """The file carries no seal, or one that does not hold. The message says which, in a sentence."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A statement and the Ed25519 signature (hex) over its canonical JSON; the statement names its public key."""

    statement: dict[str, Any]
    signature: str

    @property
    def public_key(self) -> str:
        return str(self.statement.get("public_key", ""))

    def to_dict(self) -> dict[str, Any]:
        """As it is stored beside the document and written into the file."""
        return {"signature": self.signature, "statement": self.statement}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Seal:
        """What `to_dict` gave. Raises SealError."""
        statement, signature = stored.get("statement"), stored.get("signature")
        if not isinstance(statement, dict) or not isinstance(signature, str) or len(stored) != 2:
            raise SealError("The seal cannot be read.")
        return cls(statement, signature)

    def holds(self) -> bool:
        """Whether the signature was made over this statement by the key it names."""
        try:
            key, signature = bytes.fromhex(self.public_key), bytes.fromhex(self.signature)
            return len(signature) == 64 and verify(key, canonical(self.statement).encode(), signature)
        except (ValueError, TypeError):
            return False


def make(
    pdf: bytes,
    *,
    sign: Callable[[bytes], bytes],
    public_key: bytes,
    snapshot_hash: str,
    agency: str,
    kind: str,
    number: str,
    at: datetime,
    verify_url: str,
) -> Seal:
    """Sign a statement about `pdf`."""
    statement = {
        "agency": agency,
        "at": at.astimezone(UTC).isoformat(),
        "kind": kind,
        "number": number,
        "pdf_bytes": len(pdf),
        "pdf_sha256": digest(pdf),
        "public_key": public_key.hex(),
        "snapshot_sha256": snapshot_hash,
        "verify": verify_url,
    }
    return Seal(statement, sign(canonical(statement).encode()).hex())


def attach(pdf: bytes, seal: Seal) -> bytes:
    """The file that proves itself."""
    found = _OFFSET.search(pdf[-1024:])
    if found is None:
        raise SealError("This is not a complete PDF.")
    envelope = base64.urlsafe_b64encode(canonical(seal.to_dict()).encode())
    return pdf + b"\n" + MARK + envelope + b"\nstartxref\n" + found[1] + b"\n%%EOF\n"


def read(file: bytes) -> tuple[bytes, Seal]:
    """Take a sealed file apart and check everything that needs no trust: form, signature, length, hash.

    Whose key it is remains to be judged by the caller. Raises SealError.
    """
    found = _SEALED.search(file[-_SEARCHED:])
    if found is None:
        raise SealError("This file carries no seal at its end: it is another file, or it was changed or cut.")
    pdf = file[: len(file) - (found.end() - found.start())]
    try:
        envelope = json.loads(base64.urlsafe_b64decode(found[1]))
    except (ValueError, binascii.Error) as error:
        raise SealError("The seal cannot be read: it was changed.") from error
    seal = Seal.from_dict(envelope if isinstance(envelope, dict) else {})
    if not seal.holds():
        raise SealError("The signature in the seal is not valid: the seal was changed.")
    if seal.statement.get("pdf_bytes") != len(pdf) or seal.statement.get("pdf_sha256") != digest(pdf):
        raise SealError("The document was changed after it was sealed.")
    if attach(pdf, seal) != file:
        raise SealError("The end of the file was changed after it was sealed.")
    return pdf, seal
