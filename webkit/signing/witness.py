"""What signing says about sealed contracts when they are examined or looked up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from webkit.contracts import service as contracts
from webkit.contracts.witness import STATES
from webkit.core.extensions import LazyText
from webkit.core.kernel import events, evidence
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.evidence import Head, Witness
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.signing import seal, service
from webkit.signing.seal import Seal, SealError


def state(kept: Frozen) -> tuple[LazyText, str]:
    """How the contract stands right now."""
    return STATES[contracts.get(kept.document_id).state]


def differences(kept: Frozen, pdf: bytes | None) -> Iterable[str]:
    """Compare the sealed document with its signature, its seal, and the chain it prints."""
    return [*_signature(kept), *_head(kept), *(_file(kept, pdf) if pdf is not None else ())]


def seal_is_ours(kept: Frozen) -> bool:
    """Whether the stored seal holds and was made with this installation's key."""
    try:
        stored = Seal.from_dict(kept.seal or {})
    except SealError:
        return False
    ours = stored.public_key in evidence.trusted_keys()
    return ours and stored.holds() and stored.statement.get("snapshot_sha256") == kept.snapshot_hash


def _signature(kept: Frozen) -> list[str]:
    try:
        given = service.signature_of(kept.document_id)
        contract = contracts.get(kept.document_id)
    except NotFound:
        return ["its contract is gone."]
    printed = kept.snapshot["signature"]
    if given is None or (given.name, given.email, given.signed_at) != (
        printed["name"], printed["email"], datetime.fromisoformat(printed["signed_at"])
    ):  # fmt: skip
        return ["the signature is not the one that was sealed."]
    named = (given.snapshot_hash, given.pdf_hash)
    document = kept.snapshot["evidence"]["document"]
    if named != (document["snapshot_hash"], document["pdf_hash"]):
        return ["the signature covers another document."]
    return [] if contract.sealed_id in (None, kept.id) else ["the contract points to another sealed document."]


def _head(kept: Frozen) -> list[str]:
    printed = kept.snapshot["evidence"]
    head = Head(**{**printed["head"], "at": datetime.fromisoformat(printed["head"]["at"])})
    ours = head.public_key in evidence.trusted_keys()
    if not ours or not evidence.head_is_signed(UUID(printed["agency_id"]), head):
        return ["the signature under the printed head is not valid."]
    for seq, hash_ in ((head.seq, head.hash), (printed["event"]["seq"], printed["event"]["hash"])):
        entry = events.entry(seq)
        if entry is None or entry.hash != hash_:
            return [f"the chain no longer has the event {seq} that is printed in it."]
    return []


def _file(kept: Frozen, pdf: bytes) -> list[str]:
    try:
        made = seal.read(pdf)[1]
    except SealError as error:
        return [str(error)]
    if kept.seal is not None and made.to_dict() != kept.seal:
        return ["the seal in the file is not the one that was kept."]
    if made.statement.get("snapshot_sha256") != kept.snapshot_hash:
        return ["the seal names another snapshot."]
    return [] if made.public_key in evidence.trusted_keys() else ["it is sealed with a key that is not ours."]


WITNESS = Witness(label=_l("Signed contract"), state=state, differences=differences)
