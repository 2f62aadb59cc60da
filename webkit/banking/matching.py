"""What a line of a bank may pay. Pure: it suggests, and a person says.

The number of an invoice in the text says it surely. Else the payer, known by account or name, and an amount that is
just what is open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from webkit.core.values import dataclass
from webkit.invoices.service import Payable

LEAST = 4
"""Fewer signs of a name or a number say nothing."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whose money it may be and which invoices it may pay, in their currency; `sure` when the text names them."""

    client_id: UUID
    parts: tuple[tuple[Payable, int], ...]
    sure: bool


def suggest(
    amount: int,
    currency: str,
    text: str,
    name: str,
    open_: Sequence[Payable],
    names: Mapping[UUID, str],
    payer: UUID | None,
) -> Suggestion | None:
    """What is most likely right, if anything is."""
    here = [each for each in open_ if each.currency == currency]
    plain = _signs(text)
    named = [each for each in here if _signs(each.number) in plain and _says(text, each.number)]
    if named:
        client = named[0].client_id
        return Suggestion(client, _spread(amount, [each for each in named if each.client_id == client]), True)
    client_id = payer or _payer(name, names)
    if client_id is None:
        return None
    own = [each for each in here if each.client_id == client_id]
    exact = [each for each in own if each.open_minor == amount]
    if len(exact) == 1 or (own and sum(each.open_minor for each in own) == amount):
        return Suggestion(client_id, _spread(amount, exact if len(exact) == 1 else own), False)
    return Suggestion(client_id, (), False) if payer else None


def _says(text: str, number: str) -> bool:
    """Whether a text names a number, however banks have torn it: no letter or digit may go on at its ends."""
    signs = _signs(number)
    if len(signs) < LEAST:
        return False
    torn = r"[^0-9A-Za-z]*".join(map(re.escape, signs))
    return re.search(rf"(?<![0-9A-Za-z]){torn}(?![0-9A-Za-z])", text, re.IGNORECASE) is not None


def _signs(text: str) -> str:
    """Its letters and digits alone: what is not in there need not be looked for."""
    return re.sub(r"[^0-9a-z]", "", text.lower())


def _spread(amount: int, invoices: Sequence[Payable]) -> tuple[tuple[Payable, int], ...]:
    """The first ones first, as far as the money goes."""
    found = []
    for each in invoices:
        minor = min(amount, each.open_minor)
        amount -= minor
        if minor > 0:
            found.append((each, minor))
    return tuple(found)


def _payer(name: str, names: Mapping[UUID, str]) -> UUID | None:
    """The client of that name, if there is just one."""
    wanted = _plain(name)
    found = [client for client, known in names.items() if len(_plain(known)) >= LEAST and _plain(known) in wanted]
    return found[0] if len(found) == 1 else None


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
