"""The operators' side: what waits and gave up, what vendors reported, and nothing of it for anybody else."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.factories import people
from tests.factories.people import Person
from webkit.core.capabilities.errors import ProviderRejected
from webkit.core.extensions import Job, JobSpec
from webkit.core.kernel import db, inbox, outbox, runtime, tenancy
from webkit.core.kernel.audit import AuditEntry
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.inbox import InboxEvent
from webkit.core.kernel.outbox import OutboxJob

PAGES = ("/admin/jobs", "/admin/inbox")


@pytest.fixture
def operator(app: Flask, browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of somebody who runs the installation."""
    return browser_of(people.make_person("Olga Operator", "olga@house.example", is_operator=True))


@pytest.fixture
def dead(app: Flask, agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A job that gave up, for a reason with markup in it."""

    def refuse(_job: Job) -> None:
        raise ProviderRejected("<script>alert(1)</script>")

    monkeypatch.setitem(runtime.of(app).jobs, "test.job", JobSpec("test.job", refuse))
    with db.writing():
        job_id = outbox.add("test.job")
    outbox.deliver(job_id)
    return job_id


@pytest.fixture
def received(agency: AgencyView) -> UUID:
    """An event of a vendor."""
    with db.writing():
        name = inbox.endpoint("payments", "local")
    db.release()
    with db.unit(db.Scope()):
        inbox.receive("payments", "local", name, b"{}", {}, [("evt_1", "paid")])
    with tenancy.platform("test") as unit:
        return unit.scalars(sa.select(InboxEvent.id)).one()


def _job(job_id: UUID) -> tuple[outbox.State, int]:
    with tenancy.platform("test") as unit:
        row = unit.get_one(OutboxJob, job_id)
        return row.state, row.attempt


def _audited() -> list[str]:
    with db.unit(db.Scope()) as unit:
        return list(unit.scalars(sa.select(AuditEntry.action)))


@pytest.mark.parametrize("page", PAGES)
def test_the_operators_side_is_for_operators(page: str, operator: Browser, owner: Browser, anonymous: Browser) -> None:
    assert operator.get(page).status_code == 200
    assert owner.get(page).status_code == 404
    assert anonymous.get(page).status_code == 303


@pytest.mark.parametrize("act", ["jobs/{id}/retry", "jobs/{id}/dismiss", "inbox/{id}/replay"])
def test_its_buttons_too(act: str, owner: Browser, anonymous: Browser, operator: Browser, dead: UUID) -> None:
    path = "/admin/" + act.format(id=dead)
    assert owner.post(path).status_code == 404
    assert anonymous.post(path).status_code == 303
    assert _job(dead) == (outbox.State.DEAD, 1)
    assert operator.post("/admin/" + act.format(id=uuid7())).status_code == 404


def test_a_job_that_gave_up_is_shown_and_tried_again(operator: Browser, dead: UUID) -> None:
    text = operator.get("/admin/jobs?view=dead").text
    assert str(dead) in text and "<script>alert(1)" not in text
    assert operator.post(f"/admin/jobs/{dead}/retry").status_code == 303
    assert _job(dead) == (outbox.State.WAITING, 0)
    assert "job.retried" in _audited()


def test_a_job_that_gave_up_is_put_away(operator: Browser, dead: UUID) -> None:
    assert [operator.post(f"/admin/jobs/{dead}/dismiss").status_code for _ in range(2)] == [303, 404]
    assert _job(dead)[0] == outbox.State.DISMISSED
    assert "job.dismissed" in _audited()


def test_an_event_is_shown_and_replayed(operator: Browser, received: UUID) -> None:
    assert "evt_1" in operator.get("/admin/inbox").text
    assert operator.post(f"/admin/inbox/{received}/replay").status_code == 303
    with tenancy.platform("test") as unit:
        assert unit.scalar(sa.select(sa.func.count()).select_from(OutboxJob)) == 2
    assert "inbox.replayed" in _audited()


def test_readiness_says_what_does_not_answer(anonymous: Browser) -> None:
    answer = anonymous.get("/readyz")
    assert (answer.status_code, answer.get_json()["checks"]["database"]) in ((200, "ok"), (503, "ok"))
    assert anonymous.get("/healthz").get_json() == {"status": "ok"}
    assert anonymous.get("/healthz", headers={"Host": "10.1.2.3:8000"}).status_code == 200
    assert anonymous.get("/sign-in", headers={"Host": "10.1.2.3:8000"}).status_code == 400
