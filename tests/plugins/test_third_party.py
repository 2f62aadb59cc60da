"""A stranger's wheel: built, installed beside us, chosen, used, removed; nothing else changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.beside import SEND, Beside, build, run

SOURCE = Path(__file__).resolve().parents[1] / "fixtures" / "toy_plugin"
GREET = """
from flask import Flask
from webkit.core.mounting import mount
from webkit.core.plugins import load_plugins
app = Flask("house")
mount(app, load_plugins())
print(app.test_client().get("/x/toy_mail/hello").text)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(SOURCE, folder / "source")
    return build(folder / "source", folder)


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    return Beside(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)  # ten processes, one after the other
def test_a_strangers_wheel_comes_works_and_goes(beside: Beside, wheel: Path, tmp_path: Path) -> None:
    before, mails = beside.plugins(), tmp_path / "mails"
    assert {row["provider"] for row in before if row["chosen"]} >= {"outline", "local", "outbox", "pluto"}

    beside.pip("install", "--no-index", "--no-deps", wheel)
    card: dict[str, Any] = {"capability": "email", "provider": "toy", "plugin": "toy_mail", "version": "2.0.1"}
    toy = {**card, "features": ["idempotent"]}
    idle = {**toy, "chosen": False, "health": None}
    installed = beside.plugins()
    assert idle in installed
    assert [row for row in installed if row != idle] == before

    chosen = beside.plugins(EMAIL_PROVIDER="toy", TOY_MAIL_FILE=str(mails))
    assert {**toy, "chosen": True, "health": "ok"} in chosen
    assert [row["provider"] for row in chosen if row["capability"] == "email" and row["chosen"]] == ["toy"]
    receipt = beside.python_code(SEND, EMAIL_PROVIDER="toy", TOY_MAIL_FILE=str(mails)).strip()
    assert json.loads(mails.read_text())["id"] == receipt

    beside.pip("uninstall", "--yes", "webkit-toy-mail")
    assert beside.plugins() == before
    assert beside.files() == []


def test_a_chosen_plugin_that_is_gone_is_named(beside: Beside) -> None:
    rows = beside.plugins(exits=1, EMAIL_PROVIDER="toy")
    assert not [row for row in rows if row["capability"] == "email" and row["chosen"]]


def test_a_forgotten_setting_is_named(beside: Beside, wheel: Path) -> None:
    beside.pip("install", "--no-index", "--no-deps", wheel)
    rows = beside.plugins(exits=1, EMAIL_PROVIDER="toy")
    assert [row["health"] for row in rows if row["provider"] == "toy"] == ["down"]


@pytest.mark.slow
def test_a_third_party_tests_itself_with_our_contract(beside: Beside, wheel: Path) -> None:
    beside.pip("install", "--no-index", "--no-deps", wheel)
    shutil.copy(SOURCE / "tests" / "test_toy_mail.py", beside.work)
    options = ("-q", "-p", "no:cacheprovider", "-W", "error")
    output = run(beside.python, "-m", "pytest", *options, "test_toy_mail.py", env=beside.env(), cwd=beside.work)
    assert " passed" in output


def test_its_pages_are_served_below_its_name(beside: Beside, wheel: Path) -> None:
    beside.pip("install", "--no-index", "--no-deps", wheel)
    assert beside.python_code(GREET).strip().endswith("hello from a stranger")


def test_a_broken_wheel_is_quarantined_and_the_house_stands(beside: Beside, wheel: Path) -> None:
    beside.pip("install", "--no-index", "--no-deps", wheel)
    (beside.site / "webkit_toy_mail" / "settings.py").write_text("raise RuntimeError('bad day')")
    rows = beside.plugins(exits=1)
    assert "toy" not in {row["provider"] for row in rows}
    assert "hello" not in beside.python_code(GREET)
