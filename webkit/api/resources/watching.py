"""What other programs are told, and what was noted. Addresses and keys of webhooks are set on their page, by somebody
who shows who they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from webkit.api.operations import Call, Operation, Param
from webkit.api.paging import of_all, of_rows
from webkit.api.shapes import Input, Moment, View
from webkit.core.kernel import audit, tenancy
from webkit.core.kernel.audit import Asked, EntryView
from webkit.endpoints import service
from webkit.endpoints.models import DeliveryState, EndpointState
from webkit.endpoints.views import DeliveryView, EndpointView


class Webhook(View):
    """An address that is told what happens."""

    id: UUID
    url: str
    description: str
    kinds: tuple[str, ...]
    state: EndpointState
    why: str
    created_at: datetime
    failing_since: datetime | None
    last_ok_at: datetime | None


class Delivery(View):
    """Something that was told or waits to be."""

    id: UUID
    event_id: str
    kind: str
    subject: str
    at: datetime
    state: DeliveryState
    tries: int
    due_at: datetime
    done_at: datetime | None


class EventKind(View):
    """A kind of event that webhooks can be told of."""

    kind: str
    about: str


class SpanIn(Input):
    """What happened from one moment up to another is sent again, or what of it did not arrive."""

    since: Moment
    until: Moment
    only_failed: bool = False


class Count(View):
    """How many."""

    count: int


class Entry(View):
    """An entry of the log. `detail` depends on what was done."""

    id: UUID
    at: datetime
    user_id: UUID | None
    action: str
    subject: str
    detail: dict[str, JsonValue]
    address: str


def _every(_call: Call) -> Sequence[EndpointView]:
    return service.every()


def _kinds(_call: Call) -> list[dict[str, str]]:
    return [{"kind": each.kind, "about": group} for group, kinds in service.offered() for each in kinds]


def _get(call: Call) -> EndpointView:
    return service.get(call.id("webhook_id"))


def _pause(call: Call) -> EndpointView:
    service.pause(call.id("webhook_id"), call.actor)
    return _get(call)


def _resume(call: Call) -> EndpointView:
    service.resume(call.id("webhook_id"), call.actor)
    return _get(call)


def _deliveries(call: Call, limit: int, before: UUID | None) -> Sequence[DeliveryView]:
    asked = call.query.get("state")
    found = service.get(call.id("webhook_id"))
    return service.deliveries(found.id, DeliveryState(asked) if asked else None, limit=limit, before=before)


def _delivery(call: Call) -> DeliveryView:
    return service.delivery(call.id("webhook_id"), call.id("delivery_id"))


def _replay(call: Call) -> DeliveryView:
    service.replay(call.id("webhook_id"), call.id("delivery_id"))
    return _delivery(call)


def _replay_span(call: Call) -> dict[str, int]:
    given = call.body
    found = service.replay_range(call.id("webhook_id"), given.since, given.until, only_failed=given.only_failed)
    return {"count": found}


def _test(call: Call) -> DeliveryView:
    return service.test(call.id("webhook_id"))


def _delete(call: Call) -> None:
    service.delete(call.id("webhook_id"), call.actor)


def _entries(call: Call, limit: int, before: UUID | None) -> Sequence[EntryView]:
    given: dict[str, Any] = {name: call.query[name] for name in ("action", "subject") if name in call.query}
    if "user" in call.query:
        given["user_id"] = UUID(call.query["user"])
    asked = Asked(agency_id=tenancy.agency_id(), words=call.query.get("q", ""), **given)
    return audit.entries(asked, limit=limit, before=before)


SET_UP, HOOK = "webhooks.edit", "/webhooks/{webhook_id}"
STATE = Param("state", "In this state.", {"type": "string", "enum": [each.value for each in DeliveryState]})
OPERATIONS = (
    Operation("webhooks.list", "GET", "/webhooks", SET_UP, "List webhooks", of_all(_every), paged=True,
              answer=Webhook),
    Operation("webhooks.kinds", "GET", "/webhook-events", SET_UP, "List kinds of events", of_all(_kinds), paged=True,
              answer=EventKind),
    Operation("webhooks.get", "GET", HOOK, SET_UP, "Read a webhook", _get, answer=Webhook),
    Operation("webhooks.pause", "POST", f"{HOOK}/pause", SET_UP, "Send nothing for now", _pause, answer=Webhook),
    Operation("webhooks.resume", "POST", f"{HOOK}/resume", SET_UP, "Send on, beginning with what has waited", _resume,
              answer=Webhook),
    Operation("webhooks.deliveries", "GET", f"{HOOK}/deliveries", SET_UP, "List deliveries", of_rows(_deliveries),
              paged=True, params=(STATE,), answer=Delivery, about="The latest first; done ones are kept for 30 days."),
    Operation("webhooks.delivery", "GET", f"{HOOK}/deliveries/{{delivery_id}}", SET_UP, "Read a delivery", _delivery,
              answer=Delivery),
    Operation("webhooks.replay", "POST", f"{HOOK}/deliveries/{{delivery_id}}/replay", SET_UP, "Send one again",
              _replay, answer=Delivery),
    Operation("webhooks.replay_span", "POST", f"{HOOK}/replay", SET_UP, "Send again what happened in a time",
              _replay_span, body=SpanIn, answer=Count),
    Operation("webhooks.test", "POST", f"{HOOK}/test", SET_UP, "Send something to try it", _test, answer=Delivery,
              apart=True, about="Now, whether it is paused or not: somebody waits for the answer, 5 seconds at most."),
    Operation("webhooks.delete", "DELETE", HOOK, SET_UP, "Tell it nothing any more", _delete, code=204,
              about="With what waits for it, and its log."),
    Operation("log.list", "GET", "/log", "audit.view", "List entries of the log", of_rows(_entries), paged=True,
              params=(Param("action", "What was done: the beginning of its name."),
                      Param("subject", "What it was done to, like `client:0190…`."),
                      Param("user", "Who did it.", {"type": "string", "format": "uuid"}),
                      Param("q", "Words that stand in it.")),
              answer=Entry, about="The latest first."),
)  # fmt: skip
