"""Every way to rewrite the past that we could think of is found, and named by its event."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from tests.client import let_go
from tests.factories import deals
from tests.signing.conftest import Tamper
from webkit.contracts import service as contracts
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.capabilities.storage import STORAGE
from webkit.core.extensions import Job
from webkit.core.kernel import crypto, db, events, evidence, frozen, ids, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.evidence import ChainReport
from webkit.core.kernel.runtime import current

Mails = Callable[[], list[OutboxMessage]]


@pytest.fixture
def sealed(agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Mails) -> UUID:
    """A whole deal up to the sealed contract."""
    contract_id = deals.signed(run_jobs, outbox_mails)
    run_jobs()
    return contract_id


def examined(agency: AgencyView, *keys: str) -> ChainReport:
    let_go()
    with tenancy.tenant(agency.id):
        return evidence.examine(agency.slug, frozenset({current().keys.public_key.hex(), *keys}))


def found(report: ChainReport) -> str:
    return " ".join(finding.problem for finding in report.findings)


def seq_of(kind: str, contract_id: UUID) -> int:
    subject = events.ref("contract", contract_id)
    return next(entry.seq for entry in events.timeline(subject, limit=99) if entry.kind == kind)


def test_an_untouched_house_is_fine(agency: AgencyView, sealed: UUID) -> None:
    report = examined(agency)
    assert report.ok and report.first_broken is None
    assert report.events == events.head()[0] and report.documents == 5 and report.signed_heads == 2


def test_an_agency_without_events_is_fine(agency: AgencyView, other_agency: AgencyView) -> None:
    assert examined(other_agency).ok


def test_a_flipped_letter_in_a_text(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    seq = seq_of("contract.signed", sealed)
    tamper("UPDATE events SET text = replace(text, 'contract.signed', 'contract.signeD') WHERE seq = :seq", seq=seq)
    report = examined(agency)
    assert report.first_broken == seq and "does not have its hash" in found(report)


@pytest.mark.parametrize(
    ("column", "value"),
    [("kind", "contract.sent"), ("subject", "contract:0"), ("at", "2020-01-01 00:00:00"), ("prev_hash", "0" * 64)],
)
def test_a_changed_column_beside_the_text(
    agency: AgencyView, sealed: UUID, tamper: Tamper, column: str, value: str
) -> None:
    seq = seq_of("contract.signed", sealed)
    tamper(f"UPDATE events SET {column} = '{value}' WHERE seq = :seq", seq=seq)
    assert examined(agency).first_broken == seq


def test_a_column_that_cannot_be_read(agency: AgencyView, sealed: UUID, tamper: Tamper, app: Flask) -> None:
    if db.db.engine.dialect.name == "sqlite":
        tamper("UPDATE events SET at = 'yesterday' WHERE seq = 3", "UPDATE event_details SET data = '{' WHERE seq = 4")
        report = examined(agency)
        assert report.first_broken == 3 and {finding.seq for finding in report.findings} >= {3, 4}


def test_a_removed_event(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    tamper(
        "DELETE FROM event_subjects WHERE seq = 3",
        "DELETE FROM event_details WHERE seq = 3",
        "DELETE FROM events WHERE seq = 3",
    )
    assert examined(agency).first_broken == 3


def test_changed_and_missing_personal_details(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    seq = seq_of("contract.signed", sealed)
    tamper("UPDATE event_details SET data = replace(data, 'Giulia', 'Mario') WHERE seq = :seq", seq=seq)
    assert examined(agency).first_broken == seq
    tamper("DELETE FROM event_details WHERE seq = :seq", seq=seq)
    report = examined(agency)
    assert report.first_broken == seq and "no event says that they were erased" in found(report)


def test_erased_details_are_not_broken(agency: AgencyView, sealed: UUID) -> None:
    events.erase([seq_of("contract.signed", sealed)], "asked for")
    assert examined(agency).ok


def test_a_cut_tail_is_found_by_the_head(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    last = events.head()[0]
    tamper(
        "DELETE FROM event_subjects WHERE seq > :seq",
        "DELETE FROM event_details WHERE seq > :seq",
        "DELETE FROM events WHERE seq > :seq",
        seq=last - 2,
    )
    assert examined(agency).first_broken == last - 1


def _rewrite(agency: AgencyView, first: int, last: int, change: Callable[[str], str], tamper: Tamper) -> None:
    """Rewrite the chain from `first` on so that every hash fits again, and end it at `last`."""
    let_go()
    rows = [(row.seq, row.text, row.prev_hash) for row in events.chain_rows()]
    db.release()
    previous, statements, values = "", [], {}
    for seq, text, before in rows:
        if not first <= seq <= last:
            continue
        previous = previous or before
        new = change(text)
        hash_ = events.link(previous, new)
        statements.append(
            f"UPDATE events SET text = :t{seq}x, prev_hash = '{previous}', hash = '{hash_}' WHERE seq = {seq}"
        )
        values[f"t{seq}x"] = new
        previous = hash_
    cut = [f"DELETE FROM {table} WHERE seq > {last}" for table in ("event_subjects", "event_details", "events")]
    tamper(*statements, *cut, f"UPDATE event_heads SET seq = {last}, hash = '{previous}'", **values)


def test_a_chain_rewritten_consistently_does_not_fit_its_signed_head(
    agency: AgencyView, sealed: UUID, tamper: Tamper
) -> None:
    first, last = seq_of("contract.sent", sealed), events.head()[0]
    _rewrite(agency, first, last, lambda text: text.replace("585600", "685600"), tamper)
    report = examined(agency)
    assert not report.ok and "signed with another hash" in found(report)


def test_a_tail_cut_consistently_does_not_fit_its_signed_head(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    keep = seq_of("contract.sent", sealed)
    _rewrite(agency, keep, keep, str, tamper)
    report = examined(agency)
    assert report.first_broken == keep + 1 and "cut off" in found(report)


def test_even_without_the_signed_heads_the_sealed_pdf_tells(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    first, last = seq_of("contract.sent", sealed), events.head()[0]
    _rewrite(agency, first, last, lambda text: text.replace("585600", "685600"), tamper)
    tamper("DELETE FROM signed_heads")
    report = examined(agency)
    assert "the chain no longer has the event" in found(report)


def test_a_head_signed_by_somebody_else(agency: AgencyView, sealed: UUID, tamper: Tamper, tmp_path: object) -> None:
    stranger = crypto.load_keys(tmp_path)  # type: ignore[arg-type]
    tamper("UPDATE signed_heads SET public_key = :key", key=stranger.public_key.hex())
    assert "not ours" in found(examined(agency))
    assert "not valid" in found(examined(agency, stranger.public_key.hex()))


def test_a_changed_snapshot(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    tamper("UPDATE frozen_documents SET text = replace(text, 'Website', 'Webside') WHERE kind = 'contract'")
    report = examined(agency)
    assert report.first_broken == seq_of("contract.sent", sealed) and "snapshot does not have its hash" in found(report)


def test_a_snapshot_changed_together_with_its_hash(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    document = frozen.latest("contract", sealed)
    assert document is not None
    text = crypto.canonical({**document.snapshot, "title": "Another"})
    tamper(
        "UPDATE frozen_documents SET text = :text, snapshot_hash = :hash WHERE kind = 'contract'",
        text=text,
        hash=crypto.digest(text.encode()),
    )
    assert "not the one the event names" in found(examined(agency))


def test_a_snapshot_that_is_no_json(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    tamper("UPDATE frozen_documents SET text = '{' WHERE kind = 'contract'")
    assert "cannot be read" in found(examined(agency))


def test_a_flipped_byte_in_a_stored_pdf(agency: AgencyView, sealed: UUID) -> None:
    import io

    for kind in ("contract", "contract_sealed"):
        document = frozen.latest(kind, sealed)
        content = bytearray(frozen.ensure_pdf(document.id))  # type: ignore[union-attr]
        content[len(content) // 2] ^= 1
        key = document.pdf_key or ""  # type: ignore[union-attr]
        current().registry.get(STORAGE).put(key, io.BytesIO(bytes(content)), content_type="application/pdf")
        report = examined(agency)
        assert f"{kind} {contracts.get(sealed).number}: the stored PDF does not have its hash" in found(report)


def test_a_missing_pdf(agency: AgencyView, sealed: UUID) -> None:
    document = frozen.latest("contract_sealed", sealed)
    db.release()
    current().registry.get(STORAGE).delete(document.pdf_key or "")  # type: ignore[union-attr]
    assert "cannot be read" in found(examined(agency))


def test_a_pdf_swapped_together_with_its_hash(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    one, other = frozen.latest("contract_sealed", sealed), frozen.latest("contract", sealed)
    tamper(
        "UPDATE frozen_documents SET pdf_hash = :hash, pdf_key = :key WHERE kind = 'contract_sealed'",
        hash=other.pdf_hash,  # type: ignore[union-attr]
        key=other.pdf_key,  # type: ignore[union-attr]
    )
    report = examined(agency)
    assert one is not None and "PDF is not the one the event names" in found(report)
    assert "carries no seal" in found(report)


def test_a_missing_document(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    tamper("DELETE FROM frozen_documents WHERE kind = 'contract_sealed'")
    report = examined(agency)
    assert report.first_broken == seq_of("contract.sealed", sealed) and "gone" in found(report)


def test_changed_totals_beside_the_snapshot(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    tamper("UPDATE contracts SET total_minor = total_minor + 100")
    assert "totals are other ones now" in found(examined(agency))
    tamper("UPDATE contracts SET once = '{'")
    assert not examined(agency).ok


def test_changed_totals_of_an_invoice(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    tamper("UPDATE invoices SET total_minor = total_minor - 100")
    assert "the invoice's totals are other ones now" in found(examined(agency))


def test_an_invoice_changed_together_with_its_hash(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    document = next(each for each in frozen.all_of_agency() if each.kind == "invoice")
    text = crypto.canonical({**document.snapshot, "title": "Another"})
    tamper(
        "UPDATE frozen_documents SET text = :text, snapshot_hash = :hash WHERE kind = 'invoice'",
        text=text,
        hash=crypto.digest(text.encode()),
    )
    assert "not the one the event names" in found(examined(agency))


def test_a_changed_signature_row(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    tamper("UPDATE signatures SET name = 'Mallory'")
    assert "not the one that was sealed" in found(examined(agency))


def test_a_swapped_seal(agency: AgencyView, sealed: UUID, tamper: Tamper) -> None:
    tamper("UPDATE frozen_documents SET seal = :seal WHERE kind = 'contract_sealed'", seal=json.dumps({"a": 1}))
    assert "not the one that was kept" in found(examined(agency))
    tamper("UPDATE frozen_documents SET seal = '{' WHERE kind = 'contract_sealed'")
    assert not examined(agency).ok


def test_heads_are_signed_once_and_every_day(agency: AgencyView, other_agency: AgencyView) -> None:
    assert examined(other_agency).events == 0
    deals.sent()
    first = evidence.sign_head()
    assert first == evidence.sign_head() and first is not None
    assert evidence.head_is_signed(agency.id, first)
    deals.sent()
    let_go()
    with tenancy.platform("test"):
        evidence.sign_all_heads(Job(ids.uuid7(), None, {}, 1, "key"))
    assert [head.seq for head in events.signed_heads()] == [first.seq, events.head()[0]]
    assert examined(agency).ok
