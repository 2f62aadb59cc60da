"""Keys that people make for their programs: made, shown once, listed, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from webkit.accounts import service as accounts
from webkit.core.extensions import Job
from webkit.core.kernel import audit, bearers, clock, entitlements, i18n, locks, tenancy
from webkit.core.kernel.db import writes, writing
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.tokens import bearer, models, secrets
from webkit.tokens.models import ApiKey, Kind
from webkit.tokens.views import KeyView, NewKey

DAYS = (30, 90, 365)
"""How long a key may be good: none is good for ever."""
MOST = 50
FORGET_ENDED, WARN = "tokens.forget_ended", "tokens.warn"
AHEAD = timedelta(days=7)
AT_ONCE = 500
"""How many people hear on one day that a key ends; the others hear it on the next."""


def own(user_id: UUID) -> list[KeyView]:
    """A person's own keys, the latest first."""
    return [_view(row, "", gone=False) for row in models.keys_of(user_id)]


def of_agency() -> list[KeyView]:
    """The current agency's keys. Whose maker no longer works here opens nothing."""
    names = accounts.actors()
    found = []
    for row in models.keys_in(tenancy.agency_id()):
        maker = names.get(ref("user", row.user_id))
        found.append(_view(row, maker or _("somebody who left"), gone=maker is None))
    return found


@writes
def create_own(user_id: UUID, name: str, scopes: Iterable[str], days: int) -> NewKey:
    """A key for a person's programs, in each agency that they may enter. Raises Invalid, Conflict."""
    locks.hold(f"own keys/{user_id}")
    _demand_room(models.keys_of(user_id))
    return _add(user_id, Kind.PERSONAL, None, name, scopes, days)


@writes
def create_for_agency(user_id: UUID, name: str, scopes: Iterable[str], days: int) -> NewKey:
    """A key for the current agency's programs. Raises Invalid, Conflict, NotInTier."""
    entitlements.require(Feature.API_ACCESS)
    agency_id = tenancy.agency_id()
    locks.hold(f"keys/{agency_id}")
    _demand_room(models.keys_in(agency_id))
    return _add(user_id, Kind.AGENCY, agency_id, name, scopes, days)


@writes
def revoke_own(user_id: UUID, key_id: UUID) -> str:
    """Stop one of one's own keys, and all tokens it was exchanged for. Raises NotFound."""
    return _revoked(key_id, models.revoke_own(user_id, key_id), user_id)


@writes
def revoke_in_agency(key_id: UUID, user_id: UUID) -> str:
    """Stop one of the current agency's keys. Raises NotFound."""
    return _revoked(key_id, models.revoke_in(tenancy.agency_id(), key_id), user_id)


def forget_ended(_job: Job) -> None:
    """Delete tokens that nobody can use any more, and with them the trace of their use."""
    with writing():
        models.prune(clock.now() - timedelta(days=1))


def warn(_job: Job) -> None:
    """The daily job: tell people a week before a key of theirs ends, once."""
    found = [(row.id, row.user_id, row.name, row.expires_at) for row in models.ending(clock.now() + AHEAD, AT_ONCE)]
    for key_id, user_id, name, ends in found:
        with writing():
            if ends is not None and models.warned(key_id):
                _tell_end(user_id, name, ends)


def _tell_end(user_id: UUID, name: str, ends: datetime) -> None:
    person = accounts.active(user_id)
    if person is None:
        return
    with i18n.use_locale(person.locale or i18n.current_locale()):
        words = {"name": name, "day": i18n.format_date(ends.date())}
        accounts.tell(user_id, _("The API key “%(name)s” ends on %(day)s. Make a new one before then.", **words))


def _add(user_id: UUID, kind: Kind, agency_id: UUID | None, name: str, scopes: Iterable[str], days: int) -> NewKey:
    wanted = _checked(scopes)
    if days not in DAYS:
        raise Invalid({"days": _("Please choose one of the offered values.")})
    key = secrets.draw(secrets.PERSONAL if kind is Kind.PERSONAL else secrets.AGENCY)
    until = clock.now() + timedelta(days=days)
    row = ApiKey(user_id=user_id, agency_id=agency_id, kind=kind, name=name, scopes=wanted, expires_at=until)
    row.key_hash, row.hint = secrets.hashed(key), secrets.hint(key)
    models.add_key(row)
    audit.log("api_key.created", subject=ref("api_key", row.id), detail={"name": name, "scopes": wanted, "kind": kind})
    accounts.tell(user_id, _("The API key “%(name)s” was made with your account.", name=name))
    return NewKey(row.id, name, key, until)


def _checked(scopes: Iterable[str]) -> list[str]:
    """Scopes that exist; the ones that a wider one holds already are left out."""
    known = {each for group in bearers.scopes().values() for each in group}
    wanted = set(scopes)
    if not wanted:
        raise Invalid({"all": _("Please choose what the key may do.")})
    if unknown := sorted(wanted - known):
        raise Invalid({"all": _("There is nothing called %(name)s.", name=unknown[0][:60])})
    return sorted(each for each in wanted if not bearers.holds(frozenset(wanted - {each}), each))


def _demand_room(there: list[ApiKey]) -> None:
    if sum(bearer.is_open(row) for row in there) >= MOST:
        raise Conflict(_("There are %(n)s keys already. Please revoke one that nobody needs.", n=MOST))


def _revoked(key_id: UUID, name: str | None, user_id: UUID) -> str:
    if name is None:
        raise NotFound(_("There is no such key, or it was revoked already."))
    models.end_families_of(key_id, "revoked")
    audit.log("api_key.revoked", subject=ref("api_key", key_id), detail={"name": name, "by": ref("user", user_id)})
    return name


def _view(row: ApiKey, maker: str, *, gone: bool) -> KeyView:
    state = "ended" if not bearer.is_open(row) else "stopped" if gone else "open"
    moments = (row.created_at, row.expires_at, row.used_at, row.revoked_at)
    return KeyView(row.id, row.name, row.hint, tuple(row.scopes), maker, *moments, state)
