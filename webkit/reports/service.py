"""Puts together what other features know; computes nothing that is money."""

from __future__ import annotations

from uuid import UUID

from webkit.consultations import service as consultations
from webkit.contracts import service as contracts
from webkit.core.kernel import events, tallies
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.service import CurrencySums, InvoiceRow, InvoiceState
from webkit.messaging import service as messaging
from webkit.messaging.service import MailState
from webkit.proposals import service as proposals
from webkit.proposals.service import Filter
from webkit.proposals.views import Pipeline
from webkit.quotations import service as quotations
from webkit.quotations.views import Pipeline as Quoted
from webkit.reports.checking import differences as differences

ASKS = 5
RECENT = 12


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that waits for a person: what, why, and where it is done."""

    kind: str
    document_id: UUID
    title: str
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Today:
    """The agency at a glance, sums in minor units for each currency."""

    sums: list[CurrencySums]
    received: dict[str, int]
    pipeline: list[Pipeline]
    quotations: list[Quoted]
    to_sign: int
    asks: list[Ask]
    recent: list[events.TimelineEntry]

    @property
    def empty(self) -> bool:
        """Nothing was ever done here."""
        return not (self.sums or self.pipeline or self.quotations or self.asks or self.to_sign)


def today() -> Today:
    """Everything today's page shows."""
    tallies.ahead(*invoices.kept_sums(), *proposals.kept_sums(), *quotations.kept_sums())
    sums = invoices.sums()
    return Today(
        sums=sums,
        received=invoices.received_this_month(),
        pipeline=[row for row in proposals.pipeline() if row.open_count or row.accepted_count],
        quotations=[row for row in quotations.pipeline() if row.open_count or row.accepted_count],
        to_sign=contracts.waiting_to_be_signed(),
        asks=[*_bills(sums), *_changes(), *_heard(), *_lost_mail()],
        recent=events.recent(RECENT),
    )


def _bills(sums: list[CurrencySums]) -> list[Ask]:
    """Invoices that need somebody. The sums know whether there are any: mostly nobody has to look."""
    disputed, late = any(each.disputed_count for each in sums), any(each.late_count for each in sums)
    in_dispute = invoices.page(limit=ASKS, state=InvoiceState.DISPUTED) if disputed else []
    overdue = invoices.page(limit=ASKS, late=True) if late else []
    return [
        *(_bill(each, _("The payment of %(number)s is disputed", number=each.number)) for each in in_dispute),
        *(_bill(each, _("%(number)s is overdue", number=each.number)) for each in overdue),
    ]


def _bill(invoice: InvoiceRow, title: str) -> Ask:
    text = f"{invoice.title}, {format_money(invoice.due, invoice.currency)}"
    return Ask("invoice", invoice.id, title, text, "bad")


def _changes() -> list[Ask]:
    return [
        Ask("proposal", card.id, _("%(client)s asks for a change", client=card.client_name), card.title, "wait")
        for card in proposals.page(Filter(state="changes_requested"), ASKS)
    ]


def _heard() -> list[Ask]:
    """What clients told that is no proposal yet."""
    return [
        Ask("consultation", card.id, _("%(client)s waits for a proposal", client=card.name), _("Consultation"), "info")
        for card in consultations.page(consultations.Filter(state="completed"), ASKS)
    ]


def _lost_mail() -> list[Ask]:
    titles = {
        MailState.UNCERTAIN: _("Nobody knows whether a mail arrived"),
        MailState.FAILED: _("A mail could not be sent"),
        MailState.BOUNCED: _("A mail came back"),
        MailState.COMPLAINED: _("A mail was marked as spam"),
    }
    return [
        Ask("mail", mail.id, titles[mail.state], f"{mail.to_name or mail.to_email}: {mail.subject_line}", "bad")
        for mail in messaging.troubled(limit=ASKS)
    ]
