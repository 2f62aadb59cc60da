"""Sealing: a job in small steps, each of which does nothing when it has been done. Killed anywhere, it goes on.

1. sign the chain's head and freeze contract, signature and evidence as one document
2. render its PDF once and put the seal behind it
3. in one transaction: keep the seal, move the contract, record the event, write both mails
4. sign the head again, which now ends with that event
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.contracts import service as contracts
from webkit.contracts.service import ContractState, ContractView
from webkit.core.extensions import Job
from webkit.core.kernel import clock, events, evidence, frozen, tenancy
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.evidence import Head
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.runtime import current
from webkit.messaging import service as messaging
from webkit.signing import seal, service
from webkit.signing.events import SEALED, SEALED_EVENT, SIGNED
from webkit.signing.seal import Seal
from webkit.signing.service import SignatureView

VERSION = 1
TEMPLATE = f"pdf/{SEALED}/{VERSION}.html"


def seal_contract(job: Job) -> None:
    """Seal one signed contract."""
    contract_id = UUID(job.args["contract_id"])
    state = contracts.get(contract_id).state
    if state == ContractState.SIGNED:
        document_id = freeze_sealed(contract_id)
        content = frozen.ensure_pdf(document_id)
        _conclude(contract_id, document_id, content)
    elif state != ContractState.SEALED:
        return
    release()
    evidence.sign_head()


@writes
def freeze_sealed(contract_id: UUID) -> UUID:
    """Step 1; the id of the document, made now or before."""
    if (existing := frozen.latest(SEALED, contract_id)) is not None:
        return existing.id
    contract, signature = contracts.get(contract_id), service.signature_of(contract_id)
    head = evidence.sign_head()
    assert signature is not None and contract.frozen_id is not None and head is not None  # signed, hence all three
    original = frozen.get(contract.frozen_id)
    kept = frozen.freeze(
        SEALED,
        contract_id,
        number=contract.number,
        template=TEMPLATE,
        snapshot=_snapshot(contract, original, signature, head),
        locale=original.locale,
    )
    return kept.id


def finish(document: Frozen, pdf: bytes) -> bytes:
    """Step 2: the last word on the bytes, whoever asks for the PDF first."""
    keys = current().keys
    made = seal.make(
        pdf,
        sign=keys.sign,
        public_key=keys.public_key,
        snapshot_hash=document.snapshot_hash,
        agency=document.snapshot["agency"]["legal_name"],
        kind=document.kind,
        number=document.number,
        at=document.created_at,
        verify_url=document.verify_url,
    )
    return seal.attach(pdf, made)


@writes
def _conclude(contract_id: UUID, document_id: UUID, content: bytes) -> None:
    """Step 3: all of it, or none."""
    moment, document, made = clock.now(), frozen.get(document_id), seal.read(content)[1]
    if not contracts.mark_sealed(contract_id, document_id, moment):
        return
    frozen.attach_seal(document_id, made.to_dict())
    contract = contracts.get(contract_id)
    facts = {
        "actor": "system",
        "number": contract.number,
        "frozen": str(document_id),
        "snapshot_hash": document.snapshot_hash,
        "pdf_hash": digest(content),
        "public_key": made.public_key,
    }
    events.record(SEALED_EVENT, contract.subject, facts, about=contract.about)
    _mail(contract, document, made)


def _mail(contract: ContractView, document: Frozen, made: Seal) -> None:
    profile = agencies.profile()
    context = {
        "number": contract.number,
        "title": contract.title,
        "client": document.snapshot["contract"]["client"]["name"],
        "signer": contract.signer_name,
        "verify_url": document.verify_url,
        "pdf_hash": str(made.statement["pdf_sha256"]),
    }
    to_both = [("contract_sealed", contract.signer_name, contract.signer_email, contract.locale)]
    if profile.email:
        to_both.append(("contract_sealed_agency", profile.name, profile.email, profile.locale))
    for template, name, email, locale in to_both:
        messaging.send(
            template,
            name,
            email,
            context={**context, "name": name},
            subject=contract.subject,
            about=contract.about,
            attach=(document.id,),
            locale=locale,
        )


def _snapshot(contract: ContractView, original: Frozen, signature: SignatureView, head: Head) -> dict[str, Any]:
    signed = next(entry for entry in events.timeline(contract.subject, limit=200) if entry.kind == SIGNED)
    return {
        "version": VERSION,
        "agency": original.snapshot["agency"],
        "contract": original.snapshot,
        "signature": {
            "name": signature.name,
            "title": signature.title,
            "email": signature.email,
            "method": signature.method,
            "typed": signature.typed,
            "drawn": signature.drawn,
            "address": signature.address,
            "user_agent": signature.user_agent,
            "code_sent_at": _moment(signature.code_sent_at),
            "code_verified_at": _moment(signature.code_verified_at),
            "signed_at": _moment(signature.signed_at),
            "consent": {
                "version": signature.consent_version,
                "language": signature.consent_language,
                "hash": signature.consent_hash,
                "text": signature.consent_text,
            },
        },
        "evidence": {
            "agency_id": str(tenancy.agency_id()),
            "document": {"snapshot_hash": signature.snapshot_hash, "pdf_hash": signature.pdf_hash},
            "event": {"seq": signed.seq, "hash": signed.hash, "at": _moment(signed.at)},
            "head": {
                "seq": head.seq,
                "hash": head.hash,
                "at": _moment(head.at),
                "public_key": head.public_key,
                "signature": head.signature,
            },
        },
    }


def _moment(moment: Any) -> str:
    return str(moment.isoformat())
