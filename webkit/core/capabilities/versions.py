"""Versions of a contract: what a provider was written for, and what the platform speaks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Versions:
    """From the oldest to the newest version of a contract that a provider was written for, both included."""

    oldest: int
    newest: int

    def __post_init__(self) -> None:
        if not 1 <= self.oldest <= self.newest:
            raise ValueError(f"{self.oldest} to {self.newest} are no versions: begin with 1, the oldest first")

    def __str__(self) -> str:
        return str(self.oldest) if self.oldest == self.newest else f"{self.oldest} to {self.newest}"


def common(written_for: int | Versions, spoken: frozenset[int]) -> int | None:
    """The newest version both sides know, None if there is none."""
    known = written_for if isinstance(written_for, Versions) else Versions(written_for, written_for)
    return max((version for version in spoken if known.oldest <= version <= known.newest), default=None)
