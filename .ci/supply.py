"""What must not leave the house and what came into it: secrets in files, dependencies, their known weaknesses.

    python .ci/supply.py secrets                 every file that git knows or would take up
    python .ci/supply.py audit requirements/run.lock
    python .ci/supply.py sbom requirements/run.lock build/sbom.cdx.json

Each ends with 1 when something is found. Where the registry's list of weaknesses cannot be asked, the audit says so and
passes: a machine without a network must still be able to build.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from re import Pattern
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
STAMPS = ROOT / ".venv"
HOUR, DAY = 3600, 24 * 3600
LISTS = (".lock", "package-lock.json")
"""Files of hashes, which look like anything."""
MADE_UP = {"password", "word", "hunter2", "hunter2-password", "AKIAIOSFODNN7EXAMPLE"}
"""Values of examples and tests that open nothing."""
NOT_OURS = ("IPPublic", "IbmCloudIam", "IbmCosHmac", "Cloudant", "Softlayer", "Artifactory")
"""Detectors of what nobody here has, whose patterns are slow."""


def secrets() -> int:
    """Look for keys and tokens of known shapes."""
    found = list(_found(_files()))
    for line in found:
        print(line)
    print(f"{len(found)} secrets found" if found else "no secrets found")
    return bool(found)


def _files() -> list[str]:
    listed = _run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    return [name for name in listed.split("\0") if name and not name.endswith(LISTS)]


def _found(names: list[str]) -> Iterator[str]:
    """Each detector's patterns are tried on a whole file first: line by line is a hundred times slower."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import transient_settings

    kinds: list[Any] = [kind for kind in get_mapping_from_secret_type_to_class().values() if hasattr(kind, "denylist")]
    kinds = [kind for kind in kinds if not kind.__name__.startswith(NOT_OURS)]
    patterns: list[Pattern[str]] = [pattern for kind in kinds for pattern in kind.denylist]
    with transient_settings({"plugins_used": [{"name": kind.__name__} for kind in kinds]}):
        for name in names:
            path = ROOT / name
            text = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
            if any(pattern.search(text) for pattern in patterns):
                for secret in scan_file(str(path)):
                    if secret.secret_value not in MADE_UP:
                        yield f"{name}:{secret.line_number}: {secret.type}"


def audit(lock: str) -> int:
    """Ask for known weaknesses: once a day, whenever the lock file changes, and an hour after nobody has answered."""
    stamp, locked = STAMPS / "audit.stamp", ROOT / lock
    if stamp.is_file() and (said := stamp.read_text()):
        good_for = HOUR if said.startswith("NOT") else DAY
        if stamp.stat().st_mtime > max(locked.stat().st_mtime, time.time() - good_for):
            print(said)
            return 0
    told = _asked(lock)
    known = [each for each in told if "skip_reason" not in each]
    weak = [f"{each['name']} {each['version']}: {flaw['id']}" for each in known for flaw in each["vulns"]]
    said = f"{len(known)} of {len(told)} dependencies audited, {len(weak)} weaknesses"
    if not known:
        said = f"NOT AUDITED: nobody answers here who knows weaknesses of {lock}"
    print(*weak, said, sep="\n")
    if not weak:
        stamp.write_text(said)
    return bool(weak)


def _asked(lock: str) -> list[dict[str, Any]]:
    """What is known of each dependency; nothing when nobody answers."""
    options = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json", "--timeout=5")
    try:
        answer = _run(str(BIN / "pip-audit"), "-r", lock, *options, f"--cache-dir={STAMPS / 'audit-cache'}", most=90)
        return list(json.loads(answer.stdout)["dependencies"])
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return []


def sbom(lock: str, out: str) -> int:
    """Write what the locked dependencies are, as CycloneDX."""
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    options = ("--output-reproducible", "--no-validate", "--pyproject", "pyproject.toml", "--of", "JSON", "-o", out)
    made = _run(str(BIN / "cyclonedx-py"), "requirements", *options, lock)
    listed = (
        {part["purl"] for part in json.loads(Path(out).read_text())["components"]} if not made.returncode else set()
    )
    locked = {line.split("==")[0] for line in (ROOT / lock).read_text().splitlines() if "==" in line}
    if len(listed) < len(locked):
        print(made.stderr, f"{out} names {len(listed)} of {len(locked)} dependencies", sep="\n")
        return 1
    print(f"{out}: {len(listed)} dependencies")
    return 0


def _run(*command: str, most: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=most, check=False)


TASKS: dict[str, Callable[..., int]] = {"secrets": secrets, "audit": audit, "sbom": sbom}

if __name__ == "__main__":
    sys.exit(TASKS[sys.argv[1]](*sys.argv[2:]))
