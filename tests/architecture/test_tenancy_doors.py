"""Every place that looks at all agencies at once, with its reason: a new one is a decision, so it is written here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import webkit

ROOT = Path(webkit.__file__).parent

REASONS = {
    "portability/importing.py": ["bring an agency in"],
    "portability/personal.py": ["whether somebody else looks after the platform"],
    "accounts/seats.py": ["a person chooses among their own agencies"],
    "people/service.py": ["an invitation is found by its token"],
    "administration/service.py": ["how many people work in each agency"],
    "accounts/service.py": [
        "the first owner founds the first agency",
        "a person founds an agency",
        "somebody new founds an agency",
        "which agencies a person belongs to",
    ],
    "core/kernel/downloads.py": ["find the agency of a document before membership is checked"],
    "core/kernel/gauges.py": ["count what waits"],
    "core/kernel/inbox.py": ["a vendor's event for the platform", "whose document a vendor's event is about"],
    "core/kernel/outbox.py": [
        "job {spec.kind}",
        "claim a job",
        "finish a job",
        "sweep the outbox",
        "renew the leases of jobs",
        "a worker process died",
        "an operator retries a job",
        "an operator dismisses a job",
        "prune the outbox",
    ],
    "core/kernel/scheduler.py": ["schedule {schedule.name}"],
    "api/repeats.py": ["answers of the API are kept for a day"],
    "payments/connecting.py": ["whose consent page somebody comes back from"],
    "operations/doctor.py": ["doctor"],
    "operations/provider_routes.py": ["the operators' page of providers"],
    "operations/keys_cli.py": [
        "seal everything with the newest key",
        "whether anything needs a retired key",
        "how much each key has sealed",
    ],
    "operations/plugin_cli.py": ["what plugins keep", "an operator removes what a plugin keeps"],
    "operations/verify_cli.py": ["verify every agency"],
    "operations/routes.py": ["the operators' job page", "the operators' inbox page", "an operator replays an event"],
}


def uses(root: Path) -> dict[str, list[str]]:
    """Reasons by file of every call of `platform()`."""
    found: dict[str, list[str]] = {}
    for path in sorted(root.rglob("*.py")):
        for reason in _reasons(ast.parse(path.read_text())):
            found.setdefault(path.relative_to(root).as_posix(), []).append(reason)
    return found


def _reasons(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if name == "platform" and given:
                yield ast.unparse(given[0]).removeprefix("f").strip("'\"")
            if name == "Scope" and any(keyword.arg == "platform" for keyword in node.keywords):
                yield ""


def test_every_use_of_the_platforms_door_is_known() -> None:
    found = {name: sorted(reason for reason in reasons if reason) for name, reasons in uses(ROOT).items()}
    assert {name: reasons for name, reasons in found.items() if reasons} == {
        name: sorted(reasons) for name, reasons in REASONS.items()
    }


def test_only_the_door_makes_a_scope_of_the_platform() -> None:
    makers = [name for name, reasons in uses(ROOT).items() if "" in reasons]
    assert makers == ["core/kernel/tenancy.py"]


def test_a_new_use_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "sneaky.py").write_text("with tenancy.platform('just looking'):\n    pass\n")
    assert uses(tmp_path) == {"sneaky.py": ["just looking"]}
