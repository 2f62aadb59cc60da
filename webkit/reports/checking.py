"""Whether the entries of reports are those of the documents: sums that the database adds up on both sides."""

from __future__ import annotations

from collections.abc import Iterator

from webkit.invoices import service as invoices
from webkit.reports import following, models
from webkit.reports.entries import Kind

Sums = dict[str, tuple[int, int, int]]


def differences() -> Iterator[str]:
    """What does not fit in the agency whose door is open. What was not followed yet is no difference."""
    before = models.standing()
    if before is None or not following.is_up():
        return
    found = [
        *_compared("invoices", invoices.whole(), models.whole(Kind.INVOICE)),
        *_compared("credit notes", _taken(invoices.whole_credits()), models.whole(Kind.CREDIT_NOTE, here_only=True)),
    ]
    after = models.standing()
    if after is not None and after.head == before.head:  # nobody did anything meanwhile
        yield from found


def _taken(sums: Sums) -> Sums:
    return {currency: (-net, -tax, -total) for currency, (net, tax, total) in sums.items()}


def _compared(what: str, documents: Sums, entries: Sums) -> Iterator[str]:
    for currency in sorted({*documents, *entries}):
        nothing = (0, 0, 0)
        stored, counted = documents.get(currency, nothing), entries.get(currency, nothing)
        if stored != counted:
            yield (
                f"{what} in {currency} come to net, tax, total {stored} in minor units, the entries of reports to "
                f"{counted}"
            )
