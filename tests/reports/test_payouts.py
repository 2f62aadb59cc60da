"""The report of payouts: what is not listed one by one is counted all the same."""

from __future__ import annotations

from webkit.agencies import service as agencies
from webkit.core.capabilities.payments import Payout, PayoutLine, PayoutLineKind, PayoutState
from webkit.core.kernel import clock, db
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.sheets import Amount
from webkit.core.kernel.vendors import ProviderAccount
from webkit.payouts import keeping
from webkit.reports.paid_out import paid_out
from webkit.reports.ranges import Range


@db.writes
def _account() -> ProviderAccount:
    row = ProviderAccount(capability="payments", provider="stripe", sealed="{}")
    db.session().add(row)
    db.session().flush()
    return row


def test_sums_are_of_all_payouts(agency: AgencyView) -> None:
    account_id = _account().id
    for number in range(3):
        lines = (PayoutLine(f"txn_{number}", PayoutLineKind.PAYMENT, "", 1_000, 30, 0),)
        made = Payout(f"po_{number}", PayoutState.PAID, 970, "EUR", agencies.today(), clock.now(), lines)
        keeping.keep(account_id, "stripe", made, clock.now())
    db.release()
    today = agencies.today()
    (section,) = paid_out(Range(today, today), 2).sections
    assert len(section.rows) == 3
    assert section.rows[2][1] == "1 earlier one"
    assert section.foot is not None
    assert [cell.minor for cell in section.foot if isinstance(cell, Amount)] == [3_000, 0, -90, 0, 2_910]
