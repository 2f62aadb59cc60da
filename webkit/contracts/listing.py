"""The list of contracts: what it can be filtered and sorted by, and its sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from webkit.clients import service as clients
from webkit.contracts import models, service
from webkit.contracts.models import EXPIRED, KIND, Contract, Listed
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.lists import Filter, Here, Kind, ListSpec, Option, Sort, Summed, Tab, Words
from webkit.core.kernel.search import SearchWord
from webkit.core.kernel.sheets import Amount, Cell, Column

WORDS = {
    "draft": _l("Draft"),
    "sent": _l("Out for signature"),
    EXPIRED: _l("Expired"),
    "signed": _l("Signed"),
    "sealed": _l("Sealed"),
    "cancelled": _l("Cancelled"),
}
"""States as lists and sheets call them."""

CHOICES = ("draft", "sent", EXPIRED, "sealed", "cancelled")
STATES = {name: Option(WORDS["signed" if name == "sealed" else name], models.in_state(name)) for name in CHOICES}
"""A signed contract is sealed a moment later: whoever looks for one means both."""

COLUMNS = (
    Column(_l("Number"), 18),
    Column(_l("Client"), 28),
    Column(_l("Title"), 32),
    Column(_l("State"), 18),
    Column(_l("Sent"), 17),
    Column(_l("Signed"), 17),
    Column(_l("Valid until"), 12),
    Column(_l("Currency"), 9),
    Column(_l("One time")),
    Column(_l("A month")),
)


def _cells(rows: Sequence[Listed], here: Here) -> Iterator[tuple[Cell, ...]]:
    names = clients.names({each.client_id for each in rows})
    for each in rows:
        yield (
            each.number or "",
            names.get(each.client_id, ""),
            each.title,
            str(WORDS[each.word(here.today)]),
            each.sent_at,
            each.signed_at,
            each.valid_until,
            each.currency,
            Amount(each.total_minor, each.currency),
            Amount(each.monthly_minor, each.currency),
        )


def _pdf(contract_id: UUID) -> Frozen | None:
    return service.pdf_of(service.get(contract_id))


def found_by(ids: Sequence[UUID]) -> dict[UUID, Iterable[str]]:
    """What contracts are found by: numbers, their own and the proposal's, the title, and the client's name then."""
    rows = models.searched(ids)
    names = clients.names({each.client_id for each in rows})
    return {
        each.id: (each.number or "", each.proposal_number, each.title, names.get(each.client_id, "")) for each in rows
    }


CONTRACTS = ListSpec(
    name="contracts",
    title=_l("Contracts"),
    noun=_l("contract"),
    endpoint="contracts.index",
    show=("contracts.show", "contract_id"),
    table=Contract,
    row=Listed,
    filters=(
        Filter("state", _l("State"), Kind.CHOICE, options=STATES),
        Filter("client", _l("Client"), Kind.REF, Contract.client_id),
        Filter("currency", _l("Currency"), Kind.CURRENCY, Contract.currency),
        Filter("signed", _l("Signed"), Kind.MOMENT, Contract.signed_at),
        Filter("total", _l("One time"), Kind.AMOUNT, Contract.total_minor),
    ),
    sorts=(
        Sort("made", _l("Newest first")),
        Sort("signed", _l("Signed"), Contract.signed_at, nullable=True),
        Sort("total", _l("One time"), Contract.total_minor, in_currency=True),
    ),
    words=Words(SearchWord, SearchWord.document_id, KIND),
    placeholder=_l("Title, client, number"),
    tabs=(
        Tab(_l("All")),
        Tab(_l("Drafts"), {"state": "draft"}),
        Tab(_l("Waiting"), {"state": "sent"}),
        Tab(_l("Signed"), {"state": "sealed"}),
        Tab(_l("Cancelled"), {"state": "cancelled"}),
    ),
    currency=Contract.currency,
    sums=(
        Summed("total", _l("One time"), Contract.total_minor),
        Summed("monthly", _l("A month"), Contract.monthly_minor),
    ),
    columns=COLUMNS,
    shape=_cells,
    refs=clients.names,
    ref_choices=clients.choices,
    pdf=_pdf,
)
