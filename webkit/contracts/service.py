"""What can be done with contracts: draft, change, send, cancel; and the two steps that signing takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.contracts import document, figures, models, templates, terms
from webkit.contracts.document import KIND, Draft
from webkit.contracts.events import ContractSigned
from webkit.contracts.models import Contract
from webkit.contracts.models import ContractState as ContractState
from webkit.contracts.models import took as took
from webkit.contracts.terms import Clause
from webkit.core.kernel import audit, clock, counters, events, frozen, links, signals
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.extras import service as extras
from webkit.messaging import service as messaging
from webkit.pricing import Priced, PricingError
from webkit.proposals import service as proposals
from webkit.proposals.events import ProposalAccepted
from webkit.proposals.service import Filter
from webkit.proposals.views import ProposalCard
from webkit.quotations import service as quotations

LINK = "c"
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class ContractView:
    """A contract as pages may know it. `expired` is computed: sent, not signed, and the date has passed."""

    id: UUID
    state: ContractState
    expired: bool
    number: str
    title: str
    proposal_id: UUID | None
    quotation_id: UUID | None
    proposal_number: str
    client_id: UUID
    template_id: UUID
    template_version: int
    locale: str
    currency: str
    total_minor: int
    monthly_minor: int
    deposit_minor: int
    deposit_percent: Decimal | None
    clauses: tuple[Clause, ...]
    commencement: date | None
    completion: date | None
    valid_until: date
    signer_name: str
    signer_title: str
    signer_email: str
    signatory_name: str
    signatory_title: str
    revision: int
    frozen_id: UUID | None
    sealed_id: UUID | None
    next_invoice_id: UUID | None
    created_at: datetime
    sent_at: datetime | None
    signed_at: datetime | None
    sealed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str

    @property
    def subject(self) -> str:
        return events.ref("contract", self.id)

    @property
    def about(self) -> tuple[str, ...]:
        origin = events.ref("proposal", self.proposal_id) if self.proposal_id else ""
        origin = origin or (events.ref("quotation", self.quotation_id) if self.quotation_id else "")
        return (events.ref("client", self.client_id), *filter(None, (origin,)))

    @property
    def word(self) -> str:
        """The state as lists show it."""
        return "expired" if self.expired else self.state.value


@dataclass(frozen=True, slots=True)
class SignedContract:
    """What an invoice needs of a signed contract; the amounts are those of the accepted proposal or quotation."""

    id: UUID
    client_id: UUID
    proposal_id: UUID | None
    number: str
    title: str
    locale: str
    currency: str
    once: Priced | None
    monthly: Priced | None
    deposit: Priced | None
    deposit_percent: Decimal | None
    signer_name: str
    signer_email: str
    signed_at: datetime


def get(contract_id: UUID) -> ContractView:
    """One contract of the agency. Raises NotFound."""
    return _view(_row(contract_id), agencies.today())


def waiting_to_be_signed() -> int:
    """How many contracts are with their client."""
    return models.count(ContractState.SENT)


def of_client(client_id: UUID) -> list[ContractView]:
    """A client's contracts, newest first."""
    today = agencies.today()
    return [_view(row, today) for row in models.of_client(client_id)]


def of_proposal(proposal_id: UUID) -> ContractView | None:
    """The proposal's contract, unless it was cancelled."""
    row = models.of_proposal(proposal_id)
    return _view(row, agencies.today()) if row else None


def waiting(client_id: UUID | None = None) -> list[ProposalCard]:
    """Accepted proposals without a contract, newest first: the latest hundred, of one client or of all."""
    accepted = proposals.page(Filter(state="accepted", client_id=client_id), 100)
    known = models.with_contract(each.id for each in accepted)
    return [each for each in accepted if each.id not in known]


def keeps(*, client_id: UUID | None = None, proposal_id: UUID | None = None) -> bool:
    """Whether a contract, even a cancelled one, stands on this client or proposal, which then cannot be deleted."""
    column, wanted = ("client_id", client_id) if client_id else ("proposal_id", proposal_id)
    return wanted is not None and models.any_of(column, wanted)


def signed(contract_id: UUID) -> SignedContract:
    """A signed contract for the features that act on it. Raises Conflict before it is signed."""
    row = _row(contract_id)
    if row.state not in (ContractState.SIGNED, ContractState.SEALED) or row.signed_at is None:
        raise Conflict(_("This contract has not been signed."))
    return SignedContract(
        id=row.id,
        client_id=row.client_id,
        proposal_id=row.proposal_id,
        number=row.number or "",
        title=row.title,
        locale=row.locale,
        currency=row.currency,
        once=document.stored(row.once),
        monthly=document.stored(row.monthly),
        deposit=document.stored(row.deposit),
        deposit_percent=row.deposit_percent,
        signer_name=row.signer_name,
        signer_email=row.signer_email,
        signed_at=row.signed_at,
    )


@writes
def create_from_proposal(proposal_id: UUID, *, template_id: UUID | None = None, creator: str = "") -> UUID:
    """Draft the contract of an accepted proposal; there is one, so asked again it is the same. `creator` is a name."""
    if (existing := models.of_proposal(proposal_id)) is not None:
        return existing.id
    accepted, proposal = proposals.accepted(proposal_id), proposals.get(proposal_id)
    client, profile = clients.get(accepted.client_id), agencies.profile()
    template = templates.choose(template_id or accepted.contract_template_id, accepted.language)
    once, monthly = figures.part(accepted.once), figures.part(accepted.monthly)
    deposit = _deposit(once, accepted.deposit_percent)
    amounts = document.totals(once, monthly, deposit)
    row = Contract(
        title=accepted.title,
        proposal_id=proposal_id,
        proposal_number=accepted.number,
        client_id=accepted.client_id,
        author_id=proposal.author_id,
        template_id=template.id,
        template_version=template.version,
        locale=accepted.language,
        currency=accepted.currency,
        once=once.to_dict() if once else None,
        monthly=monthly.to_dict() if monthly else None,
        deposit=deposit.to_dict() if deposit else None,
        deposit_percent=accepted.deposit_percent if deposit else None,
        total_minor=amounts["once"],
        monthly_minor=amounts["monthly"],
        deposit_minor=amounts["deposit"],
        clauses=terms.dump(template.clauses),
        valid_until=agencies.today() + timedelta(days=profile.proposal_days),
        signer_name=accepted.accepted_by or client.contact_name or client.name,
        signer_email=proposal.to_email or client.email or "",
        signatory_name=template.signatory_name or creator or proposal.author_name,
        signatory_title=template.signatory_title,
    )
    contract_id = models.add(row)
    audit.log("contract.drafted", subject=events.ref("contract", contract_id), detail={"proposal": accepted.number})
    return contract_id


@writes
def create_from_quotation(quotation_id: UUID, *, actor: str, creator: str = "") -> UUID:
    """Draft the contract of an accepted quotation, with its totals; asked again it is the same one.

    Raises Conflict when the quotation became an invoice, or is not accepted.
    """
    accepted = quotations.to_convert(quotation_id)
    if accepted.became == "contract" and accepted.became_id:
        return accepted.became_id
    client, profile = clients.get(accepted.client_id), agencies.profile()
    template = templates.choose(None, accepted.language)
    once = figures.part(accepted.priced)
    row = Contract(
        title=accepted.title,
        quotation_id=quotation_id,
        proposal_number=accepted.number,
        client_id=accepted.client_id,
        author_id=accepted.author_id,
        template_id=template.id,
        template_version=template.version,
        locale=accepted.language,
        currency=accepted.currency,
        once=once.to_dict() if once else None,
        total_minor=document.totals(once, None, None)["once"],
        monthly_minor=0,
        deposit_minor=0,
        clauses=terms.dump(template.clauses),
        valid_until=agencies.today() + timedelta(days=profile.proposal_days),
        signer_name=(accepted.accepted_by or client.contact_name or client.name)[:120],
        signer_title=accepted.accepted_title[:120],
        signer_email=accepted.to_email or client.email or "",
        signatory_name=template.signatory_name or creator or accepted.author_name,
        signatory_title=template.signatory_title,
    )
    contract_id = models.add(row)
    quotations.mark_converted(quotation_id, "contract", contract_id, actor)
    audit.log("contract.drafted", subject=events.ref("contract", contract_id), detail={"quotation": accepted.number})
    return contract_id


@writes
def change(contract_id: UUID, revision: int, values: Mapping[str, Any]) -> None:
    """Store what the editor of a draft says. Raises Conflict when the contract has moved on since it was opened."""
    row = _row(contract_id)
    once = document.stored(row.once)
    percent = values.get("deposit_percent", row.deposit_percent) or None
    if problem := figures.check_percent(once, percent):
        raise DomainError(problem, "deposit_percent")
    deposit = figures.deposit_of(once, percent)
    changed = {
        **values,
        "deposit_percent": percent if deposit else None,
        "deposit": deposit.to_dict() if deposit else None,
        "deposit_minor": deposit.totals.payable if deposit else 0,
    }
    if not models.edit(contract_id, revision, **changed):
        raise Conflict(_("This contract was sent or changed in another window. Open it again to see how it stands."))
    audit.log("contract.changed", subject=events.ref("contract", contract_id))


def draft(contract_id: UUID) -> Draft:
    """The contract written out as it would be sent now, with what keeps it from being sent."""
    row = _row(contract_id)
    return document.draft(row, agencies.profile(), clients.get(row.client_id), agencies.today())


def told(contract_id: UUID) -> dict[str, str] | None:
    """What plugins are told about a contract: every merge field that does not depend on its being sent."""
    row = models.contract(contract_id)
    if row is None:
        return None
    return document.told(row, agencies.profile(), clients.get(row.client_id), agencies.today())


def look_up(contract_id: UUID, written: Draft) -> None:
    """Have plugins asked for the fields of a draft that are not known yet."""
    if written.filled.wanted:
        extras.ask(KIND, contract_id, written.filled.wanted, written.told, written.locale)


@writes
def send(contract_id: UUID, *, actor: str) -> None:
    """Number, freeze and mail the contract; the agency's signatory signs with it. Raises DomainError with reasons."""
    row, written, profile = _row(contract_id), draft(contract_id), agencies.profile()
    if row.state == ContractState.DRAFT and written.problems:
        raise DomainError(" ".join(written.problems))
    moment = clock.now()
    if not models.move(contract_id, ContractState.SENT, revision=row.revision, sent_at=moment):
        raise Conflict(_("This contract was sent, cancelled or changed in another window. Open it again."))
    token = links.create(LINK, contract_id)
    row = _row(contract_id)
    client = clients.get(row.client_id).name
    number, today = counters.take_today("contract", profile.patterns["contract"], profile.timezone, client=client)
    content = document.snapshot(
        written.numbered(number, today), signer_email=row.signer_email, signed_by_agency_at=moment
    )
    kept = frozen.freeze(
        KIND, contract_id, number=number, template=document.TEMPLATE, snapshot=content, locale=row.locale
    )
    row.number, row.frozen_id = number, kept.id
    view = _view(row, agencies.today())
    _record_sent(view, kept, actor)
    _mail(view, "contract_sent", {"url": links.url(LINK, token)}, attach=(kept.id,))


def _record_sent(view: ContractView, kept: Frozen, actor: str) -> None:
    events.record(
        "contract.sent",
        view.subject,
        {
            "actor": actor,
            "number": view.number,
            "frozen": str(kept.id),
            "snapshot_hash": kept.snapshot_hash,
            "total": view.total_minor,
            "monthly": view.monthly_minor,
            "deposit": view.deposit_minor,
            "currency": view.currency,
        },
        personal={"to": view.signer_name, "email": view.signer_email, "signatory": view.signatory_name},
        about=view.about,
    )


@writes
def cancel(contract_id: UUID, reason: str, *, actor: str) -> None:
    """Withdraw a contract that nobody has signed; its link closes and the client is told."""
    before = get(contract_id)
    if not models.move(contract_id, ContractState.CANCELLED, cancelled_at=clock.now(), cancel_reason=reason):
        raise Conflict(_("This contract can no longer be cancelled."))
    links.revoke(LINK, contract_id)
    if before.quotation_id:
        quotations.release(before.quotation_id, contract_id, actor)
    facts = {"actor": actor, "number": before.number}
    events.record("contract.cancelled", before.subject, facts, personal={"reason": reason}, about=before.about)
    if before.state == ContractState.SENT:
        _mail(before, "contract_cancelled", {"reason": reason})


def public_url(contract_id: UUID) -> str | None:
    """The address under which staff see what the client reads and signs; None when there is none."""
    token = links.token_for(LINK, contract_id) if models.contract(contract_id) is not None else None
    return links.staff_url(LINK, token) if token else None


def pdf_of(view: ContractView) -> Frozen | None:
    """The frozen document to hand out: the sealed one, once there is one."""
    chosen = view.sealed_id or view.frozen_id
    return frozen.get(chosen) if chosen else None


@writes
def mark_signed(contract_id: UUID, at: datetime, signer_name: str, signer_title: str) -> bool:
    """The conditional step of signing, inside its transaction; False when it is signed or withdrawn already."""
    return models.move(
        contract_id, ContractState.SIGNED, signed_at=at, signer_name=signer_name, signer_title=signer_title
    )


@writes
def announce_signed(contract_id: UUID) -> None:
    """Tell the features that act on a signature, and keep the invoice with which the visit goes on."""
    invoice = signals.continuation(signals.publish(ContractSigned(contract_id)), "i")
    if invoice is not None:
        models.keep_next_invoice(contract_id, invoice)


@writes
def mark_sealed(contract_id: UUID, sealed_id: UUID, at: datetime) -> bool:
    """The conditional step of sealing, inside its transaction; False when it has been done."""
    return models.move(contract_id, ContractState.SEALED, sealed_id=sealed_id, sealed_at=at)


def on_accepted(event: ProposalAccepted) -> signals.Continuation | None:
    """A proposal that carries its contract goes on to it: drafted and sent in the acceptance's own transaction.

    A contract that cannot be sent yet stays a draft that names its reasons: the acceptance stands.
    """
    if proposals.accepted(event.proposal_id).contract_template_id is None:
        return None
    contract_id = create_from_proposal(event.proposal_id)
    if draft(contract_id).problems:
        audit.log("contract.not_sent", subject=events.ref("contract", contract_id))
        return None
    send(contract_id, actor=SYSTEM)
    return signals.Continuation(LINK, contract_id)


def _deposit(once: Priced | None, percent: Decimal | None) -> Priced | None:
    """The accepted deposit; a total too small to be divided has none."""
    try:
        return figures.deposit_of(once, percent)
    except PricingError:
        return None


def _mail(view: ContractView, template: str, more: dict[str, Any], attach: tuple[UUID, ...] = ()) -> None:
    messaging.send(
        template,
        view.signer_name,
        view.signer_email,
        context={
            "name": view.signer_name,
            "number": view.number,
            "title": view.title,
            "valid_until": view.valid_until.isoformat(),
            **more,
        },
        subject=view.subject,
        about=view.about,
        attach=attach,
        locale=view.locale,
    )


def _row(contract_id: UUID) -> Contract:
    if (row := models.contract(contract_id)) is None:
        raise NotFound(_("There is no such contract."))
    return row


def _view(row: Contract, today: date) -> ContractView:
    copied = {
        name: getattr(row, name) for name in ContractView.__slots__ if name not in ("expired", "clauses", "number")
    }
    expired = row.state == ContractState.SENT and row.valid_until < today
    return ContractView(expired=expired, clauses=terms.load(row.clauses), number=row.number or "", **copied)
