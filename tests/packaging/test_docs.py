"""What the documentation says is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from webkit.core import hookspecs
from webkit.core.capabilities import ALL
from webkit.core.capabilities.email import Email
from webkit.house import cli
from webkit.operations import reference

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PLUGINS = (ROOT / "docs/plugins/README.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs/operations/README.md").read_text("utf-8")


def _table(text: str, name: str) -> set[str]:
    """What stands first in the lines of the table after `<!-- name -->`."""
    lines = text.split(f"<!-- {name} -->\n", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return {found[1] for line in lines if (found := re.match(r"\| `([^`]+)`", line))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)", page.read_text("utf-8"))
    lost = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_lines_can_be_read(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    assert [line for line in lines if len(line) > 160 and not line.startswith("| ")] == []  # a row cannot be broken


def test_every_hook_is_described() -> None:
    assert _table(PLUGINS, "hooks") == {name for name in vars(hookspecs) if name.startswith("webkit_")}


def test_the_reference_is_of_this_version() -> None:
    made = CliRunner().invoke(cli, ["plugin", "reference"]).stdout
    kept = (ROOT / "docs/plugins/reference.md").read_text("utf-8")
    assert kept == made, "webkit plugin reference > docs/plugins/reference.md"


def test_a_change_of_a_hook_or_a_contract_changes_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    before = reference.text([])
    monkeypatch.setattr(hookspecs.webkit_register_menu, "__doc__", "Something else.")
    assert reference.text([]) != before
    monkeypatch.undo()
    monkeypatch.setattr(Email, "send", lambda self, message, twice: None)
    assert reference.text([]) != before


def test_every_command_is_described() -> None:
    commands = {f"webkit {name}" for name in cli.list_commands(click.Context(cli))}
    assert _table(OPERATIONS, "commands") == commands


def test_every_capability_is_described() -> None:
    rows = re.findall(r"\| `(\w+)` \| `(\w+)` \| (?:`(\w+)`|nobody)", PLUGINS)
    assert {(variable, default) for _, variable, default in rows} == {(each.env, each.default) for each in ALL}


def test_commands_that_are_mentioned_exist() -> None:
    commands = set(cli.list_commands(click.Context(cli)))
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert set(re.findall(r"`webkit ([a-z]+)", text)) - commands == set()


def test_examples_can_be_parsed() -> None:
    for page in PAGES:
        for example in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            ast.parse(example)


def test_every_decision_is_listed() -> None:
    listed = set(re.findall(r"\(([\w-]+\.md)\)", (ROOT / "docs/decisions/README.md").read_text("utf-8")))
    assert listed == {path.name for path in (ROOT / "docs/decisions").glob("*.md")} - {"README.md"}
