"""What other features may listen to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ContractSigned:
    """The client has signed; published in the transaction that records the signature.

    A subscriber may answer with a Continuation("i", …): the signed page then goes on to that invoice.
    """

    contract_id: UUID
