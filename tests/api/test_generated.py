"""Requests that Schemathesis makes of the description: whoever asks whatever, the answer is one that it promises."""

from __future__ import annotations

import os
from contextvars import Context
from typing import Any
from uuid import UUID

import hypothesis
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.client import let_go
from tests.factories.people import Person
from tests.people import world
from webkit.api import document
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.tokens import service as tokens

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WHO = {"owner": 3, "member": 2, "anonymous": 1}
"""And how many requests each makes of an operation in a check."""


@pytest.fixture
def docs(app: Flask, agency: AgencyView, max_: Person) -> dict[str, UUID]:
    """Documents of Max's."""
    return world.make(max_.id)


@pytest.fixture
def unlimited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as we like: a limit would be all that is tried."""
    runtime = runtimes.of(app)
    free = runtime.settings.model_copy(update={"rate_bearer": 0, "rate_per_minute": 0})
    monkeypatch.setattr(runtime, "settings", free)


@pytest.fixture
def keys(agency: AgencyView, ada: Person, max_: Person) -> dict[str, str]:
    """A key for each who calls; none for a stranger."""
    who = {"owner": ada, "member": max_}
    made = {name: tokens.create_for_agency(each.id, name, ["write"], 30).key for name, each in who.items()}
    return {**made, "anonymous": ""}


@pytest.mark.slow
@pytest.mark.parametrize("who", WHO)
def test_every_operation(app: Flask, unlimited: None, docs: dict[str, UUID], keys: dict[str, str], who: str) -> None:
    assert _try(app, docs, keys[who], WHO[who]) >= 100


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("who", WHO)
def test_every_operation_many_times(
    app: Flask, unlimited: None, docs: dict[str, UUID], keys: dict[str, str], who: str
) -> None:
    assert _try(app, docs, keys[who], int(os.environ.get("WEBKIT_EXAMPLES", "200"))) >= 100


def _try(app: Flask, docs: dict[str, UUID], key: str, examples: int) -> int:
    app.testing = False
    schema = schemathesis.openapi.from_dict(document.make())
    schema.app = app
    tried = 0
    broken: list[str] = []
    found: Any
    for found in schema.get_all_operations():
        _try_one(found.ok(), docs, key, examples, broken)
        tried += 1
    assert not broken, "\n\n".join(broken)
    return tried


def _try_one(operation: Any, docs: dict[str, UUID], key: str, examples: int, broken: list[str]) -> None:
    """Half of the requests are about what there is. What is wrong is noted and not tried again: what is made by a
    request is there for the next one."""

    @hypothesis.settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy(), real=hypothesis.strategies.booleans())
    def once(case: Any, real: bool) -> None:
        if "agency" in case.path_parameters:
            case.path_parameters["agency"] = "northwind"
        if real:
            known = {name: str(value) for name, value in docs.items() if name in case.path_parameters}
            case.path_parameters.update(known)
        if "source_id" in case.path_parameters and real:
            case.path_parameters.update(kind="contract", source_id=str(docs["contract_id"]))
        let_go()
        response = Context().run(case.call, headers={"Authorization": f"Bearer {key}"} if key else {})
        let_go()
        try:
            case.validate_response(response, checks=CHECKS)
        except BaseExceptionGroup as error:
            broken.append(f"{operation.label}\n{case.body}\n{error}")

    once()
