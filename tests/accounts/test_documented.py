"""The page about security names tests: each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

from webkit.core.paths import ROOT

ROOMS = [
    Path(__file__).parents[1] / name
    for name in ("accounts", "people", "tokens", "hardening", "operations", "core/kernel")
]
PAGE = ROOT / "docs" / "operations" / "security.md"
NAMED = re.compile(r"`(test_\w+)::(test_\w+)`")


def test_every_requirement_has_its_test() -> None:
    rows = PAGE.read_text().partition("<!-- requirements -->")[2].partition("<!-- end -->")[0].splitlines()
    said = [row for row in rows if re.match(r"\| \d", row)]
    assert len(said) >= 30
    for row in said:
        last = row.strip("| ").rpartition("|")[2].strip()
        assert last == "-" or NAMED.fullmatch(last), row
    for module, name in NAMED.findall(PAGE.read_text()):
        said_in = [room / f"{module}.py" for room in ROOMS if (room / f"{module}.py").exists()]
        assert any(f"def {name}(" in path.read_text() for path in said_in), f"{module}::{name}"


def test_every_act_in_the_log_is_named() -> None:
    room = (ROOT / "webkit" / "accounts").glob("*.py")
    logged = {name for path in room for name in re.findall(r'audit\.log\(\s*"([a-z_.]+)"', path.read_text())}
    kept = {"sign_out", "user.created", "user.unsuspended", "password.refused", "member.added"}
    assert {name for name in logged - kept if f"`{name}`" not in PAGE.read_text()} == set()
