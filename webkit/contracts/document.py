"""From a draft to the snapshot that is frozen, shown, printed and signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from webkit.agencies.service import AgencyProfile, agency_snapshot
from webkit.clients.service import ClientView, client_snapshot
from webkit.contracts import figures, merge, terms
from webkit.contracts.merge import Facts
from webkit.contracts.models import Contract
from webkit.contracts.terms import Clause
from webkit.core.kernel import i18n
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.extras import service as extras
from webkit.extras.service import Filled
from webkit.pricing import Priced

VERSION = 1
"""Version of the snapshot's form; `contracts/public/<version>.html` and `pdf/contract/<version>.html` show it."""
KIND = "contract"
TEMPLATE = f"pdf/{KIND}/{VERSION}.html"


@dataclass(frozen=True, slots=True)
class Draft:
    """A contract with everything needed to write it out. `filled` are the values of plugins' fields."""

    facts: Facts
    clauses: tuple[Clause, ...]
    problems: tuple[str, ...]
    locale: str
    timezone: str
    filled: Filled
    told: Mapping[str, str]

    def numbered(self, number: str, on: date) -> Draft:
        """The same with its final number and date."""
        return replace(self, facts=replace(self.facts, number=number, today=on))


def stored(value: dict[str, Any] | None) -> Priced | None:
    """A stored calculation, checked again."""
    return Priced.from_dict(value) if value else None


def facts_of(row: Contract, profile: AgencyProfile, client: ClientView, today: date) -> Facts:
    """Everything a stored contract's fields can be filled from."""
    # What a client is called here is what the contract knows of it, and views have more than snapshots keep.
    known = {**client_snapshot(client), "phone": client.phone, "website": client.website}
    return Facts(
        agency=agency_snapshot(profile),
        client=known,
        title=row.title,
        number=row.number or "…",
        proposal_number=row.proposal_number,
        today=today,
        valid_until=row.valid_until,
        commencement=row.commencement,
        completion=row.completion,
        currency=row.currency,
        once=stored(row.once),
        monthly=stored(row.monthly),
        deposit=stored(row.deposit),
        deposit_percent=row.deposit_percent,
        payment_days=profile.payment_days,
        signer=(row.signer_name, row.signer_title),
        signatory=(row.signatory_name, row.signatory_title),
    )


def told(row: Contract, profile: AgencyProfile, client: ClientView, today: date) -> dict[str, str]:
    """What plugins are told about a contract, in its language."""
    with i18n.use_locale(row.locale, profile.timezone):
        return merge.told(facts_of(row, profile, client, today))


def draft(row: Contract, profile: AgencyProfile, client: ClientView, today: date) -> Draft:
    """A stored contract written out, with everything that keeps it from being sent."""
    facts, clauses = facts_of(row, profile, client, today), terms.load(row.clauses)
    with i18n.use_locale(row.locale, profile.timezone):
        known, values = merge.told(facts), merge.values(facts)
    filled = extras.fill(KIND, row.id, merge.tags(clauses), known, row.locale)
    found = merge.resolve_clauses(clauses, {**values, **filled.values})[1]
    problems = (*merge.problems(found, filled.reasons), *_problems(row, clauses, today))
    return Draft(facts, clauses, problems, row.locale, profile.timezone, filled, known)


def _problems(row: Contract, clauses: Iterable[Clause], today: date) -> list[str]:
    checks = (
        (not list(clauses), _("The contract has no clauses.")),
        (any(not (clause.title and clause.text) for clause in clauses), _("A clause has no heading or no text.")),
        (not row.signer_name, _("Say who signs for the client.")),
        (not row.signer_email, _("The person who signs needs an e-mail address: the code is sent there.")),
        (not row.signatory_name, _("Say who signs for you.")),
        (row.valid_until < today, _("The date until which it can be signed has passed.")),
    )
    return [sentence for wrong, sentence in checks if wrong]


def snapshot(written: Draft, *, signer_email: str, signed_by_agency_at: datetime) -> dict[str, Any]:
    """Everything the contract says, as canonical JSON can hold it."""
    facts = written.facts
    with i18n.use_locale(written.locale, written.timezone):
        clauses = merge.resolve_clauses(written.clauses, {**merge.values(facts), **written.filled.values})[0]
        bills = figures.bills(facts.once, facts.monthly, facts.deposit)
    return {
        "version": VERSION,
        "number": facts.number,
        "title": facts.title,
        "proposal": facts.proposal_number,
        "date": facts.today.isoformat(),
        "valid_until": _iso(facts.valid_until),
        "commencement": _iso(facts.commencement),
        "completion": _iso(facts.completion),
        "agency": dict(facts.agency),
        "client": {key: value for key, value in facts.client.items() if key not in ("phone", "website")},
        "currency": facts.currency,
        "bills": bills,
        "totals": totals(facts.once, facts.monthly, facts.deposit),
        "once": facts.once.to_dict() if facts.once else None,
        "monthly": facts.monthly.to_dict() if facts.monthly else None,
        "deposit": facts.deposit.to_dict() if facts.deposit else None,
        "deposit_percent": f"{facts.deposit_percent:f}" if facts.deposit_percent else None,
        "clauses": terms.dump(clauses),
        "signer": {"name": facts.signer[0], "title": facts.signer[1], "email": signer_email},
        "signatory": {
            "name": facts.signatory[0],
            "title": facts.signatory[1],
            "at": signed_by_agency_at.isoformat(),
        },
    }


def totals(once: Priced | None, monthly: Priced | None, deposit: Priced | None) -> dict[str, int]:
    """The three amounts a contract binds to, in minor units, tax included."""
    return {
        "once": once.totals.payable if once else 0,
        "monthly": monthly.totals.payable if monthly else 0,
        "deposit": deposit.totals.payable if deposit else 0,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
