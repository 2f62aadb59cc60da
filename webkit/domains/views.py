"""What is shown of a domain."""

from __future__ import annotations

from datetime import datetime

from webkit.core.values import dataclass
from webkit.domains.models import DomainState, Problem


@dataclass(frozen=True, slots=True)
class DomainView:
    """A domain and what is to be written for it in the name system. `in_use`: links are written with it now."""

    host: str
    shown: str
    state: DomainState
    problem: Problem
    leads: bool
    in_use: bool
    address: str
    record: str
    value: str
    proven_at: datetime | None
    checked_at: datetime | None
