"""Imports, and what becomes of each record of their files."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk


class Kind(enum.StrEnum):
    """What a file holds."""

    CLIENTS = "clients"
    INVOICES = "invoices"


class ImportState(enum.StrEnum):
    """UPLOADED waits for its columns to be named, CHECKED for somebody to say that it be brought in."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


WORKING = (ImportState.CHECKING, ImportState.RUNNING, ImportState.UNDOING)
BEFORE_WRITING = (ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED)
TRANSITIONS: dict[ImportState, tuple[ImportState, ...]] = {
    ImportState.UPLOADED: (*BEFORE_WRITING, ImportState.UNDONE),
    ImportState.CHECKING: BEFORE_WRITING,
    ImportState.CHECKED: (ImportState.CHECKING, ImportState.RUNNING),
    ImportState.FAILED: (ImportState.CHECKING,),
    ImportState.RUNNING: (ImportState.CHECKED,),
    ImportState.DONE: (ImportState.RUNNING, ImportState.UNDOING),
    ImportState.UNDOING: (ImportState.DONE,),
    ImportState.UNDONE: (ImportState.UNDOING,),
}
"""From which states each state can be reached. What stops at an error goes back to where a person can go on; what is
about to be forgotten is as if it were only uploaded."""


class Outcome(enum.StrEnum):
    """What a record is to us: new, the same as what is here, different from it, or nothing we can take."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    REFUSED = "refused"


class Step(enum.StrEnum):
    """How far a record is. KEPT ones were used since they came, and stayed when their import was undone."""

    PLANNED = "planned"
    DONE = "done"
    UNDONE = "undone"
    KEPT = "kept"


class Import(Owned):
    """A file and how it is read. `head` is its beginning (base64), from which the page of its columns is made.

    `columns` are the headings, by whose `signature` the next file of that kind is recognised. `reading` is what was
    decided about it, `counts` how many records became what, `done` of `total` how far the job is.
    """

    __tablename__ = "imports"
    __table_args__ = owned_args(sa.Index("ix_imports_agency_id_kind_id", "agency_id", "kind", "id"))

    kind: Mapped[Kind] = enum_column(Kind)
    state: Mapped[ImportState] = enum_column(ImportState, default=ImportState.UPLOADED)
    filename: Mapped[str] = mapped_column(sa.String(200))
    size: Mapped[int]
    file_key: Mapped[str] = mapped_column(sa.String(255))
    file_account: Mapped[UUID | None]
    head: Mapped[str] = mapped_column(sa.Text)
    encoding: Mapped[str] = mapped_column(sa.String(16))
    signature: Mapped[str] = mapped_column(sa.String(64))
    reading: Mapped[dict[str, Any]] = mapped_column(Json)
    counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    actor: Mapped[str] = mapped_column(sa.String(64))
    locale: Mapped[str] = mapped_column(sa.String(16))
    changed_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ImportRow(Owned):
    """A record of a file: one line, or all lines of an invoice, under the number of the first.

    `content` is what is to be stored, or of a refused one its cells; it goes when the record is done. `before` is what
    a changed client said before. `target_id` is what it became, `made_id` the client that was added for an invoice.
    """

    __tablename__ = "import_rows"
    __table_args__ = owned_args(
        owned_fk("import_id", "imports"),
        sa.UniqueConstraint("agency_id", "import_id", "line"),
        sa.Index("ix_import_rows_agency_id_import_id_outcome_line", "agency_id", "import_id", "outcome", "line"),
        sa.Index("ix_import_rows_agency_id_import_id_step_line", "agency_id", "import_id", "step", "line"),
    )

    import_id: Mapped[UUID]
    line: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    outcome: Mapped[Outcome] = enum_column(Outcome)
    step: Mapped[Step] = enum_column(Step, default=Step.PLANNED)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    noted: Mapped[bool] = mapped_column(default=False)
    content: Mapped[Any] = mapped_column(Json, nullable=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    target_id: Mapped[UUID | None]
    made_id: Mapped[UUID | None]


def add(row: Import) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def get(import_id: UUID) -> Import | None:
    return session().get(Import, import_id)


def page(limit: int, before: UUID | None) -> list[Import]:
    """Newest first."""
    query = sa.select(Import).order_by(Import.id.desc()).limit(limit)
    return list(session().scalars(query if before is None else query.where(Import.id < before)))


def latest_read(kind: Kind, signature: str, but: UUID) -> Import | None:
    """The newest import of files with these headings whose columns somebody has named."""
    alike = (Import.kind == kind, Import.signature == signature, Import.id != but, Import.state != ImportState.UPLOADED)
    return session().scalars(sa.select(Import).where(*alike).order_by(Import.id.desc()).limit(1)).one_or_none()


def move(import_id: UUID, to: ImportState, *, at: ImportState | None = None, **values: Any) -> bool:
    """One conditional transition, from `at` or from wherever it can be reached; False when somebody was faster."""
    changed = session().scalars(
        sa.update(Import)
        .where(Import.id == import_id, Import.state.in_(TRANSITIONS[to] if at is None else (at,)))
        .values(state=to, **values)
        .returning(Import.id)
    )
    return changed.one_or_none() is not None


def change(import_id: UUID, state: ImportState, **values: Any) -> bool:
    """Change an import that is in that state right now."""
    here = (Import.id == import_id, Import.state == state)
    return session().scalars(sa.update(Import).where(*here).values(**values).returning(Import.id)).first() is not None


def forget(import_id: UUID) -> bool:
    """Delete an import that is only uploaded, its rows are gone already; False when somebody works with it again."""
    here = (Import.id == import_id, Import.state == ImportState.UPLOADED)
    return session().scalars(sa.delete(Import).where(*here).returning(Import.id)).first() is not None


def add_rows(rows: Sequence[ImportRow]) -> None:
    session().add_all(rows)


def forget_rows(import_id: UUID, limit: int) -> int:
    """Delete some of its rows; how many."""
    some = sa.select(ImportRow.id).where(ImportRow.import_id == import_id).limit(limit)
    ids = list(session().scalars(some))
    session().execute(
        sa.delete(ImportRow).where(ImportRow.id.in_(ids)), execution_options={"synchronize_session": False}
    )
    return len(ids)


def refuse_planned(import_id: UUID, reason: str) -> None:
    """Refuse what was not reached."""
    here = (ImportRow.import_id == import_id, ImportRow.step == Step.PLANNED, ImportRow.outcome != Outcome.REFUSED)
    change = sa.update(ImportRow).where(*here)
    values = {"outcome": Outcome.REFUSED, "step": Step.DONE, "reason": reason, "noted": False, "content": None}
    session().execute(change.values(**values).execution_options(synchronize_session=False))


def rows_at(import_id: UUID, step: Step, limit: int, *, last_first: bool = False) -> list[ImportRow]:
    """The next rows at a step that are something to us, in the order of the file or against it."""
    here = (ImportRow.import_id == import_id, ImportRow.step == step, ImportRow.outcome != Outcome.REFUSED)
    order = ImportRow.line.desc() if last_first else ImportRow.line
    return list(session().scalars(sa.select(ImportRow).where(*here).order_by(order).limit(limit)))


def listed(import_id: UUID, which: str, after: int, limit: int) -> list[ImportRow]:
    """Rows with an outcome, or "noted" or "kept", behind a line."""
    kinds: dict[str, sa.ColumnElement[bool]] = {
        "noted": ImportRow.noted == sa.true(),
        "kept": ImportRow.step == Step.KEPT,
        **{outcome.value: ImportRow.outcome == outcome for outcome in Outcome},
    }
    here = [ImportRow.import_id == import_id, ImportRow.line > after]
    if which in kinds:
        here.append(kinds[which])
    return list(session().scalars(sa.select(ImportRow).where(*here).order_by(ImportRow.line).limit(limit)))


def refused(import_id: UUID) -> Iterator[ImportRow]:
    """Every row that was refused, in the order of the file."""
    here = (ImportRow.import_id == import_id, ImportRow.outcome == Outcome.REFUSED)
    query = sa.select(ImportRow).where(*here).order_by(ImportRow.line).execution_options(yield_per=500)
    yield from session().scalars(query)


def counts(import_id: UUID) -> dict[str, int]:
    """How many rows there are of each outcome, how many were noted, and how many had to stay when it was undone."""
    mine = ImportRow.import_id == import_id
    by_outcome = sa.select(ImportRow.outcome, sa.func.count()).where(mine).group_by(ImportRow.outcome)
    found = {outcome.value: count for outcome, count in session().execute(by_outcome)}
    for name, condition in (("noted", ImportRow.noted == sa.true()), ("kept", ImportRow.step == Step.KEPT)):
        query = sa.select(sa.func.count()).select_from(ImportRow).where(mine, condition)
        found[name] = session().scalars(query).one()
    return found
