"""What can be known about clients and done with them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import events, models, vies
from webkit.clients.imported import Known as Known
from webkit.clients.imported import add_imported as add_imported
from webkit.clients.imported import folded as folded
from webkit.clients.imported import known as known
from webkit.clients.imported import read as read
from webkit.clients.imported import remove_imported as remove_imported
from webkit.clients.imported import stored as stored
from webkit.clients.models import Client
from webkit.clients.vies import vat_number as vat_number
from webkit.core.kernel import addresses, audit, once, signals, tenancy
from webkit.core.kernel import events as chain
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

CHOICES = 1000
FIELDS = (
    *("name", "contact_name", "email", "phone", "website", "street", "postcode", "city", "region", "country"),
    *("tax_id", "locale", "notes", "payment_rule", "payment_days"),
)
"""What can be typed about a client."""


@dataclass(frozen=True, slots=True)
class ClientView:
    """A client as other features and pages see it. `locale` is the client's, or the agency's where none is set."""

    id: UUID
    name: str
    contact_name: str
    email: str
    phone: str
    website: str
    street: str
    postcode: str
    city: str
    region: str
    lines: tuple[str, ...]
    country: str
    tax_id: str
    locale: str
    own_locale: str
    payment_rule: str
    payment_days: int | None
    notes: str
    active: bool
    revision: int
    created_at: datetime


def get(client_id: UUID) -> ClientView:
    """A client of the current agency. Raises NotFound."""
    if (row := models.read(client_id)) is None:
        raise NotFound(_("There is no such client."))
    return _view(row, _agency_locale())


def several(ids: Iterable[UUID]) -> dict[UUID, ClientView]:
    """These clients."""
    locale = _agency_locale()
    return {row.id: _view(row, locale) for row in models.several(list(ids))}


def by_email(email: str) -> ClientView | None:
    """The client with this address of mail."""
    row = models.by_email(email.lower())
    return _view(row, _agency_locale()) if row else None


def choices() -> list[tuple[UUID, str]]:
    """(id, name) of clients that are not archived, by name."""
    return list(models.choices(CHOICES))


def names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of these clients."""
    return models.names(ids)


def has_any() -> bool:
    """Whether the agency has ever had a client."""
    return models.any_client()


def facts(client_id: UUID) -> dict[str, str] | None:
    """What plugins are told about a client."""
    row = models.get(client_id)
    return None if row is None else told(_view(row, _agency_locale()))


def told(client: ClientView) -> dict[str, str]:
    """The same, by the names that merge fields have in contracts."""
    return {
        "client.name": client.name,
        "client.contact_name": client.contact_name,
        "client.email": client.email,
        "client.phone": client.phone,
        "client.website": client.website,
        "client.tax_id": client.tax_id,
        "client.country": client.country,
    }


def client_snapshot(view: ClientView) -> dict[str, Any]:
    """What frozen documents keep of their receiver."""
    return {
        "id": str(view.id),
        "name": view.name,
        "contact_name": view.contact_name,
        "email": view.email,
        "lines": list(view.lines),
        "tax_id": view.tax_id,
        "country": view.country,
    }


@writes
def create(values: dict[str, Any], actor: str, once_key: str = "") -> UUID:
    """Add a client; sent twice with the same key it is one. Raises Invalid when the address of mail is taken."""
    if known := once.result(once_key):
        return UUID(known)
    _refuse_taken(values.get("email"), None)
    row = models.add(values)
    vies.ask_later(row.tax_id, row.country)
    once.keep(once_key, str(row.id))
    _record(events.CREATED, row, actor)
    return row.id


@writes
def change(client_id: UUID, values: dict[str, Any], revision: int | None, actor: str) -> list[str]:
    """Store what was changed and return its names. Raises Conflict when somebody was faster since `revision`."""
    row = _client(client_id)
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return []
    if revision is not None and revision != row.revision:
        raise Conflict(_("Somebody else has changed this client since you opened the page. Save again to keep yours."))
    _refuse_taken(values.get("email"), client_id)
    models.update(row, changed)
    if changed.keys() & {"tax_id", "country"}:
        vies.ask_later(row.tax_id, row.country)
    if "name" in changed:
        signals.publish(events.ClientRenamed(client_id, row.name))
    if changed.keys() == {"notes"}:
        audit.log("client.noted", subject=ref("client", client_id))
    else:
        _record(events.CHANGED, row, actor, fields=sorted(changed))
    return sorted(changed)


@writes
def archive(client_id: UUID, actor: str) -> None:
    """Take a client out of lists and choices; its documents stay. Done twice it is done once."""
    _set_archived(client_id, True, events.ARCHIVED, actor)


@writes
def restore(client_id: UUID, actor: str) -> None:
    """Bring a client back."""
    _set_archived(client_id, False, events.RESTORED, actor)


def _set_archived(client_id: UUID, archived: bool, kind: str, actor: str) -> None:
    row = _client(client_id)
    if row.archived != archived:
        models.update(row, {"archived": archived})
        _record(kind, row, actor)


def _record(kind: str, row: Client, actor: str, **facts: Any) -> None:
    chain.record(kind, ref("client", row.id), {"actor": actor, **facts}, personal={"name": row.name})


def _refuse_taken(email: str | None, but: UUID | None) -> None:
    other = models.by_email(email) if email else None
    if other is not None and other.id != but:
        raise Invalid({"email": _("%(name)s has this address already.", name=other.name)})


def _client(client_id: UUID) -> Client:
    if (row := models.get(client_id)) is None:
        raise NotFound(_("There is no such client."))
    return row


def _agency_locale() -> str:
    agency = agencies.by_id(tenancy.agency_id())
    return agency.locale if agency else ""


def _view(row: Client | Any, agency_locale: str) -> ClientView:
    return ClientView(
        id=row.id,
        name=row.name,
        contact_name=row.contact_name,
        email=row.email or "",
        phone=row.phone,
        website=row.website,
        street=row.street,
        postcode=row.postcode,
        city=row.city,
        region=row.region,
        lines=addresses.lines(row.street, row.postcode, row.city, row.region, row.country),
        country=row.country,
        tax_id=row.tax_id,
        locale=row.locale or agency_locale,
        own_locale=row.locale,
        payment_rule=row.payment_rule,
        payment_days=row.payment_days,
        notes=row.notes,
        active=not row.archived,
        revision=row.revision,
        created_at=row.created_at,
    )
