"""A key is exchanged for a short-lived access token and a refresh token; the latter for the next pair, once.

A refresh token that is used twice was stolen, from its owner or by the one who now shows it: nobody can tell, so the
whole family ends. Two requests of one program at the same moment are no theft: the later one gets nothing, but ends
nothing either.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from webkit.accounts import service as accounts
from webkit.core.kernel import audit, bearers, clock
from webkit.core.kernel.bearers import Bearer, Unauthorized
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError, Invalid
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.tokens import access_tokens, bearer, models, secrets
from webkit.tokens.access_tokens import Access
from webkit.tokens.models import ApiKey, RefreshToken, TokenFamily
from webkit.tokens.views import Pair

AT_ONCE = timedelta(seconds=10)
"""How far two requests with one refresh token may lie apart to have been sent at once."""
REUSED, TAKEN_BACK = "reused", "taken back"


@dataclass(frozen=True, slots=True)
class _Turned:
    """What became of a refresh token that was shown: the next pair, or why there is none."""

    pair: Pair | None = None
    refused: DomainError | None = None


@writes
def exchange(caller: Bearer, scopes: Iterable[str] = ()) -> Pair:
    """Begin a family: with the key that the caller showed, and no scopes but what it has. Raises Invalid."""
    row = models.key(caller.token_id)
    if row is None or row.revoked_at is not None:
        raise _unknown()
    wanted = _within(frozenset(scopes), frozenset(row.scopes))
    until = clock.now() + _lifetime()
    family = TokenFamily(key_id=row.id, scopes=sorted(wanted), expires_at=until)
    models.add_family(family)
    audit.log("tokens.begun", subject=ref("api_key", row.id), detail={"family": str(family.id)})
    return _pair(row, family)


def refresh(token: str, scopes: Iterable[str] = ()) -> Pair:
    """The next pair for a refresh token, once. Raises Unauthorized, Conflict for the later of two at once."""
    if not token.startswith(secrets.REFRESH) or not secrets.is_whole(token):
        raise _unknown()
    turned = _turn(secrets.hashed(token), frozenset(scopes))  # what it ends, no refusal rolls back
    if turned.pair is None:
        raise turned.refused or _unknown()
    return turned.pair


@writes
def take_back(token: str) -> None:
    """End the family of a refresh or access token; what nobody knows is ended already."""
    family_id = _family_of(token)
    if family_id is not None and models.end_family(family_id, TAKEN_BACK):
        audit.log("tokens.ended", detail={"family": str(family_id), "why": TAKEN_BACK})


@writes
def _turn(token_hash: str, scopes: frozenset[str]) -> _Turned:
    shown = models.refresh_by_hash(token_hash)
    if shown is None:
        return _Turned()
    row, family = models.key_of_family(shown.family_id), models.family(shown.family_id)
    if row is None or family is None or not _may_go_on(row, shown):
        return _Turned()
    _within(scopes, frozenset(family.scopes))
    if not models.use_refresh(shown.id):  # what was refused until here has used nothing up
        return _used_before(shown)
    return _Turned(_pair(row, family, scopes))


def _used_before(shown: RefreshToken) -> _Turned:
    models.refreshed(shown)
    used_at = shown.used_at or clock.now()
    if clock.now() - used_at < AT_ONCE:
        return _Turned(refused=Conflict(_("This token has just been exchanged by another request. Use what it got.")))
    if models.end_family(shown.family_id, REUSED):
        row = models.key_behind(shown.family_id)
        audit.log("tokens.reused", subject=ref("api_key", row.id), detail={"family": str(shown.family_id)})
        text = _("A token of your API key “%(name)s” was used twice, so all its tokens were ended.", name=row.name)
        accounts.tell(row.user_id, text)
    return _Turned()


def _may_go_on(row: ApiKey, shown: RefreshToken) -> bool:
    in_time = shown.expires_at > clock.now()
    return in_time and bearer.is_open(row) and accounts.active(row.user_id) is not None


def _pair(row: ApiKey, family: TokenFamily, scopes: frozenset[str] = frozenset()) -> Pair:
    wanted = scopes or frozenset(family.scopes)
    fresh = secrets.draw(secrets.REFRESH)
    family.expires_at = clock.now() + _lifetime()
    models.add_refresh(
        RefreshToken(family_id=family.id, token_hash=secrets.hashed(fresh), expires_at=family.expires_at)
    )
    access = Access(family.id, row.user_id, row.agency_id, wanted, row.kind.value)
    token, seconds = access_tokens.issue(access)
    return Pair(token, fresh, seconds, tuple(sorted(wanted)))


def _within(wanted: frozenset[str], had: frozenset[str]) -> frozenset[str]:
    """Scopes that were asked for, all of them had; without any, all that are had."""
    beyond = [each for each in wanted if not bearers.holds(had, each)]
    if beyond:
        raise Invalid({"scope": _("The key does not reach as far as %(scope)s.", scope=min(beyond)[:60])})
    return wanted or had


def _family_of(token: str) -> UUID | None:
    if token.startswith(secrets.REFRESH):
        shown = models.refresh_by_hash(secrets.hashed(token)) if secrets.is_whole(token) else None
        return shown.family_id if shown else None
    try:
        return access_tokens.read(token).family_id
    except access_tokens.Refused:
        return None


def _lifetime() -> timedelta:
    return timedelta(days=current().settings.jwt_refresh_days)


def _unknown() -> Unauthorized:
    return Unauthorized(_("This token opens nothing: it is unknown, too old, was used before, or was taken back."))
