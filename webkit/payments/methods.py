"""Payment methods of clients: left with the vendor by their own consent, looked at again, removed by either side.

A report only says that something became of a method; what holds is asked for, so that no order of news matters.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.clients.service import ClientView
from webkit.core.capabilities.charging import (
    MethodKind,
    PayerMethod,
    PayerRequest,
    SavesMethods,
    SetupRequest,
    SetupState,
    SetupStatus,
)
from webkit.core.capabilities.errors import NotFoundAtProvider, ProviderError
from webkit.core.capabilities.payments import PAYMENTS, PaymentEvent, PaymentFeature, Payments
from webkit.core.kernel import clock, events, inbox, locks, outbox, signals, tenancy, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.vendors import Vendor
from webkit.core.values import dataclass
from webkit.payments import method_models as models
from webkit.payments import tills
from webkit.payments.events import MethodLeft
from webkit.payments.ledger import LOOK_SETUP
from webkit.payments.method_models import Agreement, MethodState, SavedMethod

log = structlog.get_logger(__name__)

LOOK_METHOD, FORGET = "payments.method", "payments.forget"
OPEN_DAYS = timedelta(days=3)
ASK_AGAIN, AT_ONCE = timedelta(days=7), 25
"""How often each method is looked at though nobody told of it, and how many of them in one pull."""
NEEDED = frozenset({PaymentFeature.SAVED_METHODS, PaymentFeature.OFF_SESSION})


@dataclass(frozen=True, slots=True)
class MethodView:
    """A method as pages show it. `agreed_at` and `words` are the consent it rests on."""

    id: UUID
    client_id: UUID
    kind: MethodKind
    brand: str
    last4: str
    last_day: date | None
    state: MethodState
    added_at: datetime
    ended_at: datetime | None
    expired: bool
    reachable: bool
    agreed_at: datetime
    words: str

    @property
    def usable(self) -> bool:
        return self.state is MethodState.ACTIVE and not self.expired and self.reachable

    @property
    def name(self) -> str:
        """How a person knows it: Visa •••• 4242."""
        return named(self.kind, self.brand, self.last4)

    def takes(self, currency: str) -> bool:
        return self.kind is not MethodKind.SEPA_DEBIT or currency == "EUR"


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody ticked: the words, their language, and from where, as evidence."""

    words: str
    locale: str
    address: str = ""
    browser: str = ""
    reference: str = ""


def consent_words(agency: str) -> str:
    """What a client agrees to; kept as it was shown."""
    return _(
        "I allow %(agency)s to keep this payment method with its payment service and to charge it for invoices to me "
        "when they are due. I am told of every charge by mail, and I can take this permission back at any time.",
        agency=agency,
    )


def words_here() -> str:
    """The same, for the agency whose door is open, in the language of the page."""
    profile = agencies.profile()
    return consent_words(profile.legal_name or profile.name)


BRANDS = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}


def named(kind: MethodKind, brand: str, last4: str) -> str:
    """How a person knows a method."""
    what = _("Direct debit") if kind is MethodKind.SEPA_DEBIT else BRANDS.get(brand, brand.capitalize()) or _("Card")
    return f"{what} •••• {last4}" if last4 else what


def open_here() -> bool:
    """Whether clients of the current agency can leave methods now."""
    return _keeper() is not None


def _keeper() -> Vendor[Payments] | None:
    vendor = tills.till()
    return vendor if vendor is not None and vendor.features >= NEEDED else None


def of_client(client_id: UUID) -> list[MethodView]:
    """A client's methods, the newest first, those that ended too."""
    return _views(models.methods(client_id))


def of_agency(limit: int) -> list[MethodView]:
    """The methods in use, the newest first."""
    return _views(models.all_active(limit))


def usable(client_id: UUID, currency: str) -> list[MethodView]:
    """What of a client's can be charged in a currency now, the newest first."""
    return [each for each in of_client(client_id) if each.usable and each.takes(currency)]


def get(method_id: UUID) -> MethodView:
    """One method of the agency. Raises NotFound."""
    row = models.method(method_id)
    if row is None:
        raise NotFound(_("There is no such payment method."))
    return _views([row])[0]


def _views(rows: list[SavedMethod]) -> list[MethodView]:
    if not rows:
        return []
    vendor, today = _keeper(), agencies.today()
    here = (vendor.name, vendor.account_id) if vendor else None
    return [_view(row, here, today) for row in rows]


def _view(row: SavedMethod, here: tuple[str, UUID | None] | None, today: date) -> MethodView:
    agreed = models.agreement(row.agreement_id)
    assert agreed is not None  # a method cannot be without
    return MethodView(
        id=row.id,
        client_id=row.client_id,
        kind=row.kind,
        brand=row.brand,
        last4=row.last4,
        last_day=row.last_day,
        state=row.state,
        added_at=row.created_at,
        ended_at=row.ended_at,
        expired=row.last_day is not None and row.last_day < today,
        reachable=(row.provider, row.account_id) == here,
        agreed_at=agreed.created_at,
        words=agreed.words,
    )


# --- leaving a method ----------------------------------------------------------------------------------------------


def begin(client_id: UUID, consent: Consent, *, return_url: str, cancel_url: str) -> str:
    """Note what the client agreed to, and return the address of the vendor's page where a method is left."""
    vendor = _keeper() or _closed()
    client, currency = clients.get(client_id), agencies.here().currency
    payer_id = payer(vendor, client)
    agreement_id, endpoint = _agree(client_id, consent, vendor)
    notify_url = inbox.url(PAYMENTS.key, vendor.name, endpoint)
    release()
    checkout = saver(vendor).begin_setup(
        SetupRequest(
            key=f"setup-{agreement_id}",
            payer_id=payer_id,
            reference=events.ref("client", client_id),
            currency=currency,
            success_url=return_url,
            cancel_url=cancel_url,
            notify_url=notify_url,
            metadata={"agreement": str(agreement_id)},
        )
    )
    lead(agreement_id, checkout.id)
    return checkout.url


def _closed() -> Vendor[Payments]:
    raise Conflict(_("Payment methods cannot be kept here at the moment. Please pay each invoice for itself."))


def payer(vendor: Vendor[Payments], client: ClientView) -> str:
    """The client as the vendor knows them; made with the first need. Asks the vendor: not inside a write."""
    through = str(vendor.account_id or "")
    if known := models.payer(client.id, vendor.name, through):
        return known
    said = f"{client.name}\n{client.email}"
    about = hashlib.sha256(said.encode()).hexdigest()[:12]
    reference = events.ref("client", client.id)
    key = f"payer-{tenancy.agency_id()}-{client.id}-{through or 'platform'}-{about}"
    release()
    made = saver(vendor).open_payer(PayerRequest(key, reference, client.name, client.email))
    return _keep_payer(client.id, vendor.name, through, made)


@writes
def _keep_payer(client_id: UUID, provider: str, through: str, made: str) -> str:
    models.keep_payer(client_id=client_id, provider=provider, through=through, vendor_id=made)
    return models.payer(client_id, provider, through)


@writes
def _agree(client_id: UUID, consent: Consent, vendor: Vendor[Payments]) -> tuple[UUID, str]:
    tills.demand_open(vendor)
    return agree(client_id, consent, vendor), tills.endpoint(vendor)


@writes
def agree(client_id: UUID, consent: Consent, vendor: Vendor[Payments]) -> UUID:
    """Keep what a client agreed to, as evidence: the words on the row, the rest in the history."""
    row = Agreement(
        client_id=client_id,
        provider=vendor.name,
        account_id=vendor.account_id,
        words=consent.words,
        locale=consent.locale,
        reference=consent.reference or events.ref("client", client_id),
    )
    agreement_id = models.add(row)
    facts = {
        "actor": "client",
        "agreement": str(agreement_id),
        "words_sha256": hashlib.sha256(consent.words.encode()).hexdigest(),
        "locale": consent.locale,
    }
    personal = {"address": consent.address, "browser": consent.browser[:300]}
    about = (consent.reference,) if consent.reference else ()
    events.record("method.agreed", events.ref("client", client_id), facts, personal=personal, about=about)
    return agreement_id


@writes
def lead(agreement_id: UUID, checkout_id: str) -> None:
    """The client was led to this page of the vendor."""
    row = models.locked_agreement(agreement_id)
    if row is not None and row.checkout_id is None:
        row.checkout_id = checkout_id


def look_setup(agreement_id: UUID) -> None:
    """Ask whether a client has left a method at the page they were led to; done again it does nothing."""
    row = models.agreement(agreement_id)
    if row is None or row.done_at is not None or row.checkout_id is None:
        return
    checkout_id, vendor = row.checkout_id, vendors.find_keeper(PAYMENTS, row.account_id, row.provider)
    release()
    if vendor is None:
        return
    try:
        found = saver(vendor).setup(checkout_id)
    except NotFoundAtProvider:
        log.warning("the vendor does not know a page of ours", agreement=str(agreement_id))
        return
    if found.state is not SetupState.OPEN:
        _set_up(agreement_id, found)


@writes
def _set_up(agreement_id: UUID, found: SetupStatus) -> None:
    agreement = models.locked_agreement(agreement_id)
    if agreement is None or agreement.done_at is not None:
        return
    agreement.done_at = clock.now()
    if found.method is None:
        return
    locks.hold(f"method {found.method.id}")
    known = models.by_vendor_id(agreement.provider, found.method.id, [agreement.account_id])
    if known is not None:  # left once more: the new consent is the one it rests on
        known.agreement_id = agreement.id
        _note(known, found.method)
        return
    row = SavedMethod(
        client_id=agreement.client_id,
        agreement_id=agreement.id,
        provider=agreement.provider,
        account_id=agreement.account_id,
        payer_id=found.method.payer_id,
        vendor_id=found.method.id,
    )
    _note(row, found.method)
    method_id = models.add(row)
    _record("method.left", row, "client")
    signals.publish(MethodLeft(method_id, row.client_id))


def _note(row: SavedMethod, found: PayerMethod) -> None:
    row.kind, row.brand, row.last4 = found.kind, found.brand[:32], found.last4[:8]
    row.last_day = _last_day(found.expires)
    row.checked_at = clock.now()


def _last_day(expires: tuple[int, int] | None) -> date | None:
    if expires is None:
        return None
    year, month = expires
    return date(year, month, monthrange(year, month)[1])


# --- what becomes of it --------------------------------------------------------------------------------------------


def found(event: PaymentEvent, provider: str, accounts: list[UUID | None]) -> Agreement | SavedMethod | None:
    """What an event is about: a page that was led to, or a method."""
    if event.checkout_id:
        told = _by_own_id(event.metadata.get("agreement", ""), provider, accounts)
        return told or next(
            (row for a in accounts if (row := models.agreement_of(provider, event.checkout_id, a))), None
        )
    return models.by_vendor_id(provider, event.part_id, accounts) if event.part_id else None


def _by_own_id(text: str, provider: str, accounts: list[UUID | None]) -> Agreement | None:
    """The webhook may be faster than the write that notes the page."""
    try:
        row = models.agreement(UUID(text))
    except ValueError:
        return None
    return row if row is not None and row.provider == provider and row.account_id in accounts else None


@writes
def hear(about: Agreement | SavedMethod | None) -> None:
    """Something became of a page or a method: a job asks what."""
    if isinstance(about, Agreement):
        if about.checkout_id is None:
            return  # its page is about to be noted: who comes back from it, or the next pull, asks
        outbox.add(LOOK_SETUP, agreement=str(about.id))
    elif about is not None and about.state is MethodState.ACTIVE:
        outbox.add(LOOK_METHOD, method=str(about.id))


def look_method(method_id: UUID) -> None:
    """Ask how a method stands now; one that the vendor has no more is gone."""
    row = models.method(method_id)
    if row is None or row.state is not MethodState.ACTIVE:
        return
    vendor_id, vendor = row.vendor_id, vendors.find_keeper(PAYMENTS, row.account_id, row.provider)
    release()
    if vendor is None:
        return
    try:
        now = saver(vendor).method(vendor_id)
    except NotFoundAtProvider:
        gone(method_id)
    else:
        _looked(method_id, now)


@writes
def _looked(method_id: UUID, now: PayerMethod) -> None:
    row = models.locked_method(method_id)
    if row is None or row.state is not MethodState.ACTIVE:
        return
    before = (row.last4, row.last_day)
    _note(row, now)
    if before != (row.last4, row.last_day):
        _record("method.changed", row, "vendor")


@writes
def gone(method_id: UUID) -> None:
    """The vendor has it no more."""
    row = models.locked_method(method_id)
    if row is not None and row.state is MethodState.ACTIVE:
        row.state, row.ended_at, row.ended_by = MethodState.GONE, clock.now(), "vendor"
        _record("method.gone", row, "vendor")


@writes
def remove(method_id: UUID, actor: str, *, client_id: UUID | None = None) -> None:
    """Use a method no more, and have the vendor forget it; removed twice it is removed once. `client_id`: only one of
    theirs."""
    row = models.locked_method(method_id)
    if row is None or (client_id is not None and row.client_id != client_id):
        raise NotFound(_("There is no such payment method."))
    if row.state is MethodState.ACTIVE:
        row.state, row.ended_at, row.ended_by = MethodState.REMOVED, clock.now(), actor
        _record("method.removed", row, actor)
        outbox.add(FORGET, method=str(row.id))


def forget(method_id: UUID) -> None:
    """Have the vendor keep a removed method no longer."""
    row = models.method(method_id)
    if row is None or row.state is not MethodState.REMOVED:
        return
    vendor_id, vendor = row.vendor_id, vendors.find_keeper(PAYMENTS, row.account_id, row.provider)
    release()
    if vendor is not None:
        saver(vendor).forget_method(vendor_id)


@writes
def look_around() -> None:
    """Have a job ask about pages somebody was led to, and about methods nobody has told of for long."""
    for agreement_id in models.open_agreements(clock.now() - OPEN_DAYS):
        outbox.add(LOOK_SETUP, agreement=str(agreement_id))
    for method_id in models.stale(clock.now() - ASK_AGAIN, AT_ONCE):
        outbox.add(LOOK_METHOD, method=str(method_id))


def refresh(client_id: UUID) -> None:
    """Ask about the client's latest page, when they come back before the webhook does."""
    since = clock.now() - OPEN_DAYS
    for agreement_id in models.open_agreements(since):
        row = models.agreement(agreement_id)
        if row is not None and row.client_id == client_id:
            try:
                look_setup(agreement_id)
            except ProviderError as error:
                log.warning("the payment vendor could not be asked", error=str(error))
            return


def saver(vendor: Vendor[Payments]) -> SavesMethods:
    """The vendor, as one that keeps methods. Raises ProviderError where it says that it does and does not."""
    provider: object = vendor.connect()
    if not isinstance(provider, SavesMethods):
        raise ProviderError(f"{vendor.label} keeps no payment methods", provider=vendor.name)
    return provider


def _record(kind: str, row: SavedMethod, actor: str) -> None:
    facts, name = {"actor": actor, "method": str(row.id)}, named(row.kind, row.brand, row.last4)
    events.record(kind, events.ref("client", row.client_id), facts, personal={"name": name})
