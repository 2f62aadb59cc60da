"""Names shared by those who record and those who read: kinds of documents, jobs and events of signing."""

from __future__ import annotations

SEALED = "contract_sealed"
"""Kind of the frozen document that holds contract, signatures and evidence."""
SEAL_JOB = "signing.seal"
CODE_SENT, SIGNED, SEALED_EVENT = "contract.code_sent", "contract.signed", "contract.sealed"
