"""What plugins remember: JSON under a key, for each plugin and agency, so much and no more.

A plugin has no table of its own. One row for each plugin and agency counts what is kept; whoever writes holds that
row, so that the bounds stand however many write at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.db import in_transaction, insert, insert_missing, release, session, writes
from webkit.core.kernel.runtime import current
from webkit.core.kernel.sealed import Sealed
from webkit.core.kernel.tables import Base, Scoped

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

MOST_KEYS = 10_000
MOST_BYTES = 16 * 2**20
LONGEST_VALUE = 64 * 2**10
LONGEST_KEY = 200
MOST_AT_ONCE = 1_000
_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")
_AFTER_EVERY_KEY = "\x7f"
_NAME = sa.String(64)
# Bytes decide the order on both databases: a prefix is a range, and capitals are not small letters.
_KEY_TYPE = sa.String(LONGEST_KEY).with_variant(sa.String(LONGEST_KEY, collation="C"), "postgresql")


class StoreError(ValueError):
    """What a plugin asked of its store is not possible; the sentence says why and repeats no value."""


class StoreFull(StoreError):
    """The plugin keeps as much as it may for this agency."""


class PluginStore(Scoped, Base):
    """How much a plugin keeps for an agency."""

    __tablename__ = "plugin_stores"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "plugin"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
    )

    plugin: Mapped[str] = mapped_column(_NAME)
    keys: Mapped[int] = mapped_column(sa.BigInteger)
    size: Mapped[int] = mapped_column(sa.BigInteger)


class PluginValue(Scoped, Base):
    """One thing a plugin remembers: `value` is JSON as text, sealed, for it may hold what a vendor's account is opened
    with; `size` the bytes of key and value."""

    __tablename__ = "plugin_values"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "plugin", "key"),
        sa.ForeignKeyConstraint(["agency_id", "plugin"], ["plugin_stores.agency_id", "plugin_stores.plugin"]),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
    )

    plugin: Mapped[str] = mapped_column(_NAME)
    key: Mapped[str] = mapped_column(_KEY_TYPE)
    value: Mapped[str] = mapped_column(Sealed("plugin_values.value"))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    changed_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class StoreUsage:
    """How much of its bounds a plugin uses in one agency."""

    keys: int
    size: int
    most_keys: int = MOST_KEYS
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True, slots=True)
class Kept:
    """What a plugin keeps in the whole installation."""

    plugin: str
    agencies: int
    keys: int
    size: int


class Store:
    """What one plugin remembers for the agency it works for at the moment.

    Each call is a step of its own: nothing stays open after it, unless the caller had something open before.
    """

    def __init__(self, plugin: str) -> None:
        self.plugin = plugin

    def __repr__(self) -> str:
        return f"Store({self.plugin!r})"

    def get(self, key: str, default: JSON = None) -> JSON:
        """The value under `key`, or `default`."""
        with self._reading():
            found = session().scalar(self._values(PluginValue.value).where(PluginValue.key == checked(key)))
            return default if found is None else loaded(found)

    def put(self, key: str, value: JSON) -> None:
        """Keep `value`, replacing what was there. Raises StoreError, or StoreFull when the bounds are reached."""
        text = dumped(value)
        self._keep(checked(key), lambda _: text)

    def update(self, key: str, change: Callable[[JSON], JSON]) -> JSON:
        """Replace the value (None if there is none) by what `change` makes of it; two at once never lose one.

        `change` only computes: it runs while the store is locked.
        """
        text = self._keep(checked(key), lambda before: dumped(change(None if before is None else loaded(before))))
        return loaded(text)

    def delete(self, key: str) -> bool:
        """Forget what is under `key`; whether there was something."""
        return self._forget(PluginValue.key == checked(key)) > 0

    def clear(self, prefix: str = "") -> int:
        """Forget every key that begins with `prefix`; how many there were."""
        return self._forget(*_beginning(prefix))

    def keys(self, prefix: str = "", *, after: str = "", limit: int = 100) -> list[str]:
        """The next keys behind `after` that begin with `prefix`, in order, at most `limit` (1000)."""
        return [key for key, _ in self.items(prefix, after=after, limit=limit)]

    def items(self, prefix: str = "", *, after: str = "", limit: int = 100) -> list[tuple[str, JSON]]:
        """The same with their values."""
        wanted = self._values(PluginValue.key, PluginValue.value).where(*_beginning(prefix))
        if after:
            wanted = wanted.where(PluginValue.key > checked(after))
        with self._reading():
            rows = session().execute(wanted.order_by(PluginValue.key).limit(max(0, min(limit, MOST_AT_ONCE)))).all()
        return [(key, loaded(value)) for key, value in rows]

    def usage(self) -> StoreUsage:
        """How much is kept, and how much may be."""
        with self._reading():
            row = (
                session().execute(sa.select(PluginStore.keys, PluginStore.size).where(*self._own(PluginStore))).first()
            )
        return StoreUsage(*row) if row else StoreUsage(0, 0)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A read that ends here: what follows may be a call to a vendor."""
        self._check_owner()
        alone = not in_transaction()
        try:
            yield
        finally:
            if alone:
                release()

    @writes
    def _keep(self, key: str, made: Callable[[str | None], str]) -> str:
        self._check_owner()
        store = self._locked()
        row = session().execute(self._values(PluginValue.value, PluginValue.size).where(PluginValue.key == key)).first()
        before, size_before = row or (None, 0)
        text = made(before)
        size = len(key) + len(text.encode())
        store.keys += before is None
        store.size += size - size_before
        if (before is None and store.keys > MOST_KEYS) or (size > size_before and store.size > MOST_BYTES):
            raise StoreFull(f"{self.plugin} keeps as much as it may: {MOST_KEYS} keys and {MOST_BYTES} bytes")
        self._replace(key, text, size)
        return text

    def _replace(self, key: str, text: str, size: int) -> None:
        values = {"value": text, "size": size, "changed_at": clock.now()}
        owner = {"agency_id": tenancy.agency_id(), "plugin": self.plugin, "key": key}
        added = insert(PluginValue).values(**owner, **values)
        key_columns = [PluginValue.agency_id, PluginValue.plugin, PluginValue.key]
        session().connection().execute(added.on_conflict_do_update(index_elements=key_columns, set_=values))

    @writes
    def _forget(self, *which: sa.ColumnElement[bool]) -> int:
        self._check_owner()
        store = self._locked()
        counted = self._values(sa.func.count(), sa.func.coalesce(sa.func.sum(PluginValue.size), 0)).where(*which)
        keys, size = session().execute(counted).one()
        session().execute(sa.delete(PluginValue).where(*self._own(PluginValue), *which))
        store.keys -= keys
        store.size -= int(size)
        return int(keys)

    def _locked(self) -> PluginStore:
        """The row that counts, ours until the write ends."""
        insert_missing(PluginStore, agency_id=tenancy.agency_id(), plugin=self.plugin, keys=0, size=0)
        wanted = sa.select(PluginStore).where(*self._own(PluginStore)).with_for_update()
        return session().execute(wanted, execution_options={"populate_existing": True}).scalar_one()

    def _values(self, *columns: Any) -> sa.Select[Any]:
        return sa.select(*columns).select_from(PluginValue).where(*self._own(PluginValue))

    def _own(self, table: type[PluginStore | PluginValue]) -> tuple[sa.ColumnElement[bool], ...]:
        return (table.agency_id == tenancy.agency_id(), table.plugin == self.plugin)

    def _check_owner(self) -> None:
        if not any(c.plugin.name == self.plugin and not c.feature for c in current().plugins.contributions):
            raise StoreError(f"no plugin named {self.plugin!r} is at work here: give the name of your entry point")


def checked(key: str) -> str:
    """`key`, if it is one. Raises StoreError."""
    if not _KEY.fullmatch(key):
        raise StoreError(f"a key has 1 to {LONGEST_KEY} visible ASCII characters")
    return key


def kept() -> list[Kept]:
    """What every plugin keeps, in the whole installation; needs the door of the platform."""
    sums = (sa.func.count(), sa.func.coalesce(sa.func.sum(PluginStore.keys), 0), sa.func.sum(PluginStore.size))
    wanted = sa.select(PluginStore.plugin, *sums).group_by(PluginStore.plugin).order_by(PluginStore.plugin)
    return [Kept(name, agencies, int(keys), int(size)) for name, agencies, keys, size in session().execute(wanted)]


@writes
def forget(plugin: str) -> int:
    """Remove everything a plugin keeps, in every agency: how many values there were. Needs the platform's door."""
    values = session().execute(sa.delete(PluginValue).where(PluginValue.plugin == plugin))
    session().execute(sa.delete(PluginStore).where(PluginStore.plugin == plugin))
    return int(values.rowcount)  # type: ignore[attr-defined]


def _beginning(prefix: str) -> tuple[sa.ColumnElement[bool], ...]:
    if not prefix:
        return ()
    return (PluginValue.key >= checked(prefix), PluginValue.key < prefix + _AFTER_EVERY_KEY)


def dumped(value: JSON) -> str:
    """`value` as it is kept. Raises StoreError."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        size, same = len(text.encode()), json.loads(text) == value
    except (TypeError, ValueError, RecursionError):  # also letters that no encoding knows
        same = False
    if not same:  # a tuple would come back as a list, a number as a key as text
        raise StoreError("a value is made of None, bool, int, float, str, list and dict with str keys")
    if size > LONGEST_VALUE:
        raise StoreError(f"a value has at most {LONGEST_VALUE} bytes as JSON, this one has {size}")
    return text


def loaded(text: str) -> JSON:
    """What was kept."""
    value: JSON = json.loads(text)
    return value
