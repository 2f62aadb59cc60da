"""What can be typed about a key."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field
from werkzeug.datastructures import MultiDict

from webkit.core.kernel import bearers
from webkit.core.kernel.forms import Form, Line

SCOPE = "scope:"
"""Before the name of a resource in the form of a key."""
LONGEST = 200


class KeyForm(Form):
    name: Line(60, minimum=2)  # type: ignore[valid-type]
    days: int = Field(90, ge=1, le=3650)


def chosen(given: MultiDict[str, str]) -> set[str]:
    """The scopes that were chosen: for everything, and for single resources."""
    return set(_chosen(given))


def _chosen(given: MultiDict[str, str]) -> Iterator[str]:
    words = (bearers.READ, bearers.WRITE)
    if given.get("all") in words:
        yield given["all"]
    for name, value in list(given.items())[:LONGEST]:
        if name.startswith(SCOPE) and value in words:
            yield f"{name.removeprefix(SCOPE)}:{value}"
