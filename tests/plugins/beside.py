"""An environment beside ours, as a stranger's installation has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

WEBKIT = "import sys; from webkit.house import main; sys.argv[0] = 'webkit'; main()"
SEND = """
import os
from webkit.core.plugins import load_plugins
from webkit.core.providers import ProviderRegistry
from webkit.sdk import EMAIL
from webkit.sdk.testing.email import MESSAGE
print(ProviderRegistry(os.environ, load_plugins().providers).get(EMAIL).send(MESSAGE).id)
"""
PROMISED = ("capability", "provider", "plugin", "version", "chosen", "features", "health")
"""What every row of `webkit plugins --json` has; the others tell of the moment."""
PIP = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")


def run(*command: object, env: dict[str, str] | None = None, cwd: Path | None = None, code: int = 0) -> str:
    parts = [str(part) for part in command]
    result = subprocess.run(parts, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout


class Beside:
    """A virtual environment that sees everything of ours and has a `site-packages` of its own."""

    def __init__(self, folder: Path) -> None:
        self.work, self.data = folder / "empty", folder / "data"
        self.work.mkdir()
        self.data.mkdir()
        run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
        self.python = folder / "venv" / "bin" / "python"
        self.site = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
        ours = sysconfig.get_path("purelib")
        (self.site / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")

    def pip(self, *arguments: object) -> None:
        run(sys.executable, "-m", "pip", "--python", self.python, *arguments, "--quiet", "--disable-pip-version-check")

    def env(self, **more: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "WEBKIT_DATA": str(self.data), **more}

    def python_code(self, code: str, *arguments: str, exits: int = 0, **more: str) -> str:
        return run(self.python, "-c", code, *arguments, env=self.env(**more), cwd=self.work, code=exits)

    def plugins(self, exits: int = 0, **more: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.python_code(WEBKIT, "plugins", "--json", exits=exits, **more))
        return [{name: row[name] for name in PROMISED} for row in rows]

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.data)) for path in self.data.rglob("*"))


def build(source: Path, into: Path) -> Path:
    """The wheel of a package, built without asking anybody for anything."""
    run(sys.executable, "-m", "pip", "wheel", "--no-build-isolation", *PIP, "-w", into, source)
    return next(into.glob("*.whl"))
