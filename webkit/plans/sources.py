"""Where what is billed was agreed: a signed contract, an accepted quotation, an accepted proposal without contract."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.contracts import service as contracts
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import use_locale
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.pricing import Priced
from webkit.pricing.billed import billed
from webkit.proposals import service as proposals
from webkit.quotations import service as quotations


@dataclass(frozen=True, slots=True)
class Source:
    """What was agreed, to the cent. `note` is what invoices say of it."""

    kind: str
    id: UUID
    client_id: UUID
    title: str
    number: str
    locale: str
    currency: str
    priced: Priced
    note: str


def find(kind: str, source_id: UUID) -> Source:
    """One of them. Raises NotFound, and Conflict where something else is billed instead, or nothing was agreed."""
    known = {"contract": _contract, "quotation": _quotation, "proposal": _proposal}
    if kind not in known:
        raise NotFound(_("There is no such document."))
    source = known[kind](source_id)
    # What the client keeps back, deposits and the rest have in common.
    source = replace(source, priced=billed(source.priced, agencies.profile().habits))
    if source.priced.totals.payable <= 0:
        raise Conflict(_("Nothing is paid once by what was agreed."))
    return source


def _contract(contract_id: UUID) -> Source:
    signed = contracts.signed(contract_id)
    if signed.proposal_id and _was_billed(signed.proposal_id):
        raise Conflict(_("The proposal of this contract was billed already: what is left is billed there."))
    if signed.once is None:
        raise Conflict(_("Nothing is paid once by what was agreed."))
    return Source(
        "contract", contract_id, signed.client_id, signed.title, signed.number, signed.locale, signed.currency,
        signed.once, _note("contract", signed.number, signed.locale),
    )  # fmt: skip


def _quotation(quotation_id: UUID) -> Source:
    accepted = quotations.accepted(quotation_id)
    if accepted.became == "contract":
        raise Conflict(_("This quotation became a contract: that is what is billed."))
    return Source(
        "quotation", quotation_id, accepted.client_id, accepted.title, accepted.number, accepted.language,
        accepted.currency, accepted.priced, accepted.reference,
    )  # fmt: skip


def _proposal(proposal_id: UUID) -> Source:
    accepted = proposals.accepted(proposal_id)
    if contracts.of_proposal(proposal_id) is not None and not _was_billed(proposal_id):
        raise Conflict(_("This proposal has a contract: that is what is billed."))
    return Source(
        "proposal", proposal_id, accepted.client_id, accepted.title, accepted.number, accepted.language,
        accepted.currency, accepted.once, _note("proposal", accepted.number, accepted.language),
    )  # fmt: skip


def _was_billed(proposal_id: UUID) -> bool:
    """Whether its billing began before there was a contract: then it goes on there, and nothing is billed twice."""
    return any(each.stands for each in invoices.of_source("proposal", proposal_id))


def _note(kind: str, number: str, locale: str) -> str:
    with use_locale(locale):
        words = {
            "contract": _("Contract %(number)s", number=number),
            "proposal": _("Proposal %(number)s", number=number),
        }
    return words[kind]
