"""Bank statements: each line is here once, and books nothing until a person says what it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.banking import matching, models, reading
from webkit.banking.matching import Suggestion
from webkit.banking.models import BankFile, BankLine, LineState
from webkit.clients import service as clients
from webkit.core.kernel import audit, crypto, locks
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.receipts import service as receipts
from webkit.receipts.service import Method, RecordInput


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: lines that were new, that were here already, and that told of money going out."""

    came: int
    known: int
    went: int


@dataclass(frozen=True, slots=True)
class LineView:
    """A line and what it may pay."""

    id: UUID
    state: LineState
    day: date
    currency: str
    amount_minor: int
    name: str
    iban: str
    text: str
    receipt_id: UUID | None
    suggestion: Suggestion | None


def take(filename: str, body: bytes) -> Taken:
    """Keep the lines of a file that are not here yet; the same file twice keeps nothing twice. Raises Unreadable."""
    lines = reading.read(body, agencies.here().currency)  # before the write, which others wait for
    return _keep(reading.one_line(filename, 200), crypto.digest(body), lines)


@writes
def _keep(filename: str, digest: str, lines: list[reading.Line]) -> Taken:
    locks.hold("bank")
    if (same := models.file_of(digest)) is not None:
        return Taken(0, same.came + same.known, same.went)
    came = reading.identified([line for line in lines if line.amount_minor > 0])
    known = models.known([identity for identity, _line in came])
    fresh = [(identity, line) for identity, line in came if identity not in known]
    taken = Taken(len(fresh), len(known), len(lines) - len(came))
    file = BankFile(filename=filename, digest=digest, came=taken.came, known=taken.known, went=taken.went)
    models.add([file])
    models.add(
        [
            BankLine(
                file_id=file.id, identity=identity, day=line.day, currency=line.currency,
                amount_minor=line.amount_minor, name=line.name, text=line.text, **models.account(line.iban),
            )
            for identity, line in sorted(fresh, key=lambda each: each[1].day)
        ]
    )  # fmt: skip
    audit.log("bank.statement", detail={"file": filename, "lines": taken.came})
    return taken


def page(state: LineState, limit: int, before: UUID | None = None) -> list[LineView]:
    """Lines, newest first; open ones with what they may pay."""
    rows = models.page(state, limit, before)
    if state is not LineState.OPEN or not rows:
        return [_view(row, None) for row in rows]
    return [_view(row, found) for row, found in zip(rows, _suggested(rows), strict=True)]


def _suggested(rows: list[BankLine]) -> list[Suggestion | None]:
    open_ = invoices.all_payable()
    names = clients.names({each.client_id for each in open_})
    payers = models.payers({row.iban for row in rows if row.iban})
    return [
        matching.suggest(row.amount_minor, row.currency, row.text, row.name, open_, names, payers.get(row.iban))
        for row in rows
    ]


def get(line_id: UUID) -> LineView:
    """One line. Raises NotFound."""
    row = _found(models.get(line_id))
    return _view(row, _suggested([row])[0] if row.state is LineState.OPEN else None)


@writes
def record(line_id: UUID, client_id: UUID, parts: Mapping[UUID, int], actor: str, rate: Decimal | None = None) -> UUID:
    """Somebody says whose money a line is and what it pays; said twice it is booked once. Raises as receipts do."""
    line = _found(models.locked(line_id))
    if line.state is LineState.RECORDED and line.receipt_id is not None:
        return line.receipt_id
    given = RecordInput(
        client_id, Method.BANK, line.day, line.currency, line.amount_minor,
        reference=line.text[:140], note=" ".join(filter(None, (line.name, line.iban))), rate=rate, parts=parts,
    )  # fmt: skip
    receipt_id = receipts.record(given, actor)  # once: the line is locked, and says what it was recorded as
    line.state, line.receipt_id, line.client_id = LineState.RECORDED, receipt_id, client_id
    return receipt_id


@writes
def ignore(line_id: UUID, *, again: bool = False) -> None:
    """It is none of the clients': it stays, apart; or is looked at again."""
    line = _found(models.locked(line_id))
    if line.receipt_id is not None and not receipts.get(line.receipt_id).taken_back:
        raise Conflict(_("This line is recorded. Take the payment back first."))
    line.receipt_id = line.client_id = None
    line.state = LineState.OPEN if again else LineState.IGNORED


def _found(row: BankLine | None) -> BankLine:
    if row is None:
        raise NotFound(_("There is no such line."))
    return row


def _view(row: BankLine, suggestion: Suggestion | None) -> LineView:
    return LineView(
        id=row.id, state=row.state, day=row.day, currency=row.currency, amount_minor=row.amount_minor, name=row.name,
        iban=row.iban, text=row.text, receipt_id=row.receipt_id, suggestion=suggestion,
    )  # fmt: skip
