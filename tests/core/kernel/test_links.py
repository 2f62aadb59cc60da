"""Links are doors: whole, alive and meant for this kind, or nothing."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from webkit.core.kernel import clock, db, ids, links
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.links import Link


def _make(minutes: int | None = None) -> tuple[str, object]:
    document = ids.uuid7()
    with db.writing():
        until = clock.now() + timedelta(minutes=minutes) if minutes else None
        return links.create("i", document, until), document


def test_a_token_leads_to_its_document(agency: AgencyView) -> None:
    token, document = _make()
    target = links.resolve("i", token)
    assert target is not None and target.open
    assert (target.agency_id, target.document_id) == (agency.id, document)


def test_other_kinds_and_other_tokens_lead_nowhere(agency: AgencyView) -> None:
    token, _document = _make()
    assert links.resolve("c", token) is None
    assert links.resolve("i", token + "x") is None
    assert links.resolve("i", "") is None


def test_the_table_alone_opens_nothing(agency: AgencyView) -> None:
    token, _document = _make()
    row = db.session().scalars(sa.select(Link)).one()
    assert token not in (row.token_hash, row.token_sealed)
    assert len(token) >= 22


def test_links_expire(agency: AgencyView) -> None:
    token, _document = _make(minutes=5)
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        target = links.resolve("i", token)
        assert target is not None and not target.open


def test_links_can_be_closed_and_made_anew(agency: AgencyView) -> None:
    token, document = _make()
    assert links.token_for("i", document) == token  # type: ignore[arg-type]
    with db.writing():
        assert links.revoke("i", document) == 1  # type: ignore[arg-type]
    assert links.token_for("i", document) is None  # type: ignore[arg-type]
    target = links.resolve("i", token)
    assert target is not None and not target.open
