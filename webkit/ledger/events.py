"""What other features hear about the ledger, inside the transaction that books it."""

from __future__ import annotations

from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class RateGiven:
    """Somebody has said what the currency of a source was worth in the agency's."""

    source: str
