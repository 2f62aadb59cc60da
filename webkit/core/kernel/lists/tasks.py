"""Work on many rows of a list: sheets, PDFs in one file, and acts on each. It runs in a job; whoever asked for it may
leave, find it again, and read what became of each row.
"""

from __future__ import annotations

import enum
import secrets
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, BinaryIO, cast
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.datastructures import MultiDict

from webkit.core.capabilities.storage import STORAGE, Storage
from webkit.core.extensions import Job, JobSpec, Schedule
from webkit.core.kernel import audit, clock, frozen, i18n, outbox, permissions, sheets, tenancy, vendors
from webkit.core.kernel.db import release, session, writes, writing
from webkit.core.kernel.errors import DomainError, Forbidden, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import sql
from webkit.core.kernel.lists.asked import Asked, args, pairs, parse
from webkit.core.kernel.lists.spec import Actor, Here, ListSpec, find
from webkit.core.kernel.outbox import PutBack
from webkit.core.kernel.runtime import current
from webkit.core.kernel.sheets import Format
from webkit.core.kernel.tables import Base, Json, Owned, Scoped, enum_column, owned_args, owned_fk
from webkit.core.kernel.vendors import Vendor
from webkit.core.values import dataclass

log = structlog.get_logger(__name__)

WORK, PRUNE, PRUNE_AGENCY = "lists.work", "lists.prune", "lists.prune_agency"
EXPORT, PDFS = "export", "pdfs"
MOST_ACTS, MOST_PDFS, MOST_ROWS = 1_000, 300, 200_000
"""How many rows one task may have; more would hold up everybody else's."""
AT_ONCE = 5_000
"""Sheets of so many rows come at once, larger ones from a job."""
LEASE, TURN = 900, 60.0
"""A task lets others have their turn after so many seconds."""
FILE_LIVES, TASK_LIVES = timedelta(days=7), timedelta(days=90)


class TaskState(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ListTask(Owned):
    """What somebody asked for. `ids` are the rows it is about; a sheet's rows are those of `args` when it is made."""

    __tablename__ = "list_tasks"
    __table_args__ = owned_args(
        sa.Index("ix_list_tasks_agency_id_user_id_id", "agency_id", "user_id", "id"),
        sa.Index("ix_list_tasks_created_at", "created_at"),
    )

    of_list: Mapped[str] = mapped_column(sa.String(32))
    action: Mapped[str] = mapped_column(sa.String(32))
    user_id: Mapped[UUID]
    user_name: Mapped[str] = mapped_column(sa.String(255))
    role: Mapped[str] = mapped_column(sa.String(16))
    locale: Mapped[str] = mapped_column(sa.String(16))
    timezone: Mapped[str] = mapped_column(sa.String(64))
    currency: Mapped[str] = mapped_column(sa.String(3))
    args: Mapped[dict[str, Any]] = mapped_column(Json)
    ids: Mapped[list[str]] = mapped_column(Json)
    said: Mapped[str] = mapped_column(sa.Text, default="")
    format: Mapped[str] = mapped_column(sa.String(16), default="")
    state: Mapped[TaskState] = enum_column(TaskState, default=TaskState.QUEUED)
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    file_key: Mapped[str | None] = mapped_column(sa.String(255))
    file_name: Mapped[str] = mapped_column(sa.String(120), default="")
    file_size: Mapped[int | None] = mapped_column(sa.BigInteger)
    file_account: Mapped[UUID | None]
    problem: Mapped[str] = mapped_column(sa.Text, default="")


class TaskOutcome(Scoped, Base):
    """What became of one row."""

    __tablename__ = "list_task_outcomes"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "task_id", "document_id"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
        owned_fk("task_id", "list_tasks", ondelete="CASCADE"),
    )

    task_id: Mapped[UUID]
    document_id: Mapped[UUID]
    ok: Mapped[bool]
    label: Mapped[str] = mapped_column(sa.String(255))
    text: Mapped[str] = mapped_column(sa.Text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row, in a word; of a refused one why it was left as it is."""

    document_id: UUID
    ok: bool
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task as a page shows it."""

    id: UUID
    of_list: str
    action: str
    user_id: UUID
    state: TaskState
    format: str
    total: int
    done: int
    refused: int
    created_at: datetime
    ended_at: datetime | None
    file_name: str
    file_size: int | None
    has_file: bool
    problem: str
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def under_way(self) -> bool:
        """Whether something is still to come."""
        return self.state in (TaskState.QUEUED, TaskState.RUNNING)

    @property
    def expires_at(self) -> datetime:
        """When its file goes."""
        return (self.ended_at or self.created_at) + FILE_LIVES


# --- asking -----------------------------------------------------------------------------------------------------


@writes
def start(
    spec: ListSpec, action: str, asked: Asked, here: Here, actor: Actor, ids: Sequence[UUID], *, form: str = ""
) -> UUID:
    """Have something done with these rows, or with all that are asked for when there are none."""
    most = {EXPORT: MOST_ROWS, PDFS: MOST_PDFS}.get(action, MOST_ACTS)
    _check(spec, action, actor, form)
    chosen = list(dict.fromkeys(ids)) or ([] if action == EXPORT else sql.ids(spec, asked, here, most + 1))
    if action != EXPORT and not chosen:
        raise Invalid({"ids": _("Choose something from the list first.")})
    if len(chosen) > most:
        raise Invalid({"ids": _("At most %(n)s at once. Narrow the list down with a filter.", n=most)})
    total = len(chosen)
    if action == EXPORT:
        total = sum(each.count for each in sql.sums(spec, asked, here, MOST_ROWS + 1)[0])
        if total > MOST_ROWS:
            raise Invalid({"ids": _("At most %(n)s rows in one file. Narrow the list down with a filter.", n=most)})
    row = ListTask(
        of_list=spec.name,
        action=action,
        user_id=actor.user_id,
        user_name=actor.name,
        role=actor.role,
        locale=i18n.current_locale(),
        timezone=here.timezone,
        currency=here.currency,
        args=args(asked),
        ids=[str(each) for each in chosen],
        said=actor.said,
        format=form,
        total=total,
    )
    session().add(row)
    outbox.add(WORK, task=str(row.id))
    audit.log(f"list.{action}"[:64], detail={"list": spec.name, "rows": total})
    return row.id


def _check(spec: ListSpec, action: str, actor: Actor, form: str) -> None:
    if action == EXPORT:
        if form.rpartition("-")[2] not in list(Format):
            raise DomainError(_("Sheets are made as XLSX or CSV."))
        return
    if action == PDFS:
        if spec.pdf is None:
            raise NotFound(_("There is no such action here."))
        return
    spec.action(action, actor)


def get(task_id: UUID) -> Task:
    """A task of the agency. Raises NotFound."""
    return _view(_row(task_id))


def latest(user_id: UUID, limit: int = 50) -> list[Task]:
    """Somebody's tasks, newest first."""
    query = sa.select(ListTask).where(ListTask.user_id == user_id).order_by(ListTask.id.desc()).limit(limit)
    return [_view(row) for row in session().scalars(query)]


def outcomes(task_id: UUID, limit: int = 200) -> list[Outcome]:
    """What became of its rows, the refused ones first."""
    query = sa.select(TaskOutcome).where(TaskOutcome.task_id == task_id)
    ordered = query.order_by(TaskOutcome.ok, TaskOutcome.label, TaskOutcome.document_id).limit(limit)
    return [Outcome(row.document_id, row.ok, row.label, row.text) for row in session().scalars(ordered)]


def open_file(task_id: UUID) -> tuple[Task, str | None, Vendor[Storage]]:
    """The task, the key of its file and who keeps it; ask for the bytes after the read has ended."""
    row = _row(task_id)
    if row.file_key is None:
        raise NotFound(_("This file is not there any more. Make it again from the list."))
    return _view(row), row.file_key, vendors.keeper(STORAGE, row.file_account)


def _row(task_id: UUID) -> ListTask:
    if (row := session().get(ListTask, task_id)) is None:
        raise NotFound(_("There is no such task."))
    return row


def _view(row: ListTask) -> Task:
    same = ("id", "of_list", "action", "user_id", "state", "format", "total", "done", "refused", "created_at")
    more = ("ended_at", "file_name", "file_size", "problem", "args")
    return Task(**{name: getattr(row, name) for name in (*same, *more)}, has_file=row.file_key is not None)


# --- working ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Work:
    """A task as its job has it."""

    id: UUID
    spec: ListSpec
    action: str
    actor: Actor
    here: Here
    asked: Asked
    ids: tuple[UUID, ...]
    format: str
    done: int


def work(job: Job) -> None:
    """The job: go on where it stopped. What has ended is left alone."""
    begun = _begin(UUID(job.args["task"]))
    if begun is None:
        return
    task, locale = begun
    with i18n.use_locale(locale, task.here.timezone):
        try:
            _as_asker(task)
        except DomainError as error:
            _end(task.id, TaskState.FAILED, problem=error.message)
        except PutBack:
            raise
        except Exception as error:
            if outbox.gives_up(job, error):
                _end(task.id, TaskState.FAILED, problem=_("Something went wrong. Nothing more was done; try it again."))
            raise


def _as_asker(task: _Work) -> None:
    """Do it with the eyes of whoever asked for it, and with what they may do now: they may have left since."""
    agency = tenancy.agency_id()
    seat = current().directory.seat(agency, task.actor.user_id)
    if seat is None:
        raise Forbidden(_("Whoever asked for this no longer works here."))
    held = permissions.of_seat(task.actor.user_id, seat)
    release()
    with tenancy.tenant(agency, held.user_id, held.own, held.hidden):
        _run(replace(task, actor=replace(task.actor, role=seat.role, grant=held)))


def _run(task: _Work) -> None:
    if task.action == EXPORT:
        _export(task)
    elif task.action == PDFS:
        _zip(task)
    else:
        _act(task)


@writes
def _begin(task_id: UUID) -> tuple[_Work, str] | None:
    row = session().get(ListTask, task_id, with_for_update=True)
    if row is None or row.state in (TaskState.DONE, TaskState.FAILED):
        return None
    row.state = TaskState.RUNNING
    spec, here = find(row.of_list), Here(clock.today(row.timezone), row.timezone, row.currency)
    given: MultiDict[str, str] = MultiDict(pairs(row.args))
    work = _Work(
        id=row.id,
        spec=spec,
        action=row.action,
        actor=Actor(row.user_id, row.user_name, row.role, row.said),
        here=here,
        asked=parse(spec, given, here),
        ids=tuple(UUID(each) for each in row.ids),
        format=row.format,
        done=row.done,
    )
    return work, row.locale


def _act(task: _Work) -> None:
    """Each row in a write of its own, together with what became of it: nothing is done twice."""
    action, began = task.spec.action(task.action, task.actor), monotonic()
    labels = _labels(task)
    for document_id in task.ids[task.done :]:
        label = labels.get(document_id, "")
        try:
            with writing():
                _note(task.id, Outcome(document_id, True, label, action.run(document_id, task.actor)))
        except DomainError as error:
            with writing():
                _note(task.id, Outcome(document_id, False, label, error.message))
        except Exception:
            log.exception("a row of a task failed", task=str(task.id))
            sorry = _("Something went wrong with this one. It was left as it is.")
            with writing():
                _note(task.id, Outcome(document_id, False, label, sorry))
        if monotonic() - began > TURN:
            raise PutBack
    _end(task.id, TaskState.DONE)


def _labels(task: _Work) -> dict[UUID, str]:
    """How the rows are called: the first cells of what is shown of them."""
    rows = sql.some(task.spec, task.ids)
    shown = task.spec.shape(rows, task.here)
    labels = {row.id: ", ".join(str(c) for c in cells[:2] if c) for row, cells in zip(rows, shown, strict=True)}
    release()
    return labels


def _note(task_id: UUID, outcome: Outcome) -> None:
    row = TaskOutcome(
        task_id=task_id,
        document_id=outcome.document_id,
        ok=outcome.ok,
        label=outcome.label[:255],
        text=outcome.text,
    )
    session().add(row)
    _step(task_id, 1, 0 if outcome.ok else 1)


def _step(task_id: UUID, done: int, refused: int = 0) -> None:
    counted = {"done": ListTask.done + done, "refused": ListTask.refused + refused}
    change = sa.update(ListTask).where(ListTask.id == task_id).values(**counted)
    session().execute(change.execution_options(synchronize_session=False))


@writes
def _set(task_id: UUID, **values: Any) -> None:
    change = sa.update(ListTask).where(ListTask.id == task_id).values(**values)
    session().execute(change.execution_options(synchronize_session=False))


def _end(task_id: UUID, state: TaskState, **values: Any) -> None:
    _set(task_id, state=state, ended_at=clock.now(), **values)


def rows_of(spec: ListSpec, asked: Asked, here: Here, most: int = MOST_ROWS) -> Iterator[Sequence[sheets.Cell]]:
    """The rows of a sheet, in the list's order."""
    for rows in sql.every(spec, asked, here, most):
        yield from spec.shape(rows, here)


def file_name(spec: ListSpec, here: Here, ending: str) -> str:
    """What a file of this list is called."""
    return f"{spec.name}-{here.today.isoformat()}.{ending}"


def _export(task: _Work) -> None:
    form, bom = Format(task.format.rpartition("-")[2]), task.format != Format.CSV.value
    with tempfile.TemporaryFile() as file:
        into = cast("BinaryIO", file)
        rows = _counted(task, rows_of(task.spec, task.asked, task.here))
        title, zone = str(task.spec.title), task.here.timezone
        count = sheets.write(into, form, title, task.spec.columns, rows, timezone=zone, bom=bom)
        _keep(task, into, file_name(task.spec, task.here, form.value), sheets.MEDIA[form], done=count)


def _counted(task: _Work, rows: Iterator[Sequence[sheets.Cell]]) -> Iterator[Sequence[sheets.Cell]]:
    """The same, with the progress noted now and then, in a unit of its own: the read goes on."""
    for count, row in enumerate(rows, start=1):
        yield row
        if count % 5_000 == 0:
            with tenancy.tenant(tenancy.agency_id()):
                _set(task.id, done=count)


def _zip(task: _Work) -> None:
    assert task.spec.pdf is not None  # it was checked when it was asked for
    labels, names = _labels(task), set[str]()
    _restart(task.id)
    with tempfile.TemporaryFile() as file:
        into = cast("BinaryIO", file)
        with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as archive:
            for document_id in task.ids:
                outcome = _put_in(task, archive, document_id, labels.get(document_id, ""), names)
                with writing():
                    _note(task.id, outcome)
        if not names:
            raise Invalid({"ids": _("None of these has a PDF yet. What was not sent has none.")})
        _keep(task, into, file_name(task.spec, task.here, "zip"), "application/zip")


def _put_in(task: _Work, archive: zipfile.ZipFile, document_id: UUID, label: str, names: set[str]) -> Outcome:
    assert task.spec.pdf is not None
    try:
        document = task.spec.pdf(document_id)
    except DomainError as error:  # it is gone: the others are still wanted
        return Outcome(document_id, False, label, error.message)
    if document is None:
        return Outcome(document_id, False, label, _("There is no PDF of it yet: it was never sent."))
    content = frozen.ensure_pdf(document.id)
    release()
    name = "".join(sign if sign.isalnum() or sign in " ._-" else "_" for sign in document.filename)
    if name in names:
        name = f"{document_id.hex[-8:]}-{name}"
    names.add(name)
    archive.writestr(name, content)
    return Outcome(document_id, True, label, _("In the file"))


@writes
def _restart(task_id: UUID) -> None:
    """A file is made as a whole: what an attempt before had put in is gone with it."""
    session().execute(sa.delete(TaskOutcome).where(TaskOutcome.task_id == task_id))
    _set(task_id, done=0, refused=0)


def _keep(task: _Work, file: BinaryIO, name: str, media: str, **values: Any) -> None:
    """Store a finished file where only its address leads to it."""
    vendor, agency = vendors.chosen(STORAGE), tenancy.agency_id()
    release()
    size = file.tell()
    file.seek(0)
    key = f"exports/{agency}/{task.id}/{secrets.token_urlsafe(16)}/{name}"
    vendor.connect().put(key, file, content_type=media)
    kept = {"file_key": key, "file_name": name, "file_size": size, "file_account": vendor.account_id}
    _end(task.id, TaskState.DONE, **kept, **values)


# --- forgetting -------------------------------------------------------------------------------------------------


def prune(job: Job) -> None:
    """Add a job for each agency that has something to forget."""
    query = sa.select(ListTask.agency_id).where(_old_file() | _old_task()).distinct()
    for agency in session().scalars(query).all():
        with tenancy.tenant(agency), writing():
            outbox.add(PRUNE_AGENCY)


def prune_agency(job: Job) -> None:
    """Delete files a week old, and tasks of three months ago."""
    for task_id in list(session().scalars(sa.select(ListTask.id).where(_old_file()).limit(500))):
        row = _row(task_id)
        key, vendor = row.file_key, vendors.find_keeper(STORAGE, row.file_account)
        release()
        if key and vendor:
            vendor.connect().delete(key)
        _set(task_id, file_key=None)
    with writing():
        old = list(session().scalars(sa.select(ListTask.id).where(_old_task()).limit(500)))
        session().execute(sa.delete(TaskOutcome).where(TaskOutcome.task_id.in_(old)))
        session().execute(sa.delete(ListTask).where(ListTask.id.in_(old)))


def _old_file() -> sa.ColumnElement[bool]:
    return sa.and_(ListTask.file_key.is_not(None), ListTask.created_at < clock.now() - FILE_LIVES)


def _old_task() -> sa.ColumnElement[bool]:
    return sa.and_(ListTask.created_at < clock.now() - TASK_LIVES, ListTask.file_key.is_(None))


JOBS = (
    JobSpec(WORK, work, queue="long", lease=LEASE),
    JobSpec(PRUNE, prune, queue="long"),
    JobSpec(PRUNE_AGENCY, prune_agency, queue="long", lease=300),
)
SCHEDULES = (Schedule(PRUNE, PRUNE, daily_at="03:40"),)
