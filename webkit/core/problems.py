"""A thing that is wrong with an installation, said so that an operator can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`where` names the variable, file or part; `problem` says what is wrong; `fix` is the line that mends it."""

    where: str
    problem: str
    fix: str
