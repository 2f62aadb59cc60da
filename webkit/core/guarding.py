"""What strangers brought, made safe to call: their jobs run isolated, in the slow queue, for one agency at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .contributions import Contribution
from .extensions import Job, JobSpec
from .kernel import isolation, outbox, tenancy
from .kernel.db import release, writing
from .kernel.runtime import current

MENU_GROUP, BEHIND_OURS = "more", 1000
LONGEST_LEASE = 300


def guarded(contribution: Contribution) -> Contribution:
    """The same, ours as they are."""
    if not contribution.stranger:
        return contribution
    plugin = contribution.plugin.name
    return replace(
        contribution,
        menu=tuple(replace(e, group=MENU_GROUP, order=BEHIND_OURS + e.order) for e in contribution.menu),
        jobs=tuple(_job(plugin, spec) for spec in contribution.jobs),
    )


def owners(contributions: tuple[Contribution, ...]) -> dict[str, str]:
    """Whose a name is, for everything of strangers that has one: listeners, jobs, schedules, cards, fields, pages."""
    found: dict[str, str] = {}
    for contribution in contributions:
        if contribution.stranger:
            found |= dict.fromkeys(_names(contribution), contribution.plugin.name)
    return found


def _names(contribution: Contribution) -> list[str]:
    return [
        *(listener.name for listener in contribution.listeners),
        *(job.kind for job in contribution.jobs),
        *(schedule.name for schedule in contribution.schedules),
        *(card.name for card in contribution.cards),
        *(merge_field.name for merge_field in contribution.fields),
        *(entry.endpoint for entry in contribution.menu),
    ]


def _job(plugin: str, spec: JobSpec) -> JobSpec:
    return replace(spec, handler=_handler(plugin, spec), queue="long", lease=min(spec.lease, LONGEST_LEASE), longest=0)


def _handler(plugin: str, spec: JobSpec) -> Callable[[Job], None]:
    def handle(job: Job) -> None:
        if job.agency_id is None:
            _for_each_agency(spec.kind, job)
        else:
            seconds = outbox.time_limit(spec.kind) - 1.0
            isolation.call(plugin, f"job {spec.kind}", seconds, spec.handler, job, attempt=job.attempt)

    return handle


def _for_each_agency(kind: str, job: Job) -> None:
    """A schedule is the platform's; whatever is done, is done for one agency."""
    agencies = current().directory.all_ids()
    release()
    for agency in agencies:
        with tenancy.tenant(agency), writing():
            outbox.add(kind, **job.args)
