"""Paragraphs and lists of a text that may still grow; lists in JSON are read as they arrive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_GAP = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*\\?\Z|[{}\[\],:]|-?\d[\d.eE+-]*|\w+', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CUT = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_PLAIN = {"n": " ", "t": " ", "r": " ", "b": "", "f": ""}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a list, and the empty lines behind it."""

    text: str
    gap: str


def split(text: str) -> list[Block]:
    """The blocks of a text; together they are the text. Only the last one can still grow."""
    found, at = [], 0
    for gap in _GAP.finditer(text):
        found.append(Block(text[at : gap.start()], gap[0]))
        at = gap.end()
    return [*found, Block(text[at:], "")] if at < len(text) else found


def readable(json: str) -> str:
    """What JSON that may break off anywhere says, as a list: a line for each entry. It only grows as the JSON does."""
    return "".join(_Reader().lines(json))


class _Reader:
    """Prints the values in the order they come; names are left out, each entry of a list begins a line."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._is_name = False
        self._fresh = True
        self._any = False

    def lines(self, json: str) -> Iterator[str]:
        for found in _TOKEN.finditer(json):
            sign = found[0]
            if sign in "{[":
                self._enter(sign)
            elif sign in "}]":
                self._open = self._open[:-1]
                self._is_name = self._inside == "{"
            elif sign == ",":
                self._is_name = self._inside == "{"
                self._fresh = self._fresh or self._inside == "["
            elif sign == ":":
                self._is_name = False
            elif not self._is_name and (said := _said(sign, ended=found.end() < len(json))):
                yield self._lead() + said

    @property
    def _inside(self) -> str:
        return self._open[-1] if self._open else ""

    def _enter(self, sign: str) -> None:
        self._open.append(sign)
        self._is_name = sign == "{"
        self._fresh = self._fresh or sign == "["

    def _lead(self) -> str:
        lead = ("\n- " if self._any else "- ") if self._fresh else " – "
        self._fresh, self._any = False, True
        return lead


def _said(sign: str, *, ended: bool) -> str:
    """The text of a value; nothing for true, false and null, and for a number that may go on."""
    if not sign.startswith('"'):
        return sign if ended and sign[0] in "-0123456789" else ""
    whole = len(sign) > 1 and sign.endswith('"') and not _escaped_end(sign)
    inside = sign[1:-1] if whole else _CUT.sub("", sign[1:])
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _PLAIN.get(found[2], found[2]), inside)
    return " ".join(_SURROGATE.sub("", text).splitlines())


def _escaped_end(sign: str) -> bool:
    return (len(sign) - 1 - len(sign[:-1].rstrip("\\"))) % 2 == 1
