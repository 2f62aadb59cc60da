"""VIES: the European Commission's register of VAT numbers, asked by a job and remembered.

A check digit says that a number could be one, VIES that it is in use. Nobody ever waits for it: what it does not answer
is not known, and nothing depends on it.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from webkit.clients import models
from webkit.core.extensions import Job, JobSpec
from webkit.core.kernel import clock, outbound, outbox
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.pricing import PricingError, tax_ids

KIND = "clients.vat_number"
COMMISSION = "https://ec.europa.eu/taxation_customs/vies/rest-api"
FRESH = timedelta(days=30)
TRIES = 6
SECONDS, MOST = 15.0, 50_000
ANSWERED = {"VALID": True, "INVALID": False}
"""What VIES says of a number; every other word is about itself: a country that does not answer, too many questions."""


class NotAnswered(Exception):
    """VIES, or the register of the country behind it, does not answer now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What VIES knows of a number. Some countries tell no names."""

    valid: bool
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class VatNumber:
    """A client's VAT number as pages show it; `valid` is None while nobody has answered."""

    number: str
    valid: bool | None
    name: str
    asked_at: datetime | None


def vat_number(tax_id: str, country: str) -> str:
    """The number that VIES knows: of a business in the European Union, its country in front. Else nothing."""
    if not tax_id or country not in tax_ids.EU_COUNTRIES:
        return ""
    try:
        return tax_ids.check(tax_id, country).vat
    except PricingError:
        return ""


def known(tax_id: str, country: str) -> VatNumber | None:
    """What is known of a client's number; None where VIES knows none."""
    if not (number := vat_number(tax_id, country)):
        return None
    row = models.vat_check(number)
    return VatNumber(number, row.valid, row.name, row.asked_at) if row else VatNumber(number, None, "", None)


def ask_later(tax_id: str, country: str) -> None:
    """Have the number looked up soon, inside a write; at most once a month."""
    number = vat_number(tax_id, country)
    if number and _address() and not _is_fresh(models.vat_check(number)):
        outbox.add(KIND, number=number)


def look_up(job: Job) -> None:
    """Ask and remember. Tried again for about a day while nobody answers, then given up."""
    number = job.args["number"]
    if not _address() or _is_fresh(models.vat_check(number)):
        return
    release()
    try:
        answer = ask(_address(), number)
    except (outbound.Unreachable, outbound.Refused, NotAnswered):
        if job.attempt < TRIES:
            raise
        return
    _keep(number, answer)


def ask(address: str, number: str) -> Answer:
    """One question. Raises NotAnswered, or what `outbound.fetch` raises."""
    answer = outbound.fetch(f"{address}/ms/{number[:2]}/vat/{number[2:]}", seconds=SECONDS, most=MOST)
    if answer.status != 200:
        raise NotAnswered(f"VIES answers {answer.status}")
    try:
        told: Any = json.loads(answer.content)
        valid = ANSWERED[told["userError"]]
    except (ValueError, KeyError, TypeError):
        raise NotAnswered("VIES has no answer now") from None
    return Answer(valid, _text(told.get("name"), 200), _text(told.get("address"), 400))


JOBS = [JobSpec(KIND, look_up, queue="long")]


def _text(value: object, most: int) -> str:
    """A line of what was told; countries that tell nothing send dashes."""
    told = " ".join(str(value or "").split())
    return "" if set(told) <= {"-"} else told[:most]


def _address() -> str:
    settings = current().settings
    return (settings.vies_url or (COMMISSION if settings.production else "")).rstrip("/")


def _is_fresh(row: models.VatCheck | None) -> bool:
    return row is not None and clock.now() - row.asked_at < FRESH


@writes
def _keep(number: str, answer: Answer) -> None:
    models.keep_vat_check(number, valid=answer.valid, name=answer.name, address=answer.address, asked_at=clock.now())
