"""The figures: a module for each subject, with `measure(world)`, which yields its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.figures import (
    ai,
    growth,
    identity,
    invoices,
    issuing,
    jobs,
    lists,
    pdf,
    plans,
    plugins,
    providers,
    running,
    storage,
    webhooks,
)
from benchmarks.report import Row
from benchmarks.world import World

Figure = Callable[[World], Iterator[Row]]

FIGURES: dict[str, Figure] = {
    "running": running.measure,
    "list": lists.measure,
    "identity": identity.measure,
    "invoice": invoices.measure,
    "growth": growth.measure,
    "issue": issuing.measure,
    "pdf": pdf.measure,
    "plans": plans.measure,
    "webhook": webhooks.measure,
    "job": jobs.measure,
    "ai": ai.measure,
    "provider": providers.measure,
    "plugins": plugins.measure,
    "storage": storage.measure,
}
"""By the name that `--only` takes, in the order of a whole run."""
