"""Codes and signatures: limits, evidence, and that a contract is signed once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import deals
from tests.signing.pictures import DRAWN
from tests.threads import at_once
from webkit.contracts import service as contracts
from webkit.contracts.models import ContractState
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db, events, frozen, tenancy
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid, TooMany
from webkit.invoices import service as invoices
from webkit.signing import consent, models
from webkit.signing import service as signing
from webkit.signing.models import Signature

Mails = Callable[[], list[OutboxMessage]]
Jobs = Callable[[], int]


@pytest.fixture
def contract_id(agency: AgencyView) -> UUID:
    return deals.sent()


def code(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> str:
    return deals.code_for(contract_id, run_jobs, outbox_mails)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# --- codes -----------------------------------------------------------------------------------------------------


def test_a_code_goes_to_the_signer_and_is_not_kept(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    sent = signing.send_code(contract_id)
    assert sent.email == "gi•••@caffeolmo.example"
    run_jobs()
    mail = outbox_mails()[0]
    digits = deals.latest_code(outbox_mails)
    assert deals.EMAIL in str(mail.entry)
    assert digits not in mail.entry.subject
    row = models.newest_code(contract_id)
    assert row is not None and digits not in (row.code_hash, row.email) and len(row.code_hash) == 64
    entry = events.timeline(events.ref("contract", contract_id))[-2]
    assert digits not in str(entry)


def test_five_codes_an_hour(contract_id: UUID) -> None:
    start = clock.now()
    for minute in range(5):
        with clock.frozen(start + timedelta(minutes=minute)):
            signing.send_code(contract_id)
    with clock.frozen(start + timedelta(minutes=50)), pytest.raises(TooMany, match="in 10 minutes") as refused:
        signing.send_code(contract_id)
    assert refused.value.retry_after == 601
    with clock.frozen(start + timedelta(minutes=60, seconds=1)):
        signing.send_code(contract_id)


def test_codes_asked_for_at_once_are_counted(app: Flask, agency: AgencyView, contract_id: UUID) -> None:
    def ask() -> object:
        with tenancy.tenant(agency.id):
            return signing.send_code(contract_id)

    at_once(app, *[ask] * 6)
    db.release()
    assert len(models.codes_since(contract_id, clock.now() - timedelta(hours=1))) <= 5


def test_five_tries_then_the_code_is_dead(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    digits = code(contract_id, run_jobs, outbox_mails)
    wrong = deals.given(other_than(digits))
    for left in ("4 more times", "3 more times", "2 more times", "once more", "last try"):
        with pytest.raises(Invalid, match=left):
            signing.sign(contract_id, wrong)
    with pytest.raises(Invalid, match="tried five times"):
        signing.sign(contract_id, deals.given(digits))
    assert signing.code_of(contract_id).open is False  # type: ignore[union-attr]
    assert contracts.get(contract_id).state is ContractState.SENT
    signing.sign(contract_id, deals.given(code(contract_id, run_jobs, outbox_mails)))


def test_a_code_lives_ten_minutes(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    digits = code(contract_id, run_jobs, outbox_mails)
    with clock.frozen(clock.now() + timedelta(minutes=10, seconds=1)), pytest.raises(Invalid, match="10 minutes"):
        signing.sign(contract_id, deals.given(digits))
    signing.sign(contract_id, deals.given(digits))


def test_only_the_newest_code_counts(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    first = code(contract_id, run_jobs, outbox_mails)
    second = code(contract_id, run_jobs, outbox_mails)
    if first != second:
        with pytest.raises(Invalid, match="sent last"):
            signing.sign(contract_id, deals.given(first))
    signing.sign(contract_id, deals.given(second))


def test_a_code_opens_its_own_contract_only(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    digits = code(contract_id, run_jobs, outbox_mails)
    other = deals.sent()
    with pytest.raises(Invalid, match="Ask for a code first"):
        signing.sign(other, deals.given(digits))


# --- signing ---------------------------------------------------------------------------------------------------


def test_a_signature_records_everything(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    signing.sign(contract_id, deals.given(code(contract_id, run_jobs, outbox_mails)))
    contract = contracts.get(contract_id)
    assert contract.state is ContractState.SIGNED and contract.signer_title == "Owner"
    document = frozen.get(contract.frozen_id)  # type: ignore[arg-type]
    given = signing.signature_of(contract_id)
    assert given is not None
    assert (given.snapshot_hash, given.pdf_hash) == (document.snapshot_hash, document.pdf_hash)
    assert given.pdf_hash == digest(frozen.ensure_pdf(document.id))
    assert given.consent_hash == consent.current("en").hash and contract.number in given.consent_text
    assert (given.name, given.email, given.address) == ("Giulia Ferrante", deals.EMAIL, deals.VISITOR.address)
    assert given.code_sent_at <= given.code_verified_at == given.signed_at
    entry = next(each for each in events.timeline(contract.subject) if each.kind == "contract.signed")
    assert entry.facts["snapshot_hash"] == document.snapshot_hash
    assert entry.facts["pdf_hash"] == document.pdf_hash
    assert (entry.facts["consent_version"], entry.facts["consent_hash"]) == (1, given.consent_hash)
    assert set(entry.personal) == {
        "name",
        "title",
        "email",
        "address",
        "user_agent",
        "code_sent_at",
        "code_verified_at",
        "signature_hash",
    }
    assert deals.EMAIL not in str(entry.facts) and "Ferrante" not in str(entry.facts)


def test_a_drawn_signature_is_kept_as_it_was_drawn(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    digits = code(contract_id, run_jobs, outbox_mails)
    signing.sign(contract_id, deals.given(digits, drawn=DRAWN, typed=""))
    given = signing.signature_of(contract_id)
    assert given is not None and (given.method, given.drawn, given.typed) == ("draw", DRAWN, "")


def test_signing_hands_on_to_the_deposits_invoice(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    signing.sign(contract_id, deals.given(code(contract_id, run_jobs, outbox_mails)))
    contract = contracts.get(contract_id)
    assert contract.next_invoice_id is not None
    assert invoices.get(contract.next_invoice_id).total == contract.deposit_minor
    assert contracts.signed(contract_id).deposit.totals.payable == contract.deposit_minor  # type: ignore[union-attr]


def test_two_tabs_sign_once(
    app: Flask, agency: AgencyView, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    digits = code(contract_id, run_jobs, outbox_mails)

    def sign() -> object:
        with tenancy.tenant(agency.id):
            return signing.sign(contract_id, deals.given(digits))

    assert at_once(app, sign, sign, sign) == [None, None, None]
    db.release()
    kinds = [entry.kind for entry in events.timeline(events.ref("contract", contract_id))]
    assert kinds.count("contract.signed") == 1
    assert len(invoices.page(limit=9)) == 1


def test_signed_again_nothing_happens(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    digits = code(contract_id, run_jobs, outbox_mails)
    signing.sign(contract_id, deals.given(digits))
    before = signing.signature_of(contract_id)
    signing.sign(contract_id, deals.given("000000", name="Somebody else"))
    assert signing.signature_of(contract_id) == before
    with pytest.raises(Conflict, match="has been signed"):
        signing.send_code(contract_id)


def test_withdrawn_while_reading_it_cannot_be_signed(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    digits = code(contract_id, run_jobs, outbox_mails)
    contracts.cancel(contract_id, "", actor=deals.ACTOR)
    with pytest.raises(Conflict, match="withdrawn"):
        signing.sign(contract_id, deals.given(digits))
    assert signing.signature_of(contract_id) is None


def test_signing_and_withdrawing_at_once_is_one_or_the_other(
    app: Flask, agency: AgencyView, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    digits = code(contract_id, run_jobs, outbox_mails)

    def sign() -> object:
        with tenancy.tenant(agency.id):
            return signing.sign(contract_id, deals.given(digits))

    def cancel() -> object:
        with tenancy.tenant(agency.id):
            return contracts.cancel(contract_id, "", actor=deals.ACTOR)

    at_once(app, sign, cancel)
    db.release()
    state = contracts.get(contract_id).state
    assert (state is ContractState.SIGNED) == (signing.signature_of(contract_id) is not None)
    assert state in (ContractState.SIGNED, ContractState.CANCELLED)


def test_after_the_last_day_nobody_signs(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    digits = code(contract_id, run_jobs, outbox_mails)
    with clock.frozen(clock.now() + timedelta(days=40)):
        with pytest.raises(Conflict, match="has passed"):
            signing.sign(contract_id, deals.given(digits))
        with pytest.raises(Conflict, match="has passed"):
            signing.send_code(contract_id)


def test_what_a_listener_refuses_undoes_the_signature(
    app: Flask, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    from webkit.contracts.events import ContractSigned
    from webkit.core.kernel import signals

    digits = code(contract_id, run_jobs, outbox_mails)

    def refuse(_event: ContractSigned) -> None:
        raise RuntimeError("not now")

    signals.subscribe(app, ContractSigned, refuse)
    with pytest.raises(RuntimeError):
        signing.sign(contract_id, deals.given(digits))
    assert contracts.get(contract_id).state is ContractState.SENT
    assert signing.signature_of(contract_id) is None


def test_nobody_rewrites_a_signature(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    signing.sign(contract_id, deals.given(code(contract_id, run_jobs, outbox_mails)))
    change = sa.update(Signature).where(Signature.contract_id == contract_id).values(name="Mallory")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.writing() as unit:
        unit.execute(change, execution_options={"synchronize_session": False})


@pytest.mark.parametrize(
    ("email", "shown"), [("a@b.example", "a•••@b.example"), ("anna@b.example", "an•••@b.example"), ("x", "x•••@")]
)
def test_addresses_are_shown_only_in_part(email: str, shown: str) -> None:
    assert signing.masked(email) == shown
