"""PostgreSQL's protocol below the driver's cursors: several statements in one message.

Each message costs a change of process on both sides, and whoever waits for a lock of ours the time of an answer. So a
transaction's BEGIN goes out with its first question and its COMMIT with its last change, and what is asked is prepared.
Values are written and read by the driver; errors are the driver's.
"""

from __future__ import annotations

import select
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from psycopg import Connection, OperationalError, ProgrammingError, abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

PREPARED = 128
"""Statements that one connection keeps prepared: each takes memory of the server's."""
OUTDATED = (FeatureNotSupported, InvalidSqlStatementName)
"""What PostgreSQL says when a table was changed, or somebody has thrown away, what a connection has prepared."""
_OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
Step = tuple[str, Callable[[], object]]
"""A part of a message: what it is, and what sends it."""


class Answer(NamedTuple):
    """What a statement returned."""

    result: PGresult
    reader: abc.Transformer

    def columns(self) -> list[tuple[str, int]]:
        """Their names, and their types as PostgreSQL numbers them."""
        found = self.result
        return [((found.fname(nth) or b"").decode(), found.ftype(nth)) for nth in range(found.nfields)]

    def rows(self, make: Callable[[Sequence[Any]], Any]) -> list[Any]:
        """Each made of its values."""
        return self.reader.load_rows(0, self.result.ntuples, make)


class Wire:
    """One connection, whose transactions begin and are undone here."""

    def __init__(self, line: Connection[Any]) -> None:
        self._line, self._pgconn = line, line.pgconn
        self._prepared: OrderedDict[str, bytes] = OrderedDict()
        self._count = 0
        self._first: Sequence[bytes] = ()
        self._writing, self._reading = select.poll(), select.poll()
        self._writing.register(self._pgconn.socket, select.POLLIN | select.POLLOUT)
        self._reading.register(self._pgconn.socket, select.POLLIN)

    def begin(self, *first: bytes) -> None:
        """Begin a transaction with these statements, once something is asked in it."""
        self._first = first

    @property
    def closed(self) -> bool:
        """Whether nothing can be asked any more."""
        return self._pgconn.status != ConnStatus.OK

    def flush(self) -> None:
        """Begin it now: what comes next goes through a cursor."""
        if beginning := self._beginning():
            _demand_success(self._sent(beginning))

    def forget(self) -> None:
        """The transaction ends. If nothing was asked in it, it never began."""
        self._first = ()

    def undo(self) -> None:
        """Roll back.

        The driver, told to do so, would forget what it has prepared, although nothing here changes a table: to plan all
        statements again costs about what it takes to run them.
        """
        self.forget()
        if self._pgconn.transaction_status in _OPEN:
            self._pgconn.exec_(b"ROLLBACK")

    def run(self, text: str, values: Sequence[Any], *, commit: bool = False) -> Answer:
        """Run a statement whose places are `$1`, `$2`; with `commit`, COMMIT goes out together with it.

        Raises the driver's errors. A connection that was not heard to the end is closed.
        """
        adapt = Transformer.from_context(self._line)
        given = adapt.dump_sequence(values, [PyFormat.TEXT] * len(values))
        steps, name = self._beginning(), self._prepared.get(text)
        if name is None:
            self._count += 1
            name = b"webkit%d" % self._count
            steps += [*self._making_room(), ("prepare", partial(self._pgconn.send_prepare, name, text.encode()))]
        steps.append(("run", partial(self._pgconn.send_query_prepared, name, given)))
        if commit:
            steps.append(("commit", partial(self._pgconn.send_query_params, b"COMMIT", None)))
        results = self._sent(steps)
        if "prepare" not in results:
            self._prepared.move_to_end(text)
        elif results["prepare"].status == ExecStatus.COMMAND_OK:
            self._prepared[text] = name
        _demand_success(results)
        adapt.set_pgresult(results["run"])
        return Answer(results["run"], adapt)

    def _beginning(self) -> list[Step]:
        first, self._first = self._first, ()
        if not first and self._pgconn.transaction_status == TransactionStatus.IDLE:
            # It failed to begin, or was committed: what is asked now would be nobody's, and stay.
            raise ProgrammingError("no transaction is open")
        return [(each.decode(), partial(self._pgconn.send_query_params, each, None)) for each in first]

    def _making_room(self) -> list[Step]:
        if len(self._prepared) < PREPARED:
            return []
        _text, oldest = self._prepared.popitem(last=False)
        return [("close", partial(self._pgconn.send_close_prepared, oldest))]

    def _sent(self, steps: Sequence[Step]) -> dict[str, PGresult]:
        """What each step of one message is answered."""
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        try:
            for _name, send in steps:
                send()
            pgconn.pipeline_sync()
            while pgconn.flush():
                self._writing.poll()
                pgconn.consume_input()
            results = {name: self._result() for name, _send in steps}
            self._next()  # the end of the message
            pgconn.exit_pipeline_mode()
        except BaseException:
            if not self.closed:
                pgconn.finish()
            raise
        return results

    def _result(self) -> PGresult:
        """The answer to one step: a result, and then nothing."""
        result = self._next()
        if result is not None and not self.closed:
            self._next()
            return result
        if result is not None and result.error_field(DiagnosticField.SQLSTATE):
            raise error_from_result(result)  # the server's last word
        raise OperationalError(self._pgconn.get_error_message())

    def _next(self) -> PGresult | None:
        while self._pgconn.is_busy():
            self._reading.poll()
            try:
                self._pgconn.consume_input()
            except OperationalError:  # closed; what was said before may lie here
                break
        return self._pgconn.get_result()


def _demand_success(results: dict[str, PGresult]) -> None:
    for result in results.values():
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
