"""What staff type about contracts and their templates."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator
from werkzeug.datastructures import MultiDict

from webkit.contracts import terms
from webkit.contracts.terms import MAX_CLAUSES, TEXT_LENGTH, TITLE_LENGTH, Clause
from webkit.core.kernel.forms import Bound, DecimalText, Email, Form, Line, Text, bind, wrong
from webkit.core.kernel.i18n import gettext as _


class ClauseForm(Form):
    """One clause as its editor sends it."""

    title: Line(TITLE_LENGTH, 1)  # type: ignore[valid-type]
    text: Text(TEXT_LENGTH, 1)  # type: ignore[valid-type]


class TemplateForm(Form):
    """A template without its clauses. `version` is the one that was opened."""

    name: Line(120, 1)  # type: ignore[valid-type]
    locale: Literal["en", "it"]
    signatory_name: Line(120) = ""  # type: ignore[valid-type]
    signatory_title: Line(120) = ""  # type: ignore[valid-type]
    version: int = Field(1, ge=1)


class ContractForm(Form):
    """A draft without its clauses. `revision` is the one that was opened."""

    title: Line(200, 1)  # type: ignore[valid-type]
    signer_name: Line(120, 1)  # type: ignore[valid-type]
    signer_title: Line(120) = ""  # type: ignore[valid-type]
    signer_email: Email
    signatory_name: Line(120, 1)  # type: ignore[valid-type]
    signatory_title: Line(120) = ""  # type: ignore[valid-type]
    valid_until: date
    commencement: date | None = None
    completion: date | None = None
    deposit_percent: DecimalText | None = Field(None, ge=0, le=100)
    revision: int = Field(1, ge=1, lt=2**31 - 1)

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.commencement and self.completion and self.completion < self.commencement:
            raise wrong(_("The work cannot end before it starts."))
        return self


class CreateForm(Form):
    """Which proposal becomes a contract, by which template."""

    proposal: str = Field(max_length=36)
    template: str = Field("", max_length=36)


class CancelForm(Form):
    reason: Text(1000) = ""  # type: ignore[valid-type]


def read_clauses(given: MultiDict[str, str]) -> tuple[tuple[Clause, ...], dict[int, str]]:
    """The clauses of an editor, and what is wrong with which of them (by position)."""
    typed = terms.paired(given.getlist("clause_title"), given.getlist("clause_text"))[: MAX_CLAUSES + 1]
    problems: dict[int, str] = {}
    for position, clause in enumerate(typed):
        bound: Bound[ClauseForm] = bind(ClauseForm, {"title": clause.title, "text": clause.text})
        if not bound.ok:
            problems[position] = " ".join(dict.fromkeys(bound.state.errors.values()))
    if len(typed) > MAX_CLAUSES:
        problems[MAX_CLAUSES] = _("At most %(n)s clauses, please.", n=MAX_CLAUSES)
    return typed, problems


def rearranged(clauses: tuple[Clause, ...], action: str) -> tuple[Clause, ...]:
    """The clauses after one of the editor's buttons: `add`, `up:2`, `down:2`, `remove:2`."""
    verb, _colon, place = action.partition(":")
    row, at = list(clauses), int(place) if place.isdecimal() and len(place) < 4 else -1
    if verb == "add" and len(row) < MAX_CLAUSES:
        row.append(Clause("", ""))
    elif verb == "remove" and 0 <= at < len(row):
        del row[at]
    elif verb in ("up", "down"):
        other = at + (1 if verb == "down" else -1)
        if 0 <= at < len(row) and 0 <= other < len(row):
            row[at], row[other] = row[other], row[at]
    return tuple(row)
