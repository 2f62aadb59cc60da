"""Rule 7: what a stranger configures is declared, and the environment is read where the program starts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from flask import Flask
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tests.architecture.source import ROOT, modules, write
from webkit.core import settings as platform
from webkit.core.app import create_app
from webkit.core.capabilities.base import ProviderSettings, env, environment_names
from webkit.core.kernel import runtime
from webkit.core.settings import Settings, SettingsError

MAY_READ_THE_ENVIRONMENT = {
    "webkit/house.py": "configures the application",
    "webkit/core/app.py": "hands it to the providers unless a test gives another",
    "webkit/core/assets.py": "runs npm",
    "webkit/runtime/dev.py": "passes it on to its children",
    "webkit/runtime/output.py": "NO_COLOR, as every terminal program",
    "webkit/runtime/reaper.py": "passes it on to its child",
    "webkit/runtime/renderer.py": "a process of its own, without an application",
    "webkit/runtime/supervisor.py": "passes it on to its children",
    "plugins/pagespeed_lighthouse/provider.py": "hands its child where programs are, and nothing else",
    "plugins/pdf_pluto/pool.py": "hands its children the mark of the run, and nothing else",
}
OLDER = {"S3_ENDPOINT", "S3_REGION", "S3_ACCESS_KEY", "S3_SECRET_KEY"}
"""Names of S3's own settings, which R2 understands too, as it did when it stood for both."""
COMMANDS = re.compile(r"webkit/\w+/(\w+_)?cli\.py")
READS = {"environ", "getenv", "environb"}


def readers(root: Path) -> list[str]:
    """Modules that read the environment."""
    return [
        module.name
        for module in modules(root)
        if any(_reads(node) for node in ast.walk(module.tree)) and not module.name.startswith("webkit/sdk/testing/")
    ]


def _reads(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "os":
        return any(alias.name in READS for alias in node.names)
    return isinstance(node, ast.Attribute) and node.attr in READS and ast.unparse(node.value) == "os"


def test_the_environment_is_read_at_the_start() -> None:
    assert {name for name in readers(ROOT) if not COMMANDS.fullmatch(name)} == set(MAY_READ_THE_ENVIRONMENT)


@pytest.mark.parametrize("line", ["import os\nos.environ['X']", "from os import environ", "import os\nos.getenv('X')"])
def test_reading_it_elsewhere_is_noticed(tmp_path: Path, line: str) -> None:
    write(tmp_path, {"webkit/deals/service.py": line})
    assert readers(tmp_path) == ["webkit/deals/service.py"]


def undeclared(settings: Iterable[type[BaseModel]]) -> list[str]:
    """Fields that have no environment name, no type or no sentence."""
    return [
        f"{cls.__name__}.{name}"
        for cls in settings
        for name, field in cls.model_fields.items()
        if not (environment_names(field) and field.annotation and _is_sentence(field))
    ]


def _is_sentence(field: FieldInfo) -> bool:
    text = field.description or ""
    return len(text) > 10 and text.endswith(".")


def test_every_setting_is_declared(app: Flask) -> None:
    specs = runtime.current().plugins.providers
    assert undeclared([Settings, *(spec.settings for spec in specs)]) == []


def test_nothing_listens_to_the_same_name_twice(app: Flask) -> None:
    """A name leads to one setting. Providers of one capability may share an older one: the chosen one reads it."""
    leads: dict[str, set[tuple[str, str]]] = {}
    for spec in runtime.current().plugins.providers:
        for names in map(environment_names, spec.settings.model_fields.values()):
            for name in names:
                leads.setdefault(name, set()).add((spec.capability.key, names[0]))
    for name in (*platform.environment_names(), *(n for c in runtime.current().registry.capabilities for n in c.names)):
        leads.setdefault(name, set()).add(("", name))
    leads.pop("WEBKIT_DATA")
    several = {name for name, places in leads.items() if len({first for _, first in places}) > 1}
    assert {name for name in several if len({capability for capability, _ in leads[name]}) > 1} == set()
    assert {name for name in several if any(first == name for _, first in leads[name])} <= OLDER
    assert {name for name, places in leads.items() if len(places) > 1 and ("", name) in places} == set()


def test_an_undeclared_setting_is_noticed() -> None:
    class Silent(ProviderSettings):
        host: str = env("TOY_HOST", description="", default="localhost")
        port: int = 25
        user: str = env("TOY_USER", description="Name of the account.", default="")

    assert undeclared([Silent]) == ["Silent.host", "Silent.port"]


def test_every_problem_is_listed_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.load({"PORT": "many", "LOG_LEVEL": "LOUD", "WEBKIT_TRUSTED_PROXIES": "-1"})
    assert {problem.where for problem in raised.value.problems} == {"PORT", "LOG_LEVEL", "WEBKIT_TRUSTED_PROXIES"}
    assert all(problem.fix for problem in raised.value.problems)

    wrong = {"EMAIL_PROVIDER": "pigeon", "PDF_PROVIDER": "chisel"}
    with pytest.raises(SettingsError) as raised:
        create_app(Settings(data=tmp_path), (), environ=wrong)
    assert {problem.where for problem in raised.value.problems} == set(wrong)
