"""Looking through, bringing in and taking back, on whichever database."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from tests.factories import clients as factory
from tests.factories import documents
from tests.imports.conftest import ACTOR, Looked, outcomes, rows
from webkit.agencies import numbering
from webkit.clients import service as clients
from webkit.core.capabilities.errors import ProviderError
from webkit.core.kernel import clock, counters, events, outbox, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.runtime import current
from webkit.core.paths import ROOT
from webkit.imports import files, judging, models, numbers, reading, service, working
from webkit.imports.models import ImportState, Kind
from webkit.imports.samples import sample
from webkit.invoices import crediting
from webkit.invoices import service as invoices
from webkit.invoices.crediting import CreditInput, Extent

CLIENTS = """Name,E-mail,VAT number,Country,City
Caffè Olmo,giulia@caffeolmo.example,IT00743110157,Italia,Milano
Birch & Co,tom@birch.example,,United Kingdom,Leeds
Broken,not an address,,IT,
Twice,tom@birch.example,,GB,
"""
INVOICES = """Number,Date,Due date,Client name,E-mail,Subtotal,Tax,Total,Status
{year}/40,{year}-01-03,{year}-02-03,Caffè Olmo,giulia@caffeolmo.example,1000.00,220.00,1220.00,Paid
{year}/41,{year}-01-05,{year}-02-05,Birch & Co,,500.00,110.00,610.00,Open
{year}/42,{year}-01-07,,Neu GmbH,,500.00,110.00,612.00,Cancelled
{year}/43,{year}-01-31,,Caffè Olmo,,1.00,1.00,2.0001,Open
"""


def invoices_of(year: int) -> str:
    return INVOICES.format(year=year)


def test_nothing_is_stored_before_somebody_says_so(agency: AgencyView, looked_through: Looked) -> None:
    made = looked_through(Kind.CLIENTS, CLIENTS)
    found = service.get(made)
    assert (found.state, found.done, found.total) == (ImportState.CHECKED, 4, 4)
    assert [(line, outcome) for line, outcome, _step in outcomes(made)] == [
        (2, "new"), (3, "new"), (4, "refused"), (5, "refused"),
    ]  # fmt: skip
    assert "E-mail" in rows(made)[2].reason and "Line 3" in rows(made)[3].reason
    assert not clients.has_any()


def test_clients_come_in_once(agency: AgencyView, brought_in: Looked, looked_through: Looked) -> None:
    made = brought_in(Kind.CLIENTS, CLIENTS)
    assert service.get(made).state is ImportState.DONE
    olmo = clients.by_email("giulia@caffeolmo.example")
    assert olmo is not None and (olmo.name, olmo.country, olmo.city) == ("Caffè Olmo", "IT", "Milano")
    assert (olmo.id, "Caffè Olmo") in clients.choices()
    assert [entry.kind for entry in events.recent()] == ["import.done"]
    again = looked_through(Kind.CLIENTS, CLIENTS)
    assert service.get(again).counts["same"] == 2
    assert service.get(again).to_bring_in == 0


def test_a_client_who_is_here_stays_or_says_what_the_file_says(
    agency: AgencyView, brought_in: Looked, run_jobs: Callable[[], int]
) -> None:
    olmo = factory.make_client("Caffe OLMO", tax_id="00743110157", city="Roma")
    brought_in(Kind.CLIENTS, CLIENTS)
    assert clients.get(olmo).city == "Roma"
    made = brought_in(Kind.CLIENTS, CLIENTS, update=True)
    assert (clients.get(olmo).city, clients.get(olmo).name) == ("Milano", "Caffè Olmo")
    service.take_back(made, ACTOR)
    run_jobs()
    assert (clients.get(olmo).city, clients.get(olmo).name, clients.get(olmo).email) == ("Roma", "Caffe OLMO", "")


def test_who_may_be_one_or_another_is_refused(agency: AgencyView, looked_through: Looked) -> None:
    factory.make_client("Rossi", email="a@rossi.example")
    factory.make_client("Rossi", email="b@rossi.example")
    factory.make_client("Verdi", tax_id="00743110157")
    made = looked_through(
        Kind.CLIENTS, "Name;E-mail;P.IVA\nRossi;;\nBianchi;a@rossi.example;IT00743110157\nRossi;b@rossi.example;\n"
    )
    assert [outcome for _line, outcome, _step in outcomes(made)] == ["refused", "refused", "same"]
    assert "2 clients like Rossi" in rows(made)[0].reason and "Verdi" in rows(made)[1].reason


def test_invoices_stay_what_they_were(agency: AgencyView, brought_in: Looked) -> None:
    year = clock.today("Europe/Rome").year - 1
    made = brought_in(Kind.INVOICES, invoices_of(year))
    assert [outcome for _line, outcome, _step in outcomes(made)] == ["new", "new", "new", "refused"]
    assert service.get(made).counts["noted"] == 1
    found = {row.number: invoices.get(row.id) for row in invoices.page(limit=10)}
    paid, late, gone = (found[f"{year}/{n}"] for n in (40, 41, 42))
    assert (paid.word, late.word, gone.word) == ("paid", "overdue", "credited")
    assert [each.total for each in (paid, late, gone)] == [122000, 61000, 61200]
    assert (paid.issue_date, paid.due_date) == (date(year, 1, 3), date(year, 2, 3))
    assert gone.due_date == date(year, 1, 7) + timedelta(14)
    assert paid.imported and paid.frozen_id is None
    assert {clients.get(each.client_id).name for each in found.values()} == {"Caffè Olmo", "Birch & Co", "Neu GmbH"}
    sums = invoices.sums()[0]
    assert (sums.paid, sums.open, sums.late, sums.late_count) == (122000, 61000, 61000, 1)
    assert [entry.kind for entry in events.recent()] == ["import.done"]


def test_a_number_is_here_once(agency: AgencyView, brought_in: Looked, looked_through: Looked) -> None:
    year = clock.today("Europe/Rome").year - 1
    brought_in(Kind.INVOICES, invoices_of(year))
    other = invoices_of(year).replace("610.00,Open", "611.00,Open").replace("110.00,611", "111.00,611")
    made = looked_through(Kind.INVOICES, other)
    assert [outcome for _line, outcome, _step in outcomes(made)] == ["same", "refused", "same", "refused"]


def test_what_was_paid_since_is_marked(agency: AgencyView, brought_in: Looked, run_jobs: Callable[[], int]) -> None:
    text = sample(Kind.INVOICES)
    brought_in(Kind.INVOICES, text)
    made = brought_in(Kind.INVOICES, text.replace(b"EUR,Open,", b"EUR,Paid,2026-01-10"))
    assert [outcome for _line, outcome, _step in outcomes(made)] == ["same", "changed", "same"]
    invoice = next(invoices.get(row.id) for row in invoices.page(limit=5) if row.number == "2025/42")
    assert invoice.word == "paid" and invoice.paid_at is not None and invoice.paid_at.date() == date(2026, 1, 10)
    assert invoices.sums()[0].open == 0
    service.take_back(made, ACTOR)
    run_jobs()
    assert [row.step.value for row in rows(made)] == ["undone", "kept", "undone"]


def test_an_imported_invoice_is_marked_as_paid_by_hand(agency: AgencyView, brought_in: Looked) -> None:
    brought_in(Kind.INVOICES, sample(Kind.INVOICES))
    ids = {row.number: row.id for row in invoices.page(limit=5)}
    with pytest.raises(Invalid):
        invoices.mark_paid(ids["2025/42"], date(2025, 12, 1), ACTOR)
    for _twice in range(2):
        invoices.mark_paid(ids["2025/42"], date(2026, 1, 10), ACTOR)
    assert invoices.get(ids["2025/42"]).word == "paid"
    assert [entry.kind for entry in events.recent()] == ["invoice.paid", "import.done"]
    for other in (ids["2025/43"], documents.issued("10", client_id=factory.caffe_olmo())):
        with pytest.raises(Conflict):
            invoices.mark_paid(other, date(2026, 1, 10), ACTOR)


def test_lines_of_a_number_are_one_invoice(agency: AgencyView, brought_in: Looked) -> None:
    made = brought_in(Kind.INVOICES, sample(Kind.INVOICES))
    assert [line for line, _outcome, _step in outcomes(made)] == [2, 4, 5]
    whole = next(invoices.get(row.id) for row in invoices.page(limit=5) if row.number == "2025/41")
    assert [(line.description, line.net, line.tax) for line in whole.priced.lines] == [
        ("Design", 96000, 21120), ("Photos", 50000, 11000),
    ]  # fmt: skip
    assert whole.paid_at is not None and whole.paid_at.date() == date(2025, 11, 28)


def test_numbers_go_on(agency: AgencyView, brought_in: Looked) -> None:
    year = clock.today("Europe/Rome").year
    brought_in(Kind.INVOICES, invoices_of(year))
    proposed = numbers.continuation()
    assert proposed is not None
    assert (proposed.highest, proposed.next, proposed.goes_on) == (f"{year}/42", f"INV-{year}-0001", f"{year}/43")
    assert numbers.go_on() == f"{year}/43"
    assert numbers.continuation() is None
    with pytest.raises(Conflict):
        numbers.go_on()
    issued = documents.issued("10", client_id=factory.make_client("Next", email="next@client.example"))
    assert invoices.get(issued).number == f"{year}/43"
    with tenancy.platform("look for gaps"):
        assert counters.gaps() == []


def test_numbers_do_not_go_on_as_those_of_another_series(agency: AgencyView, brought_in: Looked) -> None:
    year = clock.today("Europe/Rome").year
    numbering.change({"credit_note": "{year}/{n}"}, {})
    brought_in(Kind.INVOICES, invoices_of(year))
    with pytest.raises(Conflict, match="same numbers"):
        numbers.go_on()
    assert numbers.continuation() is not None, "nothing was changed"


def test_a_number_that_came_along_is_passed_over(agency: AgencyView, brought_in: Looked) -> None:
    year = clock.today("Europe/Rome").year
    first = factory.make_client("First", email="first@client.example")
    documents.issued("10", client_id=first)
    text = invoices_of(year).replace(f"\n{year}/40", f"\nINV-{year}-0002").replace(f"\n{year}/41", f"\nINV-{year}-0001")
    made = brought_in(Kind.INVOICES, text)
    assert [outcome for _line, outcome, _step in outcomes(made)] == ["new", "refused", "new", "refused"]
    proposed = numbers.continuation()
    assert proposed is not None and proposed.closed and not proposed.goes_on
    assert invoices.get(documents.issued("10", client_id=first)).number == f"INV-{year}-0003"
    with tenancy.platform("look for gaps"):
        assert counters.gaps() == []


def test_all_of_it_can_be_taken_back(agency: AgencyView, brought_in: Looked, run_jobs: Callable[[], int]) -> None:
    made = brought_in(Kind.INVOICES, sample(Kind.INVOICES))
    for _twice in range(2):
        service.take_back(made, ACTOR)
        run_jobs()
        assert service.get(made).state is ImportState.UNDONE
        assert invoices.page(limit=5) == [] and invoices.sums() == [] and not clients.has_any()
    assert [entry.kind for entry in events.recent()] == ["import.undone", "import.done"]


def test_what_was_used_since_stays_and_is_told(
    agency: AgencyView, brought_in: Looked, run_jobs: Callable[[], int]
) -> None:
    made = brought_in(Kind.INVOICES, sample(Kind.INVOICES))
    by_number = {row.number: row for row in invoices.page(limit=5)}
    crediting.issue(by_number["2025/41"].id, CreditInput(Extent.ALL, "wrong"), ACTOR)
    documents.draft("5", client_id=by_number["2025/42"].client_id)
    service.take_back(made, ACTOR)
    run_jobs()
    assert [(row.title, row.step.value) for row in rows(made)] == [
        ("2025/41", "kept"), ("2025/42", "kept"), ("2025/43", "undone"),
    ]  # fmt: skip
    assert "credited" in rows(made)[0].reason and "client" in rows(made)[1].reason
    left = {row.number for row in invoices.page(limit=5)}
    assert left == {"2025/41", ""}
    assert service.get(made).counts["kept"] == 2


def test_an_old_import_stays(agency: AgencyView, brought_in: Looked) -> None:
    made = brought_in(Kind.CLIENTS, CLIENTS)
    with clock.frozen(clock.now() + timedelta(days=31)), pytest.raises(Conflict):
        service.take_back(made, ACTOR)


def test_a_killed_worker_leaves_nothing_twice(
    agency: AgencyView, looked_through: Looked, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between two steps, and in the middle of one: every record is there once."""
    text = "Number,Date,Client name,Subtotal,Tax,Total,Status\n" + "".join(
        f"2020/{n},2020-01-02,Client {n % 3},{n}.00,0.00,{n}.00,Open\n" for n in range(1, 8)
    )
    monkeypatch.setattr(working, "WRITE_AT_ONCE", 2)
    made = looked_through(Kind.INVOICES, text)
    service.bring_in(made, ACTOR)
    store, calls = invoices.add_imported, iter(range(100))

    def dies(given: Sequence[invoices.ImportedInvoice]) -> list[UUID]:
        added = store(given)
        if next(calls) == 1:
            raise SystemError("killed")
        return added

    monkeypatch.setattr(invoices, "add_imported", dies)
    run_jobs()
    assert (service.get(made).state, service.get(made).done) == (ImportState.RUNNING, 2)
    assert len(invoices.page(limit=20)) == 2
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        run_jobs()
    assert (service.get(made).state, service.get(made).done) == (ImportState.DONE, 7)
    assert sorted(row.total for row in invoices.page(limit=20)) == [n * 100 for n in range(1, 8)]
    assert len(clients.choices()) == 3 and invoices.sums()[0].open == 2800
    assert not list((current().settings.data / "files").rglob("*.csv"))


def test_a_look_through_begins_again(
    agency: AgencyView, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "READ_AT_ONCE", 2)
    body = CLIENTS.encode()
    made = service.upload(Kind.CLIENTS, "x.csv", io.BytesIO(body), len(body), ACTOR, "en")
    service.look_through(made, service.get(made).reading)
    renew, calls = outbox.renew, iter(range(100))
    monkeypatch.setattr(outbox, "renew", lambda jobs, kind: renew(jobs, kind) if next(calls) != 1 else set())
    run_jobs()
    assert service.get(made).state is ImportState.CHECKED and len(rows(made)) == 4


def test_an_upload_is_kept_once_and_read_like_the_last_one(agency: AgencyView, looked_through: Looked) -> None:
    text = "Wer;Wo\nOlmo;Roma\n"
    first = looked_through(Kind.CLIENTS, text, once="a", columns={"name": 0, "city": 1}, country="CH")
    body = text.encode()
    assert service.upload(Kind.CLIENTS, "x", io.BytesIO(body), len(body), ACTOR, "en", "a") == first
    second = service.upload(Kind.CLIENTS, "../../etc/x\x00.csv", io.BytesIO(body), len(body), ACTOR, "en", "b")
    assert (service.get(second).reading.columns, service.get(second).reading.country) == ({"name": 0, "city": 1}, "CH")
    assert service.get(second).filename == "x.csv"


def test_what_has_to_be_decided_is_named(agency: AgencyView) -> None:
    body = b"Amount;When\n1.234;03/04/2025\n"
    made = service.upload(Kind.INVOICES, "x.csv", io.BytesIO(body), len(body), ACTOR, "en")
    with pytest.raises(Invalid) as refused:
        service.look_through(made, service.get(made).reading)
    assert {"column_number", "column_issue_date", "column_client_name", "column_tax", "state", "decimal"} <= set(
        refused.value.errors
    )


def test_a_table_that_breaks_off_is_told_with_its_line(agency: AgencyView, looked_through: Looked) -> None:
    made = looked_through(Kind.CLIENTS, "Name\n" + "Olmo\n" * 20_000 + '"open\n')
    assert service.get(made).state is ImportState.FAILED and "line 20002" in service.get(made).reason
    service.delete(made)
    assert service.page(5) == []


def test_hostile_cells_are_only_texts(agency: AgencyView, brought_in: Looked) -> None:
    text = 'Name,Notes,E-mail\n"=HYPERLINK(""x"")",@SUM(1),\n"<script>",-1,\nA\x07B,,\n"=cmd",,bad\n'
    made = brought_in(Kind.CLIENTS, text)
    assert [outcome for _line, outcome, _step in outcomes(made)] == ["new", "new", "refused", "refused"]
    assert {name for _id, name in clients.choices()} == {'=HYPERLINK("x")', "<script>"}
    lines = service.refused(made).decode("utf-8-sig").splitlines()
    assert lines[0] == "Line,Reason,Name,Notes,E-mail"
    assert lines[2].startswith("5,") and lines[2].endswith(",'=cmd,,bad")


def test_too_large_and_moved_on(agency: AgencyView, looked_through: Looked) -> None:
    with pytest.raises(reading.Unreadable):
        service.upload(Kind.CLIENTS, "x", io.BytesIO(b"a\n1"), reading.MOST_BYTES + 1, ACTOR, "en")
    made = looked_through(Kind.CLIENTS, CLIENTS)
    with pytest.raises(Conflict):
        service.take_back(made, ACTOR)
    service.bring_in(made, ACTOR)
    service.bring_in(made, ACTOR)
    with pytest.raises(Conflict):
        service.delete(made)
    assert isinstance(service.get(made).created_at, datetime)


def test_the_example_of_the_manual(agency: AgencyView, brought_in: Looked) -> None:
    """As it stands in docs/users/import.md, with nothing said about it but how its dates are written."""
    example = (ROOT / "docs/users/import.md").read_text("utf-8").partition("```csv\n")[2].partition("```")[0]
    made = brought_in(Kind.INVOICES, example, order="dmy")
    assert outcomes(made) == [(2, "new", "done"), (4, "new", "done")]
    assert {(row.number, row.total, row.word) for row in invoices.page(limit=5)} == {
        ("2025/7", 178120, "paid"),
        ("2025/8", 240000, "overdue"),
    }
    assert service.get(made).count("noted") == 0


def test_a_client_with_notes_stays(agency: AgencyView, brought_in: Looked, run_jobs: Callable[[], int]) -> None:
    made = brought_in(Kind.CLIENTS, CLIENTS)
    olmo = clients.by_email("giulia@caffeolmo.example")
    assert olmo is not None
    clients.change(olmo.id, {"notes": "Calls on Mondays"}, None, ACTOR)
    service.take_back(made, ACTOR)
    run_jobs()
    assert [name for _id, name in clients.choices()] == ["Caffè Olmo"]
    assert [step for _line, _outcome, step in outcomes(made)] == ["kept", "undone", "planned", "planned"]


def breaks(*_given: object) -> None:
    raise ProviderError("gone")


def test_an_error_that_stays_ends_looking_through(
    agency: AgencyView, looked_through: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(files, "opened", breaks)
        made = looked_through(Kind.CLIENTS, CLIENTS)
    found = service.get(made)
    assert found.state is ImportState.FAILED and "Something went wrong" in found.reason
    service.delete(made)


def test_an_error_that_stays_leaves_a_way_on(
    agency: AgencyView, looked_through: Looked, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is stored it can be tried again, after that what is stored can be taken back."""
    monkeypatch.setattr(working, "WRITE_AT_ONCE", 1)
    made = looked_through(Kind.CLIENTS, CLIENTS)
    store = clients.add_imported
    with monkeypatch.context() as broken:
        broken.setattr(clients, "add_imported", breaks)
        service.bring_in(made, ACTOR)
        run_jobs()
    assert service.get(made).state is ImportState.CHECKED and service.get(made).reason
    with monkeypatch.context() as broken:
        broken.setattr(clients, "add_imported", lambda given: breaks() if given[0]["name"][0] == "B" else store(given))
        service.bring_in(made, ACTOR)
        run_jobs()
    found = service.get(made)
    assert not list((current().settings.data / "files").rglob("*.csv"))
    assert found.can_undo and found.reason and (found.counts["new"], found.counts["refused"]) == (1, 3)
    with monkeypatch.context() as broken:
        broken.setattr(clients, "remove_imported", breaks)
        service.take_back(made, ACTOR)
        run_jobs()
    assert service.get(made).can_undo and service.get(made).reason and clients.has_any()
    service.take_back(made, ACTOR)
    run_jobs()
    assert service.get(made).state is ImportState.UNDONE and not clients.has_any()


def test_an_address_that_was_taken_meanwhile_refuses_one(
    agency: AgencyView, looked_through: Looked, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Name,E-mail\nA,a@x.example\nB,b@x.example\nC,c@x.example\n"
    made = looked_through(Kind.CLIENTS, text)
    look, stale = judging.Judge.of, judging.Judge.of(Kind.CLIENTS, service.get(made).reading)
    factory.make_client("Other", email="b@x.example")
    fresh = iter([stale])
    monkeypatch.setattr(judging.Judge, "of", lambda kind, kept: next(fresh, None) or look(kind, kept))
    service.bring_in(made, ACTOR)
    run_jobs()
    assert service.get(made).state is ImportState.DONE
    assert [outcome for _line, outcome, _step in outcomes(made)] == ["new", "changed", "new"]
    assert {name for _id, name in clients.choices()} == {"A", "C", "Other"}


def test_what_cannot_be_stored_is_found_one_by_one(
    agency: AgencyView, looked_through: Looked, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = looked_through(Kind.CLIENTS, "Name,E-mail\nA,a@x.example\nB,b@x.example\nC,c@x.example\n")
    store = clients.add_imported

    def picky(given: Sequence[dict[str, object]]) -> list[UUID]:
        if any(each["name"] == "B" for each in given):
            raise Invalid({"email": "Not this one."})
        return store(given)

    monkeypatch.setattr(clients, "add_imported", picky)
    service.bring_in(made, ACTOR)
    run_jobs()
    assert (service.get(made).state, service.get(made).done) == (ImportState.DONE, 3)
    assert [(row.outcome.value, row.reason) for row in rows(made)][1] == ("refused", "Not this one.")
    assert {name for _id, name in clients.choices()} == {"A", "C"}


def test_addresses_that_move_are_known(agency: AgencyView, brought_in: Looked) -> None:
    factory.make_client("A", email="old@x.example", tax_id="00743110157")
    text = "Name,E-mail,VAT number,Country\nA,new@x.example,IT00743110157,IT\nB,old@x.example,,IT\n"
    assert [outcome for _line, outcome, _step in outcomes(brought_in(Kind.CLIENTS, text, update=True))] == [
        "changed", "new",
    ]  # fmt: skip


def test_who_deletes_is_not_brought_in(
    agency: AgencyView, looked_through: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = looked_through(Kind.CLIENTS, CLIENTS)
    forget = models.forget_rows

    def slowly(import_id: UUID, limit: int) -> int:
        with pytest.raises(Conflict):
            service.bring_in(import_id, ACTOR)
        return forget(import_id, limit)

    monkeypatch.setattr(models, "forget_rows", slowly)
    service.delete(made)
    assert service.page(5) == [] and not clients.has_any()


PART_PAID = """Number,Date,Client name,Subtotal,Tax,Total,Status,Balance,Amount paid
{year}/50,{year}-01-03,Neu GmbH,1000.00,220.00,1220.00,Partially paid,820.00,
{year}/51,{year}-01-05,Neu GmbH,500.00,110.00,610.00,Open,,10.00
{year}/52,{year}-01-07,Neu GmbH,500.00,110.00,610.00,Partially paid,,
{year}/53,{year}-01-08,Neu GmbH,500.00,110.00,610.00,Paid,5.00,
{year}/54,{year}-01-09,Neu GmbH,500.00,110.00,610.00,Open,,700.00
"""


def test_what_was_paid_of_one_elsewhere_comes_along(agency: AgencyView, brought_in: Looked) -> None:
    year = clock.today("Europe/Rome").year - 1
    text = PART_PAID.format(year=year)
    made = brought_in(Kind.INVOICES, text)
    assert [outcome for _line, outcome, _step in outcomes(made)] == ["new", "new", "refused", "refused", "refused"]
    assert ["does not tell how much" in row.reason for row in rows(made)].index(True) == 2
    found = {row.number: invoices.get(row.id) for row in invoices.page(limit=5)}
    first, second = found[f"{year}/50"], found[f"{year}/51"]
    assert [(each.priced.totals.gross, each.priced.totals.prepaid, each.due) for each in (first, second)] == [
        (122000, 40000, 82000), (61000, 1000, 60000),
    ]  # fmt: skip
    assert invoices.sums()[0].open == 142000 and invoices.account(first.client_id, written_off=True)[1][0].due == 82000
    again = brought_in(Kind.INVOICES, text)
    assert [outcome for _line, outcome, _step in outcomes(again)][:2] == ["same", "same"]
    crediting.issue(first.id, CreditInput(Extent.ALL, "Mistake"), ACTOR)
    assert invoices.get(first.id).due == 0


def test_more_was_paid_than_it_comes_to(agency: AgencyView, looked_through: Looked) -> None:
    """What is still to pay is less than nothing: it is said before anything is brought in."""
    year = clock.today("Europe/Rome").year - 1
    heads = "Number,Date,Client name,Subtotal,Tax,Total,Balance"
    text = f"{heads}\n{year}/60,{year}-01-03,Neu GmbH,100.00,22.00,122.00,-5.00\n"
    made = looked_through(Kind.INVOICES, text)
    assert [outcome for _line, outcome, _step in outcomes(made)] == ["refused"]
    assert "must be less than it comes to" in rows(made)[0].reason
