"""`webkit plugin new` writes a package for every capability, and refuses what would not work."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from webkit.core.capabilities import ALL
from webkit.core.paths import PLUGIN_TEMPLATE
from webkit.operations import plugin_template
from webkit.operations.plugin_cli import plugin_group

KEYS = sorted(capability.key for capability in ALL)
EXAMPLE = re.compile(r"acme(?!\.example|-test|-signature|-1)[-_ ]?mail|gitignore(?!d)", re.IGNORECASE)


def new(*arguments: object, answers: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(plugin_group, ["new", *map(str, arguments)], input=answers)
    return result.exit_code, result.output


def test_there_is_a_package_for_every_capability() -> None:
    assert sorted(plugin_template.capabilities()) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_a_package_speaks_of_itself_and_of_its_capability(tmp_path: Path, key: str) -> None:
    code, output = new("zephyr_two", "--capability", key, "--into", tmp_path, "--no-input")
    assert (code, output.splitlines()[0]) == (0, f"Wrote {tmp_path / 'zephyr-two'}. Next:")
    capability = next(each for each in ALL if each.key == key)
    folder = tmp_path / "zephyr-two"
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert {
        "README.md", "pyproject.toml", ".gitignore", "src/zephyr_two/plugin.py", "src/zephyr_two/settings.py",
        "src/zephyr_two/provider.py", "src/zephyr_two/py.typed", "tests/vendor.py", "tests/test_zephyr_two.py",
    } <= set(files)  # fmt: skip
    assert not [path for path in files if path.startswith("capabilities")]
    texts = {name: path.read_text("utf-8") for name, path in files.items()}
    assert {name: EXAMPLE.findall(text) for name, text in texts.items() if EXAMPLE.findall(text)} == {}
    for name, text in texts.items():
        if name.endswith(".py"):
            ast.parse(text)
    project = tomllib.loads(texts["pyproject.toml"])["project"]
    assert project["name"] == "zephyr-two"
    assert project["entry-points"]["webkit.plugins"] == {"zephyr_two": "zephyr_two.plugin"}
    assert f"{capability.env}=zephyr_two" in texts["README.md"]
    settings = set(re.findall(r'env\(\s*"(\w+)"', texts["src/zephyr_two/settings.py"]))
    assert settings == set(re.findall(r"`(ZEPHYR_TWO_\w+)`", texts["README.md"]))


def test_it_asks_for_what_it_was_not_told(tmp_path: Path) -> None:
    code, output = new("--into", tmp_path, answers="zephyr\nemail\n")
    assert code == 0, output
    assert (tmp_path / "zephyr" / "src" / "zephyr").is_dir()
    assert new("zephyr", "--no-input", "--into", tmp_path)[0] == 2
    assert new("--capability", "email", "--no-input", "--into", tmp_path)[0] == 2


def test_what_exists_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "zephyr").mkdir()
    (tmp_path / "zephyr" / "mine").write_text("work")
    code, output = new("zephyr", "--capability", "email", "--into", tmp_path)
    assert code == 1
    assert "exists" in output
    assert [path.name for path in (tmp_path / "zephyr").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    "name",
    [
        "Zephyr",
        "zephyr-two",
        "1st",
        "_z",
        "z__z",
        "z_",
        "zéphyr",
        "",
        "x" * 41,
        "../z",
        "a/b",
        "import",
        "match",
        "json",
    ],
)
def test_a_name_is_a_plain_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(plugin_template.NotWritten):
        plugin_template.write(name, "email", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["webkit", "tests", "vendor", "flask", "email_outbox", "resend", "outbox"])
def test_a_name_is_not_taken(tmp_path: Path, name: str) -> None:
    code, output = new(name, "--capability", "email", "--into", tmp_path)
    assert code == 1
    assert "already" in output or "taken" in output
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_the_example_is_free(tmp_path: Path) -> None:
    assert plugin_template.write("acme_mail", "email", tmp_path).name == "acme-mail"


def test_an_unknown_capability_is_told_the_known_ones(tmp_path: Path) -> None:
    code, output = new("zephyr", "--capability", "teleport", "--into", tmp_path)
    assert code == 1
    assert "email" in output


def test_a_package_accepts_this_version_and_the_next_minor_one(tmp_path: Path) -> None:
    folder = plugin_template.write("zephyr", "email", tmp_path)
    major, minor, *_ = metadata.version("webkit").split(".")
    text = f"webkit>={major}.{minor},<{major}.{int(minor) + 2}"
    assert text in (folder / "pyproject.toml").read_text("utf-8")
    assert text in (PLUGIN_TEMPLATE / "pyproject.toml").read_text("utf-8"), "the example itself fits this version"
