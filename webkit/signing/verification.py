"""Looking up a document by its code, and comparing a file with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.extensions import LazyText
from webkit.core.kernel import frozen
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.signing import seal, witness
from webkit.signing.events import SEALED
from webkit.signing.seal import SealError


@dataclass(frozen=True, slots=True)
class Account:
    """Where a document asks for money to be sent; `reference` goes with the transfer."""

    name: str
    iban: str
    bic: str
    text: str
    reference: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What anybody who holds a document's code may know about it; no amounts, no people.

    `sealed` is None for kinds without a seal, else whether the seal holds. `account` is the bank account the document
    names, so that a forged one is noticed; `moved` says that the sender gives another one to new documents.
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
    account: Account | None
    moved: bool

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
        public_key=str((kept.seal or {}).get("statement", {}).get("public_key", "")) or current().keys.public_key.hex(),
        newer=newest is not None and newest.id != kept.id,
        state=state,
        tone=tone,
        account=_account(kept),
        moved=_moved(kept),
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


PAID = frozenset({"invoice", "pro_forma", "statement"})
"""Documents that money is sent for."""


def _account(kept: Frozen) -> Account | None:
    agency = kept.snapshot.get("agency", {})
    bank = agency.get("bank") or {}
    if kept.kind not in PAID or not (bank.get("iban") or bank.get("text")):
        return None
    name = str(bank.get("account_name") or agency.get("legal_name") or agency.get("name", ""))
    iban, bic, text = (str(bank.get(part, "")) for part in ("iban", "bic", "text"))
    return Account(name, iban, bic, text, reference=kept.number if kept.kind == "invoice" else "")


def _moved(kept: Frozen) -> bool:
    """Whether the account on the document is another one than the agency's of today."""
    if _account(kept) is None:
        return False
    bank, now = kept.snapshot["agency"]["bank"], agencies.profile().bank
    return (bank.get("iban", ""), bank.get("text", "")) != (now.iban, now.text)
