"""The jobs: looking a file through, bringing it in, taking it back. Each goes on where a killed worker left it.

Looking through begins again, because nothing of it is in the books. The other two write in short steps; a record and
what it became are in one of them, so no record is done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import Any, BinaryIO, TypeVar
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.extensions import Job
from webkit.core.kernel import clock, events, jobs, locks, outbox
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import use_locale
from webkit.core.kernel.outbox import PutBack
from webkit.imports import files, models, reading
from webkit.imports.events import BROUGHT_IN, TAKEN_BACK
from webkit.imports.judging import Judge, Verdict, lines
from webkit.imports.models import Import, ImportRow, ImportState, Kind, Outcome, Step
from webkit.imports.records import Reader, Record
from webkit.imports.settings import Reading
from webkit.invoices import service as invoices

CHECK, RUN, UNDO = "imports.check", "imports.run", "imports.undo"
READ_AT_ONCE, WRITE_AT_ONCE = 400, 100
T = TypeVar("T")


def check(job: Job) -> None:
    """Look every record through and note what would become of it; nothing else is stored."""
    found = _at(job, ImportState.CHECKING)
    if found is None:
        return
    import_id, kind, kept = found.id, found.kind, Reading.from_dict(found.reading)
    with use_locale(found.locale), _stopped_by(job, lambda reason: _give_up(import_id, reason)):
        try:
            with files.opened(found.file_key, found.file_account) as body:
                _restart(job, import_id, sum(1 for _row in reading.rows(body, kept.encoding, kept.separator)))
                _look_through(job, import_id, kind, kept, body)
        except reading.Unreadable as error:
            _give_up(import_id, error.message)
            return
        _checked(import_id)


def _look_through(job: Job, import_id: UUID, kind: Kind, kept: Reading, body: BinaryIO) -> None:
    judge = Judge.of(kind, kept)
    reader = Reader(kind, kept, agencies.profile().payment_days)
    done = 0
    release()
    for some in _pieces(reader.records(reading.rows(body, kept.encoding, kept.separator)), READ_AT_ONCE):
        _go_on(job, CHECK)
        done += sum(len(record.rows) for record in some)
        _note(import_id, _judged(judge, some), done)


def _judged(judge: Judge, records: Sequence[Record]) -> list[ImportRow]:
    readable = [record for record in records if record.content is not None]
    judge.begin([record.content for record in readable if record.content])
    return [_row(record, _verdict(judge, record)) for record in records]


def _verdict(judge: Judge, record: Record) -> Verdict:
    if record.content is None:
        return Verdict(Outcome.REFUSED, record.reason)
    return judge.verdict(record.line, record.content)


def _row(record: Record, verdict: Verdict) -> ImportRow:
    refused = verdict.outcome is Outcome.REFUSED
    return ImportRow(
        line=record.line,
        title=record.title,
        outcome=verdict.outcome,
        reason=" ".join(part for part in (verdict.reason, *record.notes) if part),
        noted=bool(record.notes) and not refused,
        content={"cells": [row.cells for row in record.rows]} if refused else record.content,
    )


@writes
def _note(import_id: UUID, rows: Sequence[ImportRow], done: int) -> None:
    if models.change(import_id, ImportState.CHECKING, done=done):
        for row in rows:
            row.import_id = import_id
        models.add_rows(rows)


def _restart(job: Job, import_id: UUID, total: int) -> None:
    """Forget what an earlier look has noted."""
    while _forget_some(import_id):
        _go_on(job, CHECK)
    _set(import_id, ImportState.CHECKING, total=total, done=0)


@writes
def _forget_some(import_id: UUID) -> int:
    return models.forget_rows(import_id, 1000)


@writes
def _set(import_id: UUID, state: ImportState, **values: Any) -> None:
    models.change(import_id, state, **values)


@writes
def _give_up(import_id: UUID, reason: str) -> None:
    told = {"reason": reason[:500], "changed_at": clock.now()}
    models.move(import_id, ImportState.FAILED, at=ImportState.CHECKING, **told)


@writes
def _checked(import_id: UUID) -> None:
    told = {"counts": models.counts(import_id), "changed_at": clock.now()}
    models.move(import_id, ImportState.CHECKED, at=ImportState.CHECKING, **told)


def run(job: Job) -> None:
    """Bring in what is planned, a hundred records at a time; then nothing needs the file any more."""
    found = _at(job, ImportState.RUNNING, ImportState.DONE)
    if found is None:
        return
    import_id, key, account = found.id, found.file_key, found.file_account
    if found.state is ImportState.RUNNING:
        kind, kept, actor, locale = found.kind, Reading.from_dict(found.reading), found.actor, found.locale

        def stop(reason: str) -> None:
            if _stop_run(import_id, actor, reason):
                files.drop(key, account)

        with use_locale(locale), _stopped_by(job, stop):
            more, judge = True, Judge.of(kind, kept)
            while more:
                more, judge = _step(import_id, judge, actor)
                if more:
                    _go_on(job, RUN)
    files.drop(key, account)


def _step(import_id: UUID, judge: Judge, actor: str) -> tuple[bool, Judge]:
    """One step. Somebody may have taken an address of mail since the judge has looked at everybody: a new judge does it
    again, and what is refused even then is found one by one."""
    for _again in range(2):
        try:
            return _bring_in(import_id, judge, actor), judge
        except DomainError:
            judge = Judge.of(judge.kind, judge.reading)
    more = True
    for _one in range(WRITE_AT_ONCE):
        try:
            more = _bring_in(import_id, judge, actor, 1)
        except DomainError as error:
            _refuse_next(import_id, error.message)
            judge = Judge.of(judge.kind, judge.reading)
        if not more:
            break
    return more, judge


@writes
def _refuse_next(import_id: UUID, reason: str) -> None:
    """Pass over the record that could not be stored."""
    locks.hold(f"import:{import_id}")
    for row in models.rows_at(import_id, Step.PLANNED, 1):
        _settle(row, Verdict(Outcome.REFUSED, reason))
        models.change(import_id, ImportState.RUNNING, done=_import(import_id).done + 1)


@writes
def _stop_run(import_id: UUID, actor: str, reason: str) -> bool:
    """End at an error that stays. What is in the books can be taken back, what is not is told as refused; where nothing
    is in them it can be tried again, which False says."""
    locks.hold(f"import:{import_id}")
    if models.rows_at(import_id, Step.DONE, 1):
        models.refuse_planned(import_id, _("The import stopped before this one."))
        _finish(import_id, ImportState.DONE, BROUGHT_IN, actor, reason=reason[:500])
        return True
    told = {"reason": reason[:500], "changed_at": clock.now()}
    models.move(import_id, ImportState.CHECKED, at=ImportState.RUNNING, **told)
    return False


@writes
def _bring_in(import_id: UUID, judge: Judge, actor: str, most: int | None = None) -> bool:
    """One step; False when there is nothing left and the import is done."""
    locks.hold(f"import:{import_id}")
    rows = models.rows_at(import_id, Step.PLANNED, most or WRITE_AT_ONCE)
    if not rows:
        _finish(import_id, ImportState.DONE, BROUGHT_IN, actor)
        return False
    judge.begin([row.content for row in rows])
    _store([(row, judge.verdict(row.line, row.content)) for row in rows], judge.kind, actor)
    done = _import(import_id).done + len(rows)
    models.change(import_id, ImportState.RUNNING, done=done)
    return True


def _store(judged: Sequence[tuple[ImportRow, Verdict]], kind: Kind, actor: str) -> None:
    """Do what was decided. Something may have happened since the file was looked through: the verdict is today's."""
    adding = [(row, verdict.client) for row, verdict in judged if verdict.adds and verdict.client]
    clients.add_imported([{**_values(row, kind), "id": client.id} for row, client in adding])
    if kind is Kind.INVOICES:
        new = [(row, verdict.client) for row, verdict in judged if verdict.outcome is Outcome.NEW and verdict.client]
        ids = invoices.add_imported([_invoice(row.content, client.id) for row, client in new])
        became = {row.id: invoice_id for (row, _client), invoice_id in zip(new, ids, strict=True)}
    else:
        became = {row.id: client.id for row, client in adding}
    change = _paid if kind is Kind.INVOICES else _changed
    made = {row.id: client.id for row, client in adding} if kind is Kind.INVOICES else {}
    for row, verdict in judged:
        row.target_id, row.made_id = became.get(row.id, verdict.target), made.get(row.id)
        _settle(row, change(row, verdict, actor) if verdict.changes else verdict)


def _values(row: ImportRow, kind: Kind) -> dict[str, Any]:
    """What is told of a client who has to be added."""
    values: dict[str, Any] = row.content["values"] if kind is Kind.CLIENTS else row.content["client"]["values"]
    return values


def _settle(row: ImportRow, verdict: Verdict) -> None:
    """Note what became of a record."""
    if verdict.outcome is not row.outcome:
        row.outcome, row.reason, row.noted = verdict.outcome, verdict.reason, False
    row.step, row.content = Step.DONE, None


def _changed(row: ImportRow, verdict: Verdict, actor: str) -> Verdict:
    """Change a client who is here, and keep what was said before."""
    assert verdict.client is not None  # that one is here
    was = clients.stored([verdict.client.id], verdict.changes)[verdict.client.id]
    try:
        clients.change(verdict.client.id, dict(verdict.changes), None, actor)
    except DomainError as error:
        return Verdict(Outcome.REFUSED, error.message)
    row.before = {"was": was, "became": {name: value or "" for name, value in verdict.changes.items()}}
    return verdict


def _paid(row: ImportRow, verdict: Verdict, actor: str) -> Verdict:
    """An invoice that came along open has been paid in the meantime."""
    assert verdict.target is not None  # that one is here
    try:
        invoices.mark_paid(verdict.target, date.fromisoformat(verdict.changes["paid_on"]), actor)
    except DomainError as error:
        return Verdict(Outcome.REFUSED, error.message)
    return verdict


def _invoice(content: dict[str, Any], client_id: UUID) -> invoices.ImportedInvoice:
    return invoices.ImportedInvoice(
        client_id=client_id,
        number=content["number"],
        title=content["title"],
        currency=content["currency"],
        locale="",
        issue_date=date.fromisoformat(content["issue_date"]),
        due_date=date.fromisoformat(content["due_date"]),
        lines=lines(content),
        state=content["state"],
        paid_on=date.fromisoformat(content["paid_on"]) if content["paid_on"] else None,
        note=content["note"],
        paid=content.get("paid", 0),
    )


def undo(job: Job) -> None:
    """Take back what was brought in, the last first; what was used since stays and is told."""
    found = _at(job, ImportState.UNDOING)
    if found is None:
        return
    import_id, kind, actor, locale = found.id, found.kind, found.actor, found.locale
    with use_locale(locale), _stopped_by(job, lambda reason: _stop_undo(import_id, reason)):
        while _take_back(import_id, kind, actor):
            _go_on(job, UNDO)


@writes
def _stop_undo(import_id: UUID, reason: str) -> None:
    """End at an error that stays; what is left can be taken back later."""
    told = {"counts": models.counts(import_id), "reason": reason[:500], "changed_at": clock.now()}
    models.move(import_id, ImportState.DONE, at=ImportState.UNDOING, **told)


@writes
def _take_back(import_id: UUID, kind: Kind, actor: str) -> bool:
    """One step; False when there is nothing left."""
    locks.hold(f"import:{import_id}")
    rows = models.rows_at(import_id, Step.DONE, WRITE_AT_ONCE, last_first=True)
    if not rows:
        _finish(import_id, ImportState.UNDONE, TAKEN_BACK, actor)
        return False
    new = [row for row in rows if row.outcome is Outcome.NEW and row.target_id]
    remove = clients.remove_imported if kind is Kind.CLIENTS else invoices.remove_imported
    gone = remove([row.target_id for row in new if row.target_id])
    made = clients.remove_imported([row.made_id for row in rows if row.made_id])
    for row in rows:
        row.step, row.reason = _taken_back(row, gone, made, kind, actor)
    models.change(import_id, ImportState.UNDOING, done=_import(import_id).done + len(rows))
    return True


def _taken_back(row: ImportRow, gone: set[UUID], made: set[UUID], kind: Kind, actor: str) -> tuple[Step, str]:
    if row.outcome is Outcome.NEW and row.target_id not in gone:
        if kind is Kind.CLIENTS:
            return Step.KEPT, _("Something was done with this client since: a document, or a change. It stays.")
        return Step.KEPT, _("This invoice was paid, credited or sent from here since. It stays.")
    if row.made_id and row.made_id not in made:
        return Step.KEPT, _("The invoice is gone. Its client has other documents since, and stays.")
    if row.outcome is Outcome.CHANGED and kind is Kind.INVOICES:
        return Step.KEPT, _("This invoice was marked as paid and stays so.")
    if row.outcome is Outcome.CHANGED and row.before and row.target_id:
        return _changed_back(row.target_id, row.before, actor)
    return Step.UNDONE, row.reason


def _changed_back(client_id: UUID, before: dict[str, Any], actor: str) -> tuple[Step, str]:
    """Say again what was said before, unless somebody has changed it once more."""
    now = clients.stored([client_id], before["became"]).get(client_id)
    if now != before["became"]:
        return Step.KEPT, _("Somebody has changed this client since. It stays as it is.")
    was = before["was"]
    try:
        clients.change(client_id, was | ({"email": was["email"] or None} if "email" in was else {}), None, actor)
    except DomainError as error:
        return Step.KEPT, error.message
    return Step.UNDONE, _("Says again what it said before.")


def _finish(import_id: UUID, state: ImportState, kind: str, actor: str, **told: str) -> None:
    """The last step: counts, and the one event that tells of the whole import."""
    counts = models.counts(import_id)
    found = _import(import_id)
    moved = {"counts": counts, "changed_at": clock.now()} | told
    moved |= {"finished_at": clock.now()} if state is ImportState.DONE else {}
    at = ImportState.RUNNING if state is ImportState.DONE else ImportState.UNDOING
    name, of, total = found.filename, found.kind.value, found.total
    if models.move(import_id, state, at=at, **moved):
        facts = {
            "actor": actor,
            "kind": of,
            "file": name,
            "lines": total,
            **{each.value: counts.get(each.value, 0) for each in Outcome},
        }
        facts["kept"] = counts.get("kept", 0)
        events.record(kind, events.ref("import", import_id), facts)


def _at(job: Job, *states: ImportState) -> Import | None:
    """The import a job is about, while there is something to do."""
    found = models.get(UUID(job.args["import"]))
    return found if found is not None and found.state in states else None


def _import(import_id: UUID) -> Import:
    found = models.get(import_id)
    assert found is not None  # nobody deletes one that is being worked on
    return found


@contextmanager
def _stopped_by(job: Job, stop: Callable[[str], None]) -> Iterator[None]:
    """Nobody waits for a job that has failed for the last time: its import says why, and goes on from another state."""
    try:
        yield
    except PutBack:
        raise
    except Exception as error:
        if outbox.gives_up(job, error):
            sorry = _("Something went wrong. Nothing more was done; try it again.")
            stop(error.message if isinstance(error, DomainError) else sorry)
        raise


def _go_on(job: Job, kind: str) -> None:
    """Between two steps: go on later when this process ends, stop when another attempt has taken over."""
    if jobs.stopping.is_set() or not outbox.renew([job], kind):
        raise PutBack


def _pieces(found: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(found)
    while some := list(islice(source, size)):
        yield some
