"""Who is read by the periodic pull: accounts on which something is under way, and those not read for an hour."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from webkit.core.capabilities.payments import ConnectKind
from webkit.core.kernel import clock, db, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.vendors import ProviderAccount
from webkit.payments import jobs, models
from webkit.payments.models import ConnectedAccount, Payment, PaymentState, Reversal, ReversalKind, ReversalState


@db.writes
def connected(name: str, minutes: int | None) -> UUID:
    """An account that was read so many minutes ago."""
    now, unit = clock.now(), db.session()
    account = ProviderAccount(capability="payments", provider="stripe", sealed="{}")
    unit.add(account)
    unit.flush()
    read = None if minutes is None else now - timedelta(minutes=minutes)
    row = ConnectedAccount(
        account_id=account.id, provider="stripe", name=name, alive=name, kind=ConnectKind.MANAGED, since=now,
        checked_at=now, read_until=read,
    )  # fmt: skip
    unit.add(row)
    unit.flush()
    return account.id


def _read() -> list[UUID]:
    db.release()
    with tenancy.platform("test"):
        return models.agencies_connected(clock.now() - jobs.READ_AGAIN)


@db.writes
def _refund_under_way(account_id: UUID) -> None:
    payment = models.add(
        Payment(
            reference="invoice:x", provider="stripe", account_id=account_id, amount_minor=100, currency="EUR",
            state=PaymentState.SUCCEEDED,
        )
    )  # fmt: skip
    values = {"amount_minor": 50, "changed_at": clock.now(), "vendor_id": "re_1"}
    models.add_reversal(Reversal(payment_id=payment, kind=ReversalKind.REFUND, state=ReversalState.PENDING, **values))


def test_a_quiet_account_is_read_once_an_hour(agency: AgencyView, other_agency: AgencyView) -> None:
    quiet = connected("acct_1", minutes=5)
    with tenancy.tenant(other_agency.id):
        connected("acct_2", minutes=61)
    assert _read() == [other_agency.id]
    _refund_under_way(quiet)
    assert set(_read()) == {agency.id, other_agency.id}


def test_an_account_that_was_never_read_is(agency: AgencyView) -> None:
    connected("acct_3", minutes=None)
    assert _read() == [agency.id]
