"""Contract templates and contracts, and every query on them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, durations, search, tenancy
from webkit.core.kernel.db import insert_missing, session
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.tables import Authored, Json, Owned, enum_column, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared


class ContractState(enum.StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    SIGNED = "signed"
    SEALED = "sealed"
    CANCELLED = "cancelled"


KIND, EXPIRED = "contract", "expired"

TRANSITIONS: dict[ContractState, frozenset[ContractState]] = {
    ContractState.DRAFT: frozenset({ContractState.SENT, ContractState.CANCELLED}),
    ContractState.SENT: frozenset({ContractState.SIGNED, ContractState.CANCELLED}),
    ContractState.SIGNED: frozenset({ContractState.SEALED}),
    ContractState.SEALED: frozenset(),
    ContractState.CANCELLED: frozenset(),
}
"""What may follow what. A signed contract can only be sealed."""


class ContractTemplate(Owned):
    """Clauses with merge fields. `version` counts the changes; `builtin` marks the ones we made for the agency."""

    __tablename__ = "contract_templates"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "builtin"),
        sa.Index(
            "uq_contract_templates_default",
            "agency_id",
            "locale",
            unique=True,
            sqlite_where=sa.text("is_default"),
            postgresql_where=sa.text("is_default"),
        ),
    )

    name: Mapped[str] = mapped_column(sa.String(120))
    locale: Mapped[str] = mapped_column(sa.String(8))
    version: Mapped[int] = mapped_column(default=1)
    clauses: Mapped[list[dict[str, str]]] = mapped_column(Json)
    signatory_name: Mapped[str] = mapped_column(sa.String(120), default="")
    signatory_title: Mapped[str] = mapped_column(sa.String(120), default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    archived: Mapped[bool] = mapped_column(default=False)
    builtin: Mapped[str | None] = mapped_column(sa.String(8))


class Contract(Authored, Owned):
    """One contract. Its amounts are those of the accepted proposal or quotation, whose number is `proposal_number`;
    `revision` counts the edits of a draft."""

    __tablename__ = "contracts"
    __table_args__ = owned_args(
        owned_fk("proposal_id", "proposals"),
        owned_fk("quotation_id", "quotations"),
        owned_fk("client_id", "clients"),
        owned_fk("template_id", "contract_templates"),
        sa.Index(
            "uq_contracts_proposal",
            "agency_id",
            "proposal_id",
            unique=True,
            sqlite_where=sa.text("state <> 'cancelled'"),
            postgresql_where=sa.text("state <> 'cancelled'"),
        ),
        sa.Index(
            "uq_contracts_quotation",
            "agency_id",
            "quotation_id",
            unique=True,
            sqlite_where=sa.text("state <> 'cancelled'"),
            postgresql_where=sa.text("state <> 'cancelled'"),
        ),
        sa.UniqueConstraint("agency_id", "number"),
        sa.Index("ix_contracts_client", "agency_id", "client_id", "id"),
        sa.Index("ix_contracts_signed", "agency_id", "signed_at", "id"),
        sa.Index("ix_contracts_amount", "agency_id", "currency", "total_minor", "id"),
        sa.Index("ix_contracts_agency_id_state_id", "agency_id", "state", "id"),
        sa.Index("ix_contracts_agency_id_template_id", "agency_id", "template_id"),
    )

    state: Mapped[ContractState] = enum_column(ContractState, default=ContractState.DRAFT)
    number: Mapped[str | None] = mapped_column(sa.String(64))
    title: Mapped[str] = mapped_column(sa.String(200))
    proposal_id: Mapped[UUID | None]
    quotation_id: Mapped[UUID | None]
    proposal_number: Mapped[str] = mapped_column(sa.String(64))
    client_id: Mapped[UUID]
    template_id: Mapped[UUID]
    template_version: Mapped[int]
    locale: Mapped[str] = mapped_column(sa.String(16))
    currency: Mapped[str] = mapped_column(sa.String(3))
    once: Mapped[dict[str, Any] | None] = mapped_column(Json)
    monthly: Mapped[dict[str, Any] | None] = mapped_column(Json)
    deposit: Mapped[dict[str, Any] | None] = mapped_column(Json)
    deposit_percent: Mapped[Decimal | None]
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)
    monthly_minor: Mapped[int] = mapped_column(sa.BigInteger)
    deposit_minor: Mapped[int] = mapped_column(sa.BigInteger)
    clauses: Mapped[list[dict[str, str]]] = mapped_column(Json)
    commencement: Mapped[date | None]
    completion: Mapped[date | None]
    valid_until: Mapped[date]
    signer_name: Mapped[str] = mapped_column(sa.String(120))
    signer_title: Mapped[str] = mapped_column(sa.String(120), default="")
    signer_email: Mapped[str] = mapped_column(sa.String(255))
    signatory_name: Mapped[str] = mapped_column(sa.String(120))
    signatory_title: Mapped[str] = mapped_column(sa.String(120), default="")
    revision: Mapped[int] = mapped_column(default=1)
    frozen_id: Mapped[UUID | None]
    sealed_id: Mapped[UUID | None]
    next_invoice_id: Mapped[UUID | None]
    sent_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(sa.Text, default="")


def add(row: Owned) -> UUID:
    session().add(row)
    session().flush()
    if isinstance(row, Contract):
        search.changed(KIND, row.id)
    return row.id


def contract(contract_id: UUID) -> Contract | None:
    return session().get(Contract, contract_id)


def of_proposal(proposal_id: UUID) -> Contract | None:
    """The proposal's contract that has not been cancelled."""
    query = sa.select(Contract).where(Contract.proposal_id == proposal_id, Contract.state != ContractState.CANCELLED)
    return session().scalars(query).one_or_none()


def of_client(client_id: UUID) -> list[Contract]:
    query = sa.select(Contract).where(Contract.client_id == client_id).order_by(Contract.id.desc()).limit(100)
    return list(session().scalars(query))


def with_contract(proposal_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these proposals have a contract that was not cancelled."""
    wanted = Contract.proposal_id.in_(list(proposal_ids))
    query = sa.select(Contract.proposal_id).where(wanted, Contract.state != ContractState.CANCELLED)
    return set(session().scalars(query))


def any_of(column: str, document_id: UUID) -> bool:
    """Whether any contract, cancelled ones too, names this proposal or client."""
    query = sa.select(Contract.id).where(getattr(Contract, column) == document_id).limit(1)
    return session().scalar(query) is not None


class Listed(NamedTuple):
    """What lists show of a contract: without its clauses, which are long."""

    id: UUID
    client_id: UUID
    title: str
    number: str | None
    state: ContractState
    currency: str
    total_minor: int
    monthly_minor: int
    valid_until: date
    created_at: datetime
    sent_at: datetime | None
    signed_at: datetime | None

    def word(self, today: date) -> str:
        """The state as lists show it: what nobody signed in time has expired."""
        return EXPIRED if self.state == ContractState.SENT and self.valid_until < today else self.state.value


def in_state(state: str) -> sa.ColumnElement[bool]:
    """Whether a contract is in a state, or expired, on the day `today`."""
    today = sa.bindparam("today", type_=sa.Date())
    if state == EXPIRED:
        return sa.and_(Contract.state == ContractState.SENT, Contract.valid_until < today)
    if state == ContractState.SENT:
        return sa.and_(Contract.state == ContractState.SENT, Contract.valid_until >= today)
    if state == ContractState.SEALED:
        return Contract.state.in_((ContractState.SIGNED, ContractState.SEALED))
    return Contract.state == ContractState(state)


def searched(ids: Sequence[UUID]) -> Sequence[Any]:
    """(id, client_id, number, proposal_number, title) of these contracts, as they are in this write."""
    columns = (Contract.id, Contract.client_id, Contract.number, Contract.proposal_number, Contract.title)
    return session().execute(sa.select(*columns).where(Contract.id.in_(ids))).all()


@prepared
def _counted() -> sa.Executable:
    found = sa.select(sa.func.count()).select_from(Contract)
    return found.where(mine(Contract), Contract.state == sa.bindparam("state"))


def count(state: ContractState) -> int:
    """How many are in a state right now."""
    return int(_counted(state=state)[0][0])


def move(contract_id: UUID, to: ContractState, *, revision: int | None = None, **values: Any) -> bool:
    """Change the state if the table of transitions allows it right now, and the draft is still at `revision` where
    one is given; False when somebody was faster."""
    allowed = Contract.state.in_([state for state, following in TRANSITIONS.items() if to in following])
    seen = sa.true() if revision is None else Contract.revision == revision
    return _change(contract_id, sa.and_(allowed, seen), {"state": to, **values})


def edit(contract_id: UUID, revision: int, **values: Any) -> bool:
    """Change a draft that is still in the revision the editor saw; False otherwise."""
    seen = sa.and_(Contract.state == ContractState.DRAFT, Contract.revision == revision)
    return _change(contract_id, seen, {"revision": revision + 1, **values})


def keep_next_invoice(contract_id: UUID, invoice_id: UUID) -> None:
    _change(contract_id, sa.true(), {"next_invoice_id": invoice_id})


def _change(contract_id: UUID, condition: sa.ColumnElement[bool], values: dict[str, Any]) -> bool:
    done = session().scalars(
        sa.update(Contract)
        .where(Contract.id == contract_id, condition)
        .values(**values)
        .returning(Contract.id)
        .execution_options(synchronize_session=False)
    )
    changed = done.one_or_none() is not None
    session().expire_all()
    if values.keys() & {"number", "title", "client_id"}:
        search.changed(KIND, contract_id)
    return changed


def template(template_id: UUID) -> ContractTemplate | None:
    return session().get(ContractTemplate, template_id)


def templates(*, archived: bool = False) -> list[ContractTemplate]:
    """Templates in use, by language and name; or those put away."""
    query = sa.select(ContractTemplate).where(ContractTemplate.archived.is_(archived))
    return list(session().scalars(query.order_by(ContractTemplate.locale, ContractTemplate.name, ContractTemplate.id)))


def default_template(locale: str) -> ContractTemplate | None:
    """The default for a language, else any default."""
    defaults = [each for each in templates() if each.is_default]
    fitting = [each for each in defaults if each.locale == locale]
    return next(iter(fitting or defaults), None)


def count_own_templates() -> int:
    """Templates in use that the agency has made: ours, which it begins with, are not counted."""
    own = sa.and_(ContractTemplate.archived.is_(False), ContractTemplate.builtin.is_(None))
    return session().scalar(sa.select(sa.func.count()).select_from(ContractTemplate).where(own)) or 0


def has_templates() -> bool:
    return session().scalar(sa.select(ContractTemplate.id).limit(1)) is not None


def add_builtin(language: str, name: str, clauses: list[dict[str, str]]) -> None:
    """Insert a template of ours unless it is there; two at once insert it once."""
    insert_missing(
        ContractTemplate,
        id=uuid7(),
        created_at=clock.now(),
        agency_id=tenancy.agency_id(),
        name=name,
        locale=language,
        version=1,
        clauses=clauses,
        signatory_name="",
        signatory_title="",
        is_default=True,
        archived=False,
        builtin=language,
    )


def edit_template(template_id: UUID, version: int, **values: Any) -> bool:
    """Change a template still in the version the editor saw, and count the change; False otherwise."""
    done = session().scalars(
        sa.update(ContractTemplate)
        .where(ContractTemplate.id == template_id, ContractTemplate.version == version)
        .values(version=version + 1, **values)
        .returning(ContractTemplate.id)
        .execution_options(synchronize_session=False)
    )
    changed = done.one_or_none() is not None
    session().expire_all()
    return changed


def make_default(chosen: ContractTemplate) -> None:
    """Let `chosen` be its language's default, and no other."""
    session().execute(
        sa.update(ContractTemplate)
        .where(ContractTemplate.locale == chosen.locale, ContractTemplate.is_default)
        .values(is_default=False)
        .execution_options(synchronize_session=False)
    )
    chosen.is_default = True
    session().flush()


def took(since: datetime, until: datetime) -> list[tuple[int, int]]:
    """(hours, how many) from sent to signed, of what was signed in this time."""
    return durations.took(Contract, Contract.sent_at, Contract.signed_at, since, until)
