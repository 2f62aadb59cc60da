"""The page about security names tests: each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

from webkit.core.paths import ROOT

TESTS = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "operations" / "security.md"
NAMED = re.compile(r"`(test_\w+)::(test_\w+)`")
NUMBER = re.compile(r"(\d+\.\d+)\.(\d+)(?: to \1\.(\d+))?")
LEVELS = """
1.1 22  1.2 1111122223  1.3 112222222223  1.4 222  1.5 123  2.1 122  2.2 112  2.3 12223  2.4 23
3.1 3  3.2 113  3.3 12223  3.4 11222233  3.5 11122333  3.6 3  3.7 22333
4.1 12233  4.2 23333  4.3 22  4.4 1222  5.1 2  5.2 112333  5.3 113  5.4 222
6.1 122  6.2 111111112222  6.3 11223333  6.4 112233  6.5 22222333  6.6 2223  6.7 33  6.8 2222
7.1 222  7.2 1111  7.3 22  7.4 11222  7.5 223  7.6 22  8.1 1233  8.2 1123  8.3 133  8.4 23  9.1 111  9.2 1222
10.1 22  10.2 223  10.3 22223  10.4 1111122222233333  10.5 22222  10.6 22  10.7 222
11.1 2233  11.2 22233  11.3 11233  11.4 1222  11.5 23  11.6 23  11.7 33  12.1 12233  12.2 11  12.3 22223
13.1 2333  13.2 222223  13.3 2233  13.4 1222233  14.1 22  14.2 12223333  14.3 122
15.1 12233  15.2 12233  15.3 1222222  15.4 3333  16.1 2  16.2 22222  16.3 2222  16.4 222  16.5 2223
17.1 23  17.2 22223333  17.3 22
"""
"""The levels of the requirements of each section, in their order."""
STRICT = ("6.", "7.", "9.", "10.2", "10.3", "10.4", "11.", "13.3")
"""Where level 3 counts: sign-in, signing and keys. What it says of payments stands in 2.3, 2.4 and 4.1."""


def test_every_requirement_has_its_test() -> None:
    rows = PAGE.read_text().partition("<!-- requirements -->")[2].partition("<!-- end -->")[0].splitlines()
    said = [row for row in rows if re.match(r"\| \d", row)]
    assert len(said) >= 30
    for row in said:
        last = row.strip("| ").rpartition("|")[2].strip()
        assert last == "-" or NAMED.fullmatch(last), row
    files = [path for path in TESTS.rglob("test_*.py") if "node_modules" not in path.parts]
    for module, name in set(NAMED.findall(PAGE.read_text())):
        said_in = [path for path in files if path.stem == module]
        assert any(f"def {name}(" in path.read_text() for path in said_in), f"{module}::{name}"


def test_no_requirement_is_left_out() -> None:
    """Each of level 2, and of level 3 where that counts, is met, not met, somebody else's, or has no object here."""
    words = LEVELS.split()
    wanted = {"2.3.5", "2.4.2", "4.1.5"}
    for section, levels in zip(words[::2], words[1::2], strict=True):
        most = "3" if section.startswith(STRICT) else "2"
        wanted |= {f"{section}.{at}" for at, level in enumerate(levels, 1) if level <= most}
    said = set()
    for section, first, last in NUMBER.findall(PAGE.read_text()):
        said |= {f"{section}.{at}" for at in range(int(first), int(last or first) + 1)}
    assert sorted(wanted - said) == []


def test_every_act_in_the_log_is_named() -> None:
    room = (ROOT / "webkit" / "accounts").glob("*.py")
    logged = {name for path in room for name in re.findall(r'audit\.log\(\s*"([a-z_.]+)"', path.read_text())}
    kept = {"sign_out", "user.created", "user.unsuspended", "password.refused", "member.added"}
    assert {name for name in logged - kept if f"`{name}`" not in PAGE.read_text()} == set()
