"""Sealing: killed at any step and run again, it ends with one sealed PDF, one event and one pair of mails."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from pypdf import PdfReader

from tests.factories import deals
from tests.signing.pictures import DRAWN
from tests.threads import at_once
from webkit.agencies import service as agencies
from webkit.contracts import service as contracts
from webkit.contracts.models import ContractState
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.extensions import Job
from webkit.core.kernel import clock, db, events, evidence, frozen, ids, tenancy
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.runtime import current
from webkit.messaging import service as messaging
from webkit.signing import jobs, seal, witness
from webkit.signing import service as signing
from webkit.signing.events import SEALED

Mails = Callable[[], list[OutboxMessage]]
Jobs = Callable[[], int]


class Killed(Exception):
    """Stands for a process that is gone."""


def signed(run_jobs: Jobs, outbox_mails: Mails, **values: object) -> UUID:
    return deals.signed(run_jobs, outbox_mails, **values)


def assert_sealed_once(contract_id: UUID, outbox_mails: Mails) -> None:
    contract = contracts.get(contract_id)
    assert contract.state is ContractState.SEALED
    document = frozen.get(contract.sealed_id)  # type: ignore[arg-type]
    content = frozen.ensure_pdf(document.id)
    document = frozen.get(document.id)
    assert document.pdf_hash == digest(content)
    assert seal.read(content)[1].to_dict() == document.seal
    assert [each.kind for each in frozen.all_of_agency()].count(SEALED) == 1
    kinds = [entry.kind for entry in events.timeline(contract.subject)]
    assert kinds.count("contract.sealed") == kinds.count("contract.signed") == 1
    subjects = [mail.entry.subject for mail in outbox_mails()]
    assert sum(subject.startswith("Signed: contract") for subject in subjects) == 1
    assert sum("signed CON-" in subject for subject in subjects) == 1
    assert evidence.examine("x", frozenset({current().keys.public_key.hex()})).findings == []


def test_a_signed_contract_is_sealed_and_mailed_to_both(
    agency: AgencyView, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    contract_id = signed(run_jobs, outbox_mails)
    run_jobs()
    assert_sealed_once(contract_id, outbox_mails)
    sealed = [mail for mail in outbox_mails() if mail.attachments and "igned" in mail.entry.subject]
    assert len({mail.attachments[0].content for mail in sealed}) == 1
    assert seal.read(sealed[0].attachments[0].content)


STEPS = [
    (evidence, "sign_head", "before"),
    (frozen, "freeze", "before"),
    (jobs, "freeze_sealed", "after"),
    (seal, "make", "before"),
    (frozen, "_attach", "before"),
    (frozen, "_attach", "after"),
    (frozen, "ensure_pdf", "after"),
    (contracts, "mark_sealed", "after"),
    (frozen, "attach_seal", "after"),
    (events, "record", "after"),
    (messaging, "send", "after"),
    (jobs, "_conclude", "after"),
]


@pytest.mark.parametrize(("module", "name", "when"), STEPS, ids=lambda value: getattr(value, "__name__", value))
def test_killed_at_any_step_it_goes_on(
    agency: AgencyView,
    run_jobs: Jobs,
    outbox_mails: Mails,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
    when: str,
) -> None:
    contract_id = signed(run_jobs, outbox_mails)
    original = getattr(module, name)
    deaths = []

    def dying(*args: object, **kwargs: object) -> object:
        if when == "after":
            original(*args, **kwargs)
        deaths.append(name)
        raise Killed(name)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, dying)
        with pytest.raises(Killed):
            jobs.seal_contract(Job(ids.uuid7(), agency.id, {"contract_id": str(contract_id)}, 1, "key"))
    assert deaths
    db.release()
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        run_jobs()
    assert_sealed_once(contract_id, outbox_mails)


def test_two_workers_seal_once(app: Flask, agency: AgencyView, run_jobs: Jobs, outbox_mails: Mails) -> None:
    contract_id = signed(run_jobs, outbox_mails)
    job = Job(ids.uuid7(), agency.id, {"contract_id": str(contract_id)}, 1, "key")

    def work() -> object:
        with tenancy.tenant(agency.id):
            return jobs.seal_contract(job)

    answers = at_once(app, work, work)
    assert None in answers
    db.release()
    run_jobs()
    assert_sealed_once(contract_id, outbox_mails)


def test_what_is_not_signed_is_not_sealed(agency: AgencyView) -> None:
    contract_id = deals.sent()
    jobs.seal_contract(Job(ids.uuid7(), agency.id, {"contract_id": str(contract_id)}, 1, "key"))
    assert frozen.latest(SEALED, contract_id) is None


def test_whoever_asks_first_gets_the_sealed_bytes(agency: AgencyView, run_jobs: Jobs, outbox_mails: Mails) -> None:
    contract_id = signed(run_jobs, outbox_mails)
    document_id = jobs.freeze_sealed(contract_id)
    early = frozen.ensure_pdf(document_id)
    run_jobs()
    assert frozen.ensure_pdf(document_id) == early
    assert_sealed_once(contract_id, outbox_mails)


def test_the_evidence_page_says_it_all(agency: AgencyView, run_jobs: Jobs, outbox_mails: Mails) -> None:
    contract_id = deals.sent()
    digits = deals.code_for(contract_id, run_jobs, outbox_mails)
    signing.sign(contract_id, deals.given(digits, drawn=DRAWN, typed=""))
    run_jobs()
    contract = contracts.get(contract_id)
    document = frozen.get(contract.sealed_id)  # type: ignore[arg-type]
    pages = PdfReader(io.BytesIO(frozen.ensure_pdf(document.id))).pages
    text = "".join("".join(page.extract_text() for page in pages).split())
    printed = document.snapshot["evidence"]
    entry = next(each for each in events.timeline(contract.subject) if each.kind == "contract.signed")
    assert (printed["event"]["seq"], printed["event"]["hash"]) == (entry.seq, entry.hash)
    for fact in (
        contract.number,
        "€5,856.00",
        "Giulia Ferrante, Owner",
        deals.EMAIL,
        deals.VISITOR.address,
        deals.VISITOR.agent,
        "Drawn by hand",
        "simple electronic signature",
        document.snapshot["signature"]["consent"]["hash"],
        printed["document"]["snapshot_hash"],
        printed["document"]["pdf_hash"],
        printed["event"]["hash"],
        printed["head"]["hash"],
        printed["head"]["signature"],
        printed["head"]["public_key"],
        document.code,
    ):
        assert "".join(fact.split()) in text, fact


def test_the_agency_without_an_address_of_mail_gets_none(
    agency: AgencyView, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    contract_id = signed(run_jobs, outbox_mails)
    agencies.change({"email": ""})
    run_jobs()
    assert contracts.get(contract_id).state is ContractState.SEALED
    assert not any("signed CON-" in mail.entry.subject for mail in outbox_mails())


def test_the_witness_of_a_sealed_contract(agency: AgencyView, run_jobs: Jobs, outbox_mails: Mails) -> None:
    contract_id = signed(run_jobs, outbox_mails)
    run_jobs()
    document = frozen.get(contracts.get(contract_id).sealed_id)  # type: ignore[arg-type]
    content = frozen.ensure_pdf(document.id)
    document = frozen.get(document.id)
    assert list(witness.differences(document, content)) == []
    assert witness.seal_is_ours(document)
    assert "changed" in next(iter(witness.differences(document, content[:-1])))
    assert str(witness.state(document)[0]) == "Signed and sealed"
