"""Confirming and signing: codes by mail, and the one transaction in which a signature comes into being."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from webkit.contracts import service as contracts
from webkit.contracts.service import ContractState, ContractView
from webkit.core.kernel import clock, events, frozen, ids, outbox
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid, TooMany
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import ngettext
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.messaging import service as messaging
from webkit.signing import consent, models
from webkit.signing.events import CODE_SENT, SEAL_JOB, SIGNED
from webkit.signing.models import TRIES, Signature, SigningCode

CODE_MINUTES = 10
CODES_PER_HOUR = 5


@dataclass(frozen=True, slots=True)
class CodeView:
    """The code that counts right now; `open` while it can still be typed."""

    email: str
    sent_at: datetime
    expires_at: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What a client sends to sign. `typed` or `drawn` (a clean PNG data URL) is the signature."""

    name: str
    title: str
    code: str
    typed: str
    drawn: str
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class SignatureView:
    """A signature as pages and the evidence page may know it."""

    id: UUID
    name: str
    title: str
    email: str
    method: str
    typed: str
    drawn: str
    address: str
    user_agent: str
    consent_version: int
    consent_language: str
    consent_hash: str
    consent_text: str
    snapshot_hash: str
    pdf_hash: str
    code_sent_at: datetime
    code_verified_at: datetime
    signed_at: datetime


def masked(email: str) -> str:
    """An address that its owner recognises: am•••@kestrel.example."""
    name, _at, domain = email.partition("@")
    return f"{name[:2] if len(name) > 3 else name[:1]}•••@{domain}"


def code_of(contract_id: UUID) -> CodeView | None:
    """The newest code of a contract, if one was sent."""
    row = models.newest_code(contract_id)
    if row is None:
        return None
    return CodeView(masked(row.email), row.created_at, row.expires_at, _is_open(row))


def signature_of(contract_id: UUID) -> SignatureView | None:
    """The client's signature, once given."""
    row = models.signature_of(contract_id)
    return _view(row) if row else None


@writes
def send_code(contract_id: UUID) -> CodeView:
    """Mail a fresh code to the person who signs. Raises TooMany after five within an hour."""
    contract = contracts.get(contract_id)
    _demand_open(contract)
    moment = clock.now()
    sent = models.codes_since(contract_id, moment - timedelta(hours=1))
    if len(sent) >= CODES_PER_HOUR:
        again = sent[-CODES_PER_HOUR] + timedelta(hours=1) - moment
        minutes = max(1, round(again.total_seconds() / 60))
        raise TooMany(
            ngettext(
                "Five codes were sent within an hour. You can ask for the next one in %(n)s minute.",
                "Five codes were sent within an hour. You can ask for the next one in %(n)s minutes.",
                minutes,
            ),
            retry_after=int(again.total_seconds()) + 1,
        )
    code = ids.code()
    expires = moment + timedelta(minutes=CODE_MINUTES)
    if models.add_code(contract_id, _hash(contract_id, code), contract.signer_email, expires):
        _mail_code(contract, code)
        facts = {"actor": "client", "number": contract.number}
        events.record(
            CODE_SENT, contract.subject, facts, personal={"email": contract.signer_email}, about=contract.about
        )
    return CodeView(masked(contract.signer_email), moment, expires, True)


def sign(contract_id: UUID, given: Given) -> None:
    """Sign. Raises Invalid for a wrong code (which is counted), Conflict when the contract cannot be signed any more.

    Signed already, by a second click or in another tab, it does nothing.
    """
    contract = contracts.get(contract_id)
    if contract.frozen_id is not None and contract.state == ContractState.SENT:
        # The signature covers the PDF's bytes, so they must exist: the one thing the signer waits for.
        frozen.ensure_pdf(contract.frozen_id)
    if problem := _sign(contract_id, given):
        raise Invalid({"code": problem})


@writes
def _sign(contract_id: UUID, given: Given) -> str | None:
    """Everything in one transaction. A refused code is an answer, not an error: its try must be counted."""
    contract = contracts.get(contract_id)
    if _is_signed(contract):
        return None
    _demand_open(contract)
    row = models.newest_code(contract_id)
    if row is None:
        return _("Ask for a code first.")
    sent_at, expected, email = row.created_at, row.code_hash, row.email
    this_try = models.try_code(row.id)
    if this_try is None:
        # Another tab may have used the code while this one waited for its row.
        return None if _is_signed(contracts.get(contract_id)) else _used_up(row)
    if not hmac.compare_digest(_hash(contract_id, given.code), expected):
        return _wrong(TRIES - this_try)
    moment = clock.now()
    models.use_code(row.id, moment)
    if not contracts.mark_signed(contract_id, moment, given.name, given.title):
        return None
    _keep(contracts.get(contract_id), given, email=email, code_sent_at=sent_at, moment=moment)
    contracts.announce_signed(contract_id)
    outbox.add(SEAL_JOB, contract_id=str(contract_id))
    return None


def _keep(contract: ContractView, given: Given, *, email: str, code_sent_at: datetime, moment: datetime) -> None:
    assert contract.frozen_id is not None  # nothing is signed that was not sent
    document = frozen.get(contract.frozen_id)
    if document.pdf_hash is None:
        raise Conflict(_("The document is still being prepared. Please try again in a moment."))
    agreed = consent.current(document.locale)
    text = agreed.filled(number=contract.number, client=document.snapshot["client"]["name"])
    signature = Signature(
        contract_id=contract.id,
        frozen_id=document.id,
        snapshot_hash=document.snapshot_hash,
        pdf_hash=document.pdf_hash,
        consent_version=agreed.version,
        consent_language=agreed.language,
        consent_hash=agreed.hash,
        consent_text=text,
        method="draw" if given.drawn else "type",
        typed="" if given.drawn else given.typed,
        drawn=given.drawn,
        name=given.name,
        title=given.title,
        email=email,
        address=given.address,
        user_agent=given.user_agent,
        code_sent_at=code_sent_at,
        code_verified_at=moment,
        signed_at=moment,
    )
    models.add_signature(signature)
    _record(contract, document, signature)


def _record(contract: ContractView, document: Frozen, signature: Signature) -> None:
    facts = {
        "actor": "client",
        "number": contract.number,
        "frozen": str(document.id),
        "snapshot_hash": signature.snapshot_hash,
        "pdf_hash": signature.pdf_hash,
        "consent_version": signature.consent_version,
        "consent_language": signature.consent_language,
        "consent_hash": signature.consent_hash,
        "method": signature.method,
        "total": contract.total_minor,
        "monthly": contract.monthly_minor,
        "currency": contract.currency,
    }
    personal = {
        "name": signature.name,
        "title": signature.title,
        "email": signature.email,
        "address": signature.address,
        "user_agent": signature.user_agent,
        "code_sent_at": signature.code_sent_at.isoformat(),
        "code_verified_at": signature.code_verified_at.isoformat(),
        "signature_hash": digest((signature.drawn or signature.typed).encode()),
    }
    events.record(SIGNED, contract.subject, facts, personal=personal, about=contract.about)


def _mail_code(contract: ContractView, code: str) -> None:
    messaging.send(
        "signing_code",
        contract.signer_name,
        contract.signer_email,
        context={"code": code, "number": contract.number, "title": contract.title, "minutes": CODE_MINUTES},
        subject=contract.subject,
        locale=contract.locale,
    )


def _demand_open(contract: ContractView) -> None:
    if _is_signed(contract):
        raise Conflict(_("This contract has been signed."))
    if contract.state != ContractState.SENT:
        raise Conflict(_("This contract was withdrawn and can no longer be signed."))
    if contract.expired:
        raise Conflict(_("The time to sign this contract has passed. Please ask for a new one."))


def _is_signed(contract: ContractView) -> bool:
    return contract.state in (ContractState.SIGNED, ContractState.SEALED)


def _is_open(row: SigningCode) -> bool:
    return row.used_at is None and row.tries < TRIES and row.expires_at > clock.now()


def _used_up(row: SigningCode) -> str:
    if row.tries >= TRIES:
        return _("This code was tried five times and no longer works. Send yourself a new one.")
    return _("This code was only good for %(n)s minutes. Send yourself a new one.", n=CODE_MINUTES)


def _wrong(left: int) -> str:
    if left == 0:
        return _("This is not the code, and it was the last try. Send yourself a new one.")
    return ngettext(
        "This is not the code we sent last. You can try once more.",
        "This is not the code we sent last. You can try %(n)s more times.",
        left,
    )


def _hash(contract_id: UUID, code: str) -> str:
    return current().keys.token_hash(f"code/{contract_id}/{code}")


def _view(row: Signature) -> SignatureView:
    return SignatureView(**{name: getattr(row, name) for name in SignatureView.__slots__})
