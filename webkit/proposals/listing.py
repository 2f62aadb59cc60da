"""The list of proposals: what it can be filtered and sorted by, its sheet, and what is done with many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from webkit.clients import service as clients
from webkit.core.kernel import frozen
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.lists import Action, Actor, Filter, Here, Kind, ListSpec, Option, Sort, Summed, Tab, Words
from webkit.core.kernel.search import SearchWord
from webkit.core.kernel.sheets import Amount, Cell, Column
from webkit.proposals import models, service, snapshot
from webkit.proposals.models import EXPIRED, Listed, Proposal
from webkit.proposals.views import Delivery, ProposalCard, ProposalView

WORDS = {
    "draft": _l("Draft"),
    "sent": _l("Waiting"),
    "changes_requested": _l("Changes asked for"),
    "accepted": _l("Accepted"),
    "declined": _l("Declined"),
    EXPIRED: _l("Expired"),
}
"""States as lists and sheets call them."""

STATES = {name: Option(label, models.in_state(name)) for name, label in WORDS.items()}
COLUMNS = (
    Column(_l("Number"), 18),
    Column(_l("Client"), 28),
    Column(_l("Title"), 32),
    Column(_l("State"), 16),
    Column(_l("Sent"), 17),
    Column(_l("Valid until"), 12),
    Column(_l("Answered"), 17),
    Column(_l("Currency"), 9),
    Column(_l("One time")),
    Column(_l("A month")),
)


def _cells(rows: Sequence[Listed], here: Here) -> Iterator[tuple[Cell, ...]]:
    for each in rows:
        card = ProposalCard.of(each, here.today)
        yield (
            card.number,
            card.client_name,
            card.title,
            str(WORDS[card.word]),
            card.sent_at,
            card.valid_until,
            card.answered_at,
            card.currency,
            None if card.once_minor is None else Amount(card.once_minor, card.currency),
            None if card.monthly_minor is None else Amount(card.monthly_minor, card.currency),
        )


def _may(document_id: UUID, actor: Actor) -> ProposalView:
    found = service.get(document_id)
    actor.demand("proposals.edit", found.author_id)
    return found


def _mail(document_id: UUID, actor: Actor) -> str:
    found = _may(document_id, actor)
    if not found.to_email:
        raise Conflict(_("Nobody knows where to send it: this proposal went out as a link."))
    service.mail_again(document_id, Delivery(found.to_name, found.to_email), actor.ref)
    return _("Sent again")


def _delete(document_id: UUID, actor: Actor) -> str:
    _may(document_id, actor)
    service.delete(document_id, actor.ref)
    return _("Deleted")


def _pdf(document_id: UUID) -> Frozen | None:
    return frozen.latest(snapshot.ACCEPTED, document_id) or frozen.latest(snapshot.KIND, document_id)


PROPOSALS = ListSpec(
    name="proposals",
    title=_l("Proposals"),
    noun=_l("proposal"),
    endpoint="proposals.index",
    show=("proposals.show", "proposal_id"),
    table=Proposal,
    row=Listed,
    filters=(
        Filter("state", _l("State"), Kind.CHOICE, options=STATES),
        Filter("client", _l("Client"), Kind.REF, Proposal.client_id),
        Filter("currency", _l("Currency"), Kind.CURRENCY, Proposal.currency),
        Filter("sent", _l("Sent"), Kind.MOMENT, Proposal.sent_at),
        Filter("valid", _l("Valid until"), Kind.DAY, Proposal.valid_until),
        Filter("total", _l("One time"), Kind.AMOUNT, Proposal.once_minor),
    ),
    sorts=(
        Sort("made", _l("Newest first")),
        Sort("sent", _l("Sent"), Proposal.sent_at, nullable=True),
        Sort("valid", _l("Valid until"), Proposal.valid_until, nullable=True),
        Sort("total", _l("One time"), Proposal.once_minor, nullable=True, in_currency=True),
    ),
    words=Words(SearchWord, SearchWord.document_id, snapshot.KIND),
    placeholder=_l("Title, client, number"),
    tabs=(
        Tab(_l("All")),
        Tab(_l("Drafts"), {"state": "draft"}),
        Tab(_l("Waiting"), {"state": "sent"}),
        Tab(_l("Changes asked for"), {"state": "changes_requested"}),
        Tab(_l("Accepted"), {"state": "accepted"}),
        Tab(_l("Expired"), {"state": EXPIRED}),
    ),
    currency=Proposal.currency,
    sums=(
        Summed("once", _l("One time"), Proposal.once_minor),
        Summed("monthly", _l("A month"), Proposal.monthly_minor),
    ),
    columns=COLUMNS,
    shape=_cells,
    refs=clients.names,
    ref_choices=clients.choices,
    currencies=lambda: {each.currency for each in service.pipeline()},
    actions=(
        Action("mail", _l("Send again"), "send", _mail, _l("The mail with the link goes out once more.")),
        Action(
            "delete",
            _l("Delete drafts"),
            "trash",
            _delete,
            _l("Drafts that were never sent are deleted for good. What was sent stays, and says so."),
            danger=True,
        ),
    ),
    pdf=_pdf,
)
