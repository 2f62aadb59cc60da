"""Whatever changes anything leaves its trace: an event, an entry of the log by its feature, or one by its address."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from tests.people import world
from webkit.core.kernel import audit, db, events, tenancy
from webkit.core.kernel.audit import SAFE, UNTRACED, AuditEntry
from webkit.core.kernel.directory import AgencyView


def changing(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every address and method with which something can be changed: pages, fragments, the API, the platform."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - SAFE):
            yield rule, method


def noted(agency_id: UUID) -> list[tuple[str, str]]:
    with tenancy.tenant(agency_id):
        found = db.session().execute(sa.select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.id))
        return [(row.action, row.subject) for row in found]


def test_every_changing_address_leaves_a_trace(app: Flask, agency: AgencyView) -> None:
    """With nothing but a write behind it: what a feature says more about itself is its own."""
    docs = dict.fromkeys(("client_id", "invoice_id", "contract_id"), uuid4())
    before, wanted = len(noted(agency.id)), []
    for rule, method in changing(app):
        with app.test_request_context(world.address(rule, agency.slug, docs), method=method) as context:
            assert context.request.endpoint is not None, rule
            wanted += [context.request.endpoint] * (context.request.endpoint not in UNTRACED)
            with tenancy.tenant(agency.id), db.writing():
                pass
            with tenancy.tenant(agency.id), db.writing():
                pass  # once is enough
    assert [action for action, _subject in noted(agency.id)[before:]] == [endpoint[:64] for endpoint in wanted]
    assert {rule.endpoint for rule, _method in changing(app)} - {*wanted} == set(UNTRACED)
    assert len(wanted) > 250


def test_what_says_more_of_itself_is_not_noted_twice(app: Flask, agency: AgencyView) -> None:
    client_id, before = uuid4(), len(noted(agency.id))
    path = f"/{agency.slug}/clients/{client_id}/archive"
    with app.test_request_context(path, method="POST"), tenancy.tenant(agency.id), db.writing():
        events.record("client.archived", f"client:{client_id}", {"actor": "system"})
    with app.test_request_context(path, method="POST"), tenancy.tenant(agency.id), db.writing():
        audit.log("client.noted")
    with app.test_request_context(path, method="POST"), tenancy.tenant(agency.id), db.writing():
        audit.by_the_way()
    with app.test_request_context(path, method="GET"), tenancy.tenant(agency.id), db.writing():
        pass
    assert noted(agency.id)[before:] == [("client.noted", "")]
    with app.test_request_context(path, method="POST"), tenancy.tenant(agency.id):
        with db.writing():
            audit.by_the_way()
        with db.writing():
            pass
    assert noted(agency.id)[-1] == ("clients.archive", f"client:{client_id}")


def test_what_is_undone_leaves_none(app: Flask, agency: AgencyView) -> None:
    before = noted(agency.id)
    with app.test_request_context(f"/{agency.slug}/clients/new", method="POST"), tenancy.tenant(agency.id):
        try:
            with db.writing():
                raise ValueError
        except ValueError:
            pass
    assert noted(agency.id) == before


def test_an_entry_stays_as_it_was_written(app: Flask, agency: AgencyView) -> None:
    """The database refuses whoever would change one; erasure takes out what says whom it concerned."""
    audit.log("looked", subject="client:1", detail={"name": "Giulia"})
    log = AuditEntry.__table__
    for lie in ({"action": "nothing"}, {"user_id": None, "subject": "client:2"}, {"detail": {"name": "Marco"}}):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), tenancy.platform("test"), db.writing():
            db.session().execute(sa.update(log).where(log.c.action == "looked").values(**lie))
    with tenancy.platform("test"), db.writing():
        db.session().execute(sa.update(log).where(log.c.action == "looked").values(detail={}, address=""))
    with tenancy.platform("test"), db.writing():
        gone = db.session().execute(sa.delete(log).where(log.c.action == "looked").returning(log.c.detail))
        assert gone.scalars().all() == [{}], "its time is over one day"
