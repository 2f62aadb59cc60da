"""What the pages of endpoints show."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from flask import Response, g, render_template, request

from webkit.core.extensions import EventKind
from webkit.core.kernel import clock
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.hx import fields, page
from webkit.core.values import dataclass
from webkit.endpoints import service
from webkit.endpoints.models import DeliveryState
from webkit.endpoints.views import DeliveryView, EndpointView, Secret

PAGE = 25
VIEWS = ("all", "waiting", "failed", "delivered")


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of event as it is chosen: `words` is its sentence, with dots where facts stand."""

    kind: str
    words: str

    @classmethod
    def of(cls, kind: EventKind) -> Choice:
        return cls(kind.kind, str(kind.sentence) % _Dots())


class _Dots(defaultdict[str, str]):
    def __init__(self) -> None:
        super().__init__(lambda: "…")


@dataclass(frozen=True, slots=True)
class EditPage:
    """The form of an endpoint; a new one has none yet."""

    endpoint: EndpointView | None
    form: FormState
    groups: list[tuple[str, list[Choice]]]


@dataclass(frozen=True, slots=True)
class ShowPage:
    """An endpoint and a page of what was sent."""

    endpoint: EndpointView
    form: FormState
    view: str
    deliveries: list[DeliveryView]
    older: str
    waiting: int
    today: str
    first_day: str


def edit(endpoint: EndpointView | None, form: FormState, code: int = 200) -> Response:
    groups = [(group, [Choice.of(kind) for kind in kinds]) for group, kinds in service.offered()]
    return page("endpoints/edit.html", code=code, **fields(EditPage(endpoint, form, groups)))


def filled(endpoint: EndpointView) -> FormState:
    kept = {"url": endpoint.url, "description": endpoint.description, "kinds": list(endpoint.kinds)}
    return FormState.of(kept)


def show(endpoint: EndpointView, form: FormState, *blocks: str, code: int = 200) -> Response:
    view = request.args.get("view", "all")
    view = view if view in VIEWS else "all"
    state = DeliveryState(view) if view != "all" else None
    before = request.args.get("before", type=UUID)
    found = service.deliveries(endpoint.id, state, limit=PAGE + 1, before=before)
    older = str(found[PAGE - 1].id) if len(found) > PAGE else ""
    today = clock.today(g.agency.timezone)
    days = {"today": today.isoformat(), "first_day": (today - timedelta(days=7)).isoformat()}
    shown = ShowPage(endpoint, form, view, found[:PAGE], older, service.waiting(endpoint.id), **days)
    return page("endpoints/show.html", *blocks, code=code, **fields(shown))


def secret(made: Secret, *, is_new: bool) -> Response:
    """The one time a key is shown; not kept by the browser."""
    response = page("endpoints/secret.html", made=made, is_new=is_new, example=example())
    response.headers["Cache-Control"] = "no-store"
    return response


def example() -> str:
    """How a receiver verifies a signature, in Python."""
    return render_template("endpoints/verify.py.txt")
