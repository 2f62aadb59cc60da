"""Asking about payouts."""

from __future__ import annotations

from uuid import UUID

from webkit.core.extensions import Job
from webkit.payouts import service


def fetch(job: Job) -> None:
    """Ask what one payout consists of."""
    service.fetch(UUID(job.args["account"]), job.args["payout"])


def pull(job: Job) -> None:
    """Ask for the payouts of the last weeks."""
    service.pull(UUID(job.args["account"]))
