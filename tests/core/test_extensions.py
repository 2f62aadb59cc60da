from __future__ import annotations

from collections.abc import Callable

import pytest

from webkit.core.extensions import EventKind, JobSpec, Listener, Schedule


@pytest.mark.parametrize(
    "make",
    [
        lambda: JobSpec("Mail", print),
        lambda: JobSpec("mail", print),
        lambda: JobSpec("invoices.mail", print, lease=0),
        lambda: JobSpec("invoices.mail", print, lease=100_000),
        lambda: JobSpec("invoices.mail", print, queue="soon"),  # type: ignore[arg-type]
        lambda: Schedule("core.sweep", "core.sweep"),
        lambda: Schedule("core.sweep", "core.sweep", every=5, daily_at="03:00"),
        lambda: Schedule("core.sweep", "core.sweep", every=0),
        lambda: Schedule("core.sweep", "core.sweep", daily_at="24:00"),
        lambda: Schedule("core.sweep", "core.sweep", daily_at="3:00"),
        lambda: Schedule("sweep", "core.sweep", every=5),
        lambda: EventKind("paid", "Paid"),
        lambda: Listener("x", "invoice.*", print),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()


def test_what_makes_sense_is_not() -> None:
    assert JobSpec("invoices.mail", print).queue == "now"
    assert Schedule("core.sweep", "core.sweep", every=30).daily_at is None
    assert Schedule("core.purge", "core.purge", daily_at="23:59").every is None
    assert EventKind("invoice.paid", "%(who)s paid", "ok").tone == "ok"
    assert Listener("toy.paid", "invoice.*", print).pattern == "invoice.*"
