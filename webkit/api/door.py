"""Who calls, and how far they get: a token or a session, the agency, the permission."""

from __future__ import annotations

from flask import g
from flask_login import current_user

from webkit.accounts import service as accounts
from webkit.api.operations import Operation
from webkit.core.kernel import bearers, doors, entrances, permissions
from webkit.core.kernel.bearers import Bearer, Unauthorized
from webkit.core.kernel.errors import Forbidden, NotFound
from webkit.core.kernel.i18n import gettext as _


def enter(operation: Operation) -> None:
    """Let a caller in as far as this operation. A token, where there is one, is all that counts; a session writes from
    our own pages alone: every request that changes something has shown where it comes from by now."""
    if (held := bearers.here()) is not None:
        g._login_user = accounts.active(held.user_id)
        if operation.in_agency:
            bearers.enter(g.slug)
            _demand_scope(held, operation)
    elif not current_user.is_authenticated:
        raise Unauthorized(_("This needs a key: “Authorization: Bearer …”."))
    elif operation.in_agency:
        _enter_with_session()
    if operation.in_agency:
        permissions.at_the_door(g.grant)


def _demand_scope(held: Bearer, operation: Operation) -> None:
    """A key that reads changes nothing, also where whoever may look may do something."""
    if operation.writes and not bearers.holds(held.scopes, operation.scope):
        raise Forbidden(_("The key does not reach as far as %(scope)s.", scope=operation.scope))


def _enter_with_session() -> None:
    """What is not theirs is not there."""
    entrance = entrances.find(g.slug, current_user.id, current_user.token)
    if entrance is None:
        raise NotFound(_("There is no such agency."))
    doors.sit_down(entrance)


def caller() -> str:
    """Whose keys of repeated requests are whose."""
    held = bearers.here()
    return f"key/{held.token_id}" if held else f"session/{current_user.id}"
