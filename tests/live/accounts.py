"""Whose account a live test uses.

A vendor's suite is written like this:

    class TestAcme(EmailContract):
        spec = webkit_register_providers()[0]
        tried = frozenset({...})                    # what may be done to a real account

        @pytest.fixture
        def configured(self, webkit_data: Path) -> dict[str, str]:
            return account(self.spec, webkit_data)  # skips the suite where a key is missing
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from webkit.core.capabilities.base import ProviderSpec, environment_names

ALWAYS = frozenset(
    {
        "test_health_answers_in_time_and_never_raises",
        "test_public_methods_match_the_protocol",
        "test_it_is_not_called_inside_a_transaction",
    }
)
"""What costs nothing anywhere."""


def account(spec: ProviderSpec[Any], data: Path) -> dict[str, str]:
    """The provider's settings from the environment; skips where one that it needs is missing."""
    fields = spec.settings.model_fields.values()
    missing = [names[0] for field in fields if field.is_required() and not _set(names := environment_names(field))]
    if missing:
        pytest.skip(f"no account: {', '.join(missing)} is not set")
    given = {name: os.environ[name] for field in fields for name in environment_names(field) if os.environ.get(name)}
    return {**given, "WEBKIT_DATA": str(data), spec.capability.env: spec.name}


def need(name: str) -> str:
    """A variable of the live tests themselves, or the test is skipped."""
    return os.environ.get(name) or pytest.skip(f"{name} is not set")


def only(tried: frozenset[str], request: pytest.FixtureRequest) -> None:
    """Skip what would reach strangers or cannot be seen from outside."""
    name = request.node.originalname
    if name not in tried | ALWAYS:
        pytest.skip("needs a double: it cannot be seen from outside, or would reach strangers")


def _set(names: tuple[str, ...]) -> bool:
    return any(os.environ.get(name) for name in names)
