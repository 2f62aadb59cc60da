"""What the pages of endpoints show."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from webkit.core.extensions import EventKind
from webkit.core.kernel.forms import FormState
from webkit.core.values import dataclass
from webkit.endpoints import example as verifying
from webkit.endpoints import service
from webkit.endpoints.models import DeliveryState
from webkit.endpoints.views import DeliveryView, EndpointView

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


def form_page(endpoint: EndpointView | None, form: FormState) -> EditPage:
    groups = [(group, [Choice.of(kind) for kind in kinds]) for group, kinds in service.offered()]
    return EditPage(endpoint, form, groups)


def filled(endpoint: EndpointView) -> FormState:
    kept = {"url": endpoint.url, "description": endpoint.description, "kinds": list(endpoint.kinds)}
    return FormState.of(kept)


def show_page(endpoint: EndpointView, form: FormState, view: str, before: UUID | None, today: date) -> ShowPage:
    view = view if view in VIEWS else "all"
    state = DeliveryState(view) if view != "all" else None
    found = service.deliveries(endpoint.id, state, limit=PAGE + 1, before=before)
    older = str(found[PAGE - 1].id) if len(found) > PAGE else ""
    days = {"today": today.isoformat(), "first_day": (today - timedelta(days=7)).isoformat()}
    return ShowPage(endpoint, form, view, found[:PAGE], older, service.waiting(endpoint.id), **days)


def example() -> str:
    """How a receiver verifies a signature, in Python."""
    return Path(verifying.__file__).read_text()
