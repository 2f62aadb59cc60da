"""Clients, and the words they are found by."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import references
from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.search import PLAIN_64
from webkit.core.kernel.search import folded as folded
from webkit.core.kernel.tables import Owned, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared, stored

# Compared byte by byte, so that a prefix is a range of an index, on both databases.
PLAIN_200 = sa.String(200).with_variant(sa.VARCHAR(200, collation="C"), "postgresql")
WORDS = 40


class Client(Owned):
    """A client. `revision` grows with every change, so that a page opened before one is noticed."""

    __tablename__ = "clients"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "email"),
        sa.Index("ix_clients_agency_id_archived_sort_name_id", "agency_id", "archived", "sort_name", "id"),
    )

    name: Mapped[str] = mapped_column(sa.String(200))
    sort_name: Mapped[str] = mapped_column(PLAIN_200)
    contact_name: Mapped[str] = mapped_column(sa.String(100), default="")
    email: Mapped[str | None] = mapped_column(sa.String(255))
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    website: Mapped[str] = mapped_column(sa.String(2048), default="")
    street: Mapped[str] = mapped_column(sa.String(200), default="")
    postcode: Mapped[str] = mapped_column(sa.String(20), default="")
    city: Mapped[str] = mapped_column(sa.String(100), default="")
    region: Mapped[str] = mapped_column(sa.String(100), default="")
    country: Mapped[str] = mapped_column(sa.String(2))
    tax_id: Mapped[str] = mapped_column(sa.String(40), default="")
    locale: Mapped[str] = mapped_column(sa.String(16), default="")
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    payment_rule: Mapped[str] = mapped_column(sa.String(16), default="", server_default="")
    payment_days: Mapped[int | None]
    """Terms agreed with this client; empty are the agency's."""
    archived: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)


class ClientWord(Owned):
    """A word of a client's name, contact or address of mail, without accents, in small letters."""

    __tablename__ = "client_words"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.Index("ix_client_words_agency_id_word_client_id", "agency_id", "word", "client_id"),
        sa.Index("ix_client_words_agency_id_client_id", "agency_id", "client_id"),
    )

    client_id: Mapped[UUID]
    word: Mapped[str] = mapped_column(PLAIN_64)


class VatCheck(Owned):
    """What the register of VAT numbers said last of one."""

    __tablename__ = "vat_checks"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "number"))

    number: Mapped[str] = mapped_column(sa.String(20))
    valid: Mapped[bool]
    name: Mapped[str] = mapped_column(sa.String(200))
    address: Mapped[str] = mapped_column(sa.String(400))
    asked_at: Mapped[datetime]


def vat_check(number: str) -> VatCheck | None:
    return session().scalars(sa.select(VatCheck).where(VatCheck.number == number)).one_or_none()


def keep_vat_check(number: str, **told: Any) -> None:
    """Remember an answer, over an older one."""
    if (row := vat_check(number)) is None:
        session().add(VatCheck(number=number, **told))
        return
    for name, value in told.items():
        setattr(row, name, value)


def words(*texts: str) -> set[str]:
    """The words of texts, as they are looked for."""
    found = [word for text in texts for word in re.findall(r"\w+", folded(text))]
    return {word[:64] for word in found[:WORDS]}


def get(client_id: UUID) -> Client | None:
    return session().get(Client, client_id)


@prepared
def _one() -> sa.Executable:
    return stored(Client).where(Client.id == sa.bindparam("client"))


def read(client_id: UUID) -> Any:
    """The columns of a client, for who changes nothing."""
    return next(iter(_one(client=client_id)), None)


def by_email(email: str) -> Client | None:
    return session().scalars(sa.select(Client).where(Client.email == email)).one_or_none()


def add(values: dict[str, Any]) -> Client:
    """Insert a client, inside a write."""
    row = Client(**values, sort_name=folded(values["name"])[:200])
    session().add(row)
    _flush()
    _index(row)
    return row


def add_imported(values: Sequence[dict[str, Any]]) -> list[Client]:
    """Insert many new clients at once, inside a write."""
    rows = [Client(**each, sort_name=folded(each["name"])[:200]) for each in values]
    session().add_all(rows)
    _flush()
    for row in rows:
        found = sorted(words(row.name, row.contact_name, row.email or ""))
        session().add_all(ClientWord(client_id=row.id, word=word) for word in found)
    return rows


def remove(ids: Collection[UUID]) -> None:
    """Delete clients to whom nothing belongs but the words they are found by."""
    for table, column in ((ClientWord, ClientWord.client_id), (Client, Client.id)):
        session().execute(sa.delete(table).where(column.in_(ids)), execution_options={"synchronize_session": False})


def as_added(ids: Collection[UUID]) -> set[UUID]:
    """Of these clients those that nobody has changed, held until the write ends."""
    query = sa.select(Client.id).where(Client.id.in_(ids), Client.revision == 1).with_for_update()
    return set(session().scalars(query))


def referred(ids: Collection[UUID]) -> set[UUID]:
    """Of these clients those to whom something belongs."""
    return references.referred(Client, ids, but=(ClientWord.__tablename__,))


def known() -> Sequence[Any]:
    """(id, name, email, tax number, country) of every client."""
    return session().execute(sa.select(Client.id, Client.name, Client.email, Client.tax_id, Client.country)).all()


def several(ids: Collection[UUID]) -> list[Client]:
    """These clients."""
    return list(session().scalars(sa.select(Client).where(Client.id.in_(ids))))


def update(row: Client, values: dict[str, Any]) -> None:
    """Store changed values, inside a write."""
    for name, value in values.items():
        setattr(row, name, value)
    row.sort_name = folded(row.name)[:200]
    row.revision += 1
    _flush()
    if values.keys() & {"name", "contact_name", "email"}:
        _index(row)


class Listed(NamedTuple):
    """What lists and sheets show of a client."""

    id: UUID
    name: str
    contact_name: str
    email: str | None
    phone: str
    website: str
    street: str
    postcode: str
    city: str
    region: str
    country: str
    tax_id: str
    archived: bool
    created_at: datetime


ARCHIVED, IN_USE = Client.archived == sa.true(), Client.archived == sa.false()


def choices(limit: int) -> Sequence[tuple[UUID, str]]:
    query = (
        sa.select(Client.id, Client.name)
        .where(Client.archived == sa.false())
        .order_by(Client.sort_name, Client.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session().execute(query)]


AT_ONCE, MANY_AT_ONCE = 25, 250


@prepared
def _names(count: int) -> sa.Executable:
    wanted = [sa.bindparam(f"id{nth}", type_=sa.Uuid()) for nth in range(count)]
    return sa.select(Client.id, Client.name).where(mine(Client), Client.id.in_(wanted))


def names(ids: Iterable[UUID]) -> dict[UUID, str]:
    wanted, found = list(ids), dict[UUID, str]()
    size = AT_ONCE if len(wanted) <= AT_ONCE else MANY_AT_ONCE
    for start in range(0, len(wanted), size):
        some = wanted[start : start + size]
        some += some[-1:] * (size - len(some))  # always of two lengths, so that lists ask with statements that are kept
        found |= {row[0]: row[1] for row in _names(size, **{f"id{nth}": each for nth, each in enumerate(some)})}
    return found


def any_client() -> bool:
    return session().scalars(sa.select(Client.id).limit(1)).first() is not None


def _flush() -> None:
    """Two who took the same address of mail at once were both told it was free; the second one hears it here."""
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Invalid({"email": _("Another client has this address already.")}) from None


def _index(row: Client) -> None:
    wanted = words(row.name, row.contact_name, row.email or "")
    kept = {word.word: word for word in session().scalars(sa.select(ClientWord).where(ClientWord.client_id == row.id))}
    for word in kept.keys() - wanted:
        session().delete(kept[word])
    session().add_all(ClientWord(client_id=row.id, word=word) for word in sorted(wanted - kept.keys()))
