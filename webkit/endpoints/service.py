"""What an agency does with its endpoints: set them up, look at what was sent, have it sent again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from webkit.core.extensions import EventKind
from webkit.core.kernel import audit, clock, entitlements, events, ids, locks, sealed, tenancy
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.endpoints import models, payload
from webkit.endpoints.calling import call, demand_usable
from webkit.endpoints.events import CHANGED, CREATED, DELETED, PAUSED, RESUMED, ROTATED
from webkit.endpoints.models import Delivery, DeliveryState, Endpoint, EndpointState
from webkit.endpoints.notices import record
from webkit.endpoints.sending import MOST_WAITING, keep_try
from webkit.endpoints.views import DeliveryView, EndpointView, Secret

MOST = 20
"""Endpoints of an agency."""
MOST_KINDS = 200
OVERLAP = timedelta(hours=24)
"""For so long an old key signs beside a new one."""
TEST_SECONDS = 5.0
DONE = (DeliveryState.DELIVERED, DeliveryState.FAILED)


def offered() -> list[tuple[str, Sequence[EventKind]]]:
    """Every kind of event that can be chosen, by what it is about: what the product and its plugins record."""
    known = current().event_kinds
    return [(group, [known[kind] for kind in kinds]) for group, kinds in payload.grouped(known)]


def every() -> list[EndpointView]:
    """The agency's endpoints, oldest first."""
    return [EndpointView.of(row) for row in models.every()]


def get(endpoint_id: UUID) -> EndpointView:
    """One of them. Raises NotFound."""
    return EndpointView.of(_found(models.get(endpoint_id)))


def stopped() -> int:
    """How many wait for somebody to mend them."""
    return models.stopped()


def create(url: str, description: str, kinds: Collection[str], actor: str) -> Secret:
    """Tell an address of these kinds from now on. Raises Invalid (`url`, `kinds`), Conflict, NotInTier."""
    entitlements.require(Feature.API_ACCESS)
    clean, chosen = _usable(url), _chosen(kinds)
    secret = payload.new_secret()
    with writing():
        locks.hold("webhook endpoints")
        if models.count() >= MOST:
            raise Conflict(_("There are %(n)s endpoints already. Delete one that is no longer used.", n=MOST))
        kept = sealed.seal(models.SECRET, tenancy.agency_id(), secret)
        row = Endpoint(url=clean, description=description, kinds=chosen, secret=kept, old_secret="", seq=models.head())
        models.add(row)
        record(CREATED, row, actor)
        audit.log("endpoint.created", subject=events.ref("endpoint", row.id), detail={"kinds": chosen})
        return Secret(EndpointView.of(row), secret)


def update(endpoint_id: UUID, url: str, description: str, kinds: Collection[str], actor: str) -> EndpointView:
    """Change where it is, and what it is told from now on; what waits goes to the new address."""
    clean, chosen = _usable(url), _chosen(kinds)
    with writing():
        row = _locked(endpoint_id)
        if (row.url, row.description, row.kinds) != (clean, description, chosen):
            moved = row.url != clean
            row.url, row.description, row.kinds = clean, description, chosen
            if moved:
                row.hold_until, row.failures = None, 0
            record(CHANGED, row, actor)
            audit.log("endpoint.changed", subject=_ref(row), detail={"kinds": chosen, "address": moved})
        return EndpointView.of(row)


@writes
def delete(endpoint_id: UUID, actor: str) -> None:
    """With everything that waits for it, and its log."""
    row = _locked(endpoint_id)
    record(DELETED, row, actor)
    audit.log("endpoint.deleted", subject=_ref(row))
    models.remove(row)


@writes
def pause(endpoint_id: UUID, actor: str) -> None:
    """Send nothing until somebody resumes it. What happens meanwhile waits."""
    row = _locked(endpoint_id)
    if row.state is EndpointState.ACTIVE:
        row.state, row.why = EndpointState.PAUSED, ""
        record(PAUSED, row, actor)
        audit.log("endpoint.paused", subject=_ref(row))


@writes
def resume(endpoint_id: UUID, actor: str) -> None:
    """Send on, beginning with what has waited."""
    row = _locked(endpoint_id)
    if row.state is EndpointState.ACTIVE:
        return
    now = clock.now()
    row.state, row.why = EndpointState.ACTIVE, ""
    row.failures, row.failing_since, row.hold_until, row.next_at = 0, None, None, now
    models.begin_anew(row.id, now)
    record(RESUMED, row, actor)
    audit.log("endpoint.resumed", subject=_ref(row))


@writes
def rotate(endpoint_id: UUID, actor: str) -> Secret:
    """Give it a new key. For a day both sign, so that nobody has to change both sides at the same moment."""
    row, secret = _locked(endpoint_id), payload.new_secret()
    before = sealed.unseal(models.SECRET, row.agency_id, row.secret)
    row.old_secret = sealed.seal(models.OLD_SECRET, row.agency_id, before)
    row.old_until = clock.now() + OVERLAP
    row.secret = sealed.seal(models.SECRET, row.agency_id, secret)
    record(ROTATED, row, actor)
    audit.log("endpoint.rotated", subject=_ref(row))
    return Secret(EndpointView.of(row), secret)


@writes
def end_overlap(endpoint_id: UUID) -> None:
    """The key before the newest signs no more: for who knows that it has got out."""
    row = _locked(endpoint_id)
    if row.old_secret:
        row.old_secret, row.old_until = "", None
        audit.log("endpoint.old_key_ended", subject=_ref(row))


def test(endpoint_id: UUID) -> DeliveryView:
    """Send something to try it, now, whether it is paused or not. Somebody waits, so it may take 5 seconds."""
    row = _found(models.get(endpoint_id))
    url, secret, now = row.url, sealed.unseal(models.SECRET, row.agency_id, row.secret), clock.now()
    release()
    message_id = f"evt_{ids.uuid7().hex}"
    text = payload.test_body(tenancy.agency_id(), endpoint_id, message_id, now)
    outcome = call(url, [secret], message_id, text.encode(), TEST_SECONDS)
    with writing():
        subject = events.ref("endpoint", _locked(endpoint_id).id)
        sent = Delivery(
            endpoint_id=endpoint_id, seq=0, event_id=message_id, kind=payload.TEST, subject=subject, at=now, body=text,
            state=DeliveryState.DELIVERED if outcome.said == "accepted" else DeliveryState.FAILED, tries=0, log=[],
            done_at=now,
        )  # fmt: skip
        keep_try(sent, now, outcome)
        models.add(sent)
        audit.log("endpoint.tested", subject=subject, detail={"status": outcome.status})
        return DeliveryView.of(sent)


def deliveries(
    endpoint_id: UUID, state: DeliveryState | None = None, *, limit: int = 25, before: UUID | None = None
) -> list[DeliveryView]:
    """What was sent or waits, newest first; `before` is the id to continue from. Done ones are kept for 30 days."""
    return [DeliveryView.of(row) for row in models.page(endpoint_id, state, limit, before)]


def delivery(endpoint_id: UUID, delivery_id: UUID) -> DeliveryView:
    """One of them. Raises NotFound."""
    return DeliveryView.of(_delivery(endpoint_id, models.delivery(delivery_id)))


def waiting(endpoint_id: UUID) -> int:
    """How many wait, apart from what was not read yet."""
    return models.count_waiting(endpoint_id)


@writes
def replay(endpoint_id: UUID, delivery_id: UUID) -> None:
    """Send one again, under its own id; one that waits is due now. Raises NotFound, Conflict."""
    endpoint = _locked(endpoint_id)
    row = _delivery(endpoint_id, models.delivery(delivery_id, lock=True))
    if row.kind == payload.TEST:
        raise Conflict(_("A test is not sent again. Send a new one."))
    now = clock.now()
    row.state, row.tries, row.first_at, row.due_at, row.done_at = DeliveryState.WAITING, 0, None, now, None
    endpoint.next_at, endpoint.hold_until = now, None
    audit.log("endpoint.replayed", subject=_ref(endpoint), detail={"event": row.event_id})


@writes
def replay_range(endpoint_id: UUID, since: datetime, until: datetime, *, only_failed: bool) -> int:
    """Send again what happened from one moment to another, in its order; how many those are. Raises Invalid (`until`)
    for a time that ends before it begins, or in which too much happened."""
    if until <= since:
        raise Invalid({"until": _("The end lies before the beginning.")})
    endpoint = _locked(endpoint_id)
    states = (DeliveryState.FAILED,) if only_failed else DONE
    now = clock.now()
    found = models.again(endpoint_id, states, since, until, now, MOST_WAITING)
    if found > MOST_WAITING:
        raise Invalid({"until": _("That is more than %(n)s deliveries. Choose a shorter time.", n=MOST_WAITING)})
    if found:
        endpoint.next_at, endpoint.hold_until = now, None
        span = {"since": payload.moment(since), "until": payload.moment(until), "count": found}
        audit.log("endpoint.replayed", subject=_ref(endpoint), detail=span)
    return found


def _usable(url: str) -> str:
    release()
    return demand_usable(url)


def _chosen(kinds: Collection[str]) -> list[str]:
    """What was chosen, each once. What the product does not record is refused."""
    known = {kind for kind in current().event_kinds if not kind.startswith(f"{payload.OWN}.")}
    groups = {f"{kind.partition('.')[0]}.*" for kind in known}
    if not kinds:
        raise Invalid({"kinds": _("Choose at least one kind of event.")})
    if len(kinds) > MOST_KINDS or (unknown := set(kinds) - known - groups - {payload.EVERYTHING}):
        named = sorted(unknown)[0][:64] if len(kinds) <= MOST_KINDS else "…"
        raise Invalid({"kinds": _("%(kind)s is no kind of event.", kind=named)})
    return [payload.EVERYTHING] if payload.EVERYTHING in kinds else sorted(set(kinds))


def _found(row: Endpoint | None) -> Endpoint:
    if row is None:
        raise NotFound(_("There is no such endpoint."))
    return row


def _locked(endpoint_id: UUID) -> Endpoint:
    return _found(models.locked(endpoint_id))


def _delivery(endpoint_id: UUID, row: Delivery | None) -> Delivery:
    if row is None or row.endpoint_id != endpoint_id:
        raise NotFound(_("There is no such delivery. What was sent is kept for 30 days."))
    return row


def _ref(row: Endpoint) -> str:
    return events.ref("endpoint", row.id)
