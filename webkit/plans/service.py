"""Billing of what was agreed: all of it, a deposit and then the rest, or milestones.

However it is billed, the invoices together are what was agreed, to the cent, tax included. Nothing is billed twice:
each way of billing makes one invoice, each milestone one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from webkit.core.kernel import audit, events, locks
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import use_locale
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.service import Agreed, InvoiceKind
from webkit.invoices.views import InvoiceView
from webkit.plans import models, sources
from webkit.plans.models import Milestone, Plan
from webkit.plans.sources import Source
from webkit.pricing import Amount, Deduction, Percent, Priced, PricingError, split
from webkit.pricing.duties import DeductedTax
from webkit.pricing.parts import Share, divide, final


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone as it is written: `share` as typed (a percentage, an amount, or nothing for what remains)."""

    title: str
    share: str
    of: Percent | Amount | None
    due_on: date | None = None
    condition: str = ""


@dataclass(frozen=True, slots=True)
class MilestoneView:
    """A milestone, and the invoice that bills it; one that was credited in full while there is no other."""

    id: UUID
    title: str
    share: str
    due_on: date | None
    condition: str
    total: int
    invoice: InvoiceView | None


@dataclass(frozen=True, slots=True)
class Billing:
    """How something that was agreed is billed: the invoices so far, and what may still be done.

    `billed` and `left` are minor units of what was agreed; drafts count as billed, what was credited does not.
    """

    source: Source
    invoices: tuple[InvoiceView, ...]
    milestones: tuple[MilestoneView, ...]
    billed: int
    left: int
    may_bill_all: bool
    may_take_deposit: bool
    may_finish: bool
    may_plan: bool
    finished: bool


def billing(kind: str, source_id: UUID) -> Billing:
    """Raises NotFound, and Conflict where nothing can be billed."""
    source = sources.find(kind, source_id)
    made = invoices.of_source(kind, source_id)
    standing = [each for each in made if each.stands]
    by_kind = {each.kind for each in standing}
    plan = models.of_source(kind, source_id)
    by_milestone = {each.milestone_id: each for each in sorted(made, key=lambda each: each.stands)}
    steps = models.milestones(plan.id) if plan else []
    corrected = sum(_corrected(each) for each in standing)
    deposits = [each for each in standing if each.kind is InvoiceKind.DEPOSIT]
    finished = bool(by_kind & {InvoiceKind.STANDARD, InvoiceKind.FINAL})
    return Billing(
        source=source,
        invoices=tuple(made),
        milestones=tuple(_milestone(step, by_milestone.get(step.id)) for step in steps),
        billed=corrected,
        left=source.priced.totals.payable - corrected,
        may_bill_all=not standing and not steps,
        may_take_deposit=not standing and not steps,
        may_finish=bool(deposits) and not finished and not steps,
        # An invoice names its milestone for good, whatever became of it.
        may_plan=not finished and all(each.kind is not InvoiceKind.MILESTONE for each in made),
        finished=finished,
    )


def _corrected(invoice: InvoiceView) -> int:
    """What an invoice asks for, less its credit notes."""
    notes = sum(note.total for note in invoices.correction(invoice.id).notes) if invoice.number else 0
    return invoice.total - notes


def _milestone(row: Milestone, invoice: InvoiceView | None) -> MilestoneView:
    return MilestoneView(row.id, row.title, row.share, row.due_on, row.condition, row.total_minor, invoice)


@writes
def bill_all(kind: str, source_id: UUID, actor: str) -> UUID:
    """One invoice for all of it; asked again it is the same one."""
    standing = _held(kind, source_id)
    if not standing.may_bill_all and _made(standing, InvoiceKind.STANDARD) is None:
        raise Conflict(_("A part of this was billed already: bill the rest, not all of it."))
    return _bill(standing.source, standing.source.priced, InvoiceKind.STANDARD, standing.source.title, actor)


@writes
def deposit(kind: str, source_id: UUID, share: Percent | Amount, actor: str) -> UUID:
    """The deposit invoice. Asked again it is the same one.

    Raises Invalid (`share`) for one that leaves nothing, Conflict when something else was billed.
    """
    standing = _held(kind, source_id)
    if not standing.may_take_deposit and standing.milestones:
        raise Conflict(_("Drop the milestones first: a deposit comes before them."))
    made = _made(standing, InvoiceKind.DEPOSIT)
    if not standing.may_take_deposit and made is None:
        raise Conflict(_("Something of this was billed already: a deposit comes first."))
    source = standing.source
    try:
        with use_locale(source.locale):
            part = split(source.priced, share, _("Deposit")).deposit
    except PricingError as error:
        raise Invalid({"share": error.message}) from None
    if made is not None and made.total != part.totals.payable:
        raise Conflict(_("Another deposit was billed already. Delete its draft, or credit it."))
    return _bill(source, part, InvoiceKind.DEPOSIT, source.title, actor)


@writes
def finish(kind: str, source_id: UUID, actor: str) -> UUID:
    """The final invoice: all that was agreed, less the deposits with their tax; asked again it is the same one."""
    standing = _held(kind, source_id)
    if (made := _made(standing, InvoiceKind.FINAL)) is not None:
        return made.id
    if not standing.may_finish:
        raise Conflict(_("There is no deposit that a final invoice could take off."))
    deductions = [_deduction(each) for each in _deposits(standing)]
    try:
        with use_locale(standing.source.locale):
            rest = final(standing.source.priced, deductions)
    except PricingError as error:
        raise Conflict(error.message) from None
    return _bill(standing.source, rest, InvoiceKind.FINAL, standing.source.title, actor)


def _made(standing: Billing, kind: InvoiceKind) -> InvoiceView | None:
    """The invoice of a kind that was made already and stands."""
    made = (each for each in standing.invoices if each.kind is kind and each.stands)
    return next(made, None)


def _deposits(standing: Billing) -> list[InvoiceView]:
    """The deposit invoices that stand. Raises Conflict for a draft: it has no number to be named by."""
    found = [each for each in standing.invoices if each.kind is InvoiceKind.DEPOSIT and each.stands]
    if any(not each.number for each in found):
        raise Conflict(_("Issue the deposit invoice first, or delete its draft."))
    return found


def _deduction(invoice: InvoiceView) -> Deduction:
    """What is taken off for a deposit invoice: of one that was credited in part, what was left of it."""
    assert invoice.issue_date is not None  # it has a number
    correction = invoices.correction(invoice.id)
    if not correction.notes:
        return Deduction.of(invoice.priced, invoice.number, invoice.issue_date)
    _demand_plain(invoice)
    taxes = tuple(DeductedTax(rate=each.rate, base=each.base, tax=each.tax) for each in correction.left if each.gross)
    return Deduction(number=invoice.number, issued=invoice.issue_date.isoformat(), taxes=taxes)


def _demand_plain(invoice: InvoiceView) -> None:
    if invoice.priced.funds or invoice.priced.withholdings:
        raise Conflict(_("The deposit was credited in part. Credit all of it before you bill the rest."))


@writes
def save(kind: str, source_id: UUID, steps: Sequence[Step]) -> None:
    """Divide what was agreed, or what deposits left of it, into milestones; instead of those there were.

    Raises Invalid (`parts`) for parts that are not the whole, Conflict once one of them was billed.
    """
    standing = _held(kind, source_id)
    if not standing.may_plan:
        raise Conflict(_("A part of this was billed already: its milestones stay as they are."))
    source, deposits = standing.source, _deposits(standing)
    for each in deposits:
        if invoices.correction(each.id).notes:
            raise Conflict(_("The deposit was credited in part. Credit all of it before you bill the rest."))
    try:
        with use_locale(source.locale):
            shares = [Share(step.title, step.of) for step in steps]
            parts = divide(source.priced, shares, [each.priced for each in deposits])
    except PricingError as error:
        raise Invalid({"parts": error.message}) from None
    if min(part.totals.payable for part in parts) <= 0:
        raise Invalid({"parts": _("Every milestone needs an amount.")})
    plan = models.of_source(kind, source_id)
    columns = {"client_id": source.client_id, f"{kind}_id": source_id}
    plan_id = plan.id if plan else models.add(Plan(**columns))
    models.replace(plan_id, [_row(plan_id, n, *pair) for n, pair in enumerate(zip(steps, parts, strict=True), start=1)])
    audit.log("plan.saved", subject=events.ref(kind, source_id), detail={"milestones": len(parts)})


def _row(plan_id: UUID, place: int, step: Step, priced: Priced) -> Milestone:
    return Milestone(
        plan_id=plan_id, place=place, title=step.title, share=step.share, due_on=step.due_on, condition=step.condition,
        priced=priced.to_dict(), total_minor=priced.totals.payable,
    )  # fmt: skip


@writes
def drop(kind: str, source_id: UUID) -> None:
    """Throw a plan away of which nothing was billed."""
    standing = _held(kind, source_id)
    if not standing.may_plan:
        raise Conflict(_("A part of this was billed already: its milestones stay as they are."))
    if (plan := models.of_source(kind, source_id)) is not None:
        models.delete(plan)
        audit.log("plan.dropped", subject=events.ref(kind, source_id))


@writes
def bill_milestone(kind: str, source_id: UUID, milestone_id: UUID, actor: str) -> UUID:
    """The invoice of a milestone; asked again it is the same one."""
    standing = _held(kind, source_id)
    if standing.finished:
        raise Conflict(_("All of this was billed already."))
    source = standing.source
    plan, row = models.of_source(kind, source_id), models.locked(milestone_id)
    if plan is None or row is None or row.plan_id != plan.id:
        raise NotFound(_("There is no such milestone."))
    title = f"{source.title}: {row.title}"[:200]
    return _bill(source, Priced.from_dict(row.priced), InvoiceKind.MILESTONE, title, actor, row.id)


def _held(kind: str, source_id: UUID) -> Billing:
    """How it stands, which nobody changes until this write ends."""
    locks.hold(events.ref(kind, source_id))
    return billing(kind, source_id)


def _bill(
    source: Source, priced: Priced, kind: InvoiceKind, title: str, actor: str, milestone_id: UUID | None = None
) -> UUID:
    agreed = Agreed(
        source=source.kind, source_id=source.id, client_id=source.client_id, title=title, currency=source.currency,
        locale=source.locale, priced=priced, kind=kind, note=source.note, milestone_id=milestone_id,
    )  # fmt: skip
    return invoices.bill(agreed, actor)
