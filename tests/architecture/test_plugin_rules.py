"""The rules around plugins hold, and each check notices when its rule is broken."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")
# What a plugin may import everywhere; a vendor's SDK only where the vendor is spoken to.
EVERYWHERE = {"flask", "markupsafe", "plugins", "pydantic", "webkit", *sys.stdlib_module_names}
SPEAKS_TO_THE_VENDOR = {"provider.py", "webhooks.py", "notices.py", "errors.py", "child.py", "wire.py"}


def lint(root: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--no-cache", "--no-logo", "--contract", contract]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("webkit", "plugins"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=_only_python)
    return tmp_path


def _only_python(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".py") and not (Path(folder) / name).is_dir()]


BREAKS = [
    ("core", "webkit/core/kernel/clock.py", "import webkit.webhooks"),
    ("core", "webkit/core/providers.py", "import webkit.house"),
    ("core", "webkit/core/plugins.py", "import webkit.sdk"),
    ("platform", "webkit/webhooks/plugin.py", "import plugins.storage_local.provider"),
    ("plugins", "plugins/storage_local/provider.py", "from webkit.core.kernel import clock"),
    ("plugins", "plugins/ai_outline/provider.py", "import webkit.webhooks"),
    ("plugins", "plugins/email_outbox/provider.py", "import webkit.core.capabilities"),
    ("strangers", "plugins/storage_local/provider.py", "import plugins.email_outbox.mime"),
    ("sdk", "webkit/sdk/files.py", "import webkit.webhooks"),
    ("pure", "webkit/core/capabilities/email.py", "import flask"),
    ("pure", "webkit/core/hookspecs.py", "import sqlalchemy"),
    ("pure", "webkit/core/extensions.py", "from webkit.core.kernel import clock"),
]


@pytest.mark.parametrize("contract", sorted({contract for contract, _, _ in BREAKS}))
def test_the_contract_holds(contract: str) -> None:
    result = lint(ROOT, contract)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("contract", "path", "line"), BREAKS)
def test_the_contract_notices(copy: Path, contract: str, path: str, line: str) -> None:
    module = copy / path
    module.write_text(f"{module.read_text()}\n{line}\n")
    result = lint(copy, contract)
    assert result.returncode != 0
    assert path.removesuffix(".py").replace("/", ".") in result.stdout


def vendor_imports(path: Path) -> Iterator[str]:
    """Imports of a plugin's module that are neither the platform nor the standard library."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        yield from (name for name in names if name.partition(".")[0] not in EVERYWHERE)


def strays(root: Path) -> list[str]:
    """Modules that import a vendor's SDK where they should not."""
    modules = [path for path in (root / "plugins").rglob("*.py") if path.name not in SPEAKS_TO_THE_VENDOR]
    return [f"{path.relative_to(root)}: {name}" for path in modules for name in vendor_imports(path)]


def test_only_provider_and_webhooks_know_the_vendor(copy: Path) -> None:
    assert strays(ROOT) == []
    (copy / "plugins/storage_local/settings.py").write_text("import boto3.session\n")
    (copy / "plugins/ai_outline/plugin.py").write_text("def f():\n    from anthropic import Anthropic\n")
    assert sorted(strays(copy)) == [
        "plugins/ai_outline/plugin.py: anthropic",
        "plugins/storage_local/settings.py: boto3.session",
    ]


def bundled() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found: dict[str, str] = project["entry-points"]["webkit.plugins"]
    return found


def test_every_plugin_folder_is_registered_and_complete() -> None:
    folders = {path.name for path in (ROOT / "plugins").iterdir() if (path / "__init__.py").exists()}
    assert set(bundled()) == folders
    for name, module in bundled().items():
        assert module == f"plugins.{name}.plugin"
        folder = ROOT / "plugins" / name
        first = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
        assert first, f"plugins/{name}/__init__.py says in one sentence what it is"
        assert (folder / "README.md").exists(), f"plugins/{name} has no README.md"


def test_registering_imports_no_provider() -> None:
    code = (
        "import importlib, json, sys\n"
        f"[importlib.import_module(name).webkit_register_providers() for name in {list(bundled().values())!r}]\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('plugins.')]))"
    )
    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    imported = {name.rpartition(".")[2] for name in json.loads(output)}
    assert "plugin" in imported
    assert not imported & {"provider", "webhooks"}


def test_every_setting_of_a_plugin_stands_in_its_readme() -> None:
    from webkit.core.capabilities.base import environment_names
    from webkit.core.plugins import load_plugins

    plugins = load_plugins()
    for spec in plugins.providers:
        readme = (ROOT / "plugins" / plugins.plugin_of(spec).name / "README.md").read_text("utf-8")
        assert f"{spec.capability.env}={spec.name}" in readme
        for field in spec.settings.model_fields.values():
            assert all(name in readme for name in environment_names(field)), environment_names(field)
