"""What is shipped runs by itself: installed from the wheel, started from an empty folder."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import sysconfig
import tarfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.beside import PROMISED

ROOT = Path(__file__).resolve().parents[2]
QUIET = ("--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
WHERE = "import plugins, webkit; print(webkit.__file__); print(plugins.__file__)"
CHOSEN = {"console", "hashing", "local", "none", "outbox", "outline", "pluto", "sqlite"}
"""Who works without a key."""
PRINT = """
import os
from webkit.core.plugins import load_plugins
from webkit.core.providers import ProviderRegistry
from webkit.sdk import PDF, PdfRequest
provider = ProviderRegistry(os.environ, load_plugins().providers).get(PDF)
print(provider.render(PdfRequest(html="<p>Hello</p>", title="Hello")).content[:5].decode())
"""


def run(*command: object, cwd: Path, env: dict[str, str] | None = None) -> str:
    parts = [str(part) for part in command]
    result = subprocess.run(parts, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, front end included."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", *QUIET, "-w", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


class Installed:
    """A fresh environment with our wheel in it, which sees the packages we depend on but not the checkout."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.empty = folder / "empty"
        self.empty.mkdir()
        run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
        self.bin = folder / "venv" / "bin"
        site = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
        # A plain path: the files in it that would lead back to the checkout are not followed.
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
        pip = (sys.executable, "-m", "pip", "--python", self.bin / "python")
        run(*pip, "install", "--no-deps", "--no-index", "--quiet", "--force-reinstall", wheel, cwd=folder)
        self.env = {"PATH": os.environ["PATH"], "WEBKIT_DATA": str(folder / "data"), "WEB_WORKERS": "1"}

    def webkit(self, *arguments: str) -> str:
        return run(self.bin / "webkit", *arguments, cwd=self.empty, env=self.env)

    def plugins(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.webkit("plugins", "--json"))
        return [{name: row[name] for name in PROMISED} for row in rows]

    def python(self, code: str) -> str:
        return run(self.bin / "python", "-c", code, cwd=self.empty, env=self.env)

    @contextmanager
    def served(self) -> Iterator[str]:
        """The application behind its own web server, at the address given."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [str(self.bin / "webkit"), "serve", "--upgrade", "--graceful", "1"]
        env = {**self.env, "PORT": str(port)}
        process = subprocess.Popen(command, cwd=self.empty, env=env, stderr=subprocess.PIPE, text=True)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=20)


def test_the_wheel_holds_what_it_needs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"webkit/house.py", "webkit/_root/migrations/env.py", "plugins/pdf_pluto/child.py"} <= set(names)
    example = "webkit/_root/examples/webkit-plugin-template"
    assert {f"{example}/gitignore", f"{example}/src/acme_mail/py.typed", "webkit/py.typed"} <= set(names)
    assert {"webkit/_root/templates/layouts/staff.html", "webkit/static/dist/manifest.json"} <= set(names)
    assert any(re.fullmatch(r"webkit-[\d.]+\.dist-info/licenses/LICENSE", name) for name in names)
    assert [name for name in names if "node_modules" in name or name.startswith(("tests/", "benchmarks/"))] == []


@pytest.mark.slow
def test_it_runs_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """One test, because every step needs the one before and the environment is made once."""
    installed = Installed(tmp_path, wheel)
    home = str(installed.bin.parent)
    assert all(line.startswith(home) for line in installed.python(WHERE).splitlines())

    rows = installed.plugins()
    assert {row["provider"] for row in rows if row["chosen"]} == CHOSEN
    assert {row["health"] for row in rows if row["chosen"]} == {"ok"}

    assert json.loads(installed.webkit("db", "upgrade", "--json").splitlines()[-1])["ok"]
    assert json.loads(installed.webkit("doctor", "--json"))["ok"]
    with installed.served() as address:
        page = _get(f"{address}/")
        style = re.search(r'href="(/static/[^"]+\.css)"', page)
        assert "<title>" in page
        assert style and "{" in _get(address + style[1])
    assert installed.python(PRINT).strip() == "%PDF-"
    installed.webkit("plugin", "new", "zephyr", "--capability", "email", "--no-input", "--into", str(tmp_path))
    assert (tmp_path / "zephyr" / "src" / "zephyr" / "provider.py").is_file()
    assert list(installed.empty.iterdir()) == []

    _mislead(installed.empty)
    assert installed.plugins() == rows


def _mislead(folder: Path) -> None:
    """Put a package into the folder that shadows ours wherever the folder is on the path."""
    (folder / "plugins").mkdir()
    (folder / "plugins" / "__init__.py").write_text("raise RuntimeError('somebody else')")


def _get(address: str) -> str:
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except (ConnectionError, urllib.error.URLError):
            time.sleep(0.1)
    raise AssertionError(f"nobody answers at {address}")


@pytest.mark.slow
def test_the_sources_make_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=ROOT)
    archive = next(tmp_path.glob("*.tar.gz"))
    with tarfile.open(archive) as sources:
        sources.extractall(tmp_path, filter="data")
    unpacked = archive.with_name(archive.name.removesuffix(".tar.gz"))
    run(sys.executable, "-m", "pip", "wheel", *QUIET, "-w", tmp_path, unpacked, cwd=tmp_path)
    again = zipfile.ZipFile(next(tmp_path.glob("*.whl")))
    assert sorted(again.namelist()) == sorted(zipfile.ZipFile(wheel).namelist())
