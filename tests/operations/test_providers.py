"""The operators' page of providers: what is chosen, by whom, how it feels, what is missing; it asks nobody itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from tests.client import Browser
from tests.factories import people
from tests.factories.people import Person
from webkit.core.capabilities.base import Health, HealthReport
from webkit.core.capabilities.email import EMAIL
from webkit.core.kernel import circuits, db, runtime, vendors
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.vendors import ProviderAccount
from webkit.core.providers import ProviderRegistry
from webkit.house import cli

PAGE = "/admin/providers"


@pytest.fixture
def operator(app: Flask, browser_of: Callable[[Person], Browser]) -> Browser:
    return browser_of(people.make_person("Olga Operator", "olga@house.example", is_operator=True))


def _configured(app: Flask, monkeypatch: pytest.MonkeyPatch, **environ: str) -> ProviderRegistry:
    here = runtime.of(app)
    given = {"WEBKIT_DATA": str(here.settings.data), **environ}
    registry = ProviderRegistry(given, here.plugins.providers, in_transaction=db.in_transaction)
    monkeypatch.setattr(here, "registry", registry)
    return registry


def test_only_operators_see_it(agency: AgencyView, operator: Browser, owner: Browser, anonymous: Browser) -> None:
    assert operator.get(PAGE).status_code == 200
    assert owner.get(PAGE).status_code == 404
    assert owner.post(f"{PAGE}/check").status_code == 404
    assert anonymous.get(PAGE).status_code in (302, 303)


def test_the_page_asks_nobody_and_the_job_all(
    operator: Browser, run_jobs: Callable[[], int], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def health(_self: object, capability: Any, *, name: str = "") -> HealthReport:
        asked.append(f"{capability.key}={name}")
        full = name == "outbox"
        return HealthReport(Health.DEGRADED, "little space") if full else HealthReport(Health.OK)

    monkeypatch.setattr(ProviderRegistry, "health", health)
    page = operator.get(PAGE).text
    assert asked == [] and "Not asked yet" in page and "by default" in page
    answer = operator.post(f"{PAGE}/check")
    assert answer.status_code == 303 and "asked=" in answer.location and asked == []
    waiting = operator.get(answer.location).text
    assert "hx-get=" in waiting and asked == []
    run_jobs()
    assert "email=outbox" in asked and len(asked) == len(set(asked)) == 9
    page = operator.get(PAGE).text
    assert "little space" in page and "Needs a look" in page and "hx-trigger" not in page.partition('id="providers"')[2]
    assert "little space" in operator.get(f"{PAGE}?view=needs").text
    assert "Claude" not in operator.get(f"{PAGE}?view=needs").text


def test_what_is_missing_and_the_line_that_mends_it(
    operator: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _configured(app, monkeypatch, EMAIL_PROVIDER="resend", PAYMENTS_PROVIDER="owl")
    page = operator.get(PAGE).text
    assert "by EMAIL_PROVIDER" in page and "RESEND_API_KEY=…" in page and "RESEND_API_KEY: is not set" in page
    assert "there is no provider" in page and "PAYMENTS_PROVIDER=" in page


def test_a_chain_and_its_circuits(operator: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _configured(app, monkeypatch, EMAIL_PROVIDER="resend,outbox", RESEND_API_KEY="re_test")
    runtime.of(app).circuits = circuits.Own()
    assert "while the one before is down" in operator.get(PAGE).text
    for _ in range(circuits.FAILURES):
        circuits.failed(circuits.key("email", "resend", "platform"), "no connection")
    page = operator.get(PAGE).text
    assert "Left in peace" in page and "no connection" in page
    runtime.of(app).circuits = circuits.Own()


def test_agencies_with_accounts_of_their_own_are_counted(agency: AgencyView, operator: Browser, app: Flask) -> None:
    with db.writing() as unit:
        sealed = runtime.of(app).keys.seal('{"api_key": "re_own"}')
        unit.add(ProviderAccount(capability="email", provider="resend", chosen_for="email", sealed=sealed))
    db.release()
    assert vendors.chosen(EMAIL).name == "resend"
    db.release()
    assert "1 agency has its own account" in operator.get(PAGE).text
    assert (vendors.peek(runtime.of(app).settings.database) or {}).get(("email", "resend")) == 1


def _plugins(tmp_path: Path, **environ: str) -> tuple[int, Any]:
    given = {"WEBKIT_DATA": str(tmp_path), "DATABASE_URL": "", **environ}
    answer = CliRunner().invoke(cli, ["plugins", "--json"], env=given)
    return answer.exit_code, {f"{row['capability']}={row['provider']}": row for row in json.loads(answer.stdout)}


def test_the_command_says_who_chose_and_what_is_missing(tmp_path: Path) -> None:
    code, rows = _plugins(tmp_path, EMAIL_PROVIDER="outbox,resend")
    first, second, other = rows["email=outbox"], rows["email=resend"], rows["payments=stripe"]
    assert (first["asked"], first["chosen_by"], first["health"], first["circuit"]) == (
        1,
        "EMAIL_PROVIDER",
        "ok",
        "closed",
    )
    assert (second["asked"], second["health"], second["missing"][0]["where"]) == (2, "down", "RESEND_API_KEY")
    assert second["missing"][0]["fix"].startswith("RESEND_API_KEY=…")
    assert (other["asked"], other["chosen"], other["chosen_by"], other["agencies"]) == (0, False, "", None)
    assert rows["payments=local"]["chosen_by"] == "default" and code == 1
