"""Rules 1 and 2: arrows point down, and features meet at their faces. Import-linter holds the rest of rule 1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Module, features, modules, write

# A feature imports only what stands before it.
ORDER = (
    "pricing",
    "extras",
    "lists",
    "connections",
    "agencies",
    "branding",
    "messaging",
    "accounts",
    "people",
    "endpoints",
    "domains",
    "tokens",
    "clients",
    "catalogue",
    "consultations",
    "website_audits",
    "payments",
    "ledger",
    "ai_runs",
    "proposals",
    "quotations",
    "contracts",
    "signing",
    "invoices",
    "receipts",
    "banking",
    "payouts",
    "charges",
    "plans",
    "recurring",
    "retainers",
    "statements",
    "imports",
    "reports",
    "subscriptions",
    "privacy",
    "administration",
    "portability",
    "operations",
    "api",
    "webhooks",
    "styleguide",
    "demo",
)
FACES = {"service", "events", "views"}
"""What one feature may import of another: what it does, what it tells, and the shapes its service returns."""
KERNELS = {"pricing"}
"""Features without state, pages or tables: a library, open to all."""
EXCEPTIONS = {
    # A person's first page founds an agency, so it shows the agency's form.
    "webkit/accounts/forms.py": {"webkit.agencies.forms"},
    "webkit/accounts/pages.py": {"webkit.agencies.pages"},
    "webkit/accounts/routes.py": {"webkit.agencies.forms"},
    # Accounts keep the places that people are given, and let in whoever has just got one.
    "webkit/people/service.py": {"webkit.accounts.seats"},
    "webkit/people/roles.py": {"webkit.accounts.seats"},
    "webkit/people/second_step.py": {"webkit.accounts.seats"},
    "webkit/people/routes.py": {"webkit.accounts.browser"},
    # The platform's own people look at everybody's places, and take one for a while.
    "webkit/administration/service.py": {"webkit.accounts.seats", "webkit.accounts.seat_models"},
    # Whoever follows an invitation to try the platform founds an agency on the same form, and is let in.
    "webkit/administration/beta.py": {"webkit.accounts.seat_models"},
    "webkit/administration/beta_routes.py": {
        "webkit.accounts.browser",
        "webkit.accounts.pages",
        "webkit.agencies.forms",
    },
    "webkit/administration/forms.py": {"webkit.agencies.forms"},
    # Clients live in countries and speak languages, chosen from the same lists as the agency's.
    "webkit/clients/forms.py": {"webkit.agencies.forms"},
    "webkit/clients/pages.py": {"webkit.agencies.pages"},
    "webkit/clients/routes.py": {"webkit.agencies.pages"},
    # What may travel with a proposal registers itself there, as with a hook.
    "webkit/contracts/plugin.py": {"webkit.proposals.companions"},
    # What is brought in says its currency and country as the agency's settings do.
    "webkit/imports/numbers.py": {"webkit.agencies.numbering"},
    "webkit/imports/routes.py": {"webkit.agencies.pages"},
    # What is billed again and again is written as an invoice is, and clients live where agencies do.
    "webkit/recurring/editor.py": {"webkit.invoices.editor", "webkit.invoices.forms"},
    "webkit/retainers/editor.py": {"webkit.invoices.editor", "webkit.invoices.forms"},
    "webkit/recurring/reminder_routes.py": {"webkit.agencies.pages"},
    # A line of a bank is recorded as a payment is typed, by the same people.
    "webkit/banking/routes.py": {"webkit.receipts.forms"},
    # A signed contract and its sealed document are looked up with the same words.
    "webkit/signing/witness.py": {"webkit.contracts.witness"},
    # Finding figures is a pure library of texts, like the arithmetic of prices.
    "webkit/proposals/doubts.py": {"webkit.ai_runs.figures"},
    "webkit/proposals/facts.py": {"webkit.ai_runs.figures"},
    "webkit/proposals/prompts.py": {"webkit.ai_runs.figures"},
    "webkit/proposals/snapshot.py": {"webkit.ai_runs.figures"},
    # The demo plays both sides: what staff write, and what clients answer.
    "webkit/demo/stories.py": {
        "webkit.contracts.templates",
        "webkit.proposals.answers",
        "webkit.proposals.contents",
        "webkit.proposals.offer",
        "webkit.quotations.answers",
        "webkit.quotations.library",
        "webkit.quotations.models",
    },
    "webkit/demo/texts.py": {"webkit.proposals.contents", "webkit.proposals.offer", "webkit.quotations.offer"},
    # Programs do what people do: the API calls what the routes of pages call, with the same shapes.
    "webkit/api/resources/bank.py": {"webkit.banking.models", "webkit.banking.reading"},
    "webkit/api/resources/bringing_in.py": {
        "webkit.imports.fields",
        "webkit.imports.models",
        "webkit.imports.numbers",
        "webkit.imports.pages",
        "webkit.imports.reading",
        "webkit.imports.settings",
        "webkit.imports.values",
    },
    "webkit/api/resources/charging.py": {
        "webkit.charges.charging",
        "webkit.charges.collecting",
        "webkit.charges.models",
        "webkit.charges.schedule",
    },
    "webkit/api/resources/clients.py": {"webkit.clients.forms"},
    "webkit/api/resources/contracts.py": {
        "webkit.contracts.forms",
        "webkit.contracts.templates",
        "webkit.contracts.terms",
    },
    "webkit/api/resources/files.py": {"webkit.invoices.filing", "webkit.quotations.filing"},
    "webkit/api/resources/house.py": {
        "webkit.agencies.forms",
        "webkit.agencies.regions",
        "webkit.messaging.models",
        "webkit.people.roles",
        "webkit.reports.deals",
        "webkit.reports.due",
        "webkit.reports.paid_out",
        "webkit.reports.ranges",
        "webkit.reports.revenue",
        "webkit.reports.shapes",
        "webkit.reports.taxes",
    },
    "webkit/api/resources/invoices.py": {
        "webkit.invoices.arranging",
        "webkit.invoices.crediting",
        "webkit.invoices.drafts",
        "webkit.invoices.figures",
        "webkit.invoices.pro_formas",
        "webkit.invoices.reminding",
        "webkit.invoices.returning",
        "webkit.invoices.terms",
        "webkit.invoices.writing_off",
    },
    "webkit/api/resources/library.py": {
        "webkit.invoices.beginnings",
        "webkit.quotations.library",
        "webkit.quotations.models",
        "webkit.quotations.offer",
    },
    "webkit/api/resources/proposals.py": {
        "webkit.proposals.contents",
        "webkit.proposals.doubts",
        "webkit.proposals.models",
        "webkit.proposals.offer",
    },
    "webkit/api/resources/quotations.py": {
        "webkit.quotations.models",
        "webkit.quotations.offer",
    },
    "webkit/api/resources/repeated.py": {
        "webkit.invoices.figures",
        "webkit.recurring.calendar",
        "webkit.recurring.forecast",
        "webkit.recurring.models",
        "webkit.recurring.planning",
        "webkit.retainers.models",
        "webkit.retainers.selling",
    },
    "webkit/api/resources/settings.py": {
        "webkit.agencies.forms",
        "webkit.agencies.numbering",
        "webkit.consultations.presets",
        "webkit.recurring.dunning",
        "webkit.recurring.jobs",
        "webkit.recurring.models",
        "webkit.recurring.steps",
        "webkit.reports.forms",
        "webkit.reports.journal",
    },
    "webkit/api/resources/watching.py": {"webkit.endpoints.models"},
    "webkit/api/resources/work.py": {
        "webkit.consultations.answers",
        "webkit.consultations.fields",
        "webkit.consultations.models",
        "webkit.website_audits.models",
    },
    "webkit/api/resources/writing.py": {
        "webkit.ai_runs.subjects",
        "webkit.proposals.sections",
        "webkit.proposals.writing",
    },
    # A sealed file is checked without any application: the seal is a format, not a service.
    "webkit/operations/verify_cli.py": {"webkit.signing.seal"},
}


ABOVE = {"webkit/house.py", "webkit/__main__.py"}


def upward(root: Path) -> list[str]:
    """Imports against the order: of a later feature, or of the house from anywhere."""
    found, known = [], features(root)
    for module in modules(root, "webkit"):
        for name in module.imports():
            to_the_house = name.startswith("webkit.house") and module.name not in ABOVE
            other = _feature_of(name, known)
            if to_the_house or (other and not _may_know(module, other)):
                found.append(f"{module.name}: {name}")
    return found


def _may_know(module: Module, other: str) -> bool:
    if module.name == "webkit/house.py":
        return True
    return module.feature in ORDER and other in ORDER and ORDER.index(other) <= ORDER.index(module.feature)


def _feature_of(name: str, known: set[str]) -> str:
    parts = name.split(".")
    return parts[1] if parts[0] == "webkit" and len(parts) > 1 and parts[1] in known else ""


def intrusions(root: Path) -> list[str]:
    """Imports of another feature that pass its face by."""
    found, known = [], features(root)
    for module in modules(root, "webkit"):
        for name in module.imports():
            other = _feature_of(name, known)
            if module.feature and other not in ("", module.feature) and not _at_the_face(module, name, other):
                found.append(f"{module.name}: {name}")
    return found


def _at_the_face(module: Module, name: str, other: str) -> bool:
    if other in KERNELS:
        return not name.startswith(f"webkit.{other}.plugin")
    part = [*name.split("."), ""][2]
    allowed = EXCEPTIONS.get(module.name, set())
    return part in FACES or f"webkit.{other}.{part}" in allowed


def test_every_feature_has_its_place() -> None:
    assert features() - set(ORDER) == set()


def test_arrows_point_down() -> None:
    assert upward(ROOT) == []


def test_features_meet_at_their_faces() -> None:
    assert intrusions(ROOT) == []


def test_every_exception_is_needed() -> None:
    used = {(module.name, ".".join(name.split(".")[:3])) for module in modules() for name in module.imports()}
    idle = [f"{name}: {gone}" for name, allowed in EXCEPTIONS.items() for gone in allowed if (name, gone) not in used]
    assert idle == []


FEATURES = {"webkit/clients/models.py": "", "webkit/invoices/service.py": "", "webkit/house.py": ""}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("webkit/clients/service.py", "from webkit.invoices import service"),
        ("webkit/core/kernel/db.py", "import webkit.clients.service"),
        ("webkit/core/kernel/db.py", "def late():\n    from webkit.clients.service import get"),
        ("webkit/runtime/dev.py", "from webkit.clients import service"),
        ("webkit/runtime/dev.py", "from webkit.house import create"),
        ("webkit/clients/service.py", "from webkit.house import create"),
        ("webkit/sdk/__init__.py", "from webkit.clients import service"),
        ("webkit/unplaced/service.py", "from webkit.clients import service"),
    ],
)
def test_an_arrow_that_points_up_is_noticed(tmp_path: Path, path: str, line: str) -> None:
    write(tmp_path, {**FEATURES, path: line})
    assert [found.partition(":")[0] for found in upward(tmp_path)] == [path]


@pytest.mark.parametrize(
    "line",
    [
        "from webkit.clients.models import Client",
        "from webkit.clients import models",
        "from webkit.clients import routes as other",
        "from ..clients import models",
        "import webkit.clients.models",
        "from webkit.clients import *",
    ],
)
def test_passing_a_face_by_is_noticed(tmp_path: Path, line: str) -> None:
    write(tmp_path, {**FEATURES, "webkit/invoices/service.py": line})
    assert [found.partition(":")[0] for found in intrusions(tmp_path)] == ["webkit/invoices/service.py"]
    write(tmp_path, {"webkit/invoices/service.py": "from webkit.clients.service import get"})
    assert intrusions(tmp_path) == []
