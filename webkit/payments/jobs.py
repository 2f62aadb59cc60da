"""The periodic pull, refunds, and closing what is out of date."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

from webkit.core.extensions import Job
from webkit.core.kernel import clock, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.payments import asking, connecting, listing, method_models, methods, models, service

PULL, PULL_AGENCY = "payments.pull", "payments.pull_agency"
STRAYS_KEPT = timedelta(days=90)
READ_AGAIN = timedelta(hours=1)
"""After which an account is read on which nothing is under way: what webhooks missed there waits no longer."""


def pull(job: Job) -> None:
    """Ask what happened at the vendor, and add one pull for each agency that has something unsettled."""
    listing.read()
    for agency, payment_id in models.found_strays():
        with tenancy.tenant(agency):
            service.take_strays(payment_id)
    unsettled = models.agencies_with_unsettled(clock.now() - timedelta(days=asking.PULL_DAYS))
    now = clock.now()
    pages = method_models.agencies_with_open(now - methods.OPEN_DAYS)
    stale = method_models.agencies_with_stale(now - methods.ASK_AGAIN)
    for agency in dict.fromkeys((*unsettled, *models.agencies_connected(now - READ_AGAIN), *pages, *stale)):
        with tenancy.tenant(agency), writing():
            outbox.add(PULL_AGENCY)
    with writing():
        models.drop_strays_before(clock.now() - STRAYS_KEPT)


def pull_agency(job: Job) -> None:
    """Ask the vendor about one agency's unsettled payments, and what happened on the account it has connected."""
    listing.read_connected()
    service.pull()
    methods.look_around()
    with writing():
        for account_id in models.leaving():
            outbox.add(connecting.LEAVE, account=str(account_id))


def check(job: Job) -> None:
    """Ask how the connected account stands."""
    connecting.check()


def leave(job: Job) -> None:
    """Close the checkouts of an account that was left, then give the access to it back."""
    account_id = UUID(job.args["account"])
    if connecting.may_leave(account_id):
        asking.close_through(account_id)
        connecting.finish_leaving(account_id)


def close(job: Job) -> None:
    """Close checkouts whose amount nobody should pay any more."""
    keep = job.args.get("keep")
    asking.close(job.args["reference"], json.loads(keep) if keep is not None else None)


def refund(job: Job) -> None:
    """Tell the vendor to give money back."""
    service.carry_out(UUID(job.args["reversal"]))


def look_setup(job: Job) -> None:
    """Ask whether a client has left a method."""
    methods.look_setup(UUID(job.args["agreement"]))


def look_method(job: Job) -> None:
    """Ask how a saved method stands."""
    methods.look_method(UUID(job.args["method"]))


def forget(job: Job) -> None:
    """Have the vendor forget a method that was removed."""
    methods.forget(UUID(job.args["method"]))
