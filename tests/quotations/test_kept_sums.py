"""The sums of open and accepted quotations are kept beside them: they are always what adding them up would give."""

from __future__ import annotations

import random
from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.factories import quotations as make
from webkit.core.kernel import clock, db
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.quotations import answers, service
from webkit.quotations.models import Quotation, State
from webkit.quotations.views import Visitor

pytestmark = pytest.mark.usefixtures("agency")
FIELDS = ("open", "open_count", "accepted", "accepted_count")
VISITOR = Visitor("192.0.2.7", "Firefox")


def _added_up() -> dict[str, dict[str, int]]:
    """From every row, as one would without kept sums."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FIELDS, 0))
    for row in db.session().scalars(sa.select(Quotation)):
        expired = row.valid_until is not None and row.valid_until < service.today()
        if row.state is State.ACCEPTED or (row.state is State.SENT and not expired):
            which = "accepted" if row.state is State.ACCEPTED else "open"
            sums[row.currency][f"{which}_count"] += 1
            sums[row.currency][which] += row.total_minor or 0
    return dict(sums)


def _kept() -> dict[str, dict[str, int]]:
    return {row.currency: {name: getattr(row, name) for name in FIELDS} for row in service.pipeline()}


def _step(dice: random.Random, made: UUID) -> None:
    what, seen = dice.choice(("send", "revise", "accept", "decline", "withdraw", "note")), service.get(made).frozen_id
    if what == "send":
        make.send(made)
    elif what == "revise":
        service.revise(made, make.ACTOR)
    elif what == "note":
        answers.count_view(made)
    elif what == "withdraw":
        service.withdraw(made, "", make.ACTOR)
    elif seen is not None and what == "accept":
        make.accept(made, *dice.sample(("dimmer",), dice.randrange(2)))
    elif seen is not None:
        answers.decline(made, seen, "No", VISITOR, "https://page.example")


def test_they_follow_whatever_happens() -> None:
    dice, client_id, today = random.Random(3), make.client(), service.today()
    made = [make.draft(client_id, valid_until=today + timedelta(days=days)) for days in (1, 3, 40)]
    for each in made:
        make.send(each)
    seen = set()
    for step in range(24):
        with clock.frozen(clock.now() + timedelta(days=2 if step > 9 else 0)):
            with suppress(Conflict, Invalid):  # not from this state, or its day has passed
                _step(dice, dice.choice(made))
            db.release()
            assert _kept() == _added_up()
            seen |= set(_kept().get("EUR", {}).items())
    assert len(seen) >= 4
