"""Forms made from settings classes: what they ask, what they keep to themselves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from flask import Flask
from pydantic import SecretStr, model_validator

from plugins.storage_r2 import plugin as storage_r2
from webkit.connections import fields
from webkit.core.kernel import outbound
from webkit.sdk import EMAIL, PDF, ProviderSettings, ProviderSpec, env


class OwlSettings(ProviderSettings):
    api_key: SecretStr = env("OWL_API_KEY", "OWL_KEY", min_length=4, description="Key of the account.")
    webhook_secret: SecretStr | None = env("OWL_WEBHOOK", default=None, description="Secret of the webhook.")
    base_url: str = env("OWL_BASE_URL", default="https://owl.example", description="Address of the API.")
    smtp_host: str = env("OWL_HOST", default="", description="Another server.")
    speed: Literal["slow", "fast"] = env("OWL_SPEED", default="slow", description="How it flies.")
    price: Decimal | None = env("OWL_PRICE", default=None, ge=0, description="What a flight costs.")
    at_night: bool = env("OWL_NIGHT", default=True, description="Whether it flies at night.")
    seconds: float = env("OWL_SECONDS", default=3.0, of_operator=True, description="Longest flight.")

    @model_validator(mode="after")
    def _owls_sleep(self) -> OwlSettings:
        if self.speed == "fast" and not self.at_night:
            raise ValueError("set OWL_NIGHT for a fast one")
        return self


class FolderSettings(ProviderSettings):
    folder: Path | None = env("OWL_FOLDER", default=None, description="A folder of this machine.")


def spec(settings: type[ProviderSettings] = OwlSettings, **more: Any) -> ProviderSpec[Any]:
    return ProviderSpec(EMAIL, "owl", "Owl post", f"{__name__}:Owl", settings=settings, **{"agencies": True, **more})


TYPED = {"api_key": "owl-secret-key", "at_night": "1"}


def test_the_form_is_what_the_settings_say() -> None:
    asked = {setting.name: setting for setting in fields.of(spec())}
    kinds = {name: setting.kind for name, setting in asked.items()}
    assert kinds == {
        "api_key": "secret",
        "webhook_secret": "secret",
        "base_url": "text",
        "smtp_host": "text",
        "speed": "choice",
        "price": "number",
        "at_night": "switch",
    }
    assert asked["api_key"].label == "API key" and asked["api_key"].required
    assert asked["base_url"].default == "https://owl.example" and asked["base_url"].hint == "Address of the API."
    assert [value for value, _label in asked["speed"].options] == ["slow", "fast"]


def test_only_what_says_so_and_names_no_file_is_for_agencies() -> None:
    assert fields.suits(spec())
    assert not fields.suits(spec(agencies=False))
    assert not fields.suits(spec(FolderSettings))
    assert not fields.suits(ProviderSpec(PDF, "owl", "Owl", f"{__name__}:Owl", agencies=True))


def test_what_was_typed_becomes_settings(app: Flask) -> None:
    typed = fields.read(spec(), {**TYPED, "price": "1.5", "base_url": ""}, {})
    settings: Any = typed.settings
    assert typed.errors == {} and settings.price == Decimal("1.5") and settings.base_url == "https://owl.example"
    assert "owl-secret-key" not in repr(typed)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"api_key": ""}, "api_key", "fill this in"),
        ({"api_key": "x"}, "api_key", "At least 4"),
        ({"speed": "hopping"}, "speed", "offered"),
        ({"price": "-1"}, "price", "At least 0"),
        ({"base_url": "a\x07b"}, "base_url", "cannot be used"),
        ({"speed": "fast", "at_night": ""}, "", "Set At night for a fast one."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(app: Flask, given: dict[str, str], field: str, words: str) -> None:
    errors = fields.read(spec(), {**TYPED, **given}, {}).errors
    assert list(errors) == [field] and words in errors[field]


def test_an_empty_secret_keeps_the_stored_one(app: Flask) -> None:
    stored = {"api_key": "stored-key", "webhook_secret": "stored-hook", "at_night": "true"}
    typed = fields.read(spec(), {"at_night": "1", "speed": "fast"}, stored)
    assert typed.values == {**stored, "speed": "fast"}


@pytest.mark.parametrize("moved", [{"base_url": "https://evil.example"}, {"smtp_host": "evil.example"}])
def test_a_stored_secret_goes_to_no_other_address(app: Flask, moved: dict[str, str]) -> None:
    stored = {"api_key": "stored-key", "at_night": "true"}
    errors = fields.read(spec(), {"at_night": "1", **moved}, stored).errors
    assert list(errors) == ["api_key"] and "address has changed" in errors["api_key"]
    assert not fields.read(spec(), {"at_night": "1", "api_key": "typed-key", **moved}, stored).errors


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:9/", "https://169.254.169.254/latest", "http://[::1]/", "https://db.internal"]
)
def test_private_addresses_are_refused(app: Flask, value: str) -> None:
    assert list(fields.refuse_private(spec(), {"base_url": value})) == ["base_url"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://10.0.0.5:9000",
        "https://169.254.169.254",
        "http://localhost",
        "http://store.inside",
        "http://[::ffff:10.1.1.1]",
    ],
)
def test_no_bucket_lies_in_a_private_network(app: Flask, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setattr(outbound, "lookup", lambda _host: ["10.0.0.5"])
    (bucket,) = storage_r2.webkit_register_providers()
    assert list(fields.refuse_private(bucket, {"endpoint": endpoint, "bucket": "files"})) == ["endpoint"]


def test_hosts_are_looked_at_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "lookup", lambda host: {"mail.example": ["10.0.0.7"]}.get(host, ["93.184.216.34"]))
    assert list(fields.refuse_private(spec(), {"smtp_host": "mail.example"})) == ["smtp_host"]
    assert fields.refuse_private(spec(), {"smtp_host": "other.example", "speed": "fast"}) == {}


def test_of_a_secret_only_a_long_one_shows_its_end() -> None:
    assert fields.ending("short") == "set"
    assert fields.ending("re_123456789012345678_wxyz") == "wxyz"
