"""Connecting an agency's own account with the platform's payment vendor, how it stands, and leaving it.

A managed account is opened by the vendor and filled in on the vendor's pages; an own one is joined by consent. The way
to the consent page is bound to one agency and one browser session, works once and for minutes.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

import structlog

from webkit.agencies import service as agencies
from webkit.agencies.service import AgencyProfile
from webkit.connections import service as connections
from webkit.core.capabilities.errors import NotFoundAtProvider, ProviderError, ProviderRejected
from webkit.core.capabilities.payments import (
    PAYMENTS,
    AccountRequest,
    AccountStatus,
    ConnectKind,
    ConnectsAccounts,
    PaymentEvent,
    Payments,
)
from webkit.core.kernel import audit, clock, ids, locks, outbox, tenancy, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.kernel.vendors import Vendor
from webkit.payments import models, tills
from webkit.payments.models import ConnectedAccount, Consent, PaymentState

log = structlog.get_logger(__name__)

LOCK = "connected accounts"
CHECK, LEAVE = "payments.account", "payments.leave"
CONSENT_MINUTES = 15


def begin_managed(*, return_url: str, again_url: str) -> str:
    """Open an account for the agency, or go on with the one it has; the address of the vendor's form."""
    vendor, profile = _vendor(ConnectKind.MANAGED), agencies.profile()
    known = models.connected(vendor.name)
    if known is not None and known.kind != ConnectKind.MANAGED:
        raise Conflict(_("An account is connected already. Disconnect it first."))
    name = known.name if known else _former_managed(vendor)
    request = _request(profile, len(models.former(vendor.name)))
    release()
    provider = _provider(vendor)
    name = name or _opened(provider, request)
    _attach(vendor.name, name, ConnectKind.MANAGED, provider.account_status(name), None)
    return provider.onboarding_url(name, return_url=return_url, again_url=again_url)


def _opened(provider: ConnectsAccounts, request: AccountRequest) -> str:
    try:
        return provider.open_account(request)
    except ProviderRejected as error:
        log.warning("an account was not opened", error=str(error))
        said = _(
            "The payment service opens no account for what your settings say. Please look at country, mail and website."
        )
        raise DomainError(said) from None


def _former_managed(vendor: Vendor[Payments]) -> str:
    """A managed account that was left is taken up again: the vendor keeps it."""
    former = (row for row in models.former(vendor.name) if row.kind == ConnectKind.MANAGED and not row.taken_away)
    return next((row.name for row in former), "")


def _request(profile: AgencyProfile, nth: int) -> AccountRequest:
    """The same wish has the same key, so that two clicks open one account."""
    said = (profile.legal_name or profile.name, profile.email, profile.country, profile.website)
    about = hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]
    return AccountRequest(f"account-{tenancy.agency_id()}-{nth}-{about}", *said)


def begin_own(user_id: UUID, session: str, *, return_url: str) -> str:
    """The address of the vendor's consent page, for this person in this browser session."""
    vendor = _vendor(ConnectKind.OWN)
    state = _begin(vendor.name, user_id, session)
    release()
    return _provider(vendor).consent_url(state=state, return_url=return_url)


@writes
def _begin(provider: str, user_id: UUID, session: str) -> str:
    if models.connected(provider) is not None:
        raise Conflict(_("An account is connected already. Disconnect it first."))
    state, now = ids.token(), clock.now()
    models.drop_consents_before(now - timedelta(days=1))
    models.add_consent(
        Consent(
            state_hash=_hashed(state), provider=provider, session_hash=_session_hash(session), user_id=user_id,
            expires_at=now + timedelta(minutes=CONSENT_MINUTES),
        )
    )  # fmt: skip
    audit.log("payments.consent_asked", detail={"provider": provider})
    return state


def agency_of_consent(provider: str, state: str, user_id: UUID, session: str) -> UUID:
    """Whose way back this is. Raises DomainError for another session, and for one that nobody began."""
    with tenancy.platform("whose consent page somebody comes back from"):
        row = models.consent(_hashed(state))
        mine = row is not None and (row.provider, row.user_id, row.session_hash) == (
            provider, user_id, _session_hash(session),
        )  # fmt: skip
        agency = row.agency_id if row is not None and mine else None
    if agency is None:
        raise DomainError(_("This way back was not begun here. Please connect the account once more."))
    return agency


def finish_own(provider: str, state: str, code: str, user_id: UUID) -> None:
    """Trade the code for the account and use it from now on, inside the agency that asked for it."""
    _use_up(state)
    vendor = _vendor(ConnectKind.OWN)
    if vendor.name != provider or not code:
        raise DomainError(_("The payment service sent no consent back. Nothing was connected."))
    release()
    connect = _provider(vendor)
    try:
        name = connect.accept_consent(code)
    except ProviderRejected as error:
        log.warning("a consent was refused", error=str(error))
        raise DomainError(_("The payment service refused the consent. Please connect the account once more.")) from None
    try:
        _attach(provider, name, ConnectKind.OWN, connect.account_status(name), user_id)
    except Conflict:
        taken = models.is_taken(provider, name)
        release()
        if not taken:
            connect.leave_account(name, ConnectKind.OWN)  # nobody here keeps access that is of no use
        raise


@writes
def give_up(state: str) -> None:
    """The person said no on the vendor's page; the way back is used up."""
    _use_up(state)


@writes
def _use_up(state: str) -> None:
    row = models.consent(_hashed(state))
    if row is None or not models.use_consent(row.id, clock.now()):
        raise DomainError(_("This way back has been used, or is too old. Please connect the account once more."))


@writes
def _attach(provider: str, name: str, kind: ConnectKind, status: AccountStatus, by: UUID | None) -> None:
    locks.hold(LOCK)
    known, now = models.connected(provider), clock.now()
    if known is not None and known.name != name:
        raise Conflict(_("An account is connected already. Disconnect it first."))
    if known is None and not models.take_name(provider, name):
        raise Conflict(_("Another agency here has connected this account. It can take payments for one only."))
    if known is not None:
        _note(known, status)  # who takes the payments stays as it is: `use_again` changes that
        return
    account_id = connections.take_in(PAYMENTS.key, provider, name, by)
    row = models.connection(account_id)
    if row is None:
        row = ConnectedAccount(
            account_id=account_id, provider=provider, name=name, alive=name, kind=kind, since=now, checked_at=now
        )
        _note(row, status)
        models.add_connection(row)
        return
    if row.alive is None:
        row.since, row.read_until = now, None
    row.alive, row.left_at, row.taken_away, row.kind = name, None, False, kind
    _note(row, status)


def _note(row: ConnectedAccount, status: AccountStatus) -> None:
    row.can_charge, row.can_pay_out, row.submitted = status.can_charge, status.can_pay_out, status.submitted
    row.wanted, row.blocked = [word[:100] for word in status.wanted[:50]], status.blocked[:255]
    row.title, row.country, row.currency = status.name[:255], status.country[:2], status.currency[:3]
    row.checked_at = clock.now()


# --- how it stands -------------------------------------------------------------------------------------------------


def check() -> bool:
    """Ask the vendor how the connected account stands; False when it is out of reach and therefore left."""
    vendor = vendors.find_keeper(PAYMENTS, None)
    row = models.connected(vendor.name) if vendor is not None else None
    if vendor is None or row is None:
        return False
    name, account_id = row.name, row.account_id
    release()
    try:
        status = _provider(vendor).account_status(name)
    except NotFoundAtProvider:
        _taken_away(account_id)
        return False
    _checked(account_id, status)
    return True


@writes
def _checked(account_id: UUID, status: AccountStatus) -> None:
    row = models.connection(account_id)
    if row is None or row.alive is None:
        return
    before = row.can_charge
    _note(row, status)
    if before != row.can_charge:
        audit.log("payments.account_changed", detail={"can_charge": row.can_charge, "blocked": row.blocked})


@writes
def _taken_away(account_id: UUID) -> None:
    """The owner has ended the access: nothing can be asked any more, what is reported late still counts."""
    row = models.connection(account_id)
    if row is None or row.taken_away:
        return
    if row.alive is not None:
        models.free_name(row.provider, row.name)
    row.alive, row.left_at, row.taken_away = None, row.left_at or clock.now(), True
    row.can_charge = row.can_pay_out = False
    models.withdraw_through(account_id, clock.now())
    connections.disconnect(account_id, gone=True)
    audit.log("payments.account_taken_away", detail={"provider": row.provider})


@writes
def hear(event: PaymentEvent, provider: str) -> None:
    """Something has become of a connected account: a job asks what, so that no order of news matters."""
    if any(row.name == event.account and row.alive for row in models.named(provider, event.account)):
        outbox.add(CHECK)


# --- leaving -------------------------------------------------------------------------------------------------------


@writes
def leave() -> None:
    """Take no more money through the connected account. A job closes its open checkouts and gives the access back."""
    locks.hold(LOCK)
    vendor = vendors.find_keeper(PAYMENTS, None)
    row = models.connected(vendor.name) if vendor is not None else None
    if row is None:
        raise Conflict(_("No account is connected."))
    _let_go(row)
    outbox.add(LEAVE, account=str(row.account_id))


def _let_go(row: ConnectedAccount) -> None:
    row.alive, row.left_at = None, clock.now()
    models.free_name(row.provider, row.name)
    models.withdraw_through(row.account_id, clock.now())
    connections.disconnect(row.account_id, gone=False)
    audit.log("payments.account_left", detail={"provider": row.provider})


@writes
def let_go_all() -> list[UUID]:
    """The agency is over: nobody pays through its accounts any more, and others may connect them. Those whose access
    is still to be given back."""
    locks.hold(LOCK)
    for row in models.all_connected():
        _let_go(row)
    return models.leaving()


def may_leave(account_id: UUID) -> bool:
    """Whether there is access left to close checkouts with and to give back; where its owner took it, it is over."""
    row, platform = models.connection(account_id), vendors.find_keeper(PAYMENTS, None)
    if row is None or platform is None or row.alive is not None or row.taken_away or row.provider != platform.name:
        return False
    name = row.name
    release()
    try:
        _provider(platform).account_status(name)
    except NotFoundAtProvider:
        _taken_away(account_id)
        return False
    return True


def finish_leaving(account_id: UUID, *, waits: bool = True) -> None:
    """Give the access back once nothing is on its way; its checkouts have been closed. Done again it does nothing.

    Who no longer `waits` does so at once: the money comes to the account's owner, and nobody here would write it down.
    """
    row = models.connection(account_id)
    if row is None or row.alive is not None or row.taken_away or row.kind != ConnectKind.OWN:
        return
    if waits and models.through(account_id, models.UNSETTLED):
        return  # what is on its way is waited for: without access nobody would hear of it
    name, vendor = row.name, vendors.find_keeper(PAYMENTS, account_id)
    platform, needed = vendors.find_keeper(PAYMENTS, None), models.is_taken(row.provider, row.name)
    release()
    if vendor is None or platform is None or platform.name != vendor.name:
        return
    if not needed:  # else another agency has connected it since: the access is theirs now
        _provider(platform).leave_account(name, ConnectKind.OWN)
    _given_back(account_id)


@writes
def _given_back(account_id: UUID) -> None:
    row = models.connection(account_id)
    if row is not None and row.alive is None:
        row.taken_away = True
        connections.disconnect(account_id, gone=True)


def use_again() -> None:
    """Let the connected account take payments again, where another account of the agency has done so meanwhile."""
    vendor = vendors.find_keeper(PAYMENTS, None)
    row = models.connected(vendor.name) if vendor is not None else None
    if row is None:
        raise Conflict(_("No account is connected."))
    connections.take_in(PAYMENTS.key, row.provider, row.name, None)


def on_its_way(account_id: UUID) -> int:
    """Payments of an account whose money has been promised and has not come."""
    return len(models.through(account_id, (PaymentState.PENDING,)))


def _vendor(kind: ConnectKind) -> Vendor[Payments]:
    found = tills.offered()
    if found is None or kind not in found[1]:
        raise NotFound(_("Accounts of this kind cannot be connected here."))
    return found[0]


def _provider(vendor: Vendor[Payments]) -> ConnectsAccounts:
    provider: object = vendor.connect()
    if not isinstance(provider, ConnectsAccounts):
        raise ProviderError(f"{vendor.label} connects no accounts", provider=vendor.name)
    return provider


def _hashed(state: str) -> str:
    return current().keys.token_hash(f"payments consent/{state[:128]}")


def _session_hash(session: str) -> str:
    return current().keys.token_hash(f"payments consent session/{session}")
