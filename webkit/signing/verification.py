"""Looking up a document by its code, and comparing a file with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.core.extensions import LazyText
from webkit.core.kernel import frozen
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.runtime import current
from webkit.signing import seal, witness
from webkit.signing.events import SEALED
from webkit.signing.seal import SealError


@dataclass(frozen=True, slots=True)
class Verified:
    """What anybody who holds a document's code may know about it; no amounts, no people.

    `sealed` is None for kinds without a seal, else whether the seal holds. `account` is the bank account an invoice
    names, so that a forged one is noticed.
    """

    code: str
    kind: str
    label: LazyText
    number: str
    agency: str
    legal_name: str
    frozen_at: datetime
    snapshot_hash: str
    pdf_hash: str | None
    intact: bool
    sealed: bool | None
    public_key: str
    newer: bool
    state: LazyText
    tone: str
    account: tuple[str, str, str] | None

    @property
    def genuine(self) -> bool:
        return self.intact and self.sealed is not False


@dataclass(frozen=True, slots=True)
class Compared:
    """What a file turned out to be: `same`, `sealed_other` (a whole sealed file of another document), or `different`.

    `reason` says what is wrong with a seal the file carries.
    """

    outcome: str
    hash: str
    reason: str = ""
    number: str = ""


def look_up(frozen_id: UUID) -> Verified:
    """The document behind a code, in its agency's unit."""
    kept = frozen.get(frozen_id)
    newest = frozen.latest(kept.kind, kept.document_id)
    known = current().witnesses.get(kept.kind)
    agency = kept.snapshot.get("agency", {})
    state, tone = _state(kept)
    return Verified(
        code=kept.code,
        kind=kept.kind,
        label=known.label if known else kept.kind.replace("_", " ").capitalize(),
        number=kept.number,
        agency=str(agency.get("name", "")),
        legal_name=str(agency.get("legal_name", "")),
        frozen_at=kept.created_at,
        snapshot_hash=kept.snapshot_hash,
        pdf_hash=kept.pdf_hash,
        intact=frozen.snapshot_is_intact(frozen_id),
        sealed=witness.seal_is_ours(kept) if kept.kind == SEALED and kept.seal is not None else None,
        public_key=current().keys.public_key.hex(),
        newer=newest is not None and newest.id != kept.id,
        state=state,
        tone=tone,
        account=_account(kept),
    )


def compare(document: Verified, content: bytes) -> Compared:
    """Whether `content` is the file behind the code, byte for byte."""
    hashed = digest(content)
    if hashed == document.pdf_hash:
        return Compared("same", hashed)
    try:
        statement: dict[str, Any] = seal.read(content)[1].statement
    except SealError as error:
        return Compared("different", hashed, reason=str(error) if seal.MARK in content else "")
    ours = statement.get("public_key") == document.public_key
    number = str(statement.get("number", "")) if ours else ""
    return Compared("sealed_other" if ours else "different", hashed, number=number)


def _state(kept: Frozen) -> tuple[LazyText, str]:
    known = current().witnesses.get(kept.kind)
    try:
        return known.state(kept) if known else ("", "")
    except NotFound:
        return "", ""


def _account(kept: Frozen) -> tuple[str, str, str] | None:
    bank = kept.snapshot.get("agency", {}).get("bank") or {}
    if kept.kind != "invoice" or not (bank.get("iban") or bank.get("text")):
        return None
    return str(bank.get("account_name", "")), str(bank.get("iban", "")), str(bank.get("text", ""))
