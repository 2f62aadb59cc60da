"""`webkit doctor` on a database somebody tampered with: every number that is missing, twice or another one is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from tests.factories import documents, quotations
from webkit.core.kernel import db, evidence, tenancy
from webkit.core.kernel.counters import Counter
from webkit.core.kernel.db import session
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import crediting, models
from webkit.invoices.credit_models import CreditNote
from webkit.invoices.crediting import CreditInput, Extent
from webkit.operations import doctor
from webkit.quotations.models import Quotation

TABLES: dict[str, Any] = {"invoice": models.Invoice, "credit_note": CreditNote, "quotation": Quotation}


def _books() -> None:
    """Three of each, and an invoice that is still a draft."""
    client_id = documents.client()
    for price in ("100", "200", "300"):
        invoice = documents.issued(price, client_id=client_id)
        crediting.issue(invoice, CreditInput(Extent.AMOUNT, "Agreed", 100), documents.ACTOR)
        quotations.send(quotations.draft(client_id))
    documents.draft("5", client_id=client_id)
    db.release()


def _third(series: str) -> Any:
    table = TABLES[series]
    query = sa.select(table.id).where(table.number.is_not(None)).order_by(table.number.desc())
    return session().scalars(query.limit(1)).one()


def _gone(series: str) -> None:
    session().execute(sa.delete(TABLES[series]).where(TABLES[series].id == _third(series)))


def _unnumbered(series: str) -> None:
    session().execute(sa.update(TABLES[series]).where(TABLES[series].id == _third(series)).values(number=None))


def _renumbered(series: str) -> None:
    """As many numbers as before, but not the same."""
    session().execute(sa.update(TABLES[series]).where(TABLES[series].id == _third(series)).values(number="X-2026-0099"))


def _counted_on(series: str) -> None:
    session().execute(sa.update(Counter).where(Counter.series == series).values(value=Counter.value + 1))


def _counted_back(series: str) -> None:
    session().execute(sa.update(Counter).where(Counter.series == series).values(value=Counter.value - 1))


def _counter_gone(series: str) -> None:
    session().execute(sa.delete(Counter).where(Counter.series == series))


def _found() -> list[str]:
    db.release()
    with tenancy.platform("what doctor says of the numbers in a test"):
        return [each.problem for each in doctor._numbers()]


def test_sound_books_have_no_gap(agency: AgencyView) -> None:
    _books()
    assert _found() == []


def test_tampering_is_named(agency: AgencyView) -> None:
    _books()
    for series in TABLES:
        for tamper in (_unnumbered, _renumbered, _counted_on, _counted_back, _counter_gone):
            with _put_back(series):
                with db.writing():
                    tamper(series)
                problems = _found()
                assert problems, tamper.__name__
                assert all(f"series {series}" in each and str(agency.id) in each for each in problems), problems
            assert _found() == [], f"{series} was put back after {tamper.__name__}"


@contextmanager
def _put_back(series: str) -> Iterator[None]:
    """Everything as it was, afterwards."""
    table = TABLES[series]
    numbers = dict(session().execute(sa.select(table.id, table.number)).all())
    counter = session().execute(sa.select(Counter.__table__).where(Counter.series == series)).mappings().one()
    db.release()
    yield
    with db.writing():
        for each, number in numbers.items():
            session().execute(sa.update(table).where(table.id == each).values(number=number))
        session().execute(sa.delete(Counter).where(Counter.series == series))
        session().connection().execute(sa.insert(Counter).values(**counter))


def test_verify_names_the_document(agency: AgencyView) -> None:
    _books()
    for series in ("invoice", "credit_note"):
        with db.writing():
            _renumbered(series)
    report = evidence.examine(agency.slug, frozenset())
    assert len([finding for finding in report.findings if "number is another one now" in finding.problem]) == 2


def test_a_document_that_was_deleted_is_missed(agency: AgencyView) -> None:
    _books()
    for series in ("credit_note", "quotation"):
        with db.writing():
            _gone(series)
    for words in ("stand on no document", "are gone or have another number"):
        assert len([problem for problem in _found() if words in problem]) == 2, words


def test_a_deleted_document_whose_number_another_one_took_is_missed(agency: AgencyView) -> None:
    """The count is right again, and every number is there."""
    _books()
    with db.writing():
        third = session().get_one(CreditNote, _third("credit_note"))
        number, other = third.number, third.invoice_id
        session().delete(third)
        session().flush()
        values = {name: getattr(third, name) for name in ("client_id", "currency", "locale", "priced")}
        forged = CreditNote(**values, invoice_id=other, reason="Forged", net_minor=1, tax_minor=0, total_minor=1)
        forged.number = number
        session().add(forged)
    (problem,) = _found()
    assert "1 documents of the series credit_note are gone or have another number" in problem
