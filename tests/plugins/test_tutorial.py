"""docs/plugins/tutorial.md, word for word: each command is run, each file written, each output compared."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.test_third_party import Beside

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plugins" / "tutorial.md"
STEP = re.compile(r"(?:`([\w/.-]+)`\n\n)?```(sh|python|text)\n(.*?)```", re.DOTALL)
TOOLS = {
    "pip": '"{ours}" -m pip --python "{theirs}" --disable-pip-version-check "$@"',
    "python": '"{theirs}" "$@"',
    "pytest": '"{theirs}" -m pytest -p no:cacheprovider "$@"',
    "webkit": '"{theirs}" -c "import sys; sys.argv[0] = \'webkit\'; from webkit.house import main; main()" "$@"',
}
"""The commands a reader has, for an environment that sees ours and installs nothing from elsewhere."""
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_DEPS": "1", "PIP_QUIET": "1"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def steps() -> list[tuple[str, str, str]]:
    """Every example in order: the file it belongs to, its language, its text."""
    found = STEP.findall(PAGE.read_text("utf-8"))
    assert len(found) == PAGE.read_text("utf-8").count("```") / 2, "an example of a kind nobody runs"
    return found


def script(folder: Path) -> str:
    """The whole page as one script; what each block of commands says goes to a file of its own."""
    lines = ["set -e"]
    for number, (file, language, text) in enumerate(steps()):
        if language == "python":
            (folder / f"{number}.py").write_text(text)
            lines.append(f'cp "{folder}/{number}.py" "{file}"')
        elif language == "sh":
            lines += [f'exec > "{folder}/{number}.out" 2>&1', text]
    return "\n".join(lines)


def matches(expected: str, said: str) -> bool:
    """Whether a line is there; "…" stands for anything."""
    parts = [re.escape(part.strip()) for part in expected.split("…")]
    return any(re.search(r".*".join(parts), line) for line in said.splitlines())


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    beside, folder = Beside(tmp_path), tmp_path / "bin"
    folder.mkdir()
    for name, command in TOOLS.items():
        tool = folder / name
        tool.write_text(f"#!/bin/sh\nexec {command.format(ours=sys.executable, theirs=beside.python)}\n")
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    return {**beside.env(), **OFFLINE, "PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(tmp_path)}


def test_the_tutorial_works(tools: dict[str, str], tmp_path: Path) -> None:
    work, said = tmp_path / "work", tmp_path / "said"
    work.mkdir()
    said.mkdir()
    text = "trap 'kill $(jobs -p) 2>/dev/null' EXIT\n" + script(said)
    done = subprocess.run(["bash", "-c", text], cwd=work, env=tools, check=False, timeout=280)
    outputs = {int(path.stem): path.read_text() for path in said.glob("*.out")}
    assert done.returncode == 0, outputs[max(outputs)][-4000:]
    before = 0
    for number, (_, language, expected) in enumerate(steps()):
        if language == "text":
            missing = [line for line in expected.splitlines() if not matches(line, outputs[before])]
            assert not missing, f"{missing} not in:\n{outputs[before]}"
        elif language == "sh":
            before = number
    assert not list(work.glob("*.whl"))
    assert [path.name for path in (work / "acme-mail" / "dist").iterdir()] == ["acme_mail-0.1.0-py3-none-any.whl"]
