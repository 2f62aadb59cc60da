"""What Settings › Payments shows."""

from __future__ import annotations

from datetime import datetime

from webkit.core.capabilities.payments import PAYMENTS, ConnectKind
from webkit.core.kernel import vendors
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.payments import connecting, models, tills
from webkit.payments.models import ConnectedAccount


@dataclass(frozen=True, slots=True)
class Connected:
    """A connected account in words: what it may do, and what its owner still has to hand in."""

    name: str
    title: str
    managed: bool
    since: datetime
    checked_at: datetime
    can_charge: bool
    can_pay_out: bool
    submitted: bool
    wanted: tuple[str, ...]
    blocked: str
    currency: str
    in_use: bool
    on_its_way: int

    @property
    def ready(self) -> bool:
        return self.can_charge and self.can_pay_out


@dataclass(frozen=True, slots=True)
class Former:
    name: str
    title: str
    left_at: datetime | None
    taken_away: bool


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """`taker` is who takes the money now, "" while nobody does; `label` the vendor accounts are connected with."""

    label: str
    taker: str
    own_taker: bool
    may_begin: bool
    may_join: bool
    connected: Connected | None
    former: tuple[Former, ...]


def provider() -> str:
    """The vendor that accounts are connected with. Raises NotFound where there is none."""
    found = tills.offered()
    if found is None:
        raise NotFound(_("Accounts cannot be connected here."))
    return found[0].name


def accounts() -> AccountsPage:
    offered, till = tills.offered(), tills.till()
    vendor = offered[0] if offered else vendors.find_keeper(PAYMENTS, None)
    ways = offered[1] if offered else frozenset()
    row = models.connected(vendor.name) if vendor else None
    return AccountsPage(
        label=vendor.label if vendor else "",
        taker=till.label if till else "",
        own_taker=till is not None and till.account is not None and not till.account.connected,
        may_begin=ConnectKind.MANAGED in ways,
        may_join=ConnectKind.OWN in ways,
        connected=_connected(row) if row else None,
        former=tuple(_former(each) for each in models.former(vendor.name)) if vendor else (),
    )


def _connected(row: ConnectedAccount) -> Connected:
    used = vendors.own(PAYMENTS)
    return Connected(
        name=row.name,
        title=row.title,
        managed=row.kind == ConnectKind.MANAGED,
        since=row.since,
        checked_at=row.checked_at,
        can_charge=row.can_charge,
        can_pay_out=row.can_pay_out,
        submitted=row.submitted,
        wanted=tuple(_words(code) for code in row.wanted),
        blocked=_words(row.blocked),
        currency=row.currency,
        in_use=used is not None and used.id == row.account_id,
        on_its_way=connecting.on_its_way(row.account_id),
    )


def _former(row: ConnectedAccount) -> Former:
    return Former(row.name, row.title, row.left_at, row.taken_away)


def _words(code: str) -> str:
    """A vendor's short word as one can read it: `individual.id_number` is "Individual: id number"."""
    return code.replace(".", ": ").replace("_", " ").capitalize()
