"""Work of the queue: what happened is made into deliveries, and these are sent, each endpoint by itself.

Nothing is written where events are recorded: their chain is the outbox. An endpoint remembers how far it was read, and
moves on in the write that adds the deliveries. So nothing is lost, nothing is sent of what was rolled back, and where
nobody has an endpoint nobody pays for it.

A turn belongs to one job. It sends one thing after the other, of each object only what happened first, for so long;
then others have theirs. Whoever does not answer is left alone for a while, and for longer each time.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.extensions import Job
from webkit.core.kernel import clock, jobs, outbox, sealed, tenancy
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.events import Event
from webkit.core.values import dataclass
from webkit.endpoints import models, notices, payload
from webkit.endpoints.calling import Outcome, Said, call
from webkit.endpoints.models import Delivery, DeliveryState, Endpoint, EndpointState

SWEEP, DELIVER, FORGET = "endpoints.sweep", "endpoints.deliver", "endpoints.forget"
AT_ONCE, OF_AN_AGENCY, LOOKED_AT = 16, 4, 200
"""Endpoints that are served at one time, in all and of one agency: most of the queue's threads are left to others."""
LEASE = timedelta(seconds=60)
TURN_SECONDS = 20.0
READ, READS = 200, 10
"""Events that are read at a time, and times in one write."""
SENT, MOST_WAITING = 20, 1_000
"""Deliveries that are sent between two looks, and that wait for an endpoint at most."""
DELAYS = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 72_000, 86_400)
"""Seconds after each failed try: three days in all."""
HOLDS = (30, 60, 120, 300, 600, 1_800, 3_600)
"""Seconds for which nothing is sent to whoever does not answer."""
PATIENCE, PATIENT_HOLD = 5, 60
"""Failures in a row after which nothing else is sent for so many seconds to whoever answers, but never with yes."""
CLOSED_REST = timedelta(hours=1)
LONGEST_WISH = timedelta(days=1)
KEPT, KEPT_TRIES, AT_A_TIME = timedelta(days=30), 20, 2_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing to send."""

    id: UUID
    event_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be sent now, where to and signed with what."""

    url: str
    keys: tuple[str, ...]
    letters: tuple[Letter, ...]


def is_wanted() -> bool:
    """Whether any endpoint has something to do. In `platform`, once a second."""
    return bool(models.due(clock.now(), 1))


def sweep(_job: Job) -> None:
    """Begin a turn of each endpoint that has something to do, so many at a time, and of an agency so many."""
    moment = clock.now()
    busy, found = Counter(models.served(moment)), models.due(moment, LOOKED_AT)
    closed = agencies.closed_ids() if found else set()
    for agency_id, endpoint_id in found:
        with tenancy.tenant(agency_id):
            if agency_id in closed:
                _rest(endpoint_id, moment)
            elif busy[agency_id] < OF_AN_AGENCY and busy.total() < AT_ONCE:
                busy[agency_id] += 1
                _begin(endpoint_id, moment)


@writes
def _begin(endpoint_id: UUID, moment: datetime) -> None:
    turn = models.take(endpoint_id, moment, LEASE)
    if turn is not None:
        outbox.add(DELIVER, endpoint=str(endpoint_id), turn=str(turn))


@writes
def _rest(endpoint_id: UUID, moment: datetime) -> None:
    """Ask again later about an endpoint of an agency that is closed."""
    if (endpoint := models.locked(endpoint_id)) is not None:
        endpoint.hold_until = moment + CLOSED_REST


def deliver(job: Job) -> None:
    """One turn of an endpoint."""
    endpoint_id, turn = UUID(job.args["endpoint"]), int(job.args["turn"])
    end = time.monotonic() + TURN_SECONDS
    while (batch := prepare(endpoint_id, turn)) is not None:
        for letter in batch.letters:
            release()
            began = clock.now()
            outcome = call(batch.url, batch.keys, letter.event_id, letter.body)
            goes_on = note(endpoint_id, turn, letter.id, began, outcome)
            if not goes_on or time.monotonic() > end or jobs.stopping.is_set():
                finish(endpoint_id, turn)
                return
    finish(endpoint_id, turn)


@writes
def prepare(endpoint_id: UUID, turn: int) -> Batch | None:
    """Read on in the chain, and say what is to be sent now; None when there is nothing, or the turn is somebody
    else's."""
    endpoint = models.locked(endpoint_id)
    now = clock.now()
    if endpoint is None or endpoint.turn != turn or not _may_send(endpoint, now):
        return None
    endpoint.lease_until = now + LEASE
    _read_on(endpoint, now)
    ids = _ready(endpoint_id, now)
    if not ids:
        return None
    letters = tuple(Letter(row.id, row.event_id, row.body.encode()) for row in models.deliveries(ids))
    return Batch(endpoint.url, _keys(endpoint, now), letters)


def _may_send(endpoint: Endpoint, now: datetime) -> bool:
    return endpoint.state is EndpointState.ACTIVE and (endpoint.hold_until is None or endpoint.hold_until <= now)


def _read_on(endpoint: Endpoint, now: datetime) -> None:
    """Make deliveries of the next events, until something is to be sent, the chain is read, or others should write."""
    room = MOST_WAITING - models.count_waiting(endpoint.id)
    endpoint.is_full = room <= 0
    for _read in range(READS if room > 0 else 0):
        found = models.following(endpoint.seq, min(READ, room))
        wanted = [each for each in found if payload.wants(endpoint.kinds, each.kind)]
        models.add_deliveries([_delivery(endpoint.id, each, now) for each in wanted])
        if found:
            endpoint.seq = found[-1].seq
        if wanted or len(found) < min(READ, room):
            return


def _delivery(endpoint_id: UUID, event: Event, now: datetime) -> Delivery:
    return Delivery(
        endpoint_id=endpoint_id,
        seq=event.seq,
        event_id=payload.event_id(event.agency_id, event.seq),
        kind=event.kind,
        subject=event.subject,
        at=event.at,
        body=payload.body(event.agency_id, event.seq, event.text),
        due_at=now,
    )


def _ready(endpoint_id: UUID, now: datetime) -> list[UUID]:
    """Of each object what happened first, if it is due."""
    return [id_ for id_, due_at in _first_of_each(endpoint_id) if due_at <= now][:SENT]


def _first_of_each(endpoint_id: UUID) -> Sequence[tuple[UUID, datetime]]:
    first: dict[str, tuple[UUID, datetime]] = {}
    for id_, subject, due_at in models.waiting(endpoint_id, 2 * MOST_WAITING):
        first.setdefault(subject, (id_, due_at))
    return list(first.values())


def _keys(endpoint: Endpoint, now: datetime) -> tuple[str, ...]:
    """The newest key and, for as long as both are in use, the one before."""
    whose = endpoint.agency_id
    found = [sealed.unseal(models.SECRET, whose, endpoint.secret)]
    if endpoint.old_secret and endpoint.old_until is not None and endpoint.old_until > now:
        found.append(sealed.unseal(models.OLD_SECRET, whose, endpoint.old_secret))
    return tuple(found)


@writes
def note(endpoint_id: UUID, turn: int, delivery_id: UUID, began: datetime, outcome: Outcome) -> bool:
    """Keep how a try went; whether the turn goes on. Whoever was killed before tries again, under the same id."""
    endpoint = models.locked(endpoint_id)
    delivery = models.delivery(delivery_id, lock=True)
    if endpoint is None or delivery is None or delivery.state is not DeliveryState.WAITING:
        return False
    keep_try(delivery, began, outcome)
    if outcome.said is Said.ACCEPTED:
        delivery.state, delivery.done_at = DeliveryState.DELIVERED, began
        endpoint.failures, endpoint.failing_since, endpoint.hold_until, endpoint.last_ok_at = 0, None, None, began
    else:
        _failed(endpoint, delivery, began, outcome)
    return endpoint.turn == turn and _may_send(endpoint, clock.now())


def keep_try(delivery: Delivery, began: datetime, outcome: Outcome) -> None:
    """Add a line to the log of a delivery."""
    line = {
        "at": payload.moment(began),
        "status": outcome.status,
        "ms": outcome.milliseconds,
        "error": outcome.error,
        "answer": outcome.answer,
    }
    delivery.log = [*delivery.log, line][-KEPT_TRIES:]
    delivery.tries += 1
    delivery.first_at = delivery.first_at or began


def _failed(endpoint: Endpoint, delivery: Delivery, began: datetime, outcome: Outcome) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or began
    if outcome.said is Said.GONE:
        stop(endpoint, "gone")
    elif delivery.tries <= len(DELAYS):
        delivery.due_at = began + max(_soon(DELAYS[delivery.tries - 1]), min(outcome.wished, LONGEST_WISH))
    elif delivery.first_at is not None and endpoint.failing_since <= delivery.first_at:
        stop(endpoint, "silent")  # nothing at all has arrived since
    else:
        delivery.state, delivery.done_at = DeliveryState.FAILED, began
    if outcome.said is Said.SILENT:
        hold = _soon(HOLDS[min(endpoint.failures, len(HOLDS)) - 1])
        endpoint.hold_until = began + max(hold, min(outcome.wished, LONGEST_WISH))
    elif endpoint.failures >= PATIENCE:
        endpoint.hold_until = began + _soon(PATIENT_HOLD)


def _soon(seconds: int) -> timedelta:
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311  jitter, not a secret


def stop(endpoint: Endpoint, why: str) -> None:
    """Leave an endpoint alone until somebody resumes it, and tell the agency's owner. What happens meanwhile waits."""
    endpoint.state, endpoint.why = EndpointState.STOPPED, why
    notices.stopped(endpoint)


@writes
def finish(endpoint_id: UUID, turn: int) -> None:
    """End a turn: say when the next one is due."""
    endpoint = models.locked(endpoint_id)
    if endpoint is None or endpoint.turn != turn:
        return
    endpoint.lease_until = None
    endpoint.next_at = min((due_at for _id, due_at in _first_of_each(endpoint_id)), default=None)


def forget(_job: Job) -> None:
    """Delete what was done a month ago, and keys that are no longer in use."""
    before = clock.now() - KEPT
    while _forget(before) == AT_A_TIME:
        pass
    with writing():
        models.forget_old_secrets(clock.now())


@writes
def _forget(before: datetime) -> int:
    return models.forget(before, AT_A_TIME)
