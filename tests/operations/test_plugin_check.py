"""`webkit plugin check` finds each thing that is wrong with a package, and says in a sentence what to mend."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from webkit.operations import plugin_check, plugin_template
from webkit.operations.plugin_check import Package
from webkit.operations.plugin_cli import plugin_group

LOOKS: dict[str, Callable[[Package], Any]] = {
    "project": plugin_check._project,
    "imports": plugin_check._imports,
    "settings": plugin_check._settings,
    "secrets": plugin_check._secrets,
    "docs": plugin_check._docs,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A package that is in order, probed once."""
    package = plugin_check.read(plugin_template.write("zephyr", "email", tmp_path_factory.mktemp("plugin")))
    package.probes["zephyr"] = plugin_check._probed(package, "zephyr", "zephyr.plugin")
    return package


@pytest.fixture
def package(written: Package, tmp_path: Path) -> Package:
    """The same, to be spoilt."""
    folder = shutil.copytree(written.folder, tmp_path / "zephyr")
    return copy.deepcopy(Package(folder, written.project, written.entries, written.probes))


def sentences(package: Package) -> list[str]:
    """Everything that is to be mended, but types and contract."""
    return [sentence for look in LOOKS.values() for sentence in look(package)]


def provider(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = package.probes["zephyr"]["providers"][0]
    return found


def key(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = provider(package)["settings"][0]
    return found


def put(package: Package, file: str, old: str, new: str) -> None:
    path = package.folder / file
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def checked(folder: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(plugin_group, ["check", str(folder), *options])
    return result.exit_code, result.output


def test_what_is_in_order_is_found_in_order(package: Package) -> None:
    assert provider(package)["name"] == "zephyr"
    assert [setting["names"] for setting in package.settings] == [
        ["ZEPHYR_API_KEY"],
        ["ZEPHYR_URL"],
        ["ZEPHYR_SECONDS"],
    ]
    assert [setting["open"] for setting in package.settings] == [True, False, False]
    assert [setting["secret"] for setting in package.settings] == [True, False, False]
    assert sentences(package) == []


SPOILT: list[tuple[str, Callable[[Package], object], str]] = [
    ("no version", lambda p: p.project.pop("version"), "Give [project] in pyproject.toml a version."),
    ("no webkit", lambda p: p.project.update(dependencies=["urllib3"]), 'Add "webkit>='),
    ("no end", lambda p: p.project.update(dependencies=["webkit>=0.1"]), "an end, like"),
    ("a bad name", lambda p: p.entries.update({"Zephyr-2": "zephyr.plugin"}), "'Zephyr-2'"),
    ("no module", lambda p: p.entries.update(zephyr="zephyr.elsewhere"), "names zephyr.elsewhere, which is not in src"),
    ("left out", lambda p: p.probes["zephyr"].update(reason="it is blue"), "leave zephyr out: it is blue"),
    ("imports a vendor", lambda p: p.probes["zephyr"].update(imported=["boto3"]), "imports boto3"),
    ("goes away", lambda p: p.probes["zephyr"].update(notices=["uses old(). Call new()."]), "zephyr uses old(). Call"),
    ("no class", lambda p: provider(p).update(problem="no Zephyr there"), "cannot be used: no Zephyr there"),
    ("a feature", lambda p: provider(p).update(unknown_features=["flies"]), "knows no feature 'flies'"),
    ("no variable", lambda p: key(p).update(names=[]), "setting api_key with env("),
    ("no description", lambda p: key(p).update(description=" "), "Describe ZEPHYR_API_KEY"),
    ("small letters", lambda p: key(p).update(names=["zephyr_key"]), "zephyr_key with capitals"),
    ("a name of ours", lambda p: key(p).update(names=["WEBKIT_KEY"]), "Name WEBKIT_KEY after your vendor"),
    ("anywhere", lambda p: provider(p)["settings"][1].update(open=True), "Mark ZEPHYR_URL of_operator=True"),
    ("heard twice", lambda p: key(p).update(names=["ZEPHYR_URL"]), "ZEPHYR_URL is heard by two settings"),
    ("shown", lambda p: key(p).update(secret=False), "Make ZEPHYR_API_KEY a SecretStr"),
    ("known to all", lambda p: key(p).update(preset=True), "default away from the secret ZEPHYR_API_KEY"),
    ("no readme", lambda p: (p.folder / "README.md").unlink(), "Write a README.md"),
    ("not named", lambda p: put(p, "README.md", "ZEPHYR_SECONDS", "SECONDS"), "Name the setting ZEPHYR_SECONDS"),
    ("not chosen", lambda p: put(p, "README.md", "EMAIL_PROVIDER=zephyr", ""), "is chosen: EMAIL_PROVIDER=zephyr"),
    (
        "behind the curtain",
        lambda p: put(p, "src/zephyr/api.py", "import json\n", "import webkit.core.kernel.db\n"),
        "src/zephyr/api.py:5 imports webkit.core.kernel.db",
    ),
    (
        "another plugin",
        lambda p: put(p, "src/zephyr/api.py", "import json\n", "from plugins.email_outbox import mime\n"),
        "imports plugins.email_outbox.mime",
    ),
    (
        "no Python",
        lambda p: put(p, "src/zephyr/api.py", "import json\n", "import\n"),
        "src/zephyr/api.py is not Python",
    ),
]


@pytest.mark.parametrize(("spoil", "sentence"), [row[1:] for row in SPOILT], ids=[row[0] for row in SPOILT])
def test_each_thing_is_found_and_nothing_else(
    package: Package, spoil: Callable[[Package], object], sentence: str
) -> None:
    spoil(package)
    found = sentences(package)
    assert [text for text in found if sentence in text], found
    assert len(found) <= 2
    assert all(text.endswith((".", ":")) or ": " in text for text in found)


def test_a_package_without_settings_or_providers_is_fine(package: Package) -> None:
    package.probes["zephyr"]["providers"] = []
    assert sentences(package) == []


def test_what_a_broken_plugin_does_is_told_by_the_real_probe(written: Package, package: Package) -> None:
    settings = "src/zephyr/settings.py"
    put(package, settings, "api_key: SecretStr", "api_key: str")
    put(package, settings, ', description="Where the API is."', ', description=""')
    put(package, "src/zephyr/plugin.py", "EmailFeature.IDEMPOTENT", '"flies"')
    put(package, "src/zephyr/plugin.py", "provider:Zephyr", "provider:Missing")
    put(package, "src/zephyr/plugin.py", "\n\n@hookimpl", "\nimport sqlite3, moto\n\n@hookimpl")
    code, output = checked(package.folder, "--quick")
    assert code == 1
    for said in (
        "Make ZEPHYR_API_KEY a SecretStr",
        "Describe ZEPHYR_URL",
        "no feature 'flies'",
        "no 'Missing'",
        "imports moto",
        "There is something to mend.",
    ):
        assert said in output, output


@pytest.mark.slow  # a process for each
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("raise RuntimeError('a bad day')", "leave zephyr out: RuntimeError: a bad day"),
        ("import os; os._exit(7)", "loading it ends the process"),
        ("def webkit_register_menu(): return []", "not marked with @hookimpl"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_told_so(package: Package, line: str, said: str) -> None:
    put(package, "src/zephyr/plugin.py", "\n\n@hookimpl", f"\n{line}\n\n@hookimpl")
    package.probes["zephyr"] = plugin_check._probed(package, "zephyr", "zephyr.plugin")
    assert any(said in text for text in plugin_check._imports(package))


def test_what_is_no_plugin_ends_with_2(tmp_path: Path) -> None:
    assert checked(tmp_path / "nowhere")[0] == 2
    assert checked(tmp_path)[0] == 2
    (tmp_path / "pyproject.toml").write_text("[project\n")
    assert checked(tmp_path)[0] == 2
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    code, output = checked(tmp_path)
    assert code == 2
    assert "webkit.plugins" in output


def test_the_suites_it_names_exist() -> None:
    from importlib import import_module

    from webkit.core.capabilities import ALL

    for capability in ALL:
        suite, _, module = plugin_check._suite({"capability": capability.key}).partition(" of ")
        assert hasattr(import_module(module), suite)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            {"contracts": {}, "failed": [], "counts": {"passed": 1}},
            "contract of zephyr: write a class that inherits Email",
        ),
        (
            {"contracts": {"email=zephyr": []}, "failed": ["t::a", "t::b"], "counts": {"passed": 1}},
            "2 tests fail; `pytest` says more:",
        ),
        ({"contracts": {"email=zephyr": []}, "failed": [], "counts": {"passed": 0}}, "No test passes"),
    ],
)
def test_what_the_tests_say_is_passed_on(package: Package, report: dict[str, Any], said: str) -> None:
    assert any(said in text for text in plugin_check._reported(package, report))


def test_without_tests_it_says_what_to_write(package: Package) -> None:
    shutil.rmtree(package.folder / "tests")
    assert "EmailContract" in plugin_check._contract(package).mend[0]


def test_what_is_not_installed_is_left_out_and_said(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_check, "find_spec", lambda _: None)
    assert "mypy is not installed" in plugin_check._types(package).skipped
    assert "pytest is not installed" in plugin_check._contract(package).skipped


@pytest.mark.slow  # 20 s: mypy and pytest in processes of their own
def test_types_and_contract_are_run(package: Package) -> None:
    code, output = checked(package.folder, "--json")
    assert code == 0, output
    assert [point["name"] for point in json.loads(output)] == [*LOOKS, "types", "contract"]
    put(package, "src/zephyr/provider.py", "def health(self) -> HealthReport", "def health(self) -> int")
    put(package, "src/zephyr/provider.py", "check_message(message)", "message")
    types, contract = plugin_check._types(package), plugin_check._contract(package)
    assert any("health" in line or "HealthReport" in line for line in types.mend), types
    assert "tests fail" in contract.mend[0]
    assert any("test_no_field_can_add_a_header" in line for line in contract.mend)
    put(package, "tests/test_zephyr.py", "from vendor import", "from nowhere import")
    said = "".join(plugin_check._contract(package).mend)
    assert "No test runs the contract" in said
    assert "tests fail" in said
