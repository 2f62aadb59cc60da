"""The evidence log: chained, append-only, erasable where people are named."""

from __future__ import annotations

import itertools
import threading
from contextvars import Context

import pytest
import rfc8785
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from webkit.core.kernel import db, events, tenancy
from webkit.core.kernel.crypto import canonical
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.events import Event, EventDetail


@db.writes
def _note(kind: str = "test.happened", subject: str = "thing:1", **facts: object) -> None:
    events.record(kind, subject, {"actor": "system", **facts}, personal={"name": "Giulia"}, about=("client:7",))


def _chain() -> list[tuple[int, str, str, str]]:
    rows = db.session().scalars(sa.select(Event).order_by(Event.seq)).all()
    return [(row.seq, row.prev_hash, row.hash, row.text) for row in rows]


def test_each_event_is_chained_to_the_one_before(agency: AgencyView) -> None:
    before = events.head()
    for number in range(3):
        _note(number=number)
    chain = _chain()[before[0] :]
    previous = before[1]
    for seq, prev_hash, hash_, text in chain:
        assert prev_hash == previous
        assert hash_ == events.link(previous, text)
        previous = hash_
        assert seq == before[0] + 1 + chain.index((seq, prev_hash, hash_, text))
    assert events.head() == (before[0] + 3, previous)


def test_personal_data_is_only_a_commitment(agency: AgencyView) -> None:
    _note()
    _seq, _prev, _hash, text = _chain()[-1]
    assert "Giulia" not in text and '"personal":"' in text
    entry = events.timeline("thing:1")[0]
    assert entry.personal == {"name": "Giulia"}
    salt, data = events.details_by_seq()[entry.seq]
    assert f'"personal":"{events.commitment(salt, data)}"' in text


def test_erasing_keeps_the_chain_and_says_so(agency: AgencyView) -> None:
    _note()
    entry = events.timeline("thing:1")[0]
    chain = _chain()
    assert events.erase([entry.seq], "asked by the person") == 1
    assert events.timeline("thing:1")[0].personal == {}
    assert _chain()[: len(chain)] == chain
    assert events.recent(1)[0].kind == events.ERASED
    assert events.recent(1)[0].facts["seqs"] == [entry.seq]


def test_events_show_under_everything_they_are_about(agency: AgencyView) -> None:
    _note()
    assert [entry.subject for entry in events.timeline("client:7")] == ["thing:1"]


@pytest.mark.parametrize("change", ["UPDATE events SET text = 'x'", "DELETE FROM events"])
def test_the_database_refuses_to_rewrite(agency: AgencyView, change: str) -> None:
    _note()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), tenancy.platform("test"), db.writing() as unit:
        unit.execute(sa.text(change))


def test_a_failed_write_leaves_no_event(agency: AgencyView) -> None:
    before = events.head()
    with pytest.raises(RuntimeError), db.writing():
        events.record("test.happened", "thing:1", {"actor": "system"})
        raise RuntimeError
    with db.writing():
        pass
    assert events.head() == before


def test_floats_have_no_place_in_facts(agency: AgencyView) -> None:
    with pytest.raises(TypeError), db.writing():
        events.record("test.happened", "thing:1", {"amount": 1.5})


def test_many_writers_make_one_chain(agency: AgencyView, app: Flask) -> None:
    before = events.head()[0]

    def work() -> None:
        with app.app_context(), tenancy.tenant(agency.id):
            for _ in range(10):
                _note()

    threads = [threading.Thread(target=lambda: Context().run(work)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.release()
    chain = _chain()
    assert [row[0] for row in chain] == list(range(1, before + 61))
    assert all(row[1] == earlier[2] for earlier, row in itertools.pairwise(chain))


facts = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(max_codepoint=127)), facts))
def test_the_canonical_form_is_the_standard_one(value: dict[str, object]) -> None:
    """RFC 8785, for everything our facts may hold."""
    try:
        expected = rfc8785.dumps(value)  # type: ignore[arg-type]
    except UnicodeEncodeError:
        return
    assert canonical(value).encode() == expected


def test_details_are_the_only_part_that_can_go(agency: AgencyView) -> None:
    _note()
    with db.writing() as unit:
        unit.execute(sa.delete(EventDetail))
    assert events.timeline("thing:1")[0].personal == {}


def test_a_timeline_goes_on_from_any_number(agency: AgencyView) -> None:
    """It comes from an address bar."""
    assert events.timeline("client:1", before=10**40) == events.timeline("client:1", before=-1) == []
