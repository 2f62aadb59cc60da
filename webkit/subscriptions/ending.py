"""Trials that end: whoever tries a tier hears of it in time, once."""

from __future__ import annotations

from webkit.core.kernel import clock, once
from webkit.core.kernel.db import writes
from webkit.subscriptions import mails, selling
from webkit.subscriptions.standing import Why, standing

TOLD = "trial-ends"
"""The key under which it is remembered."""


@writes
def tell() -> None:
    """Tell the owner of the current agency, if it has a tier only because it tries it."""
    if once.result(TOLD):
        return
    known, now = selling.known(), clock.now()
    tried = standing(known, now)
    if tried.why is not Why.TRIAL or tried.until is None:
        return
    after = standing(known, tried.until)
    mails.trial_ends(tried.tier, tried.until, after.tier)
    once.keep(TOLD, tried.until.isoformat())
