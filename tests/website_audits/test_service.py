"""Asking, measuring, failing, resuming: without HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask

from tests.threads import at_once
from tests.website_audits import scripted
from tests.website_audits.conftest import SITE
from tests.website_audits.scripted import report
from webkit.clients import service as clients
from webkit.core.extensions import Job
from webkit.core.kernel import clock, events, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid, NotFound, TooMany
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import use_locale
from webkit.sdk import (
    CredentialsRejected,
    PageNotMeasured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    Strategy,
    Trouble,
)
from webkit.website_audits import service
from webkit.website_audits.measures import Rating
from webkit.website_audits.models import AuditState

Jobs = Callable[[], int]
Bench = Callable[..., None]


def test_a_page_is_measured(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    audit_id = service.start(client_id, SITE, actor="system")
    assert service.get(audit_id).state is AuditState.QUEUED
    assert service.latest(client_id) is None
    run_jobs()
    found = service.get(audit_id)
    assert found.done
    assert found.service == "Test bench"
    assert found.host == "lariocicli.example"
    assert found.measured_at == scripted.AT
    values = {m.short: (m.printed, m.rating) for m in found.metrics}
    assert values == {
        "LCP": ("2.4 s", Rating.GOOD),
        "CLS": ("0.31", Rating.POOR),
        "INP": ("not measured", Rating.UNKNOWN),
        "FCP": ("0.9 s", Rating.GOOD),
        "TBT": ("640 ms", Rating.POOR),
        "SI": ("5.8 s", Rating.FAIR),
    }
    assert [(s.value, s.rating) for s in found.scores] == [
        (38, Rating.POOR),
        (71, Rating.FAIR),
        (92, Rating.GOOD),
        (None, Rating.UNKNOWN),
    ]
    assert service.latest(client_id) == found
    assert scripted.asked[0].locale == "it-IT"
    assert events.timeline(ref("client", client_id))[0].kind == "website_audit.measured"


def test_it_is_printed_in_the_readers_language(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    audit_id = service.start(client_id, SITE)
    run_jobs()
    with use_locale("it-IT"):
        assert service.get(audit_id).metrics[0].printed == "2,4 s"


def test_a_snapshot_is_json_without_floats(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    service.start(client_id, SITE)
    run_jobs()
    found = service.latest(client_id)
    assert found
    snapshot = service.audit_snapshot(found)

    def refuse(text: str) -> None:
        raise AssertionError(f"a float: {text}")

    assert json.loads(json.dumps(snapshot), parse_float=refuse) == snapshot
    lcp, inp = snapshot["metrics"][0], snapshot["metrics"][2]
    assert (lcp["id"], lcp["printed"], lcp["value"], lcp["rating"]) == ("audit.lcp", "2.4 s", "2.413", "good")
    assert (inp["value"], inp["rating"]) == (None, "unknown")
    assert snapshot["scores"][3] == {
        "id": "audit.seo",
        "key": "seo",
        "label": "Search engines",
        "value": None,
        "printed": "not measured",
        "rating": "unknown",
    }


def test_no_data_is_no_score(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    empty = report(lcp=None, performance=None)
    bench(type(empty)(final_url="", fetched_at=scripted.AT, metrics=(), scores=()))
    audit_id = service.start(client_id, SITE)
    run_jobs()
    found = service.get(audit_id)
    assert found.done
    assert {m.rating for m in found.metrics} | {s.rating for s in found.scores} == {Rating.UNKNOWN}
    assert {m.value for m in found.metrics} | {s.value for s in found.scores} == {None}


def test_asked_twice_it_is_one_audit(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    first = service.start(client_id, SITE, once_key="k1")
    assert service.start(client_id, SITE, once_key="k1") == first
    assert service.start(client_id, "HTTPS://LARIOCICLI.example", once_key="k2") == first
    assert service.start(client_id, SITE, strategy=Strategy.DESKTOP) != first
    run_jobs()
    assert len(scripted.asked) == 2
    assert service.start(client_id, SITE, once_key="k1") == first
    assert service.start(client_id, SITE) != first


def test_clicked_by_four_at_once_it_is_one_audit(
    app: Flask, client_id: UUID, agency: AgencyView, bench: Bench, run_jobs: Jobs
) -> None:
    def click() -> UUID:
        with tenancy.tenant(agency.id):
            return service.start(client_id, SITE)

    answers = at_once(app, *[click] * 4)
    assert len(set(answers)) == 1 and isinstance(answers[0], UUID)
    run_jobs()
    assert len(scripted.asked) == 1


def test_a_day_has_a_limit(client_id: UUID, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = runtimes.current().settings
    monkeypatch.setattr(runtimes.current(), "settings", settings.model_copy(update={"audits_per_day": 2}))
    for path in ("a", "b"):
        service.start(client_id, SITE + path)
    with pytest.raises(TooMany, match="2 audits"):
        service.start(client_id, SITE + "c")
    with clock.frozen(clock.now() + timedelta(days=1, minutes=1)):
        service.start(client_id, SITE + "c")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "ftp://lariocicli.example", "https://a:b@lariocicli.example", "x"]
)
def test_private_and_wrong_addresses_are_refused(client_id: UUID, bench: Bench, url: str) -> None:
    with pytest.raises(Invalid):
        service.start(client_id, url)
    assert service.history(client_id) == []


def test_a_site_that_moves_into_a_private_network_is_not_measured(
    client_id: UUID, bench: Bench, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit_id = service.start(client_id, SITE)
    monkeypatch.setattr("webkit.core.kernel.outbound.lookup", lambda host: ["10.0.0.7"])
    run_jobs()
    assert (service.get(audit_id).state, service.get(audit_id).reason) == (AuditState.FAILED, "private")
    assert scripted.asked == []


def test_without_a_service_nothing_starts(client_id: UUID, agency: AgencyView) -> None:
    assert not service.can_measure()
    with pytest.raises(Conflict, match="No service"):
        service.start(client_id, SITE)


def test_archived_and_unknown_clients_are_not_measured(client_id: UUID, bench: Bench) -> None:
    clients.archive(client_id, "system")
    with pytest.raises(Conflict, match="archived"):
        service.start(client_id, SITE)
    with pytest.raises(NotFound):
        service.start(UUID(int=7), SITE)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PageNotMeasured("no", trouble=Trouble.UNREACHABLE), "unreachable"),
        (PageNotMeasured("no", trouble=Trouble.BLANK), "blank"),
        (CredentialsRejected("key"), "credentials"),
        (RateLimited("tomorrow", retry_after=80_000), "quota"),
        (ProviderRejected("no"), "unknown"),
    ],
)
def test_what_cannot_work_fails_at_once(
    client_id: UUID, bench: Bench, run_jobs: Jobs, error: Exception, reason: str
) -> None:
    bench(error)
    audit_id = service.start(client_id, SITE)
    run_jobs()
    found = service.get(audit_id)
    assert (found.state, found.reason, len(scripted.asked)) == (AuditState.FAILED, reason, 1)
    assert service.latest(client_id) is None


def deliver_later(run_jobs: Jobs, times: int) -> None:
    for round in range(times):
        with clock.frozen(clock.now() + timedelta(hours=round + 1)):
            run_jobs()


def test_a_busy_service_is_asked_again(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    bench(ProviderUnavailable("busy"), report())
    audit_id = service.start(client_id, SITE)
    run_jobs()
    assert (service.get(audit_id).state, service.get(audit_id).reason) == (AuditState.QUEUED, "busy")
    deliver_later(run_jobs, 1)
    assert service.get(audit_id).done


def test_a_service_that_stays_busy_is_given_up(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    bench(ProviderUnavailable("busy"))
    audit_id = service.start(client_id, SITE)
    deliver_later(run_jobs, 6)
    assert (service.get(audit_id).state, service.get(audit_id).reason) == (AuditState.FAILED, "busy")
    assert len(scripted.asked) == service.ATTEMPTS


def test_a_killed_worker_is_followed_by_another(client_id: UUID, bench: Bench, run_jobs: Jobs, app: object) -> None:
    def die(_request: object) -> None:
        raise KeyboardInterrupt

    bench(die, report())
    audit_id = service.start(client_id, SITE)
    with pytest.raises(KeyboardInterrupt):
        run_jobs()
    assert service.get(audit_id).state is AuditState.MEASURING
    run_jobs()
    assert service.get(audit_id).state is AuditState.MEASURING, "the lease of the killed attempt still runs"
    deliver_later(run_jobs, 1)
    assert service.get(audit_id).done
    assert len(scripted.asked) == 2


def test_a_measurement_that_kills_every_worker_is_given_up(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    bench(ValueError("a report that is none"))
    audit_id = service.start(client_id, SITE)
    deliver_later(run_jobs, 7)
    assert (service.get(audit_id).state, service.get(audit_id).reason) == (AuditState.FAILED, "gave_up")


def test_delivered_again_a_finished_audit_stays_as_it_is(
    client_id: UUID, bench: Bench, run_jobs: Jobs, agency: AgencyView
) -> None:
    audit_id = service.start(client_id, SITE)
    run_jobs()
    found = service.get(audit_id)
    bench(report(performance=99))
    service.measure(Job(audit_id, agency.id, {"audit": str(audit_id)}, 2, "k"))
    assert service.get(audit_id) == found
    assert scripted.asked == []


def test_the_time_before_is_the_same_page(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    bench(report(), report(lcp="1900"), report())
    first = service.start(client_id, SITE)
    run_jobs()
    second = service.start(client_id, SITE)
    other = service.start(client_id, SITE + "shop")
    run_jobs()
    earlier = service.before(second)
    assert earlier is not None
    assert earlier.id == first
    assert earlier.metrics[0].value == Decimal("2.413")
    assert service.before(first) is None
    assert service.before(other) is None
    assert [a.id for a in service.history(client_id)] == [other, second, first]


def test_audits_stay_in_their_agency(
    client_id: UUID, bench: Bench, run_jobs: Jobs, other_agency: AgencyView, agency: AgencyView
) -> None:
    audit_id = service.start(client_id, SITE)
    run_jobs()
    with tenancy.tenant(other_agency.id):
        with pytest.raises(NotFound):
            service.get(audit_id)
        assert service.history(client_id) == []
        assert service.latest(client_id) is None


def test_a_strange_report_is_kept_safely(client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    bench(report(final_url="javascript:alert(1)", recommendations=("x" * 5000,) * 9))
    audit_id = service.start(client_id, SITE)
    run_jobs()
    found = service.get(audit_id)
    assert (found.final_url, len(found.recommendations)) == ("", 5)
    assert all(len(text) == 300 for text in found.recommendations)
