"""The sums of open and accepted proposals are kept beside them: they are always what adding them up would give."""

from __future__ import annotations

import random
from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.factories import proposals as make
from webkit.core.kernel import clock, db, events, tallies
from webkit.core.kernel.errors import Conflict
from webkit.proposals import answers, models, service
from webkit.proposals.models import Proposal, State

pytestmark = pytest.mark.usefixtures("agency")


def _added_up() -> dict[str, dict[str, int]]:
    """From every row, as one would without kept sums."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_FIELDS, 0))
    for row in db.session().scalars(sa.select(Proposal)):
        expired = row.valid_until is not None and row.valid_until < service.today()
        if row.state is State.ACCEPTED or (row.state is State.SENT and not expired):
            which = "accepted" if row.state is State.ACCEPTED else "open"
            sums[row.currency][f"{which}_count"] += 1
            sums[row.currency][f"{which}_once"] += row.once_minor or 0
            sums[row.currency][f"{which}_monthly"] += row.monthly_minor or 0
    return dict(sums)


_FIELDS = [f"{which}_{part}" for which in ("open", "accepted") for part in ("once", "monthly", "count")]


def _kept() -> dict[str, dict[str, int]]:
    return {row.currency: {name: getattr(row, name) for name in _FIELDS} for row in service.pipeline()}


def _step(dice: random.Random, made: UUID) -> None:
    what, seen = dice.choice(("send", "revise", "accept", "decline", "change", "note")), service.get(made).frozen_id
    if what == "send":
        make.send(made)
    elif what == "revise":
        service.revise(made, make.ACTOR)
    elif what == "note":
        answers.count_view(made)
    elif seen is None:
        return
    elif what == "accept":
        make.accept(made, *dice.sample(("words", "photos", "search"), dice.randrange(3)))
    elif what == "decline":
        answers.decline(made, seen, "No", make.VISITOR, "https://page.example")
    else:
        answers.ask_for_changes(made, seen, "Less", make.VISITOR, "https://page.example")


@pytest.mark.parametrize("seed", [1, 2])
def test_they_follow_whatever_happens(seed: int) -> None:
    dice, client_id = random.Random(seed), make.client()
    today = service.today()
    made = [make.draft(client_id, valid_until=today + timedelta(days=days)) for days in (1, 3, 40)]
    for step in range(18):
        with clock.frozen(clock.now() + timedelta(days=2 if step > 9 else 0)):
            with suppress(Conflict):  # not from this state
                _step(dice, dice.choice(made))
            db.release()
            assert _kept() == _added_up()
    assert any(service.get(each).word != "draft" for each in made)


def test_a_write_that_fails_keeps_nothing() -> None:
    made = make.draft()
    with pytest.raises(RuntimeError), db.writing():
        service.send(made, service.get(made).revision, None, make.ACTOR)
        raise RuntimeError
    assert service.pipeline() == []
    make.send(made)
    assert [row.open_count for row in service.pipeline()] == [1]


def test_an_expired_one_counts_no_more_and_nothing_is_written_for_it() -> None:
    made = make.sent(valid_until=service.today() + timedelta(days=1))
    assert service.pipeline()[0].open_count == 1
    db.release()
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert service.pipeline() == []
    service.revise(made, make.ACTOR)
    assert [tallies.of(kind) for kind in models.KEPT] == [[]] * len(models.KEPT)
    assert events.timeline(events.ref("proposal", made))[0].kind == "proposal.revised"
