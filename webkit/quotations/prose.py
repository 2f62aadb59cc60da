"""Texts of a quotation as they are laid out: paragraphs, and lists of what is done ("- " at the start). Pure."""

from __future__ import annotations

Block = tuple[str, list[str]]


def blocks(text: str) -> list[Block]:
    """("p", lines) for a paragraph, ("ul", points) for a list, in order."""
    found: list[Block] = []
    for line in text.splitlines():
        words = line.strip()
        kind = "ul" if words.startswith("- ") else "p"
        if not words:
            found.append(("", []))
        elif found and found[-1][0] == kind:
            found[-1][1].append(words.removeprefix("- "))
        else:
            found.append((kind, [words.removeprefix("- ")]))
    return [block for block in found if block[0]]
