"""The plugins of others as operators see them: on, off, quarantined or left out, and why."""

from __future__ import annotations

from datetime import datetime

from webkit.core.contributions import HOOKS, Contribution, PluginInfo, Status
from webkit.core.kernel import switches
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

ADDS = {
    "providers": _l("providers"),
    "blueprints": _l("public pages"),
    "staff_blueprints": _l("pages for staff"),
    "menu": _l("menu entries"),
    "cards": _l("cards"),
    "fields": _l("merge fields"),
    "listeners": _l("listeners"),
    "jobs": _l("jobs"),
    "schedules": _l("schedules"),
    "commands": _l("commands"),
}
"""What a stranger may add, as operators read it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One plugin of somebody else's. `state` is on, off, quarantined or left_out; `adds` says what there is of it."""

    name: str
    distribution: str
    version: str
    state: str
    reason: str
    at: datetime | None
    failures: int
    last: str
    adds: tuple[tuple[str, int], ...]


def rows() -> list[Row]:
    """Every plugin that did not come with webkit."""
    known = switches.views()
    return [_row(found, known.get(found.name)) for found in current().plugins.loaded if not found.bundled]


def _row(found: PluginInfo, switch: switches.Switch | None) -> Row:
    guest = current().guests.get(found.name)
    state, reason = "on", ""
    if found.status is not Status.LOADED:
        state, reason = "left_out", found.reason or "WEBKIT_PLUGINS_OFF"
    elif switch and switch.off:
        state, reason = ("quarantined" if switch.quarantined else "off"), switch.reason
    return Row(
        name=found.name,
        distribution=found.distribution,
        version=found.version,
        state=state,
        reason=reason,
        at=switch.at if switch and switch.off else None,
        failures=switch.failures if switch else 0,
        last=switch.last if switch else "",
        adds=_adds(guest) if guest else (),
    )


def _adds(guest: Contribution) -> tuple[tuple[str, int], ...]:
    counted = ((hook, len(getattr(guest, hook))) for hook in HOOKS if hook in ADDS)
    return tuple((str(ADDS[hook]), count) for hook, count in counted if count)
