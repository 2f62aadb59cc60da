"""Lists as their pages ask for them, without a page."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from webkit.agencies import service as agencies
from webkit.core.kernel import clock
from webkit.core.kernel.lists import Asked, Here, ListSpec, Page, page, parse


def here() -> Here:
    """The agency whose door is open."""
    agency = agencies.here()
    return Here(clock.today(agency.timezone), agency.timezone, agency.currency)


def asked(spec: ListSpec, **given: Any) -> Asked:
    """What an address with these arguments asks for."""
    return parse(spec, MultiDict({name: str(value) for name, value in given.items() if value}), here())


def paged(spec: ListSpec, size: int = 25, **given: Any) -> Page:
    """The page behind that address."""
    return page(spec, asked(spec, **given), here(), size)


def rows(spec: ListSpec, **given: Any) -> list[Any]:
    """Its rows, a hundred at the most."""
    return paged(spec, 100, **given).rows
