"""The list of quotations: what it can be filtered and sorted by, its sheet, and what is done with many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from webkit.clients import service as clients
from webkit.core.kernel import frozen
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.lists import Action, Actor, Filter, Here, Kind, ListSpec, Option, Sort, Summed, Tab, Words
from webkit.core.kernel.search import SearchWord
from webkit.core.kernel.sheets import Amount, Cell, Column
from webkit.quotations import models, service, snapshot
from webkit.quotations.models import EXPIRED, Listed, Quotation
from webkit.quotations.views import QuotationCard

WORDS = {
    "draft": _l("Draft"),
    "sent": _l("Waiting"),
    "changes_requested": _l("Changes asked for"),
    "accepted": _l("Accepted"),
    "declined": _l("Declined"),
    EXPIRED: _l("Expired"),
    "withdrawn": _l("Withdrawn"),
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
    Column(_l("Total")),
    Column(_l("Site"), 32),
)


def _cells(rows: Sequence[Listed], here: Here) -> Iterator[tuple[Cell, ...]]:
    for each in rows:
        card = QuotationCard.of(each, here.today)
        yield (
            card.number,
            card.client_name,
            card.title,
            str(WORDS[card.word]),
            card.sent_at,
            card.valid_until,
            card.answered_at,
            card.currency,
            None if card.total_minor is None else Amount(card.total_minor, card.currency),
            card.site,
        )


def _may(document_id: UUID, actor: Actor) -> QuotationCard:
    found = service.get(document_id)
    actor.demand("quotations.edit", found.author_id)
    return found


def _remind(document_id: UUID, actor: Actor) -> str:
    _may(document_id, actor)
    service.remind(document_id, actor.ref)
    return _("Reminded")


def _delete(document_id: UUID, actor: Actor) -> str:
    _may(document_id, actor)
    service.delete(document_id)
    return _("Deleted")


def _pdf(document_id: UUID) -> Frozen | None:
    return frozen.latest(snapshot.ACCEPTED, document_id) or frozen.latest(snapshot.KIND, document_id)


QUOTATIONS = ListSpec(
    name="quotations",
    title=_l("Quotations"),
    noun=_l("quotation"),
    endpoint="quotations.index",
    show=("quotations.show", "quotation_id"),
    table=Quotation,
    row=Listed,
    filters=(
        Filter("state", _l("State"), Kind.CHOICE, options=STATES),
        Filter("client", _l("Client"), Kind.REF, Quotation.client_id),
        Filter("currency", _l("Currency"), Kind.CURRENCY, Quotation.currency),
        Filter("sent", _l("Sent"), Kind.MOMENT, Quotation.sent_at),
        Filter("valid", _l("Valid until"), Kind.DAY, Quotation.valid_until),
        Filter("total", _l("Total"), Kind.AMOUNT, Quotation.total_minor),
    ),
    sorts=(
        Sort("made", _l("Newest first")),
        Sort("sent", _l("Sent"), Quotation.sent_at, nullable=True),
        Sort("valid", _l("Valid until"), Quotation.valid_until, nullable=True),
        Sort("total", _l("Total"), Quotation.total_minor, nullable=True, in_currency=True),
    ),
    words=Words(SearchWord, SearchWord.document_id, snapshot.KIND),
    placeholder=_l("Title, client, place, number"),
    tabs=(
        Tab(_l("All")),
        Tab(_l("Drafts"), {"state": "draft"}),
        Tab(_l("Waiting"), {"state": "sent"}),
        Tab(_l("Changes asked for"), {"state": "changes_requested"}),
        Tab(_l("Accepted"), {"state": "accepted"}),
        Tab(_l("Expired"), {"state": EXPIRED}),
    ),
    currency=Quotation.currency,
    sums=(Summed("total", _l("Total"), Quotation.total_minor),),
    columns=COLUMNS,
    shape=_cells,
    refs=clients.names,
    ref_choices=clients.choices,
    currencies=lambda: {each.currency for each in service.pipeline()},
    actions=(
        Action(
            "remind", _l("Send reminders"), "bell", _remind, _l("Each client who has not answered yet gets a mail.")
        ),
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
