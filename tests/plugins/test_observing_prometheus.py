"""The contract, and the page as Prometheus' own parser reads it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis.backoff import NoBackoff
from redis.retry import Retry

from plugins.observing_prometheus import counts
from plugins.observing_prometheus.plugin import webkit_register_providers
from plugins.observing_prometheus.provider import PrometheusObserver
from webkit.core.extensions import JobSpec
from webkit.core.kernel import clock, observing, outbox, tenancy
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.runtime import current
from webkit.core.providers import ProviderRegistry
from webkit.runtime import valkey
from webkit.sdk import EMAIL, OBSERVING, Doing, Health
from webkit.sdk.testing.contract import CANARY
from webkit.sdk.testing.observing import Heard, ObservingContract

SPEC = webkit_register_providers()[0]
TOKEN = "metrics-token-0123456789"
PAGE = "/metrics"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


class Values:
    """What stands on a page, found by name and by the values of its labels."""

    def __init__(self, samples: Iterable[tuple[str, frozenset[str], float]]) -> None:
        self.samples = {(name, labels): value for name, labels, value in samples}

    def __getitem__(self, key: tuple[str, ...]) -> float:
        return self.samples[key[0], frozenset(key[1:])]


class Silent:
    """A connection that answers nobody in time."""

    def pipeline(self, transaction: bool) -> Any:
        time.sleep(30)


class TestPrometheus(ObservingContract):
    spec = SPEC
    environ: ClassVar = {"METRICS_TOKEN": TOKEN}
    canaries: ClassVar = {"METRICS_TOKEN": f"{CANARY}-{CANARY}"}

    @pytest.fixture
    def heard(self, app: Flask, provider: PrometheusObserver) -> Heard:
        return lambda: _shown(provider)

    @pytest.fixture
    def dead(self, provider: PrometheusObserver, monkeypatch: pytest.MonkeyPatch) -> PrometheusObserver:
        monkeypatch.setattr("plugins.observing_prometheus.provider.shared_memory", Silent)
        return provider


def _shown(provider: PrometheusObserver) -> bytes:
    found = provider.metrics(SHOWN["Authorization"])
    return found.content if found else b""


def _registry(**environ: str) -> ProviderRegistry:
    specs = [SPEC, *current().plugins.providers]
    return ProviderRegistry(
        {"WEBKIT_DATA": str(current().settings.data), **environ}, list(dict.fromkeys(specs)), calling=observing.calling
    )


@pytest.fixture
def chosen(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrometheusObserver]:
    runtime = current()
    monkeypatch.setattr(runtime, "registry", _registry(METRICS_TOKEN=TOKEN))
    runtime.observers = None
    yield runtime.registry.get(OBSERVING, name="prometheus")  # type: ignore[misc]
    runtime.observers = None


def _values(text: str) -> Values:
    return Values(
        (sample.name, frozenset(sample.labels.values()), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )


def _page(client: FlaskClient) -> Values:
    answer = client.get(PAGE, headers=SHOWN)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"
    return _values(answer.text)


@pytest.mark.parametrize("shown", ["", "Bearer", f"Bearer {TOKEN}x", f"bearer {TOKEN}", TOKEN, "Bearer \xe9"])
def test_without_the_token_nothing_is_shown(chosen: object, anonymous: FlaskClient, shown: str) -> None:
    answer = anonymous.get(PAGE, headers={"Authorization": shown} if shown else {})
    assert (answer.status_code, answer.data, answer.headers["WWW-Authenticate"]) == (401, b"", "Bearer")


def test_whoever_did_not_choose_it_has_no_page(app: Flask, anonymous: FlaskClient) -> None:
    assert anonymous.get(PAGE, headers=SHOWN).status_code == 404


def test_who_reads_may_call_the_process_by_its_number(chosen: object, anonymous: FlaskClient) -> None:
    assert anonymous.get(PAGE, headers={**SHOWN, "Host": "10.1.2.3:8000"}).status_code == 200


def test_requests_are_counted_by_rule_and_class(chosen: object, anonymous: FlaskClient) -> None:
    anonymous.get("/healthz")
    anonymous.get("/p/a-secret-token-of-a-link")
    anonymous.open("/nowhere", method="BREW")
    found = _page(anonymous)
    assert found["webkit_request_seconds_count", "GET /healthz", "2xx"] == 1
    assert found["webkit_request_seconds_bucket", "GET /healthz", "2xx", "+Inf"] == 1
    assert found["webkit_request_seconds_sum", "GET /healthz", "2xx"] > 0
    assert found["webkit_request_seconds_count", "GET /p/<token>", "4xx"] == 1
    assert not [key for key in found.samples if "secret" in repr(key) or "BREW" in repr(key)]
    assert found["webkit_metrics_shared",] == 0


def test_jobs_and_vendors_are_counted(
    chosen: object, anonymous: FlaskClient, agency: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handler(_job: object) -> None:
        current().registry.get(EMAIL).health()
        raise KeyError("x")

    monkeypatch.setitem(current().jobs, "test.counted", JobSpec("test.counted", handler))
    with tenancy.tenant(agency.id), writing():
        job_id = outbox.add("test.counted")
    release()
    outbox.deliver(job_id)
    found = _page(anonymous)
    assert found["webkit_job_seconds_count", "test.counted", "failed"] == 1
    assert found["webkit_vendor_call_seconds_count", "email.health", "outbox", "ok"] == 1
    assert found["webkit_unexpected_failures_total", "job", "test.counted"] == 1


def test_what_waits_is_read_when_asked(
    chosen: object, anonymous: FlaskClient, agency: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(current().jobs, "test.waits", JobSpec("test.waits", print))
    before = _page(anonymous)
    with tenancy.tenant(agency.id), writing():
        outbox.add("test.waits")
    release()
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        after = _page(anonymous)
    assert after["webkit_jobs_waiting",] == before["webkit_jobs_waiting",] + 1
    assert 600 <= after["webkit_outbox_oldest_due_seconds",] < 700
    assert after["webkit_jobs_dead",] == 0 and after["webkit_webhooks_waiting",] == 0


def test_names_that_never_end_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MOST_SERIES", 3)
    counted = counts.Counts(None)
    for number in range(9):
        counted.time(("job", f"kind{number}", "ok"), 0.1)
    found = counted.everything()
    assert found[("job", counts.OTHER, counts.OTHER), "0.1"] == 6
    assert len({series for series, _part in found}) == 4


@pytest.fixture(scope="module")
def server() -> Iterator[redis.Redis]:
    with TemporaryDirectory(prefix="wk") as folder:
        process = subprocess.Popen([*valkey.command(Path(folder)), "--appendonly", "no"])
        try:
            _until(lambda: valkey.ready(Path(folder)))
            connection = redis.Redis.from_url(valkey.url(Path(folder)))
            yield connection
            connection.close()
        finally:
            process.kill()
            process.wait()


def test_all_processes_count_together(
    server: redis.Redis, app: Flask, anonymous: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = current()
    runtime.redis = server
    monkeypatch.setattr(runtime, "registry", _registry(METRICS_TOKEN=TOKEN))
    runtime.observers = None
    another = _registry(METRICS_TOKEN=TOKEN).get(OBSERVING)
    another.begin(Doing.JOB, "mail.send", {}, "").end("ok")
    another.flush()
    another.begin(Doing.JOB, "mail.send", {}, "").end("ok")
    _until(lambda: server.hget(counts.KEY, '["job","mail.send","ok","0.005"]') == b"2")  # without being told to
    server.rpush("webkit:waiting", "an-id")
    found = _page(anonymous)
    assert found["webkit_job_seconds_count", "mail.send", "ok"] == 2
    assert found["webkit_queue_depth", "ai"] == 1 and found["webkit_metrics_shared",] == 1
    assert _page(anonymous)["webkit_job_seconds_count", "mail.send", "ok"] == 2
    assert another.health().status is Health.OK
    runtime.observers = None


def test_what_could_not_be_told_is_told_later() -> None:
    counted = counts.Counts(None)
    counted.count(("x",))
    counted._redis = redis.Redis(unix_socket_path="/nonexistent/valkey.sock", retry=Retry(NoBackoff(), 0))
    with pytest.raises(redis.RedisError):
        counted.send()
    counted._redis = None
    assert counted.everything() == {(("x",), counts.COUNT): 1}


def _until(done: Callable[[], object]) -> None:
    for _ in range(1000):
        if done():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")
