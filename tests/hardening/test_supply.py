"""What `make lint` says of secrets, of weak dependencies, and where nobody can be asked."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from webkit.core.paths import ROOT

LOCK = "requirements/run.lock"


@pytest.fixture
def supply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("supply", ROOT / ".ci" / "supply.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "STAMPS", tmp_path)
    return module


@pytest.mark.parametrize(
    "secret",
    [
        "AKIA" + "Q7ZP4M2XK9TB3WLD",
        "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
        "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "postgresql://webkit:" + "Zx81kappa@db/webkit",
    ],
)
def test_a_secret_is_found(supply: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setattr(supply, "ROOT", tmp_path)
    (tmp_path / "settings.py").write_text(f'A = 1\nURL = "{secret}"\n')
    (tmp_path / "plain.py").write_text('URL = "postgresql://webkit:password@db/webkit"\n')
    assert [line.partition(": ")[0] for line in supply._found(["settings.py", "plain.py"])] == ["settings.py:2"]


def _answer(**flask: Any) -> list[dict[str, Any]]:
    return [{"name": "flask", "version": "3.1", **flask}, {"name": "jinja2", "version": "3", "skip_reason": "unknown"}]


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        (_answer(vulns=[]), 0, "1 of 2 dependencies audited, 0 weaknesses"),
        (_answer(vulns=[{"id": "PYSEC-1"}]), 1, "flask 3.1: PYSEC-1"),
        (_answer(skip_reason="not found"), 0, "NOT AUDITED"),
        ([], 0, "NOT AUDITED"),
    ],
)
def test_an_audit_says_what_it_knows(
    supply: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    told: list[dict[str, Any]],
    code: int,
    said: str,
) -> None:
    asked = []
    monkeypatch.setattr(supply, "_asked", lambda lock: asked.append(lock) or told)
    assert supply.audit(LOCK) == code and said in capsys.readouterr().out
    supply.audit(LOCK)
    assert said in capsys.readouterr().out
    assert len(asked) == 1 + code, "what is weak is asked again until it is mended"


def test_the_list_names_every_locked_dependency(supply: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "sbom.json"
    assert supply.sbom(LOCK, str(out)) == 0
    written = json.loads(out.read_text())
    assert written["bomFormat"] == "CycloneDX"
    assert any(part["purl"].startswith("pkg:pypi/flask@") for part in written["components"])
