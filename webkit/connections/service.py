"""Choosing, setting up, testing and leaving an agency's own accounts with vendors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from uuid import UUID

from webkit.connections import fields, models
from webkit.connections.fields import Setting, Typed
from webkit.connections.views import AccountView, ServiceView
from webkit.core.capabilities.base import Capability, HealthReport, ProviderSpec
from webkit.core.capabilities.email import EMAIL, EmailFeature
from webkit.core.kernel import audit, clock, forms, inbox, locks, sealed, tenancy, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.forms import Form, bind
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.runtime import current
from webkit.core.kernel.vendors import ProviderAccount
from webkit.core.values import dataclass

SENDER, OTHER = "account_sender", "other_account"
LOCK = "provider accounts"
WORDS = {
    "email": (_l("Mail"), _l("Proposals, contracts and invoices leave through it."), "mail"),
    "payments": (_l("Payments"), _l("Clients pay invoices there."), "credit-card"),
    "ai_text": (_l("AI writing"), _l("Writes texts of proposals."), "sparkles"),
    "storage": (_l("Files"), _l("Keeps PDFs of what was sent."), "database"),
}


@dataclass(frozen=True, slots=True)
class AccountForm:
    """Everything the form of an account shows; `values` are those that are no secrets, `endings` what is seen of them.

    `account` is the one in use, if it is with this provider.
    """

    spec: ProviderSpec[Any]
    service: str
    settings: tuple[Setting, ...]
    values: dict[str, str]
    endings: dict[str, str]
    account: AccountView | None
    takes_sender: bool
    webhook_url: str
    former_label: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person typed, checked; `settings` are ready to be tried out."""

    spec: ProviderSpec[Any]
    typed: Typed = field(repr=False)
    sender: str = ""
    other: bool = False


class _SenderForm(Form):
    account_sender: forms.Email


def services() -> list[ServiceView]:
    """What an agency may choose for itself, with what it has chosen."""
    rows = models.all_accounts()
    known = {row.capability for row in rows}
    return [
        _service(capability, [row for row in rows if row.capability == capability.key])
        for capability in current().registry.capabilities
        if _offered(capability) or capability.key in known
    ]


def form(capability_key: str, provider: str) -> AccountForm:
    """The form of an account with a provider: of the one in use, or of a new one. Raises NotFound."""
    spec = _spec(capability_key, provider)
    row = models.in_use(capability_key)
    mine = row if row is not None and row.provider == provider and not row.connected else None
    stored = _stored(mine)
    settings = fields.of(spec)
    secrets = {setting.name for setting in settings if setting.kind == "secret"}
    own = _view(mine) if mine else None
    return AccountForm(
        spec=spec,
        service=_words(spec.capability)[0],
        settings=settings,
        values={name: value for name, value in stored.items() if name not in secrets}
        | {SENDER: own.sender if own else ""},
        endings={name: fields.ending(value) for name, value in stored.items() if name in secrets},
        account=own,
        takes_sender=spec.capability is EMAIL,
        webhook_url=own.webhook_url if own else _promised_url(spec),
        former_label=_label(row) if row is not None and mine is None else "",
    )


def check(capability_key: str, provider: str, given: Mapping[str, str]) -> Wish:
    """Read what was typed. Raises Invalid with what is wrong, by field; looks addresses up, so no read stays open."""
    spec = _spec(capability_key, provider)
    row = models.in_use(capability_key)
    stored = _stored(row if row is not None and row.provider == provider and not row.connected else None)
    typed = fields.read(spec, given, stored)
    release()
    errors, sender = dict(typed.errors), ""
    if not errors:
        errors = fields.refuse_private(spec, typed.values)
    if spec.capability is EMAIL:
        bound = bind(_SenderForm, {SENDER: given.get(SENDER, "")})
        errors |= bound.state.errors
        sender = bound.data.account_sender if bound.ok else ""
    if errors:
        raise Invalid(errors)
    return Wish(spec, typed, sender, bool(given.get(OTHER)))


def try_out(wish: Wish) -> HealthReport:
    """Ask the vendor how it is with exactly what was typed. Nothing is kept but, for what is in use, the answer."""
    assert wish.typed.settings is not None
    report = current().registry.try_out(wish.spec, wish.typed.settings)
    _note(wish, report)
    return report


@writes
def _note(wish: Wish, report: HealthReport) -> None:
    row = models.in_use(wish.spec.capability.key)
    if row is not None and row.provider == wish.spec.name and _stored(row) == wish.typed.values:
        models.note_health(row.id, row.version, report.status.value, report.detail[:500], clock.now())
    audit.log("provider.tested", detail={**_detail(wish.spec), "health": report.status.value})


@writes
def save(wish: Wish, by: UUID) -> UUID:
    """Keep what was typed and use it from the next call on, in every process.

    What says where things are kept makes another account of it, and so does the wish for another one: what the former
    one keeps or took stays with it.
    """
    locks.hold(LOCK)
    spec, values = wish.spec, wish.typed.values
    row = models.in_use(spec.capability.key)
    stored = _stored(row)
    same = row is not None and row.provider == spec.name and not wish.other and not row.connected
    if row is not None and same and fields.places(spec, stored) == fields.places(spec, values):
        changed = sorted(name for name in {*stored, *values} if stored.get(name) != values.get(name))
        row.sealed, row.sender, row.version = _seal(values), wish.sender, row.version + 1
        row.changed_at, row.changed_by = clock.now(), by
        row.health = row.health_detail = ""
        audit.log("provider.changed", subject=_subject(row), detail={**_detail(spec), "fields": changed})
        return row.id
    promised = _promise(spec)
    if row is not None:
        models.choose(row, None)
    row = models.add(
        capability=spec.capability.key,
        provider=spec.name,
        chosen_for=spec.capability.key,
        sealed=_seal(values),
        sender=wish.sender,
        changed_by=by,
    )
    if _reports(spec):
        inbox.endpoint(spec.capability.key, spec.name, row.id, name=promised)
    audit.log("provider.chosen", subject=_subject(row), detail={**_detail(spec), "fields": sorted(values)})
    return row.id


@writes
def step_back(capability_key: str) -> None:
    """Use the platform's provider again. The account stays known: what it keeps is found, what it took goes back."""
    locks.hold(LOCK)
    if (row := models.in_use(capability_key)) is None:
        raise Conflict(_("The platform's service is in use already."))
    if row.connected:
        raise Conflict(_("This account is connected: disconnect it where its settings are."))
    models.choose(row, None)
    audit.log("provider.left", subject=_subject(row), detail={"capability": capability_key, "provider": row.provider})


@writes
def take_up(capability_key: str, account_id: UUID) -> None:
    """Use a former account again, with the settings it had."""
    locks.hold(LOCK)
    row, former = models.get(account_id), models.in_use(capability_key)
    if row is None or row.capability != capability_key or row.connected:
        raise NotFound(_("There is no such account."))
    if row is former:
        raise Conflict(_("This account is in use already."))
    spec = _spec(capability_key, row.provider)
    if former is not None:
        models.choose(former, None)
    models.choose(row, capability_key)
    audit.log("provider.chosen", subject=_subject(row), detail=_detail(spec))


@writes
def take_in(capability_key: str, provider: str, name: str, by: UUID | None) -> UUID:
    """Use an account from now on that the platform acts for: all it has is the vendor's `name` for it.

    Connected again, it is the account it was, so that what it took goes back the way it came.
    """
    locks.hold(LOCK)
    row, former = models.connected(capability_key, provider, name), models.in_use(capability_key)
    if former is not None and former is not row:
        models.choose(former, None)
    if row is None:
        row = models.add(capability=capability_key, provider=provider, sealed="", connected=name)
    row.gone, row.changed_by = False, by
    models.choose(row, capability_key)
    audit.log("provider.connected", subject=_subject(row), detail={"capability": capability_key, "provider": provider})
    return row.id


@writes
def disconnect(account_id: UUID, *, gone: bool) -> None:
    """Use a connected account no more; `gone`: nothing can be asked of it any more either. Twice is once."""
    locks.hold(LOCK)
    row = models.get(account_id)
    if row is None or (row.chosen_for is None and row.gone is gone):
        return
    detail = {"capability": row.capability, "provider": row.provider, "gone": gone}
    row.gone = gone
    models.choose(row, None)
    audit.log("provider.disconnected", subject=_subject(row), detail=detail)


def _spec(capability_key: str, provider: str) -> ProviderSpec[Any]:
    registry = current().registry
    capability = registry.of_key(capability_key)
    spec = registry.named(capability, provider) if capability else None
    if spec is None or not fields.suits(spec):
        raise NotFound(_("There is no such service to choose."))
    return spec


def _offered(capability: Capability[Any]) -> tuple[tuple[str, str], ...]:
    registry = current().registry
    specs = [registry.named(capability, name) for name in registry.names(capability)]
    return tuple((spec.name, spec.label) for spec in specs if spec is not None and fields.suits(spec))


def _service(capability: Capability[Any], rows: list[ProviderAccount]) -> ServiceView:
    label, about, icon = _words(capability)
    registry = current().registry
    chosen = [registry.named(capability, name) for name in registry.chosen_names(capability)]
    views = [_view(row) for row in rows]
    return ServiceView(
        key=capability.key,
        label=label,
        about=about,
        icon=icon,
        platform=", ".join(spec.label for spec in chosen if spec is not None),
        own=next((view for view in views if view.in_use), None),
        former=tuple(view for view in views if not view.in_use),
        offered=_offered(capability),
    )


def _words(capability: Capability[Any]) -> tuple[str, str, str]:
    label, about, icon = WORDS.get(capability.key, (capability.key.replace("_", " ").capitalize(), "", "plug"))
    return str(label), str(about), icon


def _view(row: ProviderAccount) -> AccountView:
    capability = current().registry.of_key(row.capability)
    spec = current().registry.named(capability, row.provider) if capability else None
    name = inbox.endpoint_of(row.capability, row.provider, row.id) if spec and _reports(spec) else None
    return AccountView(
        id=row.id,
        provider=row.provider,
        label=_label(row),
        installed=spec is not None,
        in_use=row.chosen_for is not None,
        sender=row.sender,
        since=row.changed_at,
        health=row.health,
        health_detail=row.health_detail,
        checked_at=row.checked_at,
        webhook_url=inbox.url(row.capability, row.provider, name) if name else "",
        connected=row.connected,
    )


def _label(row: ProviderAccount) -> str:
    capability = current().registry.of_key(row.capability)
    spec = current().registry.named(capability, row.provider) if capability else None
    return spec.label if spec else row.provider


def _stored(row: ProviderAccount | None) -> dict[str, str]:
    text = sealed.unseal(vendors.SEALED, row.agency_id, row.sealed) if row is not None else ""
    found: dict[str, str] = json.loads(text or "{}")
    return found


def _seal(values: Mapping[str, str]) -> str:
    return sealed.seal(vendors.SEALED, tenancy.agency_id(), json.dumps(dict(values), ensure_ascii=False))


def _reports(spec: ProviderSpec[Any]) -> bool:
    """Whether the vendor calls back."""
    return hasattr(spec.capability.protocol, "verify") or EmailFeature.DELIVERY_EVENTS in spec.features


def _promise(spec: ProviderSpec[Any]) -> str:
    """The name of the next account's endpoint: vendors want to know it before they tell their secret."""
    nth = models.count(spec.capability.key, spec.name) + 1
    return current().keys.token_hash(f"endpoint/{tenancy.agency_id()}/{spec.capability.key}/{spec.name}/{nth}")[:32]


def _promised_url(spec: ProviderSpec[Any]) -> str:
    return inbox.url(spec.capability.key, spec.name, _promise(spec)) if _reports(spec) else ""


def _subject(row: ProviderAccount) -> str:
    return f"account:{row.id}"


def _detail(spec: ProviderSpec[Any]) -> dict[str, Any]:
    return {"capability": spec.capability.key, "provider": spec.name}
