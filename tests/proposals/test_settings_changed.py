"""Drafts that wait while tax settings and currency change: said when opened, settled when sent, never changed after."""

from __future__ import annotations

from tests.client import Browser
from tests.factories import proposals, quotations
from webkit.agencies import service as agencies
from webkit.core.kernel import frozen
from webkit.core.kernel.directory import AgencyView
from webkit.proposals import service
from webkit.quotations import service as quoting

CHANGED = "The figures have changed since this was saved"


def test_a_proposal_says_what_it_comes_to_today_and_is_sent_with_it(owner: Browser, agency: AgencyView) -> None:
    draft, sent = proposals.draft(), proposals.sent(client_id=proposals.client("other@lario.example"))
    before = service.get(sent).once_minor
    assert CHANGED not in owner.get(f"/northwind/proposals/{draft}/edit").text
    agencies.change({"tax_scheme": "it-forfettario"})
    for page in ("edit", "send"):
        assert CHANGED in owner.get(f"/northwind/proposals/{draft}/{page}").text
    proposals.send(draft)
    view = service.get(draft)
    kept = frozen.latest("proposal", draft)
    assert kept is not None
    totals = kept.snapshot["prices"]["chosen"]
    gross = [totals[part]["totals"]["gross"] for part in ("once", "monthly")]
    assert [view.once_minor, view.monthly_minor] == gross
    assert service.get(sent).once_minor == before


def test_drafts_keep_the_currency_they_were_begun_in(owner: Browser, agency: AgencyView) -> None:
    client_id = proposals.client()
    proposal, quotation = proposals.draft(client_id), quotations.draft(client_id)
    before = service.get(proposal), quoting.get(quotation)
    agencies.change({"currency": "JPY"})
    for path in (f"proposals/{proposal}", f"quotations/{quotation}"):
        assert "works in JPY now" in owner.get(f"/northwind/{path}/edit").text
    proposals.send(proposal)
    quotations.send(quotation)
    after = service.get(proposal), quoting.get(quotation)
    assert [each.currency for each in after] == ["EUR", "EUR"]
    assert (after[0].once_minor, after[1].total_minor) == (before[0].once_minor, before[1].total_minor)
    copied = service.duplicate(proposal, proposals.AUTHOR)
    assert (service.get(copied).currency, service.get(copied).once_minor) == ("EUR", before[0].once_minor)
