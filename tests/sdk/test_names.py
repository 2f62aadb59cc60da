"""What plugins may rely on is written down, and changes only as it was promised."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import webkit.sdk
from tests.sdk import surface
from tests.sdk.surface import Surface, broken_promises, compatible

CHANGELOG = Path(surface.ROOT / "CHANGELOG.md").read_text("utf-8")
FIRST = "# Changes\n\n## 0.1.0 (unreleased)\n\n- `helper`\n"
SECOND = "# Changes\n\n## 0.2.0\n\n- {}\n\n## 0.1.0\n\n- All of it.\n"
BEFORE = """# webkit 0.1: every public name.

webkit.sdk
  EMAIL: capability email of Email, EMAIL_PROVIDER, versions 1
  Email: protocol
  Email.send(message: EmailMessage) -> SendReceipt
  helper(a: int, *, b: str = 'x') -> str
  Kind: one of one two
  leaving() -> None  # deprecated
"""


def test_the_surface_is_written_down() -> None:
    written = surface.NOW.read_text("utf-8")
    assert written == surface.text(), (
        "webkit.sdk has changed: run `python -m tests.sdk.surface --write` and look at the diff"
    )


def test_promises_are_kept() -> None:
    before = Surface.read(surface.RELEASED.read_text("utf-8"))
    assert broken_promises(before, Surface.read(surface.text()), CHANGELOG) == []


def changed(old: str, new: str, changelog: str, version: str = "0.2") -> list[str]:
    assert old in BEFORE
    now = BEFORE.replace("webkit 0.1", f"webkit {version}").replace(old, new)
    return broken_promises(Surface.read(BEFORE), Surface.read(now), changelog)


HELPER = "  helper(a: int, *, b: str = 'x') -> str\n"


@pytest.mark.parametrize(
    ("old", "new", "said", "wanted"),
    [
        ("", "", "nothing", ""),
        (HELPER, HELPER + "  more() -> int\n", "`more()` is new", ""),
        (HELPER, HELPER + "  more() -> int\n", "silence", "webkit.sdk.more is new: name `more` in the newest section"),
        (HELPER, HELPER + "  New(a: int)\n  New.go() -> None\n", "`New`", ""),
        ("  leaving() -> None  # deprecated\n", "", "`leaving`", ""),
        ("  leaving() -> None  # deprecated\n", "", "silence", "webkit.sdk.leaving is gone: name"),
        (HELPER, "", "`helper`", "helper is gone: deprecate it for a minor release first"),
        ("b: str = 'x')", "b: str = 'y', c: int = 1)", "`helper`", ""),
        ("b: str = 'x')", "b: str = 'x', c: int)", "`helper`", "helper changes so that calls break"),
        ("(a: int,", "(a: str,", "`helper`", "helper changes so that calls break"),
        ("helper(a: int, *, b: str = 'x') -> str", "helper(a: int, *, b: str = 'x') -> int", "`helper`", "calls break"),
        ("one of one two", "one of one two three", "`Kind`", ""),
        ("one of one two", "one of two", "`Kind`", "calls break"),
        ("send(message: EmailMessage)", "send(message: EmailMessage, fast: bool = False)", "`send`", "a new version"),
    ],
)
def test_a_change_is_said_and_keeps_what_was_promised(old: str, new: str, said: str, wanted: str) -> None:
    found = changed(old, new, SECOND.format(said)) if old else changed("one", "one", SECOND.format(said))
    assert [sentence for sentence in found if wanted in sentence] if wanted else found == []


def test_a_contract_changes_with_its_version() -> None:
    now = BEFORE.replace("send(message: EmailMessage)", "send(message: EmailMessage, fast: bool = False)")
    now = now.replace("versions 1", "versions 1, 2").replace("webkit 0.1", "webkit 0.2")
    said = SECOND.format("`EMAIL` speaks version 2: `send(fast)`")
    assert broken_promises(Surface.read(BEFORE), Surface.read(now), said) == []


def test_breaks_belong_into_a_minor_release() -> None:
    found = changed(HELPER, "", SECOND.format("`helper`"), version="0.1")
    assert found[-1] == "raise the minor version: 0.1 has been released with the former names"


def test_before_the_first_release_changes_are_only_said() -> None:
    assert changed(HELPER, "", FIRST, version="0.1") == []
    assert changed("Kind: one of one two", "Kind: one of one", FIRST, version="0.1") != []


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [("1", "1 until 0.3, 2", True), ("1 until 0.3, 2", "2", True), ("1, 2", "2", False), ("1", "2", False)],
)
def test_a_version_goes_only_after_it_was_said(old: str, new: str, fits: bool) -> None:
    line = "EMAIL: capability email of Email, EMAIL_PROVIDER, versions "
    assert compatible(line + old, line + new) is fits


@pytest.mark.parametrize("line", ["f(*args, **kwargs)", "A: protocol", "X = 3", "a.b: property"])
def test_what_stays_is_compatible(line: str) -> None:
    assert compatible(line, line)


def test_every_name_is_there_and_described() -> None:
    for module in surface.modules():
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            assert not isinstance(thing, type) or thing.__doc__, f"{module.__name__}.{name}"
    for name in webkit.sdk.__all__:
        thing = getattr(webkit.sdk, name)
        assert not callable(thing) or thing.__doc__, name


def test_the_sdk_brings_no_web_framework_and_no_database() -> None:
    code = "import sys, webkit.sdk; print(*sorted({'flask', 'sqlalchemy', 'redis', 'rq', 'jinja2'} & set(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == ""
