"""Step-up: bank details, keys and the like are changed only by somebody who has lately shown who they are.

`required` marks a view, `ask` is for views where it depends on what was sent. How somebody shows it is the business of
the feature that knows people: it puts a function into `Runtime.prove`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import ParamSpec

from flask import Response, g, request
from flask_login import current_user

from webkit.core.kernel import clock
from webkit.core.kernel.errors import Forbidden
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.kernel.security import SAFE

P = ParamSpec("P")
MARK = "step_up"


def required(view: Callable[P, Response]) -> Callable[P, Response]:
    """A view for whoever has lately shown who they are; others are asked first, and what they sent is kept."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        asked = ask()
        return view(*args, **kwargs) if asked is None else asked

    guarded.__dict__[MARK] = True
    return guarded


def ask() -> Response | None:
    """The page that asks who somebody is, or None when that was shown lately, or just now with this very request."""
    in_person()
    return None if is_fresh() else current().prove()


def in_person() -> None:
    """What nobody does for somebody else. Raises Forbidden for who sits in for an owner."""
    if g.get("sitting_in"):
        raise Forbidden(_("You act for the owner. This is left to the people of the agency themselves."))


def is_fresh() -> bool:
    """Whether somebody showed lately who they are. A form that was opened in time may be sent for as long again."""
    proven = getattr(current_user, "proven_at", None)
    lately = timedelta(seconds=current().settings.step_up_seconds * (1 if request.method in SAFE else 2))
    return proven is not None and clock.now() - proven < lately
