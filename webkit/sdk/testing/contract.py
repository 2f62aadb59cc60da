"""What every provider's contract suite shares."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from webkit.core.capabilities import ALL
from webkit.core.capabilities.base import SECRET_WORDS, Health, ProviderSpec, environment_names
from webkit.core.providers import HEALTH_SECONDS, CalledInTransaction, ProviderRegistry, load

CANARY = "canary-7f3a91c4"


class ProviderContract:
    """Subclass a capability's suite, set `spec` and, where settings are required, `environ`.

    Override fixtures as the suite says. A test may be overridden only with `xfail(reason=…)`: an exception that is
    written down is part of the contract, one that is not is a hole in it.
    """

    spec: ClassVar[ProviderSpec[Any]]
    environ: ClassVar[Mapping[str, str]] = {}
    canaries: ClassVar[Mapping[str, str]] = {}
    """By variable: CANARY inside a value of the form that the setting demands."""

    @pytest.fixture
    def configured(self, webkit_data: Path) -> dict[str, str]:
        """The whole environment of this provider: nothing comes from the machine."""
        capability = self.spec.capability
        return {"WEBKIT_DATA": str(webkit_data), capability.env: self.spec.name, **self.environ}

    @pytest.fixture
    def provider(self, configured: dict[str, str]) -> Any:
        """The provider as the platform gets it."""
        return self.registry(configured).get(self.spec.capability)

    @pytest.fixture
    def another(self, configured: dict[str, str]) -> Any:
        """The same provider in another process: it shares nothing but its settings."""
        return self.registry(configured).get(self.spec.capability)

    def registry(self, environ: Mapping[str, str], **options: Any) -> ProviderRegistry:
        """A registry that knows this provider alone."""
        return ProviderRegistry(environ, [self.spec], capabilities=[self.spec.capability], **options)

    def needs(self, feature: str) -> None:
        """Skip a test of a feature that the provider does not declare."""
        if feature not in self.spec.features:
            pytest.skip(f"{self.spec.name} does not declare {feature}")

    def test_the_card_is_complete(self) -> None:
        assert self.spec.label
        assert self.spec.capability in ALL
        assert self.spec.spoken is not None, "no version of the contract that the platform speaks"
        assert bool(self.spec.modules) <= bool(self.spec.install_hint), "say how to install the modules it needs"

    def test_public_methods_match_the_protocol(self) -> None:
        provider = load(self.spec)
        for name, wanted in inspect.getmembers(self.spec.capability.protocol, inspect.isfunction):
            if name.startswith("_"):
                continue
            want = list(inspect.signature(wanted).parameters.values())
            got = list(inspect.signature(getattr(provider, name)).parameters.values())
            assert [(p.name, p.kind) for p in got[: len(want)]] == [(p.name, p.kind) for p in want], name
            extra = got[len(want) :]
            assert all(p.default is not p.empty for p in extra), f"{name}() demands more than the contract gives"

    def test_health_answers_in_time_and_never_raises(self, provider: Any) -> None:
        began = time.monotonic()
        assert provider.health().status in Health
        assert time.monotonic() - began < HEALTH_SECONDS

    def test_secrets_are_secret(self, configured: dict[str, str]) -> None:
        for field in self.spec.settings.model_fields.values():
            words = {word for name in environment_names(field) for word in name.split("_")[-1:]}
            if words & SECRET_WORDS:
                assert "SecretStr" in str(field.annotation), f"{environment_names(field)[0]} must be a SecretStr"

    def test_no_secret_shows_in_a_representation(self, configured: dict[str, str]) -> None:
        for field in self.spec.settings.model_fields.values():
            if field.annotation in (SecretStr, SecretStr | None):
                name = environment_names(field)[0]
                configured[name] = self.canaries.get(name, CANARY)
                assert CANARY in configured[name]
        registry = self.registry(configured)
        assert CANARY not in repr(registry.settings(self.spec))
        assert CANARY not in repr(registry.get(self.spec.capability))

    def test_every_setting_is_described(self) -> None:
        for name, field in self.spec.settings.model_fields.items():
            names = environment_names(field)
            assert names, f"{name} is not declared with env()"
            assert all(variable == variable.upper() and " " not in variable for variable in names), names
            assert field.description, f"{name} has no description"

    def test_every_required_setting_is_asked_for_at_once(self, webkit_data: Path) -> None:
        bare = {"WEBKIT_DATA": str(webkit_data), self.spec.capability.env: self.spec.name}
        asked = {problem.where for problem in self.registry(bare).check()}
        required = {environment_names(f)[0] for f in self.spec.settings.model_fields.values() if f.is_required()}
        assert required <= asked

    def test_settings_never_change(self, configured: dict[str, str]) -> None:
        assert self.spec.settings.model_config.get("frozen")
        assert self.spec.settings.model_config.get("extra") == "forbid"

    def test_it_is_not_called_inside_a_transaction(self, configured: dict[str, str]) -> None:
        provider = self.registry(configured, in_transaction=lambda: True).get(self.spec.capability)
        with pytest.raises(CalledInTransaction):
            provider.health()

    def test_the_suite_is_not_weakened(self) -> None:
        suites = [cls for cls in type(self).__mro__ if cls.__module__.startswith("webkit.sdk.testing.")]
        changed = {
            name
            for name in dir(suites[0])
            if name.startswith("test_") and getattr(type(self), name) is not getattr(suites[0], name)
        }
        assert not {name for name in changed if not _excused(getattr(type(self), name))}


def _excused(test: Any) -> bool:
    marks = getattr(test, "pytestmark", [])
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)
