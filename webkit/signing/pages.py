"""What the pages of signing show."""

from __future__ import annotations

from typing import Any

from webkit.core.kernel.forms import FormState
from webkit.core.values import dataclass
from webkit.signing.service import CodeView, SignatureView
from webkit.signing.verification import Compared, Verified


@dataclass(frozen=True, slots=True)
class Next:
    """The document with which the visit goes on: the deposit's invoice."""

    url: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ContractPage:
    """The contract, from its snapshot, and the panel beside it. `word` is sent, expired, signed or sealed."""

    doc: dict[str, Any]
    word: str
    number: str
    lang: str
    sender: dict[str, Any]
    paper: str
    form: FormState | None
    mailed: CodeView | None
    email: str
    consent: str
    signature: SignatureView | None
    code_missing: bool
    next: Next | None
    verify_url: str
    snapshot_hash: str
    notice: str
    staff_view: bool


@dataclass(frozen=True, slots=True)
class VerifyPage:
    document: Verified
    compared: Compared | None
    problem: str


@dataclass(frozen=True, slots=True)
class LookUpPage:
    typed: str
    unknown: bool
