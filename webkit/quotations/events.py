"""What other features may listen to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class QuotationAccepted:
    """A client has accepted; published in the transaction that records it. `service.accepted()` says what."""

    quotation_id: UUID
