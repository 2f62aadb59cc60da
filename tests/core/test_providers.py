from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import SecretStr, ValidationError

from webkit.core.providers import CalledInTransaction, ProviderRegistry
from webkit.sdk import (
    EMAIL,
    PAYMENTS,
    STORAGE,
    Capability,
    EmailMessage,
    Health,
    HealthReport,
    Provider,
    ProviderMisconfigured,
    ProviderSettings,
    ProviderSpec,
    SendReceipt,
    calls_nobody,
    env,
)
from webkit.sdk.testing.email import MESSAGE


class VendorSettings(ProviderSettings):
    api_key: SecretStr = env("VENDOR_SECRET_KEY", "VENDOR_API_KEY", description="Secret key of the account.")
    region: Literal["eu", "us"] = env("VENDOR_REGION", default="eu", description="Where the mail is sent from.")
    timeout: float = env("VENDOR_TIMEOUT", default=10.0, gt=0, description="Seconds to wait for an answer.")


class Vendor:
    def __init__(self, settings: VendorSettings) -> None:
        self.settings = settings

    def send(self, message: EmailMessage) -> SendReceipt:
        return SendReceipt(f"{self.settings.region}-{message.key}")

    def stream(self) -> Iterator[int]:
        yield 1

    @calls_nobody
    def compute(self) -> int:
        return 42

    def health(self) -> HealthReport:
        return HealthReport(Health.OK)


class Slow(Vendor):
    def health(self) -> HealthReport:
        time.sleep(30)
        raise AssertionError("nobody waits that long")


class Failing(Vendor):
    def health(self) -> HealthReport:
        raise RuntimeError("boom")


def a_function(settings: VendorSettings) -> Vendor:
    return Vendor(settings)


def spec(name: str = "vendor", cls: str = "Vendor", **more: Any) -> ProviderSpec[Any]:
    options = {"settings": VendorSettings, **more}
    return ProviderSpec(EMAIL, name, "Vendor Inc.", f"{__name__}:{cls}", **options)


def registry(
    *specs: ProviderSpec[Any], capabilities: tuple[Capability[Any], ...] = (EMAIL,), **environ: str
) -> ProviderRegistry:
    return ProviderRegistry({"EMAIL_PROVIDER": "vendor", **environ}, specs or [spec()], capabilities=capabilities)


def test_configuration_chooses() -> None:
    provider = registry(VENDOR_API_KEY="k", VENDOR_REGION="us").get(EMAIL)
    assert isinstance(provider, Vendor)
    assert type(provider).__name__ == "Vendor"
    assert provider.send(MESSAGE).id == "us-mail:1"


def test_the_default_is_taken_when_nothing_is_chosen() -> None:
    environ: Mapping[str, str] = {"EMAIL_PROVIDER": "  "}
    both = ProviderRegistry(environ, [spec("outbox", settings=ProviderSettings), spec("other")], capabilities=[EMAIL])
    chosen = both.spec(EMAIL)
    assert chosen is not None
    assert chosen.name == both.chosen_name(EMAIL) == "outbox"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"PAYMENT_PROVIDER": "b"}, "b"),
        ({"PAYMENTS_PROVIDER": "a", "PAYMENT_PROVIDER": "b"}, "a"),
        ({"PAYMENTS_PROVIDER": "", "PAYMENT_PROVIDER": "b"}, "b"),
    ],
)
def test_a_capability_has_aliases(environ: dict[str, str], name: str) -> None:
    specs = [ProviderSpec(PAYMENTS, each, each.upper(), "x:Y") for each in ("a", "b")]
    assert ProviderRegistry(environ, specs).chosen_name(PAYMENTS) == name


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"VENDOR_SECRET_KEY": "first", "VENDOR_API_KEY": "second"}, "first"),
        ({"VENDOR_SECRET_KEY": "", "VENDOR_API_KEY": "second"}, "second"),
        ({"VENDOR_API_KEY": "second"}, "second"),
    ],
)
def test_a_setting_has_names_and_the_first_one_set_wins(environ: dict[str, str], key: str) -> None:
    settings = ProviderRegistry(environ, [spec()]).settings(spec())
    assert isinstance(settings, VendorSettings)
    assert settings.api_key.get_secret_value() == key


def test_every_problem_is_listed_at_once_without_the_values() -> None:
    found = registry(VENDOR_REGION="mars-0001", VENDOR_TIMEOUT="-1").check()
    assert [problem.where for problem in found] == ["VENDOR_SECRET_KEY", "VENDOR_REGION", "VENDOR_TIMEOUT"]
    assert found[0].problem == "is not set (Vendor Inc.)"
    assert found[0].fix == "VENDOR_SECRET_KEY=…  # Secret key of the account."
    assert "mars-0001" not in str(found)


def test_problems_of_all_capabilities_are_listed_at_once() -> None:
    files = ProviderSpec(STORAGE, "local", "Folder", "x:Y")
    found = registry(spec(), files, capabilities=(EMAIL, STORAGE), STORAGE_PROVIDER="tape").check()
    assert [problem.where for problem in found] == ["VENDOR_SECRET_KEY", "STORAGE_PROVIDER"]
    assert found[1].problem == "there is no provider 'tape'; installed: local"
    assert found[1].fix == "STORAGE_PROVIDER=local"


def test_the_alias_that_was_used_is_named() -> None:
    files = ProviderSpec(STORAGE, "local", "Folder", "x:Y")
    (problem,) = registry(files, capabilities=(STORAGE,), FILE_PROVIDER="tape").check()
    assert (problem.where, problem.fix) == ("FILE_PROVIDER", "FILE_PROVIDER=local")


def test_two_names_for_one_place_are_refused() -> None:
    one: Capability[Provider] = Capability("sms", "SMS_PROVIDER", Provider)
    reg = registry(capabilities=(one,), SMS_PROVIDER="vendor, other")
    (problem,) = reg.check()
    assert problem.problem == "takes one provider, not 2"
    assert problem.fix == "SMS_PROVIDER=vendor"
    with pytest.raises(ProviderMisconfigured, match="takes one provider"):
        reg.get(one)


def test_an_optional_capability_may_be_empty() -> None:
    optional: Capability[Provider] = Capability("sms", "SMS_PROVIDER", Provider, required=False)
    reg = registry(capabilities=(optional,))
    assert reg.check() == []
    assert reg.spec(optional) is None
    assert reg.features(optional) == frozenset()
    with pytest.raises(ProviderMisconfigured, match="nobody supplies sms"):
        reg.get(optional)


def test_a_required_capability_may_not() -> None:
    required: Capability[Provider] = Capability("sms", "SMS_PROVIDER", Provider)
    (problem,) = registry(capabilities=(required,)).check()
    assert problem.where == "SMS_PROVIDER"


def test_check_looks_for_modules_without_importing_them() -> None:
    needy = spec(modules=("json", "a_vendors_sdk", "a_vendors.sdk"), install_hint="pip install 'webkit[vendor]'")
    (problem,) = registry(needy, VENDOR_API_KEY="k").check()
    assert problem.problem == "Vendor Inc. needs a_vendors_sdk, a_vendors.sdk"
    assert problem.fix == "pip install 'webkit[vendor]'"


@pytest.mark.parametrize(
    ("factory", "text"),
    [
        ("a_vendors_sdk:Vendor", r"needs 'a_vendors_sdk': pip install 'webkit\[vendor\]'"),
        (f"{__name__}:Nobody", "has no 'Nobody'"),
        (f"{__name__}:a_function", "is not a class"),
    ],
)
def test_a_provider_that_cannot_be_built_says_why(factory: str, text: str) -> None:
    broken = ProviderSpec(
        EMAIL, "vendor", "Vendor", factory, settings=VendorSettings, install_hint="pip install 'webkit[vendor]'"
    )
    with pytest.raises(ProviderMisconfigured, match=text):
        registry(broken, VENDOR_API_KEY="k").get(EMAIL)


def test_built_once_for_each_scope() -> None:
    reg = registry(VENDOR_API_KEY="k")
    assert reg.get(EMAIL) is reg.get(EMAIL)
    own = spec(agencies=True)

    def of(scope: str, version: int = 1, **values: str) -> Any:
        return reg.of_account(own, scope, version, lambda: {"api_key": scope, **values})

    assert of("agency-1") is of("agency-1") is not reg.get(EMAIL)
    assert of("agency-1").settings.api_key.get_secret_value() == "agency-1"
    assert of("agency-2").settings.api_key.get_secret_value() == "agency-2"


def test_an_account_is_built_anew_when_it_changes() -> None:
    reg = registry(VENDOR_API_KEY="k")
    first = reg.of_account(spec(), "agency", 1, lambda: {"api_key": "old"})
    second: Any = reg.of_account(spec(), "agency", 2, lambda: {"api_key": "new"})
    assert first is not second
    assert second.settings.api_key.get_secret_value() == "new"


class OperatorSettings(ProviderSettings):
    api_key: SecretStr = env("VENDOR_API_KEY", description="Key.")
    region: str = env("VENDOR_REGION", default="eu", description="Region.")
    base: str = env("VENDOR_BASE", default="https://vendor.example", of_operator=True, description="Address.")
    file: str = env("VENDOR_FILE", default="", unshared=True, description="A file of the operator's own account.")


def test_an_agency_gets_nothing_of_the_platforms_but_what_operators_say_for_all() -> None:
    card = spec(settings=OperatorSettings)
    reg = registry(
        card, VENDOR_API_KEY="platform", VENDOR_REGION="us", VENDOR_BASE="https://double.example", VENDOR_FILE="/k"
    )
    assert reg.settings(card).file == "/k"
    own: Any = reg.settings_of(card, {"api_key": "own", "base": "https://elsewhere.example", "file": "/etc/passwd"})
    assert own.file == ""
    assert (own.api_key.get_secret_value(), own.region, own.base) == ("own", "eu", "https://double.example")
    with pytest.raises(ValidationError):
        reg.settings_of(card, {})


def test_a_chain_is_chosen_in_its_order() -> None:
    reg = registry(spec("one"), spec("two"), EMAIL_PROVIDER="two, one", VENDOR_API_KEY="k")
    assert [card.name for card in reg.chain(EMAIL)] == ["two", "one"]
    assert reg.check() == []
    assert reg.get(EMAIL) is reg.get(EMAIL, name="two") is not reg.get(EMAIL, name="one")


def test_a_chain_names_nobody_twice_and_nobody_unknown() -> None:
    (twice,) = registry(EMAIL_PROVIDER="vendor,vendor", VENDOR_API_KEY="k").check()
    assert (twice.problem, twice.fix) == ("names a provider twice", "EMAIL_PROVIDER=vendor")
    (unknown,) = registry(EMAIL_PROVIDER="vendor,owl", VENDOR_API_KEY="k").check()
    assert "there is no provider 'owl'" in unknown.problem
    (missing,) = registry(spec(), spec("two"), EMAIL_PROVIDER="vendor,two").check()[:1]
    assert missing.where == "VENDOR_SECRET_KEY"


def test_built_once_by_threads_at_once() -> None:
    reg = registry(VENDOR_API_KEY="k")
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(reg.get(EMAIL))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(provider) for provider in found}) == 1


def test_two_providers_of_one_name_are_refused() -> None:
    with pytest.raises(ProviderMisconfigured, match="two plugins provide email=vendor"):
        registry(spec(), spec())


def test_a_provider_for_another_version_is_refused() -> None:
    with pytest.raises(ProviderMisconfigured, match="speaks email version 2, this platform speaks 1"):
        registry(spec(api_version=2))


def test_no_vendor_is_called_inside_a_transaction() -> None:
    is_open = False
    environ = {"EMAIL_PROVIDER": "vendor", "VENDOR_API_KEY": "k"}
    reg = ProviderRegistry(environ, [spec()], capabilities=[EMAIL], in_transaction=lambda: is_open)
    provider = reg.get(EMAIL)
    assert isinstance(provider, Vendor)
    assert provider.send(MESSAGE)
    is_open = True
    for call in (lambda: provider.send(MESSAGE), provider.stream, provider.health):
        with pytest.raises(CalledInTransaction, match=r"end the transaction with release\(\)"):
            call()
    assert provider.compute() == 42
    assert reg.health(EMAIL).status is Health.DOWN
    is_open = False
    assert list(provider.stream()) == [1]


def test_what_a_protocol_marks_as_computing_is_free() -> None:
    environ = {"PAYMENTS_PROVIDER": "local"}
    local = ProviderSpec(PAYMENTS, "local", "Local", f"{__name__}:Origins")
    reg = ProviderRegistry(environ, [local], in_transaction=lambda: True)
    assert reg.get(PAYMENTS).form_action_origins() == ("https://pay.example",)


class Origins:
    def __init__(self, settings: ProviderSettings) -> None:
        pass

    def form_action_origins(self) -> tuple[str, ...]:
        return ("https://pay.example",)


@pytest.mark.parametrize(
    ("cls", "detail"),
    [("Slow", "no answer within 2 seconds"), ("Failing", "RuntimeError: boom"), ("Nobody", "has no 'Nobody'")],
)
def test_health_answers_whatever_happens(cls: str, detail: str) -> None:
    began = time.monotonic()
    report = registry(spec(cls=cls), VENDOR_API_KEY="k").health(EMAIL)
    assert report.status is Health.DOWN
    assert detail in report.detail
    assert time.monotonic() - began < 4


def test_everything_is_described() -> None:
    described = {each.names[0]: each for each in registry().describe()}
    assert list(described) == ["EMAIL_PROVIDER", "VENDOR_SECRET_KEY", "VENDOR_REGION", "VENDOR_TIMEOUT"]
    key, region, timeout = (described[f"VENDOR_{name}"] for name in ("SECRET_KEY", "REGION", "TIMEOUT"))
    assert (key.group, key.names, key.kind, key.required, key.secret, key.default) == (
        "Vendor Inc.",
        ("VENDOR_SECRET_KEY", "VENDOR_API_KEY"),
        "secret",
        True,
        True,
        "",
    )
    assert (region.kind, region.default, region.required) == ("eu or us", "eu", False)
    assert (timeout.kind, timeout.default, timeout.description) == ("float", "10.0", "Seconds to wait for an answer.")
    assert described["EMAIL_PROVIDER"].default == "outbox"


def test_settings_refuse_what_they_do_not_know_and_never_change() -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        VendorSettings.model_validate({"api_key": "k", "unknown": 1})
    settings = VendorSettings.model_validate({"api_key": "sekret"})
    with pytest.raises(ValueError, match="frozen"):
        settings.region = "us"  # type: ignore[misc]
    assert "sekret" not in repr(settings)


def test_the_registry_does_not_look_at_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VENDOR_API_KEY", "from the machine")
    assert registry().check()
