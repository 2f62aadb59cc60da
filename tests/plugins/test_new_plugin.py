"""A package that `webkit plugin new` writes: built, installed beside us, chosen, used, checked, removed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.plugins.beside import PIP, SEND, WEBKIT, Beside, build, run
from webkit.core.capabilities import ALL
from webkit.core.paths import PLUGIN_TEMPLATE
from webkit.operations import plugin_check, plugin_template

# Wheels, environments, type checks: 60 s in all, and several times that on a busy machine.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@contextmanager
def vendor(beside: Beside, package: Path) -> Iterator[str]:
    """The package's own double of its vendor, as a process."""
    command = [str(beside.python), str(package / "tests" / "vendor.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=beside.env()) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()
        assert process.wait(10) == 0


def installed(beside: Beside) -> dict[str, str]:
    """Every file of the environment, by its content."""
    files = (path for path in beside.site.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(beside.site)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_from_a_name_to_a_sent_mail_and_back(tmp_path: Path) -> None:
    beside = Beside(tmp_path)
    before, files = beside.plugins(), installed(beside)
    place = tmp_path / "work"
    new = ("plugin", "new", "zephyr_mail", "--capability", "email", "--no-input", "--into", str(place))
    assert "Wrote" in beside.python_code(WEBKIT, *new)
    package = place / "zephyr-mail"

    beside.pip("install", *PIP[:2], build(package, tmp_path / "wheels"))
    idle: dict[str, Any] = next(row for row in beside.plugins() if row["provider"] == "zephyr_mail")
    assert (idle["plugin"], idle["version"], idle["chosen"]) == ("zephyr_mail", "0.1.0", False)

    with vendor(beside, package) as url:
        key = "acme-test-key"  # the one its double accepts
        chosen: dict[str, Any] = {"EMAIL_PROVIDER": "zephyr_mail", "ZEPHYR_MAIL_URL": url, "ZEPHYR_MAIL_API_KEY": key}
        row = next(row for row in beside.plugins(**chosen) if row["provider"] == "zephyr_mail")
        assert (row["chosen"], row["health"]) == (True, "ok")
        receipt = beside.python_code(SEND, **chosen).strip()
        (mail,) = urllib3.request("GET", f"{url}/_control/messages").json()
        assert mail["to"] == [{"email": "ada@example.org", "name": "Ada Łovelace"}]
        assert receipt == "m_mail:1"

    suite = run(beside.python, "-m", "pytest", "-q", "-W", "error", env=beside.env(), cwd=package)
    assert " passed" in suite
    beside.pip("uninstall", "--yes", "zephyr-mail")
    assert beside.plugins() == before
    assert installed(beside) == files
    assert beside.files() == []


@pytest.mark.parametrize("key", [capability.key for capability in ALL])
def test_every_package_is_in_order(
    key: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Types, contract and all, as its author would find it."""
    monkeypatch.setenv("MYPY_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "types"))
    points = plugin_check.check(plugin_template.write("zephyr", key, tmp_path))
    assert {point.name: (point.mend, point.skipped) for point in points if point.mend or point.skipped} == {}


def test_the_example_itself_is_a_package(tmp_path: Path) -> None:
    source = shutil.copytree(PLUGIN_TEMPLATE, tmp_path / "source")
    assert build(source, tmp_path / "wheels").name.startswith("acme_mail-")
