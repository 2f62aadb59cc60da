"""The contract, and what Sentry is told, over real HTTP against a double of its intake."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugins.observing_sentry.plugin import webkit_register_providers
from tests.plugins.sentry_vendor import Sentry
from webkit.core.kernel.runtime import current
from webkit.core.providers import ProviderRegistry
from webkit.sdk import OBSERVING, Doing, Health, Observer
from webkit.sdk.testing.contract import CANARY
from webkit.sdk.testing.observing import Heard, ObservingContract

SPEC = webkit_register_providers()[0]
ATTRIBUTES = {"attempt": "2"}


@pytest.fixture
def double() -> Iterator[Sentry]:
    with Sentry() as double:
        yield double


def observer(dsn: str, **more: str) -> Observer:
    environ = {"OBSERVERS": "sentry", "SENTRY_DSN": dsn, **more}
    return ProviderRegistry(environ, [SPEC], capabilities=[OBSERVING]).get(OBSERVING)


class TestSentry(ObservingContract):
    spec = SPEC
    canaries: ClassVar = {"SENTRY_DSN": f"https://{CANARY}@sentry.example/1"}

    @pytest.fixture
    def configured(self, webkit_data: Path, double: Sentry) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), "OBSERVERS": "sentry", "SENTRY_DSN": double.dsn}

    @pytest.fixture
    def heard(self, double: Sentry) -> Heard:
        return lambda: b"\n".join(double.raw)

    @pytest.fixture
    def dead(self, double: Sentry) -> Observer:
        double.fail(seconds=30, times=9)
        return observer(double.dsn)


def failed(told: Observer, words: str = "boom") -> None:
    try:
        hidden_in_a_frame = "the-value-of-a-variable"
        raise LookupError(words + hidden_in_a_frame[:0])
    except LookupError as error:
        told.failed(error, Doing.JOB, "invoices.mail", ATTRIBUTES)


def test_what_is_told(double: Sentry) -> None:
    told = observer(double.dsn, SENTRY_ENVIRONMENT="staging")
    failed(told)
    told.flush()
    (event,) = double.events
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"], event["environment"], event["level"]) == (
        "LookupError",
        "boom",
        "staging",
        "error",
    )
    assert event["tags"] == {"attempt": "2", "doing": "job", "name": "invoices.mail"}
    assert error["stacktrace"]["frames"][-1]["function"] == "failed"
    assert event["release"].startswith("webkit@")
    text = json.dumps(event)
    assert "the-value-of-a-variable" not in text.replace('hidden_in_a_frame = \\"the-value-of-a-variable\\"', "")
    assert os.uname().nodename not in event.values() and str(Path.cwd()) not in text
    assert not {"request", "user", "breadcrumbs", "modules", "extra", "server_name"} & set(event)
    assert double.other == []


PLANTED = {
    "cookie": "session-cookie-8f2c1d7e",
    "authorization": "Bearer planted-bearer-5521aa",
    "query": "planted-query-token-77d1",
    "form": "planted-password-hunter3",
    "path": "planted-path-token-e19c",
    "mail": "planted.person@example.org",
    "database": "planted-database-password",
}


def test_of_all_that_a_request_carries_nothing_arrives(
    app: Flask, double: Sentry, anonymous: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of the house breaks, with a secret in every place there is."""
    runtime, told = current(), observer(double.dsn)
    monkeypatch.setattr(runtime, "observers", (told,))

    def breaks(*_args: object, **_values: object) -> None:
        local = dict(PLANTED)
        raise RuntimeError(
            f"cannot reach postgresql://webkit:{local['database']}@db/x for {local['mail']}: {local['authorization']}"
        )

    monkeypatch.setitem(app.view_functions, _reset(app), breaks)
    anonymous.set_cookie("planted", PLANTED["cookie"])
    answer = anonymous.post(
        f"/sign-in/reset?token={PLANTED['query']}",
        data={"email": PLANTED["mail"], "password": PLANTED["form"]},
        headers={"Authorization": PLANTED["authorization"], "Referer": f"http://localhost/p/{PLANTED['path']}"},
    )
    assert answer.status_code == 500
    told.flush()
    (event,) = double.events
    assert event["transaction"] == "POST /sign-in/reset" and event["tags"]["doing"] == "request"
    sent = b"".join(double.raw).decode()
    assert [name for name, value in PLANTED.items() if value.rpartition(" ")[2] in sent] == []


def _reset(app: Flask) -> str:
    return str(next(rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == "/sign-in/reset"))


def test_only_failures_are_told(double: Sentry) -> None:
    told = observer(double.dsn)
    told.begin(Doing.REQUEST, "GET /", {}, "").end("500", KeyError("x"))
    told.flush()
    assert double.calls == []


@pytest.mark.parametrize(
    "words",
    [
        "duplicate key [SQL: INSERT INTO clients VALUES (?)] [parameters: ('Mario Rossi',)]",
        "1 validation error [type=string, input_value='Mario Rossi', input_type=str]",
    ],
)
def test_values_that_were_typed_stay_here(double: Sentry, words: str) -> None:
    told = observer(double.dsn)
    failed(told, words)
    told.flush()
    assert len(double.events) == 1 and "Mario" not in double.events[0]["exception"]["values"][0]["value"]


def test_while_sentry_has_enough_nothing_is_sent(double: Sentry) -> None:
    double.fail(429, headers={"Retry-After": "60"})
    told = observer(double.dsn)
    for _ in range(3):
        failed(told)
        told.flush()
    assert len(double.calls) == 1 and double.events == []


def test_after_an_error_of_sentry_the_next_one_is_sent(double: Sentry) -> None:
    double.fail(503)
    told = observer(double.dsn)
    for _ in range(2):
        failed(told)
        told.flush()
    assert len(double.events) == 1


def test_a_fork_tells_its_own_and_nothing_twice(double: Sentry) -> None:
    told = observer(double.dsn)
    failed(told, "parent")
    told.flush()
    if (pid := os.fork()) == 0:
        failed(told, "child")
        told.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    assert [event["exception"]["values"][0]["value"] for event in double.events] == ["parent", "child"]


@pytest.mark.parametrize(
    ("status", "health"), [(0, Health.OK), (403, Health.DOWN), (429, Health.DEGRADED), (500, Health.DOWN)]
)
def test_health(double: Sentry, status: int, health: Health) -> None:
    if status:
        double.fail(status)
    assert observer(double.dsn).health().status is health
    assert double.events == []


@pytest.mark.parametrize("dsn", ["x", "https://sentry.example/1", "ftp://k@h/1", "https://k@h/project"])
def test_what_is_no_dsn_is_refused_and_not_repeated(dsn: str) -> None:
    registry = ProviderRegistry({"OBSERVERS": "sentry", "SENTRY_DSN": dsn}, [SPEC], capabilities=[OBSERVING])
    (problem,) = registry.check()
    assert problem.where == "SENTRY_DSN" and (dsn == "x" or dsn not in problem.problem)
