"""Paragraphs and lists of a text that may still grow; lists in JSON are read as they arrive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_GAP = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*\\?\Z|[{}\[\],:]|-?\d[\d.eE+-]*|\w+', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CUT = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_PLAIN = {"n": " ", "t": " ", "r": " ", "b": "", "f": ""}
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKUP = re.compile(r"(?<!\w)(?:\*\*|__|`)|(?:\*\*|__|`)(?!\w)")
_SIGNS = re.compile(r"[*_`]+\Z")
Prints = Mapping[str, Callable[[str], str]]
NOTHING: Prints = {}


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


def unmarked(text: str, *, whole: bool = True) -> str:
    """Without the signs that models put around words to make them bold: a figure is what is read without them.

    Signs in the middle of a word stay: taken out, they would make another word, or another figure. A text that is not
    whole is given up to signs that may still stand for something else.
    """
    if not any(sign in text for sign in "*_`"):
        return text
    return _MARKUP.sub("", text if whole else _SIGNS.sub("", text))


def readable(json: str, prints: Prints = NOTHING) -> str:
    """What JSON that may break off anywhere says, as a list: a line for each entry. It only grows as the JSON does.

    `prints` says how whole values of some names read.
    """
    return "".join(_Reader(prints).lines(json))


class _Reader:
    """Prints the values in the order they come; names are left out, each entry of a list begins a line."""

    def __init__(self, prints: Prints) -> None:
        self._prints, self._name = prints, ""
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
            elif self._is_name:
                self._name = sign.strip('"')
            elif said := self._value(sign, ended=found.end() < len(json)):
                yield self._lead() + said

    def _value(self, sign: str, *, ended: bool) -> str:
        said, printed = _said(sign, ended=ended), self._prints.get(self._name)
        if printed is None:
            return said
        return printed(said) if said and (ended or _is_whole(sign)) else ""

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
    inside = sign[1:-1] if _is_whole(sign) else _CUT.sub("", sign[1:])
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _PLAIN.get(found[2], found[2]), inside)
    return " ".join(_SURROGATE.sub("", text).splitlines())


def _is_whole(sign: str) -> bool:
    """Whether a text in quotation marks has its end."""
    return len(sign) > 1 and sign.startswith('"') and sign.endswith('"') and not _escaped_end(sign)


def _escaped_end(sign: str) -> bool:
    return (len(sign) - 1 - len(sign[:-1].rstrip("\\"))) % 2 == 1
