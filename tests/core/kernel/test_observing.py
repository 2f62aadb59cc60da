"""A request, the job it asks for and the vendor that is called are one trace, and an observer breaks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webkit.core.extensions import Job, JobSpec
from webkit.core.kernel import observing, outbox, tenancy
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.runtime import current
from webkit.sdk import EMAIL, Doing, Health, HealthReport


@dataclass
class Seen:
    """One thing that began."""

    doing: Doing
    name: str
    attributes: Mapping[str, str]
    parent: str
    trace: str
    outcome: str = ""
    error: BaseException | None = None

    def end(self, outcome: str, error: BaseException | None = None) -> None:
        self.outcome, self.error = outcome, error


@dataclass
class Watcher:
    seen: list[Seen] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    flushed: int = 0

    def begin(self, doing: Doing, name: str, attributes: Mapping[str, str], trace: str) -> Seen:
        self.seen.append(Seen(doing, name, attributes, trace or observing.trace(), f"trace-{len(self.seen)}"))
        return self.seen[-1]

    def failed(self, error: BaseException, doing: Doing, name: str, attributes: Mapping[str, str]) -> None:
        self.failures.append((str(doing), type(error).__name__))

    def flush(self) -> None:
        self.flushed += 1

    def health(self) -> HealthReport:
        return HealthReport(Health.OK)


class Broken(Watcher):
    """Fails whatever it is told."""

    def begin(self, doing: Doing, name: str, attributes: Mapping[str, str], trace: str) -> Seen:
        raise RuntimeError("no")

    def flush(self) -> None:
        raise RuntimeError("no")


@pytest.fixture
def watcher(app: Flask) -> Iterator[Watcher]:
    watcher, runtime = Watcher(), current()
    runtime.observers = (Broken(), watcher)
    yield watcher
    runtime.observers = None


def test_a_request_is_named_by_its_rule(watcher: Watcher, anonymous: FlaskClient) -> None:
    anonymous.get("/p/a-secret-token-of-a-link?code=123")
    (seen,) = watcher.seen
    assert (seen.doing, seen.name, seen.outcome) == (Doing.REQUEST, "GET /p/<token>", "404")
    assert "secret" not in repr(seen) and "123" not in repr(seen.attributes)


def test_static_files_are_not_watched(watcher: Watcher, anonymous: FlaskClient) -> None:
    anonymous.get("/static/nothing.css")
    assert watcher.seen == []


Handle = Callable[[Callable[[Job], None]], None]


@pytest.fixture
def do(app: Flask, agency: Any) -> Iterator[Handle]:
    """Ask for a job inside something that is traced, and have it done."""
    runtime = current()

    def ask(handler: Callable[[Job], None]) -> None:
        runtime.jobs["test.traced"] = JobSpec(kind="test.traced", handler=handler)
        around = observing.Begin(runtime.observers or (), Doing.REQUEST, "GET /x", {}, "")
        with tenancy.tenant(agency.id), writing():
            job_id = outbox.add("test.traced")
        around.leave()
        release()
        outbox.deliver(job_id)

    yield ask
    del runtime.jobs["test.traced"]


def test_request_job_and_vendor_are_one_trace(watcher: Watcher, do: Handle) -> None:
    def handler(job: Job) -> None:
        current().registry.get(EMAIL).health()

    do(handler)
    request, job, vendor = watcher.seen
    assert (job.doing, job.name, job.parent, job.outcome) == (Doing.JOB, "test.traced", request.trace, "ok")
    assert (vendor.doing, vendor.name, vendor.parent) == (Doing.VENDOR, "email.health", job.trace)
    assert vendor.attributes == {"provider": "outbox"} and job.attributes == {"attempt": "1"}
    assert watcher.flushed == 1 and watcher.failures == []
    assert observing.trace() == ""


@pytest.mark.parametrize(
    ("error", "outcome", "failures"),
    [
        (outbox.PutBack(), "later", []),
        (Invalid({"x": "That is not a date."}), "failed", []),
        (KeyError("x"), "failed", [("job", "KeyError")]),
    ],
)
def test_only_what_nobody_expected_is_a_failure(
    watcher: Watcher, do: Handle, error: Exception, outcome: str, failures: list[tuple[str, str]]
) -> None:
    def handler(job: Job) -> None:
        raise error

    do(handler)
    assert watcher.seen[-1].outcome == outcome
    assert watcher.failures == failures


def test_a_page_that_breaks_is_told(watcher: Watcher, anonymous: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise ZeroDivisionError

    app = anonymous.application
    monkeypatch.setitem(app.view_functions, "accounts.sign_in", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(app, "testing", False)
    assert anonymous.get("/sign-in").status_code == 500
    assert watcher.failures == [("request", "ZeroDivisionError")]
    assert watcher.seen[0].outcome == "500"


def test_without_observers_nothing_is_kept(do: Handle) -> None:
    found: list[Mapping[str, str]] = []
    do(lambda job: found.append(job.args))
    assert found == [{}]
