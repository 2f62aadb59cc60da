"""The QR code that a bank's app reads a transfer from (EPC069-12, version 002): euro, a valid SEPA account, an amount.

Where its rules do not hold there is no code: a transfer that is typed is better than one that goes wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from webkit.core.kernel import iban
from webkit.core.kernel.i18n import gettext as _

LEAST, MOST = 1, 99_999_999_999
"""0.01 to 999,999,999.99 euro."""
NAME, REMITTANCE, BYTES, UTF8 = 70, 140, 331, 1
QUIET = 4
"""Modules of white around it that readers need."""


def transfer(doc: Mapping[str, Any], minor: int) -> dict[str, Any] | None:
    """What the code says: whom to pay, how much, and what for; None where a rule does not hold."""
    agency, number = doc["agency"], _one_line(doc["number"])
    bank = agency["bank"]
    account, name = iban.plain(bank["iban"]), _one_line(bank["account_name"] or agency["legal_name"] or agency["name"])
    if doc["currency"] != "EUR" or not LEAST <= minor <= MOST or not iban.is_sepa(account):
        return None
    if not 0 < len(name) <= NAME or not 0 < len(number) <= REMITTANCE:
        return None
    found = {"name": name, "iban": account, "amount": Decimal(minor).scaleb(-2), "text": number}
    bic = iban.plain(bank["bic"])
    if sum(len(value.encode()) for value in (name, account, number, bic)) > BYTES - 40:
        return None
    return found | ({"bic": bic} if len(bic) in (8, 11) else {})


def code(doc: Mapping[str, Any], minor: int) -> Markup:
    """The code as SVG that stands in a page or a printed document, or nothing."""
    found = transfer(doc, minor)
    if found is None:
        return Markup()
    from segno import helpers  # only where a code is drawn

    drawn = helpers.make_epc_qr(**found, encoding=UTF8)
    told = _("Code for your bank's app")
    picture = drawn.svg_inline(border=QUIET, omitsize=True, svgclass="qr", lineclass=None, light="#fff", title=told)
    return Markup(picture.replace("<svg", '<svg role="img"', 1))  # noqa: S704 - drawn here; the title is escaped by what draws it


def _one_line(text: str) -> str:
    """A line break would begin another field."""
    return " ".join(text.split())
