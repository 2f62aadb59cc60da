"""Putting values for `{{client.name}}` into a text. Pure.

A field that is unknown or has no value is reported, never left in the text and never silently empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_STRAY = re.compile(r"\{\{|\}\}")
OPEN = "{{"
"""What is reported for a field that is not closed."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A text with its fields filled in, and the fields for which that was not possible."""

    text: str
    unknown: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


def resolve(text: str, filled: Mapping[str, str], names: Mapping[str, str] | None = None) -> Resolved:
    """Put values into `text`, in one pass: braces inside a value stay what they are. `names` holds aliases."""
    unknown: list[str] = []
    empty: list[str] = []

    def value(found: re.Match[str]) -> str:
        tag = found[1].strip()
        name = (names or {}).get(tag) or (tag if tag in filled else None)
        if name is None:
            unknown.append(tag)
        elif not filled.get(name):
            empty.append(name)
        else:
            return filled[name]
        return found[0]

    done = _TAG.sub(value, text)
    if _STRAY.search(_TAG.sub("", text)):
        unknown.append(OPEN)
    return Resolved(done, tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(empty)))


def tags(texts: Iterable[str]) -> tuple[str, ...]:
    """The fields that stand in texts, each once."""
    return tuple(dict.fromkeys(found.strip() for text in texts for found in _TAG.findall(text)))
