"""Totals divided into milestones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, owned_args, owned_fk


class Plan(Owned):
    """What was agreed in a contract, a quotation or a proposal, divided into milestones."""

    __tablename__ = "billing_plans"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        owned_fk("contract_id", "contracts"),
        owned_fk("quotation_id", "quotations"),
        owned_fk("proposal_id", "proposals"),
        sa.UniqueConstraint("agency_id", "contract_id"),
        sa.UniqueConstraint("agency_id", "quotation_id"),
        sa.UniqueConstraint("agency_id", "proposal_id"),
        sa.Index("ix_billing_plans_agency_id_client_id", "agency_id", "client_id"),
    )

    client_id: Mapped[UUID]
    contract_id: Mapped[UUID | None]
    quotation_id: Mapped[UUID | None]
    proposal_id: Mapped[UUID | None]


class Milestone(Owned):
    """A part of a plan, computed once with all the others: with the deposits before them they are the total to the
    cent. Each is billed by one invoice that stands at most, in whatever order: the invoice's row says which."""

    __tablename__ = "milestones"
    __table_args__ = owned_args(
        owned_fk("plan_id", "billing_plans"), sa.UniqueConstraint("agency_id", "plan_id", "place")
    )

    plan_id: Mapped[UUID]
    place: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    share: Mapped[str] = mapped_column(sa.String(40), default="")
    due_on: Mapped[date | None]
    condition: Mapped[str] = mapped_column(sa.String(300), default="")
    priced: Mapped[dict[str, Any]] = mapped_column(Json)
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)


def of_source(kind: str, source_id: UUID) -> Plan | None:
    return session().scalars(sa.select(Plan).where(getattr(Plan, f"{kind}_id") == source_id)).one_or_none()


def add(plan: Plan) -> UUID:
    session().add(plan)
    session().flush()
    return plan.id


def milestones(plan_id: UUID) -> list[Milestone]:
    """In their order."""
    return list(session().scalars(sa.select(Milestone).where(Milestone.plan_id == plan_id).order_by(Milestone.place)))


def locked(milestone_id: UUID) -> Milestone | None:
    """The milestone, which nobody else bills or replaces until this write ends."""
    query = sa.select(Milestone).where(Milestone.id == milestone_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def replace(plan_id: UUID, rows: Sequence[Milestone]) -> None:
    """Put these in the place of the plan's milestones."""
    session().execute(sa.delete(Milestone).where(Milestone.plan_id == plan_id))
    session().add_all(rows)
    session().flush()


def delete(plan: Plan) -> None:
    session().execute(sa.delete(Milestone).where(Milestone.plan_id == plan.id))
    session().delete(plan)
    session().flush()
