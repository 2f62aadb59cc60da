"""Saved views: filters and an order under a name, for oneself or for everybody in the agency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import audit
from webkit.core.kernel.db import session, writes
from webkit.core.kernel.errors import Forbidden, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists.asked import VIEW, Asked, args
from webkit.core.kernel.lists.spec import Actor, ListSpec
from webkit.core.kernel.tables import Base, Json, Owned, Scoped, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared
from webkit.core.values import dataclass

MANAGERS = frozenset({"owner", "admin"})
MOST = 30
"""Views of one person, or shared ones, of one list: more names nobody reads."""
NAME = 60


class SavedView(Owned):
    """A view of one list. Its `args` are those of the address."""

    __tablename__ = "saved_views"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "of_list", "user_id", "name"))

    of_list: Mapped[str] = mapped_column(sa.String(32))
    user_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(sa.String(NAME))
    shared: Mapped[bool]
    args: Mapped[dict[str, Any]] = mapped_column(Json)


class ListDefault(Scoped, Base):
    """With which view somebody opens a list."""

    __tablename__ = "list_defaults"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "user_id", "of_list"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
        owned_fk("view_id", "saved_views", ondelete="CASCADE"),
        sa.Index("ix_list_defaults_agency_id_view_id", "agency_id", "view_id"),
    )

    user_id: Mapped[UUID]
    of_list: Mapped[str] = mapped_column(sa.String(32))
    view_id: Mapped[UUID]


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as one person sees it. `is_default`: their list opens with it."""

    id: UUID
    name: str
    shared: bool
    user_id: UUID
    args: Mapping[str, Any]
    is_default: bool

    @property
    def address(self) -> dict[str, Any]:
        """What goes into the address, its own mark included."""
        return {**self.args, VIEW: str(self.id)}

    def may_change(self, actor: Actor) -> bool:
        """One's own, and shared ones by those who manage the agency."""
        return self.user_id == actor.user_id or (self.shared and actor.role in MANAGERS)


@prepared
def _views() -> sa.Executable:
    user = sa.bindparam("user", type_=sa.Uuid())
    chosen = sa.exists().where(
        mine(ListDefault), ListDefault.view_id == SavedView.id, ListDefault.user_id == user
    )  # fmt: skip
    columns = (SavedView.id, SavedView.name, SavedView.shared, SavedView.user_id, SavedView.args, chosen)
    query = sa.select(*columns).where(mine(SavedView), SavedView.of_list == sa.bindparam("list"))
    seen = query.where(sa.or_(SavedView.user_id == user, SavedView.shared))
    return seen.order_by(SavedView.shared, SavedView.name, SavedView.id).limit(4 * MOST)


def of(name: str, user_id: UUID) -> list[View]:
    """The views of a list that somebody sees: their own, then those of the agency."""
    return [View(row[0], row[1], bool(row[2]), row[3], row[4], bool(row[5])) for row in _views(list=name, user=user_id)]


def get(view_id: UUID, name: str, user_id: UUID) -> View:
    """One of them. Raises NotFound."""
    for view in of(name, user_id):
        if view.id == view_id:
            return view
    raise NotFound(_("There is no such view. Its owner may have deleted it."))


@writes
def save(spec: ListSpec, asked: Asked, actor: Actor, name: str, *, shared: bool) -> UUID:
    """Keep what is asked under a name. Raises Invalid when there are enough, or one of that name."""
    known = of(spec.name, actor.user_id)
    _refuse_taken(known, name)
    if sum(view.user_id == actor.user_id for view in known) >= MOST:
        raise Invalid({"name": _("You have %(n)s views of this list. Delete one first.", n=MOST)})
    row = SavedView(of_list=spec.name, user_id=actor.user_id, name=name, shared=shared, args=kept(asked))
    session().add(row)
    _flush()
    audit.log("view.saved", detail={"list": spec.name, "shared": shared})
    return row.id


@writes
def change(view_id: UUID, spec: ListSpec, actor: Actor, name: str, *, shared: bool, asked: Asked | None = None) -> None:
    """Rename a view, share it or not, and let it stand for something else when `asked` says so."""
    _refuse_taken([view for view in of(spec.name, actor.user_id) if view.id != view_id], name)
    row = _changeable(view_id, spec, actor)
    row.name, row.shared = name, shared
    if asked is not None:
        row.args = kept(asked)
    _flush()
    if not shared:
        others = sa.delete(ListDefault).where(ListDefault.view_id == view_id, ListDefault.user_id != row.user_id)
        session().execute(others)


@writes
def delete(view_id: UUID, spec: ListSpec, actor: Actor) -> None:
    """Forget a view; whoever's list opened with it sees all again."""
    row = _changeable(view_id, spec, actor)
    session().execute(sa.delete(ListDefault).where(ListDefault.view_id == view_id))
    session().delete(row)
    audit.log("view.deleted", detail={"list": spec.name, "shared": row.shared})


@writes
def open_with(spec: ListSpec, actor: Actor, view_id: UUID | None) -> None:
    """Let somebody's list open with a view, or with everything."""
    here = (ListDefault.user_id == actor.user_id, ListDefault.of_list == spec.name)
    session().execute(sa.delete(ListDefault).where(*here))
    if view_id is not None:
        get(view_id, spec.name, actor.user_id)
        session().add(ListDefault(user_id=actor.user_id, of_list=spec.name, view_id=view_id))


def kept(asked: Asked) -> dict[str, Any]:
    """What a view remembers: filters, words and order, and no place in the list."""
    return args(asked, without=(VIEW,))


def _changeable(view_id: UUID, spec: ListSpec, actor: Actor) -> SavedView:
    view = get(view_id, spec.name, actor.user_id)
    if not view.may_change(actor):
        raise Forbidden(_("Only who saved this view, an owner or an admin changes it."))
    row = session().get(SavedView, view_id)
    assert row is not None  # it was just read
    return row


def _refuse_taken(known: list[View], name: str) -> None:
    if any(view.name.casefold() == name.casefold() for view in known):
        raise Invalid({"name": _("There is a view called “%(name)s” already.", name=name)})


def _flush() -> None:
    """Two who took the same name at once were both told it was free; the second one hears it here."""
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Invalid({"name": _("There is a view of this name already.")}) from None
