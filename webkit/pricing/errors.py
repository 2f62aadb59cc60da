"""What the kernel refuses."""

from __future__ import annotations

from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.errors import DomainError


class PricingError(DomainError):
    """These figures cannot be computed. `field` and `line` (its id) say where a person has to look."""

    def __init__(self, message: str, field: str | None = None, line: str | None = None) -> None:
        super().__init__(message, field)
        self.line = line


def within(minor: int, refusal: str, line: str | None = None) -> int:
    """The amount, if somebody may have meant it."""
    if abs(minor) > MAX_MINOR:
        raise PricingError(refusal, "amount", line)
    return minor
