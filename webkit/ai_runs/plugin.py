"""Registers AI runs: the job that writes."""

from __future__ import annotations

from webkit.ai_runs import service, writer
from webkit.core.extensions import JobSpec
from webkit.core.hookspecs import hookimpl


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(service.WRITE, writer.write, queue="ai", lease=writer.LEASE, longest=writer.LONGEST)]
