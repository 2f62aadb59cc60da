"""Units of work: reading is the default and enforced by the database, writing is declared.

One unit has one session, one session has one scope (an agency, the platform, or neither) for life.
On SQLite writers take BEGIN IMMEDIATE behind a fair queue; on PostgreSQL the mode and the tenant travel in the
same message as BEGIN, which row-level security then reads.
"""

from __future__ import annotations

import fcntl
import functools
import importlib
import os
import select
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import UUID

import sqlalchemy as sa
import structlog
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import ORMExecuteState, Session, configure_mappers

from webkit.core.kernel import asking
from webkit.core.kernel.late import Late
from webkit.core.kernel.tables import Base
from webkit.core.values import dataclass

log = structlog.get_logger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

db = SQLAlchemy(metadata=Base.metadata)
"""Owns the engine, the metadata and the link to Alembic; sessions come from the doors in `tenancy`."""

READ_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000")


class NoUnit(RuntimeError):
    """Somebody used the database without having entered through a door."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a unit may touch: one agency's, everybody's for a stated reason, or only shared tables."""

    agency: UUID | None = None
    platform: str | None = None
    viewer: UUID | None = None
    """Who works here; what they make is theirs."""
    own: frozenset[str] = frozenset()
    """Tables of which the viewer sees no rows but their own."""
    hidden: frozenset[str] = frozenset()
    """Tables of which the viewer sees nothing."""

    @property
    def narrow(self) -> bool:
        """Whether some of the agency's rows are out of sight."""
        return bool(self.own or self.hidden)


@functools.lru_cache(1024)
def _for_scope(engine: Engine, agency: UUID | None, platform: bool) -> Engine:
    """The engine whose connections know the scope; they are all of the one pool."""
    return engine.execution_options(agency=agency, platform=platform, unit=True)


class UnitSession(Session):
    """A session that belongs to one scope and cannot change it."""

    def __init__(self, engine: Engine, scope: Scope, queue: Callable[[], Any]) -> None:
        super().__init__(bind=_for_scope(engine, scope.agency, scope.platform is not None))
        self._scope, self.queue = scope, queue
        self.writing = False
        self.after: list[Callable[[], None]] = []
        self.answers: dict[Any, Any] = {}
        self.late = Late()
        self.head: tuple[int, str] | None = None
        """The head of the event chain, once this transaction has locked it."""
        self._line: Connection | None = None

    @property
    def scope(self) -> Scope:
        return self._scope

    @property
    def line(self) -> Connection:
        """The connection of the current transaction, for what goes past the mapper; asked for once."""
        if self._line is None or not self._line.in_transaction():
            self._line = self.connection()
        return self._line

    def begin_writing(self) -> None:
        """Begin a transaction that may write."""
        self._line = self.connection(execution_options={"writes": True})

    def rollback(self) -> None:
        """Also forgets what `asked_once` remembers: it was true in the transaction that ends here."""
        self.answers.clear()
        self.late.clear()
        self.head = None
        super().rollback()

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what was changed, and what was left for the end: somebody reads it now."""
        super().flush(objects)
        if self.late:
            self.answers.clear()
            self.late.write(self.line)

    def end(self) -> None:
        """Write what was changed and what was left for the end, and commit it."""
        super().flush()
        if self.late:
            self.late.write(self.line, commit=True)
        self.commit()

    def flush_changed(self) -> None:
        """Write what was changed and leave the rest for the end: what nobody reads while a lock is waited for."""
        super().flush()

    def commit(self) -> None:
        self.answers.clear()
        super().commit()
        self.head = None


@event.listens_for(UnitSession, "after_flush")
def _forget_after_flush(current: UnitSession, _context: object) -> None:
    current.answers.clear()


@event.listens_for(UnitSession, "do_orm_execute")
def _forget_after_change(state: ORMExecuteState) -> None:
    if not state.is_select:
        state.session.answers.clear()  # type: ignore[attr-defined]


class Place:
    """A unit of work, whose session is made when somebody first needs it."""

    __slots__ = ("opened", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.opened: UnitSession | None = None

    @property
    def session(self) -> UnitSession:
        if self.opened is None:
            self.opened = UnitSession(db.engine, self.scope, _queue_of(db.engine))
        return self.opened


_units: ContextVar[tuple[Place, ...]] = ContextVar("units", default=())
Finalizer = Callable[["UnitSession"], None]
_finalizers: dict[int, Finalizer] = {}


def before_commit(*, rank: int) -> Callable[[Finalizer], Finalizer]:
    """Register a function that runs at the end of every write, right before COMMIT: the highest rank last.

    The ranks are the order in which locks are taken.
    """

    def register(finalizer: Finalizer) -> Finalizer:
        if _finalizers.setdefault(rank, finalizer) is not finalizer:
            raise ValueError(f"something else has rank {rank}")
        return finalizer

    return register


def session() -> UnitSession:
    """The session of the current unit. Only models.py talks to it."""
    if not (stack := _units.get()):
        raise NoUnit("no unit of work is open: enter through tenant(), platform() or a request")
    return stack[-1].session


def in_transaction() -> bool:
    """True while any unit of this thread holds an open database transaction."""
    return any(opened.in_transaction() for opened in _opened())


def _opened() -> list[UnitSession]:
    return [place.opened for place in _units.get() if place.opened is not None]


@contextmanager
def unit(scope: Scope) -> Iterator[UnitSession]:
    """Open a session for `scope`; it becomes the current one until the block ends."""
    with waiting(scope) as place:
        yield place.session


@contextmanager
def waiting(scope: Scope) -> Iterator[Place]:
    """The same for who may not need it at all: most pages are another unit's before anything was asked in theirs."""
    if any(outer.writing for outer in _opened()):
        raise RuntimeError("one unit of work has one scope: finish the write before opening another door")
    place = Place(scope)
    mark = _units.set((*_units.get(), place))
    try:
        yield place
    finally:
        _units.reset(mark)
        if place.opened is not None:
            place.opened.close()


@contextmanager
def writing() -> Iterator[UnitSession]:
    """The one way to write: the outermost block commits, inner blocks join, an error rolls everything back.

    Entering ends the read before it with a rollback, never a commit: an object still held would otherwise
    carry its old values into the write and overwrite somebody else's.
    """
    current = session()
    if current.writing:
        yield current
        return
    if current.new or current.dirty or current.deleted:
        raise RuntimeError("something was changed before the write was declared")
    current.rollback()
    with current.queue():
        current.writing = True
        try:
            current.begin_writing()
            yield current
            for rank in sorted(_finalizers):
                _finalizers[rank](current)
            current.end()
        except BaseException:
            current.after.clear()
            current.info.clear()
            current.rollback()
            raise
        finally:
            current.writing = False
    after, current.after = current.after, []
    for run in after:
        try:
            run()
        except Exception:
            # The write is committed: its caller must not take it for undone and repeat it.
            log.exception("something that follows a commit failed")


def writes(function: Callable[P, R]) -> Callable[P, R]:
    """Declare a service function as writing."""

    @functools.wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        if session().writing:
            return function(*args, **kwargs)
        with writing():
            return function(*args, **kwargs)

    return inside


@dataclass(frozen=True, slots=True)
class Alone:
    """A PostgreSQL statement that is a write by itself: one message, without BEGIN and COMMIT and without the mapper.

    Only for tables without an agency, and where somebody waits for nothing else than this row. Values go to the driver
    as they are.
    """

    text: str
    fixed: Mapping[str, Any]

    @classmethod
    def of(cls, statement: sa.Executable) -> Alone:
        """Compiled once."""
        compiled = statement.compile(dialect=db.engine.dialect)  # type: ignore[attr-defined]
        return cls(str(compiled), compiled.params)

    def run(self, values: Mapping[str, Any]) -> list[Any]:
        """The rows it returns; they are committed."""
        if session().writing:
            raise RuntimeError("a statement on its own does not belong inside a write")
        lent = db.engine.raw_connection()
        try:
            raw: Any = lent.dbapi_connection
            return list(raw.execute(self.text, {**self.fixed, **values}).fetchall())
        finally:
            lent.close()


def insert(table: type[Base]) -> Any:
    """INSERT of the database in use, the kind that knows ON CONFLICT; the other dialect is never loaded."""
    dialect = session().get_bind().dialect.name
    return importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


def later(statement: sa.Executable, values: Mapping[str, Any], changes: Hashable = None) -> None:
    """Leave a row, or a change of one that is this write's alone, for its end: nobody is told how many there were.

    `statement` is a kept one. Whatever changes a row says which it `changes`.
    """
    current = session()
    if not current.writing:
        raise RuntimeError("a row belongs to a write")
    if changes is not None and not current.late.changes(changes):
        current.flush()
        current.late.changes(changes)
    current.late.add(statement, values)


def insert_missing(table: type[Base], **values: Any) -> None:
    """Insert a row unless its key is taken. Two at once: one inserts, the other waits for it and then finds it."""
    session().connection().execute(insert(table).values(**values).on_conflict_do_nothing())


class asked_once(Generic[P, R]):  # noqa: N801 - used as a decorator
    """Remember a function's answers until the current read ends, in a write until anything changes.

    For what many features ask for on one page. The answer must be immutable, the arguments hashable.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self._function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        current = session()
        if current.writing:
            current.flush()  # what somebody has changed is forgotten by that
        question = self._question(*args, **kwargs)
        if question not in current.answers:
            current.answers[question] = self._function(*args, **kwargs)
        answer: R = current.answers[question]
        return answer

    def know(self, answer: R, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Remember an answer that somebody else has found."""
        session().answers[self._question(*args, **kwargs)] = answer

    def knows(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Whether the answer is remembered."""
        return self._question(*args, **kwargs) in session().answers

    def _question(self, *args: P.args, **kwargs: P.kwargs) -> tuple[Any, ...]:
        return (self._function, args, *sorted(kwargs.items()))


def after_commit(run: Callable[[], None]) -> None:
    """Run once the current write has been committed, outside its lock; never when it rolls back.

    What it raises is logged and undoes nothing.
    """
    current = session()
    if not current.writing:
        raise RuntimeError("after_commit() belongs inside a write")
    current.after.append(run)


def release() -> None:
    """End the current read, for example before a vendor is called; loaded objects expire."""
    if (stack := _units.get()) and stack[-1].opened is None:
        return
    current = session()
    if current.writing:
        raise RuntimeError("a write cannot be released: vendor calls belong outside it")
    current.rollback()


def recover() -> None:
    """End the reads that a failure left open (PostgreSQL refuses every further one), so that a page can tell of it."""
    for opened in _opened():
        with suppress(sa.exc.SQLAlchemyError):
            opened.rollback()


class WriteQueue:
    """Lets one writer at a time through, in this process and in all others that use the same file.

    SQLite's own busy handler sleeps and is unfair: under load single writers waited seconds.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._file: tuple[int, int] | None = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            descriptor = self._descriptor()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _descriptor(self) -> int:
        # flock belongs to the open file, which fork shares: each process opens its own.
        if self._file is None or self._file[0] != os.getpid():
            self._file = (os.getpid(), os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        return self._file[1]


_queues: dict[str, WriteQueue] = {}


def _queue_of(engine: Engine) -> Callable[[], Any]:
    if engine.dialect.name != "sqlite":
        return nullcontext
    database = engine.url.database or ""
    if database not in _queues:
        _queues[database] = WriteQueue(Path(database + ".lock"))
    return _queues[database]


def engine_options(url: str, pool_size: int) -> dict[str, Any]:
    """Options for `create_engine`: a pool as large as the number of threads, and our own BEGIN on PostgreSQL.

    Errors name no parameters: they are logged and kept with jobs, and parameters are people's data and secrets.
    """
    options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": 10, "hide_parameters": True}
    options["pool_use_lifo"] = True  # the connection used last has most of its statements prepared
    if not url.startswith("sqlite"):
        options |= {"connect_args": {"autocommit": True, "connect_timeout": 5}}
    return options


def install(engine: Engine) -> None:
    """Attach transaction modes to an engine; the tenancy walls attach themselves beside it.

    Every table is known by now: preparing them here is done once before processes fork, not in each of them.
    """
    configure_mappers()
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _wire)
        event.listen(engine, "checkout", _refuse_ended)
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "before_cursor_execute", _flush_begin)
        event.listen(engine, "commit", lambda connection: asking.wire(connection).forget())
        event.listen(engine, "rollback", _undo)
        event.listen(engine, "handle_error", _renew_outdated)


def _refuse_ended(connection: Any, _record: object, _proxy: object) -> None:
    """Have a connection replaced that the server ended meanwhile.

    A server says so when it does: only then is there something to read on an idle connection. Looking costs a
    hundredth of asking the server, which each request would do twice.
    """
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    if line.poll(0):
        raise sa.exc.DisconnectionError


def prepare_sqlite(connection: Any, _record: object) -> None:
    """Hand transactions over to us and set what every connection needs."""
    connection.isolation_level = None
    for pragma in READ_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    may_write = bool(connection.get_execution_options().get("writes", False))
    connection.info.pop("flush", None)
    raw.execute(f"PRAGMA query_only={int(not may_write)}")
    raw.execute("BEGIN IMMEDIATE" if may_write else "BEGIN")


def _wire(line: Any, record: Any) -> None:
    from webkit.core.kernel.wire import Wire  # not where the database is a file

    record.info["wire"] = Wire(line)


def _begin_postgresql(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.info.pop("flush", None)
    first = ["BEGIN" if options.get("writes") else "BEGIN READ ONLY"]
    if (agency := options.get("agency")) is not None:
        first.append(f"SET LOCAL app.agency_id = '{UUID(str(agency))}'")
    if options.get("platform"):
        first.append("SET LOCAL ROLE webkit_platform")
    asking.wire(connection).begin(*(each.encode() for each in first))


def _flush_begin(connection: Connection, _cursor: object, _text: str, _values: object, about: Any, _many: bool) -> None:
    if about is not asking.WIRED:
        asking.wire(connection).flush()


def _undo(connection: Connection) -> None:
    if not connection.invalidated:
        asking.wire(connection).undo()


def _renew_outdated(context: Any) -> None:
    """Have all connections made anew when a table was changed under them, by an upgrade that runs beside."""
    from webkit.core.kernel.wire import OUTDATED

    if isinstance(context.original_exception, OUTDATED):
        context.is_disconnect = True
