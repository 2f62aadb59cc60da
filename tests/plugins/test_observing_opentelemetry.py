"""The contract, and one trace from a request to a vendor, at a double that decodes what a collector decodes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugins.observing_opentelemetry.plugin import webkit_register_providers
from tests.plugins.otlp_vendor import TOKEN, Collector
from webkit.core.extensions import Job, JobSpec
from webkit.core.kernel import observing, outbox, tenancy
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.runtime import current
from webkit.core.providers import ProviderRegistry
from webkit.sdk import EMAIL, OBSERVING, Doing, Health, Observer
from webkit.sdk.testing.contract import CANARY
from webkit.sdk.testing.observing import Heard, ObservingContract

SPEC = webkit_register_providers()[0]
ERROR = 2


@pytest.fixture
def double() -> Iterator[Collector]:
    with Collector() as double:
        yield double


def environ(double: Collector, **more: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": double.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{TOKEN}",
        **more,
    }


def observer(double: Collector, **more: str) -> Observer:
    return ProviderRegistry(environ(double, **more), [SPEC], capabilities=[OBSERVING]).get(OBSERVING)


class TestOpenTelemetry(ObservingContract):
    spec = SPEC
    canaries: ClassVar = {"OTEL_EXPORTER_OTLP_HEADERS": f"x-key={CANARY}"}

    @pytest.fixture
    def configured(self, webkit_data: Path, double: Collector) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), "OBSERVERS": "opentelemetry", **environ(double)}

    @pytest.fixture
    def heard(self, double: Collector) -> Heard:
        return lambda: b"\n".join(double.raw)

    @pytest.fixture
    def dead(self, double: Collector) -> Observer:
        double.fail(seconds=30, times=9)
        return observer(double)


@pytest.fixture
def tracing(app: Flask, double: Collector) -> Iterator[Observer]:
    runtime, told = current(), observer(double, OTEL_SERVICE_NAME="deals")
    runtime.observers = (told,)
    yield told
    runtime.observers = None


def _asked(agency: Any, kind: str) -> Any:
    with tenancy.tenant(agency.id), writing():
        return outbox.add(kind)


def test_request_job_and_vendor_are_one_trace(
    tracing: Observer, double: Collector, agency: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handler(job: Job) -> None:
        current().registry.get(EMAIL).health()
        raise KeyError("somebody@example.com")

    monkeypatch.setitem(current().jobs, "test.traced", JobSpec(kind="test.traced", handler=handler))
    request = observing.Begin((tracing,), Doing.REQUEST, "POST /x/<id>", {"method": "POST", "endpoint": "x"}, "")
    job_id = _asked(agency, "test.traced")
    request.end("303")
    request.leave()
    release()
    outbox.deliver(job_id)
    first, job, vendor = double.named("POST /x/<id>"), double.named("test.traced"), double.named("email.health")
    assert {first.trace, job.trace, vendor.trace} == {first.trace}
    assert (first.parent, job.parent, vendor.parent) == ("", first.span, job.span)
    assert (first.kind, job.kind, vendor.kind) == ("SERVER", "CONSUMER", "CLIENT")
    assert (first.status, job.status, vendor.status) == (0, ERROR, 0)
    assert job.attributes["error.type"] == "KeyError" and b"somebody@" not in b"".join(double.raw)
    assert first.attributes["http.route"] == "/x/<id>" and first.attributes["http.response.status_code"] == 303
    assert vendor.attributes["webkit.provider"] == "outbox" and first.service == "deals"


def test_a_page_its_mail_and_the_mailer_are_one_trace(
    tracing: Observer, double: Collector, anonymous: FlaskClient, ada: Any, run_jobs: Callable[[], int]
) -> None:
    """Through the whole house: somebody asks for a new password, a job sends the mail."""
    anonymous.post("/sign-in/reset", data={"email": ada.email})
    run_jobs()
    tracing.flush()
    page = double.named("POST /sign-in/reset")
    inside = [span for span in double.spans if span.trace == page.trace]
    assert {"SERVER", "CONSUMER", "CLIENT"} <= {span.kind for span in inside}
    sending = next(span for span in inside if span.name == "email.send")
    job = next(span for span in inside if span.span == sending.parent)
    assert job.kind == "CONSUMER" and job.status == 0 and sending.attributes["webkit.provider"] == "outbox"
    assert ada.email.encode() not in b"".join(double.raw)


def test_a_page_is_a_span_named_by_its_rule(tracing: Observer, double: Collector, anonymous: FlaskClient) -> None:
    anonymous.get("/p/a-secret-token-of-a-link?code=123", headers={"traceparent": "00-" + "a" * 32 + f"-{'b' * 16}-01"})
    tracing.flush()
    span = double.named("GET /p/<token>")
    assert span.parent == "" and span.trace != "a" * 32
    assert b"secret" not in b"".join(double.raw)


WORKER = """
import sys
from webkit.core.kernel import jobs
from webkit.core.app import create_app
from webkit.core.kernel.runtime import of
from webkit.core.extensions import JobSpec
from webkit.core.settings import Settings
from webkit.house import FEATURES
from pathlib import Path
from webkit.sdk import EMAIL
import os, json
data, url, environ = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
app = create_app(Settings(data=data, database_url=url, log_level="ERROR"), FEATURES, environ=environ)
of(app).jobs["test.traced"] = JobSpec("test.traced", lambda job: of(app).registry.get(EMAIL).health() and None)
with app.app_context():
    print(jobs.run_waiting(), flush=True)
os._exit(0)
"""


@pytest.mark.slow
def test_a_trace_crosses_to_another_process(
    tracing: Observer, double: Collector, agency: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process of its own does the job, and ends without warning as RQ's do."""
    monkeypatch.setitem(current().jobs, "test.traced", JobSpec(kind="test.traced", handler=print))
    request = observing.Begin((tracing,), Doing.REQUEST, "POST /x", {}, "")
    _asked(agency, "test.traced")
    request.end("303")
    request.leave()
    release()
    tracing.flush()
    settings = current().settings
    database = settings.database_url or f"sqlite:///{settings.data / 'webkit.db'}"
    command = [sys.executable, "-c", WORKER, str(settings.data), database, json.dumps(environ(double))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0 and int(done.stdout) >= 1, done.stderr
    first, job, vendor = double.named("POST /x"), double.named("test.traced"), double.named("email.health")
    assert {first.trace, job.trace, vendor.trace} == {first.trace}
    assert (job.parent, vendor.parent) == (first.span, job.span)


def test_a_fork_tells_its_own_and_nothing_twice(double: Collector) -> None:
    told = observer(double)
    parent = told.begin(Doing.REQUEST, "GET /", {}, "")
    told.begin(Doing.VENDOR, "kept.by_the_parent", {}, "").end("ok")
    if (pid := os.fork()) == 0:
        told.begin(Doing.JOB, "done.by_the_child", {}, parent.trace).end("ok")
        told.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    parent.end("200")
    told.flush()
    assert sorted(span.name for span in double.spans) == ["GET /", "done.by_the_child", "kept.by_the_parent"]
    assert double.named("done.by_the_child").parent == double.named("GET /").span


def test_what_is_not_kept_is_not_kept_anywhere(double: Collector) -> None:
    told = observer(double, OTEL_TRACES_SAMPLER_ARG="0")
    begun = told.begin(Doing.REQUEST, "GET /", {}, "")
    assert int(begun.trace[-2:], 16) % 2 == 0  # says so to whoever goes on
    told.begin(Doing.JOB, "mail.send", {}, begun.trace).end("ok")
    begun.end("200")
    told.flush()
    assert double.spans == []


@pytest.mark.parametrize(("status", "health"), [(0, Health.OK), (401, Health.DOWN), (500, Health.DOWN)])
def test_health(double: Collector, status: int, health: Health) -> None:
    if status:
        double.fail(status)
    assert observer(double).health().status is health


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no-sign"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ],
)
def test_wrong_settings_are_named(double: Collector, name: str, value: str) -> None:
    registry = ProviderRegistry(
        {"OBSERVERS": "opentelemetry", **environ(double), name: value}, [SPEC], capabilities=[OBSERVING]
    )
    assert [problem.where for problem in registry.check()] == [name]
