"""Who supplies what to whom: an agency's own account with a vendor, or else what the platform has chosen.

Ask inside the read that needs it (`chosen`, `chain`, `keeper`), end the read, then `connect()`: what was found stays
the same in between, and the object behind it is made once for each version of an account. An account that is not used
any more stays known: what it keeps or took is found again, through it.
"""

from __future__ import annotations

import json
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.base import Capability, P, ProviderSpec
from webkit.core.capabilities.errors import ProviderMisconfigured
from webkit.core.kernel import circuits, clock
from webkit.core.kernel.db import asked_once, session
from webkit.core.kernel.runtime import current
from webkit.core.kernel.sealed import sealed_column, unseal
from webkit.core.kernel.tables import Owned, owned_args
from webkit.core.providers import PLATFORM
from webkit.core.values import dataclass

SEALED = "provider_accounts.sealed"
ELSEWHERE = UUID(int=2**128 - 1)
"""Nobody's account: through which went what another installation did through its own."""


class ProviderAccount(Owned):
    """An agency's own account with a vendor. `chosen_for` is its capability while it is the one in use, else nothing.

    `sealed` holds the settings as JSON; `version` counts their changes. `sender` is the address mail leaves from.
    `connected` is the vendor's name of an account that the platform acts for, with its own settings; `gone` says that
    its owner does not let it any more.
    """

    __tablename__ = "provider_accounts"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "chosen_for"),
        sa.Index("ix_provider_accounts_capability_provider", "capability", "provider"),
    )

    capability: Mapped[str] = mapped_column(sa.String(32))
    provider: Mapped[str] = mapped_column(sa.String(32))
    chosen_for: Mapped[str | None] = mapped_column(sa.String(32))
    sealed: Mapped[str] = sealed_column()
    sender: Mapped[str] = mapped_column(sa.String(255), default="")
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)
    changed_by: Mapped[UUID | None]
    checked_at: Mapped[datetime | None]
    health: Mapped[str] = mapped_column(sa.String(16), default="")
    health_detail: Mapped[str] = mapped_column(sa.Text, default="")
    connected: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    gone: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


@dataclass(frozen=True, slots=True)
class Account:
    """An agency's own account, read."""

    id: UUID
    capability: str
    provider: str
    version: int
    sender: str
    sealed: str = field(repr=False)
    connected: str = ""
    gone: bool = False
    agency: UUID | None = None

    def values(self) -> dict[str, str]:
        """Its settings, opened."""
        found: dict[str, str] = json.loads(unseal(SEALED, self.agency, self.sealed))
        return found


@dataclass(frozen=True, slots=True)
class Vendor(Generic[P]):
    """A provider with the account it is used through; `account` is None for the platform's."""

    spec: ProviderSpec[P]
    account: Account | None = None

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def label(self) -> str:
        return self.spec.label

    @property
    def features(self) -> frozenset[str]:
        return self.spec.features

    @property
    def account_id(self) -> UUID | None:
        return self.account.id if self.account else None

    @property
    def circuit(self) -> str:
        """The name of its circuit."""
        return circuits.key(self.spec.capability.key, self.name, str(self.account_id or PLATFORM))

    def connect(self) -> P:
        """The provider, to be called while no transaction is open. Raises ProviderMisconfigured."""
        registry = current().registry
        if self.account is None:
            return registry.get(self.spec.capability, name=self.name)
        if self.account.connected:
            return registry.acting_for(self.spec, str(self.account.id), self.account.connected)
        try:
            return registry.of_account(self.spec, str(self.account.id), self.account.version, self.account.values)
        except ValidationError:  # its settings were accepted once: the provider asks for more today
            text = f"{self.label} needs other settings now: an owner of the agency has to look at them"
            raise ProviderMisconfigured(text, provider=self.name) from None


def chosen(capability: Capability[P]) -> Vendor[P]:
    """Who supplies the current unit's agency; of a chain the first. Raises ProviderMisconfigured."""
    return chain(capability)[0]


def find_chosen(capability: Capability[P]) -> Vendor[P] | None:
    """`chosen`, or None while the choice is wrong."""
    try:
        return chosen(capability)
    except ProviderMisconfigured:
        return None


def chosen_name(capability: Capability[Any]) -> str:
    """The name of who supplies the current unit's agency, "" while the choice is wrong."""
    vendor = find_chosen(capability)
    return vendor.name if vendor else ""


def chain(capability: Capability[P]) -> tuple[Vendor[P], ...]:
    """Everybody who may be asked, in this order: an agency's own account alone, or the platform's chain.

    Raises ProviderMisconfigured, also when nobody supplies it.
    """
    if (account := own(capability)) is not None:
        return (_of_account(capability, account),)
    if not (specs := current().registry.chain(capability)):
        raise ProviderMisconfigured(f"nobody supplies {capability.key}: set {capability.env}")
    return tuple(Vendor(spec) for spec in specs)


def keeper(capability: Capability[P], account_id: UUID | None, provider: str = "") -> Vendor[P]:
    """Who was asked before: through this account, or the platform's `provider`; by default the one it has chosen.

    Raises ProviderMisconfigured when it is not there any more.
    """
    registry = current().registry
    if account_id is not None:
        account = next((row.account for row in _accounts() if row.account.id == account_id), None)
        if account is None or account.capability != capability.key:
            raise ProviderMisconfigured(f"there is no such account for {capability.key}")
        return _of_account(capability, account)
    spec = registry.named(capability, provider) if provider else registry.spec(capability)
    if spec is None:
        raise ProviderMisconfigured(f"{provider or capability.key} is not installed any more", provider=provider)
    if registry.missing(spec):
        raise ProviderMisconfigured(f"{spec.label} is not set up any more", provider=spec.name)
    return Vendor(spec)


def find_keeper(capability: Capability[P], account_id: UUID | None, provider: str = "") -> Vendor[P] | None:
    """`keeper`, or None when it is not there any more."""
    try:
        return keeper(capability, account_id, provider)
    except ProviderMisconfigured:
        return None


def provider_of(account_id: UUID) -> str:
    """Whose account it is, or was; nothing for an unknown one."""
    return next((row.account.provider for row in _accounts() if row.account.id == account_id), "")


def own(capability: Capability[Any]) -> Account | None:
    """The account the current agency has chosen; None where the platform's provider serves it."""
    if not capability.agencies or session().scope.agency is None:
        return None
    found = next((row for row in _accounts() if row.in_use and row.account.capability == capability.key), None)
    return found.account if found else None


@dataclass(frozen=True, slots=True)
class _Row:
    account: Account
    in_use: bool


@asked_once
def _accounts() -> tuple[_Row, ...]:
    """Every account the current agency has or had: few, so one question tells all."""
    if (agency := session().scope.agency) is None:
        return ()
    columns = (
        ProviderAccount.id,
        ProviderAccount.capability,
        ProviderAccount.provider,
        ProviderAccount.version,
        ProviderAccount.sender,
        ProviderAccount.sealed,
        ProviderAccount.connected,
        ProviderAccount.gone,
        ProviderAccount.chosen_for,
    )
    rows = session().execute(sa.select(*columns).order_by(ProviderAccount.id))
    return tuple(_Row(Account(*row[:-1], agency=agency), row[-1] is not None) for row in rows)


def used_by() -> dict[tuple[str, str], int]:
    """How many agencies use an account of their own, by capability and provider; inside `platform`."""
    return {(row[0], row[1]): row[2] for row in session().execute(_USED)}


def peek(database: str) -> dict[tuple[str, str], int] | None:
    """The same before there is an application; None when the database at this address does not answer. Makes none."""
    url = sa.make_url(database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("SET LOCAL ROLE webkit_platform"))  # else it sees one agency at a time
            return {(row[0], row[1]): row[2] for row in connection.execute(_USED)}
    except sa.exc.SQLAlchemyError:
        return None


_USED = (
    sa.select(ProviderAccount.capability, ProviderAccount.provider, sa.func.count())
    .where(ProviderAccount.chosen_for.is_not(None))
    .group_by(ProviderAccount.capability, ProviderAccount.provider)
)


def _of_account(capability: Capability[P], account: Account) -> Vendor[P]:
    spec = current().registry.named(capability, account.provider)
    if spec is None or not spec.agencies:
        text = f"{account.provider} is not installed any more: an owner of the agency has to choose again"
        raise ProviderMisconfigured(text, provider=account.provider)
    if account.gone:
        raise ProviderMisconfigured(f"the account with {spec.label} is not connected any more", provider=spec.name)
    return Vendor(spec, account)
