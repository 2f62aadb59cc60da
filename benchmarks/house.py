"""The whole application with one more kind of job, which only says when it was started."""

from __future__ import annotations

import os
import sys
import time

from flask import Flask

from webkit.core.app import create_app
from webkit.core.extensions import Job, JobSpec
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.runtime import current
from webkit.core.settings import Settings
from webkit.house import FEATURES

PROBE = "benchmarks.started"
STARTED = "benchmarks:started"


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(PROBE, _started)]


def _started(job: Job) -> None:
    current().redis.rpush(STARTED, time.time())


def create(settings: Settings | None = None) -> Flask:
    """What `webkit.house.create` makes, and the probe."""
    return create_app(settings or Settings.load(os.environ), (*FEATURES, sys.modules[__name__]))
