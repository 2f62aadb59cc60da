"""What proves who somebody is besides a password: authenticator apps, passkeys, phones, codes on paper."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.accounts.models import User
from webkit.core.kernel import clock
from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.sealed import sealed_column
from webkit.core.kernel.tables import Json, Record, enum_column


class Purpose(enum.StrEnum):
    """What a begun step is for."""

    SECOND = "second"  # the first factor was right, the second is awaited
    PASSKEY = "passkey"  # somebody signs in with a passkey alone
    ADD_PASSKEY = "add_passkey"
    PROVE = "prove"  # somebody who is signed in shows again who they are
    IDENTITY = "identity"  # somebody has left for an issuer, to sign in with an account there
    LINK_IDENTITY = "link_identity"  # somebody who is signed in has, to let that account open this one


SECRET, NUMBER = "authenticators.secret", "phones.number"


class Authenticator(Record):
    """An authenticator app. Its secret is sealed; `last_step` is the newest half minute a code was taken for."""

    __tablename__ = "authenticators"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), unique=True)
    secret: Mapped[str] = sealed_column()
    last_step: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[datetime | None]


class Passkey(Record):
    """A key that stays on somebody's device or in their password manager; we hold its public half."""

    __tablename__ = "passkeys"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    credential: Mapped[str] = mapped_column(sa.String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(sa.Text)
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    transports: Mapped[list[str]] = mapped_column(Json)
    used_at: Mapped[datetime | None]


class Phone(Record):
    """A phone that gets codes as text messages; the number is sealed."""

    __tablename__ = "phones"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), unique=True)
    number: Mapped[str] = sealed_column()
    code_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    code_tries: Mapped[int] = mapped_column(default=0)
    code_expires_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]


class BackupCode(Record):
    """A code on paper, for once. Its first letters find it, the rest is hashed as a password is."""

    __tablename__ = "backup_codes"
    __table_args__ = (sa.UniqueConstraint("user_id", "label"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    label: Mapped[str] = mapped_column(sa.String(4))
    code_hash: Mapped[str] = mapped_column(sa.String(255))
    used_at: Mapped[datetime | None]


class Step(Record):
    """Half a sign-in: what was begun in one browser and must be finished there, once and soon."""

    __tablename__ = "sign_in_steps"

    purpose: Mapped[Purpose] = enum_column(Purpose)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    method: Mapped[str] = mapped_column(sa.String(32), default="")
    challenge: Mapped[str] = mapped_column(sa.String(128), default="")
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


# --- Steps --------------------------------------------------------------------------------------------------------


def add_step(row: Step) -> None:
    session().add(row)
    session().flush()


def open_step(token_hash: str, purpose: Purpose) -> Step | None:
    """What was begun, if it can still be finished."""
    return session().scalars(sa.select(Step).where(*_open(token_hash, purpose))).one_or_none()


def challenge(token_hash: str, purpose: Purpose, text: str) -> bool:
    """Keep what a passkey is to sign in this step, inside a write; False when the step is over."""
    change = sa.update(Step).where(*_open(token_hash, purpose)).values(challenge=text).returning(Step.id)
    return session().scalars(change).one_or_none() is not None


def use_step(token_hash: str, purpose: Purpose) -> bool:
    """Finish what was begun, inside a write; False when somebody was faster or it is too late."""
    change = sa.update(Step).where(*_open(token_hash, purpose)).values(used_at=clock.now()).returning(Step.id)
    return session().scalars(change).one_or_none() is not None


def drop_steps(user_id: UUID) -> None:
    """Nothing somebody began goes on, inside a write."""
    session().execute(sa.delete(Step).where(Step.user_id == user_id))


def _open(token_hash: str, purpose: Purpose) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Step.token_hash == token_hash,
        Step.purpose == purpose,
        Step.used_at.is_(None),
        Step.expires_at > clock.now(),
    )


# --- Which there are ----------------------------------------------------------------------------------------------


def kinds_of(user_id: UUID) -> frozenset[str]:
    """Which second factors somebody has set up, in one question."""
    held = (
        sa.select(sa.literal("totp")).where(Authenticator.user_id == user_id, Authenticator.confirmed_at.is_not(None)),
        sa.select(sa.literal("passkey")).where(Passkey.user_id == user_id),
        sa.select(sa.literal("sms")).where(Phone.user_id == user_id, Phone.confirmed_at.is_not(None)),
        sa.select(sa.literal("backup")).where(BackupCode.user_id == user_id, BackupCode.used_at.is_(None)),
    )
    return frozenset(session().scalars(sa.union(*held)))


# --- Authenticator apps -------------------------------------------------------------------------------------------


def authenticator(user_id: UUID) -> Authenticator | None:
    return session().scalars(sa.select(Authenticator).where(Authenticator.user_id == user_id)).one_or_none()


def put_authenticator(user_id: UUID, sealed: str) -> None:
    """Begin anew with another secret, inside a write, unless one is in use already. Raises Conflict."""
    waiting = sa.delete(Authenticator).where(Authenticator.user_id == user_id, Authenticator.confirmed_at.is_(None))
    session().execute(waiting)
    session().add(Authenticator(user_id=user_id, secret=sealed))
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("There is an authenticator app already. Remove it first.")) from None


def take_step(user_id: UUID, step: int) -> bool:
    """Use the code of a half minute up, inside a write; False when it, or a later one, was used before."""
    change = (
        sa.update(Authenticator)
        .where(Authenticator.user_id == user_id, Authenticator.last_step < step)
        .values(last_step=step, confirmed_at=sa.func.coalesce(Authenticator.confirmed_at, clock.now()))
        .returning(Authenticator.id)
    )
    return session().scalars(change).one_or_none() is not None


def drop_authenticator(user_id: UUID) -> bool:
    gone = sa.delete(Authenticator).where(Authenticator.user_id == user_id).returning(Authenticator.confirmed_at)
    return session().scalars(gone).one_or_none() is not None


# --- Passkeys -----------------------------------------------------------------------------------------------------


def passkeys(user_id: UUID) -> list[Passkey]:
    return list(session().scalars(sa.select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)))


def passkey(credential: str) -> Passkey | None:
    return session().scalars(sa.select(Passkey).where(Passkey.credential == credential)).one_or_none()


def add_passkey(row: Passkey) -> None:
    """Keep a passkey, inside a write. Raises Conflict for one that is known."""
    session().add(row)
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("This passkey is known already.")) from None


def count_passkey(passkey_id: UUID, before: int, after: int) -> bool:
    """Note that a passkey was used, inside a write; False when another use came between: its counter tells copies."""
    change = (
        sa.update(Passkey)
        .where(Passkey.id == passkey_id, Passkey.sign_count == before)
        .values(sign_count=after, used_at=clock.now())
        .returning(Passkey.id)
    )
    return session().scalars(change).one_or_none() is not None


def drop_passkey(user_id: UUID, passkey_id: UUID) -> str | None:
    """Forget one of somebody's passkeys; returns what it was called."""
    gone = sa.delete(Passkey).where(Passkey.user_id == user_id, Passkey.id == passkey_id).returning(Passkey.name)
    return session().scalars(gone).one_or_none()


def with_second(user_ids: Iterable[UUID]) -> set[UUID]:
    """Of people those who have a second factor: an app, a passkey or a phone."""
    wanted = list(user_ids)
    held = (
        sa.select(Authenticator.user_id).where(
            Authenticator.user_id.in_(wanted), Authenticator.confirmed_at.is_not(None)
        ),
        sa.select(Passkey.user_id).where(Passkey.user_id.in_(wanted)),
        sa.select(Phone.user_id).where(Phone.user_id.in_(wanted), Phone.confirmed_at.is_not(None)),
    )
    return set(session().scalars(sa.union(*held)))


# --- Phones -------------------------------------------------------------------------------------------------------


def phone(user_id: UUID) -> Phone | None:
    return session().scalars(sa.select(Phone).where(Phone.user_id == user_id)).one_or_none()


def put_phone(user_id: UUID, sealed: str) -> None:
    """Begin anew with another number, inside a write, unless one is in use already. Raises Conflict."""
    session().execute(sa.delete(Phone).where(Phone.user_id == user_id, Phone.confirmed_at.is_(None)))
    session().add(Phone(user_id=user_id, number=sealed))
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("There is a phone already. Remove it first.")) from None


def set_phone_code(user_id: UUID, hashed: str, expires_at: datetime) -> None:
    """A new code takes the place of the one before."""
    values = {"code_hash": hashed, "code_tries": 0, "code_expires_at": expires_at}
    session().execute(sa.update(Phone).where(Phone.user_id == user_id).values(**values))


def try_phone_code(user_id: UUID, most: int, *, confirmed: bool) -> str | None:
    """Count a try, inside a write of its own; the hash to compare with, None when there is no code to try any more."""
    change = (
        sa.update(Phone)
        .where(Phone.user_id == user_id, Phone.code_tries < most, Phone.code_expires_at > clock.now())
        .where(Phone.confirmed_at.is_not(None) if confirmed else Phone.confirmed_at.is_(None))
        .values(code_tries=Phone.code_tries + 1)
        .returning(Phone.code_hash)
    )
    return session().scalars(change).one_or_none() or None


def use_phone_code(user_id: UUID, hashed: str) -> bool:
    """Use a code up, inside a write; False when somebody was faster."""
    change = (
        sa.update(Phone)
        .where(Phone.user_id == user_id, Phone.code_hash == hashed)
        .values(code_hash="", confirmed_at=sa.func.coalesce(Phone.confirmed_at, clock.now()))
        .returning(Phone.id)
    )
    return session().scalars(change).one_or_none() is not None


def drop_phone(user_id: UUID) -> bool:
    return session().scalars(sa.delete(Phone).where(Phone.user_id == user_id).returning(Phone.id)).first() is not None


# --- Backup codes -------------------------------------------------------------------------------------------------


def replace_codes(user_id: UUID, codes: dict[str, str]) -> None:
    """New codes by label; none of the former opens anything, inside a write. Of two at once the second one holds."""
    session().execute(sa.select(User.id).where(User.id == user_id).with_for_update())
    drop_codes(user_id)
    session().add_all(BackupCode(user_id=user_id, label=label, code_hash=hashed) for label, hashed in codes.items())
    session().flush()


def drop_codes(user_id: UUID) -> None:
    session().execute(sa.delete(BackupCode).where(BackupCode.user_id == user_id))


def codes_left(user_id: UUID) -> int:
    unused = (BackupCode.user_id == user_id, BackupCode.used_at.is_(None))
    return session().scalar(sa.select(sa.func.count()).select_from(BackupCode).where(*unused)) or 0


def code_hash(user_id: UUID, label: str) -> str | None:
    """The hash of an unused code."""
    wanted = (BackupCode.user_id == user_id, BackupCode.label == label, BackupCode.used_at.is_(None))
    return session().scalars(sa.select(BackupCode.code_hash).where(*wanted)).one_or_none()


def use_code(user_id: UUID, label: str, hashed: str) -> bool:
    """Use a code up, inside a write; False when somebody was faster."""
    wanted = (BackupCode.user_id == user_id, BackupCode.label == label, BackupCode.code_hash == hashed)
    change = sa.update(BackupCode).where(*wanted, BackupCode.used_at.is_(None)).values(used_at=clock.now())
    return session().scalars(change.returning(BackupCode.id)).one_or_none() is not None


def prune_steps(before: datetime) -> None:
    session().execute(sa.delete(Step).where(Step.expires_at < before))
