"""Answers, without a database: read from a form, checked, weighed, compared and put into words.

What can be stored is little more than what fits: half an address is kept while somebody types it. Whether an answer is
usable is asked separately, for the percentage and before a consultation is completed.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from webkit.consultations.fields import FIELDS, Field, Kind
from webkit.consultations.presets import Lists
from webkit.core.kernel.forms import Email, Line, Text, Url, sentence
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

Answer = str | list[str]
Answers = Mapping[str, Answer]
"""By name; a question without an answer is missing."""

_PROPER: dict[Kind, TypeAdapter[str]] = {Kind.EMAIL: TypeAdapter(Email), Kind.URL: TypeAdapter(Url)}
_DIGITS = re.compile(r"(?:\D*\d){5}")
_TOKENS = re.compile(r"\s+|\S+")


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form said: an answer for every question it asked (empty ones too), and what cannot be stored."""

    answers: Answers = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def read(fields: Sequence[Field], given: Mapping[str, Sequence[str]], lists: Lists, stored: Answers) -> Typed:
    """What was sent for these questions. What is `stored` may be sent again although it is no longer offered."""
    answers: dict[str, Answer] = {}
    errors: dict[str, str] = {}
    for asked in fields:
        try:
            answers[asked.name] = _read(asked, given.get(asked.name, ()), lists, stored.get(asked.name, ""))
        except ValidationError as error:
            errors[asked.name] = sentence(error.errors()[0])
        except ValueError as error:
            errors[asked.name] = str(error)
    return Typed(answers, errors)


def _read(asked: Field, raw: Sequence[str], lists: Lists, stored: Answer) -> Answer:
    if not asked.chooses:
        text = (raw[-1] if raw else "").replace("\r\n", "\n").replace("\r", "\n").strip()
        text = _adapter(asked).validate_python(text)
        proper = _proper(asked, text)
        return proper if 0 < len(proper) <= asked.limit else text
    known = list(dict.fromkeys([*lists.values(asked.name), *listed(stored)]))
    chosen = [value for value in dict.fromkeys(raw) if value]
    if not set(chosen) <= set(known) or (len(chosen) > 1 and asked.kind is not Kind.CHIPS):
        raise ValueError(_("Please choose one of the offered values."))
    if asked.kind is not Kind.CHIPS:
        return chosen[0] if chosen else ""
    order = [value for value, _words in lists.offered(asked.name)]
    return sorted(chosen, key=lambda value: order.index(value) if value in order else len(order))


@functools.cache
def _adapter(asked: Field) -> TypeAdapter[str]:
    return TypeAdapter(Text(asked.limit) if asked.kind is Kind.TEXT else Line(asked.limit))


def _proper(asked: Field, text: str) -> str:
    """The text as a usable address; empty when it is none (yet)."""
    if asked.kind not in _PROPER:
        return text
    try:
        return _PROPER[asked.kind].validate_python(text)
    except ValidationError:
        return ""


def listed(answer: Answer) -> list[str]:
    """An answer as a list: the values chosen, or the text."""
    return answer if isinstance(answer, list) else [answer] if answer else []


def merged(stored: Answers, typed: Answers) -> dict[str, Answer]:
    """`stored` with what was typed; empty answers leave."""
    return {name: value for name in FIELDS if (value := typed.get(name, stored.get(name, "")))}


def defaults(lists: Lists) -> dict[str, Answer]:
    """What stands in a form before anybody touched it."""
    return {name: asked.default for name, asked in FIELDS.items() if asked.default in lists.values(name)}


def problem(asked: Field, answer: Answer) -> str:
    """Why an answer cannot be used, as a sentence; empty when it can, or when none is needed."""
    if not answer:
        return _("Please fill this in.") if asked.required else ""
    if isinstance(answer, str) and not _proper(asked, answer):
        kind = _PROPER[asked.kind]
        try:
            kind.validate_python(answer)
        except ValidationError as error:
            return sentence(error.errors()[0])
    if asked.kind is Kind.PHONE and not _DIGITS.match(str(answer)):
        return _("This is not a phone number.")
    return ""


def problems(answers: Answers) -> dict[str, str]:
    """What keeps a consultation from being completed: name of the question and sentence."""
    found = {name: problem(asked, answers.get(name, "")) for name, asked in FIELDS.items()}
    return {name: said for name, said in found.items() if said}


def percent(answers: Answers) -> int:
    """How much is known, weighed; 100 only when every question that counts has a usable answer.

    What stands in the form before anybody touches it counts neither for nor against.
    """
    told = {name: asked for name, asked in FIELDS.items() if not _untold(asked, answers.get(name))}
    whole = sum(asked.weight for asked in told.values())
    usable = (asked for name, asked in told.items() if answers.get(name) and not problem(asked, answers[name]))
    return sum(asked.weight for asked in usable) * 100 // whole


def _untold(asked: Field, answer: Answer | None) -> bool:
    """Whether an answer is the one that nobody has to choose ("not decided yet"): it tells nothing."""
    return bool(asked.default) and answer == asked.default


def words(asked: Field, answer: Answer, lists: Lists) -> list[str]:
    """An answer as people read it: the words of each choice, or the text itself."""
    return [lists.words(asked.name, value) for value in listed(answer)] if asked.chooses else listed(answer)


def snapshot(answers: Answers, lists: Lists) -> list[dict[str, str]]:
    """What was answered, in words of the current language, for documents and for whoever writes them.

    Without what stood in the form before anybody touched it: nobody said that.
    """
    return [
        {"id": f"answer.{name}", "label": str(asked.label), "value": ", ".join(words(asked, answers[name], lists))}
        for name, asked in FIELDS.items()
        if answers.get(name) and not _untold(asked, answers[name])
    ]


Mark = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Change:
    """How one answer differs: pieces of text, or choices, each the same, added or removed."""

    field: Field
    pieces: tuple[tuple[Mark, str], ...]


def changed(before: Answers, after: Answers) -> list[str]:
    """Names of the questions that are answered differently."""
    return [name for name in FIELDS if before.get(name, "") != after.get(name, "")]


def diff(before: Answers, after: Answers, lists: Lists) -> list[Change]:
    """What is different, question by question."""
    return [
        Change(FIELDS[name], tuple(_pieces(FIELDS[name], before.get(name, ""), after.get(name, ""), lists)))
        for name in changed(before, after)
    ]


def _pieces(asked: Field, before: Answer, after: Answer, lists: Lists) -> list[tuple[Mark, str]]:
    if not asked.chooses:
        return text_pieces(str(before or ""), str(after or ""))
    old, new = listed(before), listed(after)
    marked: list[tuple[Mark, str]] = [("same" if value in new else "removed", value) for value in old]
    marked += [("added", value) for value in new if value not in old]
    return [(mark, lists.words(asked.name, value)) for mark, value in marked]


def text_pieces(before: str, after: str) -> list[tuple[Mark, str]]:
    """Two texts as one, word by word: the same and removed pieces are the one, the same and added ones the other."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    pieces: list[tuple[Mark, str]] = []
    for act, a, b, c, d in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if act == "equal":
            pieces.append(("same", "".join(old[a:b])))
        if act in ("delete", "replace"):
            pieces.append(("removed", "".join(old[a:b])))
        if act in ("insert", "replace"):
            pieces.append(("added", "".join(new[c:d])))
    return pieces


def from_stored(stored: Mapping[str, Any]) -> dict[str, Answer]:
    """Answers as a row keeps them; questions that are no longer asked are left out."""
    return {name: stored[name] for name in FIELDS if stored.get(name)}
