"""What contracts say about their own frozen documents when these are examined or looked up."""

from __future__ import annotations

from collections.abc import Iterable

from webkit.contracts import document, models
from webkit.contracts.models import Contract, ContractState
from webkit.core.extensions import LazyText
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.evidence import Witness
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l

STATES: dict[ContractState, tuple[LazyText, str]] = {
    ContractState.DRAFT: (_l("Not sent"), ""),
    ContractState.SENT: (_l("Sent, waiting for the signature"), "wait"),
    ContractState.SIGNED: (_l("Signed"), "ok"),
    ContractState.SEALED: (_l("Signed and sealed"), "ok"),
    ContractState.CANCELLED: (_l("Withdrawn before it was signed"), "bad"),
}


def state(kept: Frozen) -> tuple[LazyText, str]:
    """How the contract stands right now."""
    return STATES[_row(kept).state]


def differences(kept: Frozen, _pdf: bytes | None) -> Iterable[str]:
    """Whether the row still says what was frozen."""
    try:
        row = _row(kept)
    except NotFound:
        return ["its contract is gone."]
    snapshot = kept.snapshot
    totals = {"once": row.total_minor, "monthly": row.monthly_minor, "deposit": row.deposit_minor}
    stored = {"once": row.once, "monthly": row.monthly, "deposit": row.deposit}
    checks = (
        (row.number == snapshot["number"], "the contract's number is another one now."),
        (totals == snapshot["totals"], "the contract's totals are other ones now."),
        (all(snapshot[part] == value for part, value in stored.items()), "the contract's calculation was changed."),
        (str(row.client_id) == str(snapshot["client"]["id"]), "the contract belongs to another client now."),
        (row.frozen_id == kept.id, "the contract points to another document."),
    )
    return [sentence for holds, sentence in checks if not holds]


def _row(kept: Frozen) -> Contract:
    row = models.contract(kept.document_id)
    if row is None:
        raise NotFound(_("There is no such contract."))
    return row


WITNESS = Witness(label=_l("Contract"), state=state, differences=differences)
KIND = document.KIND
