"""What a write leaves for its end: seen by whoever reads before, one message to PostgreSQL, gone with the write."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg.pq import TransactionStatus

from tests.factories import documents
from webkit.core.kernel import db, outbox, search, tallies, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.links import Link
from webkit.core.kernel.outbox import OutboxJob
from webkit.core.kernel.search import SearchWord
from webkit.invoices import service
from webkit.invoices.models import Invoice

MAIL = "messaging.send"
RENAMED = sa.update(OutboxJob).where(OutboxJob.id == sa.bindparam("of_id")).values(error=sa.bindparam("to_error"))


@contextmanager
def _asked() -> Iterator[list[str]]:
    found: list[str] = []

    def note(_line: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    sa.event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)


def _link(**values: Any) -> UUID:
    given = {"kind": "i", "document_id": uuid7(), "token_hash": uuid7().hex, "token_sealed": "", **values}
    row_id: UUID = tenancy.add_late(Link, **given)["id"]
    return row_id


def _on_postgresql() -> bool:
    return db.db.engine.dialect.name == "postgresql"


def test_it_is_written_at_the_end_in_one_message(agency: AgencyView) -> None:
    with _asked() as asked, db.writing():
        job_id = outbox.add(MAIL, mail_id="x")
        link_ids = [_link(agency_id=agency.id) for _ in range(2)]
        assert asked == []
    assert len(asked) == (1 if _on_postgresql() else 2)
    job = db.session().get(OutboxJob, job_id)
    assert job is not None and (job.agency_id, job.args, job.attempt) == (agency.id, {"mail_id": "x"}, 0)
    assert all(db.session().get(Link, link_id) for link_id in link_ids)


def test_whoever_reads_before_sees_it(agency: AgencyView) -> None:
    with db.writing() as unit:
        first = _link(agency_id=agency.id)
        assert unit.get(Link, first) is not None
        second = _link(agency_id=agency.id)
        assert set(unit.scalars(sa.select(Link.id).where(Link.agency_id == agency.id))) == {first, second}


def test_it_goes_with_the_write(agency: AgencyView) -> None:
    with pytest.raises(ValueError, match="no"), db.writing():
        link_id = _link(agency_id=agency.id)
        raise ValueError("no")
    assert db.session().get(Link, link_id) is None
    with db.writing():
        pass
    assert db.session().get(Link, link_id) is None


def test_it_belongs_to_a_write(agency: AgencyView) -> None:
    with pytest.raises(RuntimeError, match="belongs to a write"):
        outbox.add(MAIL, mail_id="x")


def test_a_row_of_another_agency_is_refused(agency: AgencyView, other_agency: AgencyView) -> None:
    word = {"kind": "invoice", "document_id": uuid7(), "word": "x"}
    with pytest.raises(tenancy.Unscoped), db.writing():
        tenancy.add_late(SearchWord, **word, agency_id=other_agency.id)
    with db.writing():
        assert tenancy.add_late(SearchWord, **word)["agency_id"] == agency.id


def test_a_row_is_changed_by_one_message_once(agency: AgencyView) -> None:
    """PostgreSQL would drop the second change without a word."""
    with db.writing():
        job_id = outbox.add(MAIL, mail_id="x")
        db.session().flush()
        outbox.add(MAIL, mail_id="y")
        for error in ("first", "second"):
            db.later(RENAMED, {"of_id": job_id, "to_error": error}, changes=job_id)
    job = db.session().get(OutboxJob, job_id)
    assert job is not None and job.error == "second"


def test_a_row_that_is_new_can_be_changed(agency: AgencyView) -> None:
    """PostgreSQL would not find it in the message that adds it, and say nothing."""
    with db.writing():
        job_id = outbox.add(MAIL, mail_id="x")
        db.later(RENAMED, {"of_id": job_id, "to_error": "changed"}, changes=job_id)
    job = db.session().get(OutboxJob, job_id)
    assert job is not None and job.error == "changed"


def test_what_is_no_column_is_refused(agency: AgencyView) -> None:
    with pytest.raises(TypeError, match="Link has no colour"), db.writing():
        _link(agency_id=agency.id, colour="red")


def test_a_row_that_somebody_holds_shows_its_late_change_and_loses_no_other(agency: AgencyView) -> None:
    draft = documents.draft("10")
    with db.writing() as unit:
        row = unit.get_one(Invoice, draft)
        row.note = "typed"
        tallies.change_alone(Invoice, draft, {"title": "late"}, {}, {})
        outbox.add(MAIL, mail_id="x")
        assert (row.title, row.note) == ("late", "typed")
    row = db.session().get_one(Invoice, draft)
    assert (row.title, row.note) == ("late", "typed")


def test_who_changes_a_row_after_it_was_left_changes_it_last(agency: AgencyView) -> None:
    draft = documents.draft("10")
    with db.writing() as unit:
        tallies.change_alone(Invoice, draft, {"title": "late"}, {}, {})
        unit.execute(sa.update(Invoice).where(Invoice.id == draft).values(title="last"))
    assert db.session().get_one(Invoice, draft).title == "last"


def test_many_are_written_too(agency: AgencyView) -> None:
    with _asked() as asked, db.writing():
        outbox.add_all(MAIL, [{"mail_id": str(nth)} for nth in range(100)])
        _link(agency_id=agency.id)
    assert len(asked) == 2
    query = sa.select(sa.func.count()).select_from(OutboxJob).where(OutboxJob.agency_id == agency.id)
    assert db.session().scalar(query) == 100


def test_rows_of_a_table_are_one_part_and_keep_their_own_values(agency: AgencyView) -> None:
    made, texts = [uuid7() for _ in range(2)], ("INV-7", "INV-8")
    with _asked() as asked, db.writing():
        for document_id, text in zip(made, texts, strict=True):
            search.also("invoice", document_id, text)
            search.also("invoice", document_id, text)  # taken already, in the same message
            _link(agency_id=agency.id, document_id=document_id, token_sealed=text)
    if _on_postgresql():
        assert len(asked) == 1 and asked[0].count("INSERT INTO") == 2
    for document_id, text in zip(made, texts, strict=True):
        words = db.session().scalars(sa.select(SearchWord.word).where(SearchWord.document_id == document_id))
        assert set(words) == search.words(text)
        link = db.session().scalars(sa.select(Link).where(Link.document_id == document_id)).one()
        assert link.token_sealed == text


def test_a_text_may_hold_what_marks_a_place(agency: AgencyView) -> None:
    odd = "100 % of $1 for %(name)s"
    with db.writing():
        ids = [outbox.add(MAIL, mail_id=odd), _link(agency_id=agency.id)]
    job = db.session().get(OutboxJob, ids[0])
    assert job is not None and job.args == {"mail_id": odd}


def test_nobody_waits_long_for_the_number_of_an_invoice(app: Flask, agency: AgencyView) -> None:
    """With the counter's lock come the head of the chain and whether the number is free, then everything at once."""
    service.issue(documents.draft("10"), documents.ACTOR)  # whatever happens only once
    draft = documents.draft("10", client_id=documents.client("B", "b@client.example"))
    with _asked() as asked:
        service.issue(draft, documents.ACTOR)
    counted = next(nth for nth, statement in enumerate(asked) if "UPDATE counters" in statement)
    held = asked[counted + 1 :]
    if _on_postgresql():
        assert "event_heads" in asked[counted] and "EXISTS" in asked[counted]
        assert len(held) == 1 and held[0].startswith("WITH")
    assert not any(statement.startswith("SELECT") for statement in held[2:])
    assert counted <= 4


def test_the_commit_goes_out_with_what_was_left(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the driver is told to commit, nothing is open any more; without late rows it still is."""
    if not _on_postgresql():
        pytest.skip("a file needs no message")
    found, commit = [], psycopg.Connection.commit

    def note(line: Any) -> None:
        found.append(line.info.transaction_status)
        commit(line)

    monkeypatch.setattr(psycopg.Connection, "commit", note)
    with db.writing():
        for _ in range(2):
            _link(agency_id=agency.id)
    with db.writing() as unit:
        unit.execute(sa.update(Link).where(Link.agency_id == agency.id).values(token_sealed="x"))
    assert found == [TransactionStatus.IDLE, TransactionStatus.INTRANS]


def test_what_the_last_message_refuses_undoes_the_write(agency: AgencyView) -> None:
    """On PostgreSQL the COMMIT is on its way by then."""
    with db.writing():
        link_id = _link(agency_id=agency.id)
    with pytest.raises(sa.exc.IntegrityError), db.writing():
        other = _link(agency_id=agency.id)
        _link(agency_id=agency.id, id=link_id)
    assert db.session().get(Link, other) is None
    with db.writing():
        _link(agency_id=agency.id, id=other)
    assert db.session().get(Link, other) is not None


def test_a_connection_that_is_cut_before_the_last_message_is_told_as_such(agency: AgencyView) -> None:
    if not _on_postgresql():
        pytest.skip("nobody cuts a file")
    with pytest.raises(sa.exc.OperationalError) as failed, db.writing() as unit:
        cut = _link(agency_id=agency.id)
        raw: Any = unit.line.connection.dbapi_connection
        with socket.socket(fileno=os.dup(raw.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
    assert failed.value.connection_invalidated
    assert db.session().get(Link, cut) is None
