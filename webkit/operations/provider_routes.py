"""The operators' page of providers: what is chosen, by whom, how it feels, what is missing and what mends it.

The page asks nobody: a job does, every five minutes or when somebody presses "Check again".
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from webkit.core.capabilities.base import Capability, Health
from webkit.core.extensions import Job
from webkit.core.kernel import circuits, clock, outbox, tenancy, vendors
from webkit.core.kernel.circuits import Circuit
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.runtime import current
from webkit.core.problems import Problem
from webkit.core.values import dataclass
from webkit.operations import choices, models
from webkit.operations.choices import ProviderRow
from webkit.operations.models import ProviderCheck
from webkit.operations.routes import only_operators

CHECK, CHECK_EVERY = "operations.check_providers", 300
WAITS = 60
"""Seconds a page looks out for the check it asked for."""
LABELS = {
    "ai_text": (_l("AI writing"), "sparkles"),
    "payments": (_l("Payments"), "credit-card"),
    "storage": (_l("Files"), "database"),
    "email": (_l("Mail"), "mail"),
    "pdf": (_l("PDF"), "printer"),
    "pagespeed": (_l("Website audits"), "search"),
    "sms": (_l("Text messages"), "device-mobile"),
    "observing": (_l("Watching"), "activity"),
    "embeddings": (_l("Meaning of texts"), "compass"),
    "vectors": (_l("Search by meaning"), "list-search"),
}

blueprint = Blueprint("providers", __name__, url_prefix="/admin/providers")
blueprint.before_request(only_operators)


@dataclass(frozen=True, slots=True)
class ChosenView:
    """A chosen provider with its health, None while it was never asked, and its circuit where it has one."""

    row: ProviderRow
    check: ProviderCheck | None
    circuit: Circuit | None

    @property
    def state(self) -> str:
        """The word of the state component."""
        if self.row.missing:
            return "missing"
        if self.circuit is not None and self.circuit.state is not circuits.State.CLOSED:
            return "retrying"
        found = {Health.OK: "ready", Health.DEGRADED: "uncertain", Health.DOWN: "unhealthy"}
        return found[Health(self.check.health)] if self.check else "waiting"


@dataclass(frozen=True, slots=True)
class CapabilityView:
    key: str
    label: str
    icon: str
    env: str
    chosen: tuple[ChosenView, ...]
    others: tuple[ProviderRow, ...]
    wrong: tuple[Problem, ...]

    @property
    def needs_you(self) -> bool:
        return bool(self.wrong) or any(view.state not in ("ready", "waiting") for view in self.chosen)


@dataclass(frozen=True, slots=True)
class ProvidersPage:
    """`asked` is set while a check that somebody asked for has not arrived."""

    capabilities: tuple[CapabilityView, ...]
    view: str
    checked_at: datetime | None
    asked: int | None
    plugins: int

    @property
    def needing(self) -> int:
        return sum(capability.needs_you for capability in self.capabilities)


@blueprint.get("")
def index() -> Response:
    """Every capability: who supplies it, and how they are."""
    asked = request.args.get("asked", type=int)
    with tenancy.platform("the operators' page of providers"):
        shown = _page(request.args.get("view", "all"), asked)
        return page("operations/providers.html", "list", **fields(shown), needing=shown.needing)


@blueprint.post("/check")
def check_again() -> Response:
    """Ask all of them now, in a job; the page waits for it."""
    with writing():
        outbox.add(CHECK)
    return go(".index", asked=int(time.time()))


def check(job: Job) -> None:
    """Ask every chosen provider how it is, and keep the answers."""
    registry = current().registry
    release()
    for capability in registry.capabilities:
        for name in registry.chosen_names(capability):
            begun = time.monotonic()
            report = registry.health(capability, name=name)
            millis = int((time.monotonic() - begun) * 1000)
            _keep(capability.key, name, health=report.status.value, detail=report.detail[:500], millis=millis)


@writes
def _keep(capability: str, provider: str, **values: Any) -> None:
    models.keep_check(capability, provider, checked_at=clock.now(), **values)


def _page(view: str, asked: int | None) -> ProvidersPage:
    checks, agencies = models.checks(), vendors.used_by()
    found = tuple(_capability(capability, checks, agencies) for capability in current().registry.capabilities)
    times = [view.check.checked_at for each in found for view in each.chosen if view.check]
    oldest = min(times) if times else None
    late = asked is None or time.time() - asked > WAITS
    arrived = asked is not None and oldest is not None and oldest.timestamp() >= asked
    return ProvidersPage(found, view, oldest, None if late or arrived else asked, len(current().plugins.loaded))


def _capability(
    capability: Capability[Any], checks: Mapping[tuple[str, str], ProviderCheck], agencies: choices.AgencyCounts
) -> CapabilityView:
    here = current()
    rows = choices.of_capability(capability, here.plugins, here.registry, agencies)
    chain = len([row for row in rows if row.chosen]) > 1
    chosen = tuple(
        ChosenView(row, checks.get((row.capability, row.provider)), _circuit(row) if chain else None)
        for row in rows
        if row.chosen
    )
    label, icon = LABELS.get(capability.key, (capability.key, "plug"))
    others = tuple(row for row in rows if not row.chosen)
    wrong = choices.wrong_choice(capability, here.registry)
    return CapabilityView(capability.key, str(label), icon, capability.env, chosen, others, wrong)


def _circuit(row: ProviderRow) -> Circuit:
    return circuits.look(circuits.key(row.capability, row.provider, "platform"))
