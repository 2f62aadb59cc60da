"""What an agency keeps for itself stands on no page that a link opens, and in no document that is given out."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.factories import documents, proposals, quotations
from tests.factories.people import Person
from tests.people import world
from webkit.agencies.models import Profile
from webkit.core.kernel import db
from webkit.core.kernel.db import session
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.frozen import FrozenDocument
from webkit.core.kernel.tables import Base
from webkit.invoices import service as invoices

MARK = "Planted"
AMONG_US = (("clients", "notes"), ("quotations", "memo"), ("invoices", "memo"))
"""What colleagues write to each other about a client or a document."""
IBAN, HOLDER = "IT60X0542811101000000123456", "Whoever holds the account"
WITH_ACCOUNT = frozenset({"i", "s", "invoice"})
"""Where clients read to which account they pay."""
WAYS: tuple[dict[str, str], ...] = ({}, {"Accept": "application/json"}, {"HX-Request": "true"})


@pytest.fixture
def keys(docs: dict[str, UUID], agency: AgencyView) -> dict[str, str]:
    """A link of each kind to what was sent, of an agency with something to hide."""
    with db.writing():
        for name, column in AMONG_US:
            table = Base.metadata.tables[name]
            ours = sa.update(table).where(table.c.agency_id == agency.id)
            session().execute(ours.values({column: f"{MARK} in {name}"}))
        profile = session().scalars(sa.select(Profile)).one()
        profile.bank_iban, profile.bank_account_name = IBAN, HOLDER
    documents.client(f"{MARK}, another client", "other@planted.example")
    proposals.send(docs["proposal_id"])
    quotations.send(docs["quotation_id"])
    invoices.issue(docs["invoice_id"], documents.ACTOR)
    with db.writing():
        found = world.tokens(docs)
    db.release()
    return found


def _told(text: str, kind: str, *people: Person) -> list[str]:
    bank = () if kind in WITH_ACCOUNT else (IBAN, HOLDER)
    hidden = (MARK, "planted.example", *bank, *(each.email for each in people))
    return [f"{kind} tells {each}" for each in hidden if each in text.replace(" ", "") or each in text]


def test_pages(keys: dict[str, str], anonymous: Browser, ada: Person, max_: Person) -> None:
    told = []
    for kind, token in keys.items():
        for way in WAYS:
            answer = anonymous.get(f"/{kind}/{token}", headers=way)
            assert answer.status_code == 200, kind
            told += _told(answer.text, kind, ada, max_)
    assert not told
    assert IBAN in anonymous.get(f"/i/{keys['i']}").text.replace(" ", ""), "there was something to find"


def test_documents(app: Flask, keys: dict[str, str], ada: Person, max_: Person) -> None:
    rows = list(session().scalars(sa.select(FrozenDocument)))
    assert {each.kind for each in rows} >= {"proposal", "quotation", "contract", "invoice"}
    assert not [each for row in rows for each in _told(row.text, row.kind, ada, max_)]
