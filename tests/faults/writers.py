"""Many who give numbers at once, each a process with a connection of its own: `python -m tests.faults.writers`.

The application is loaded once, documents are prepared, and every writer is a fork that works through a list of its own:
it issues invoices, credits them, sends quotations and hears of payments. What a lost connection leaves undone it does
again; a writer that was killed is started again with the same list. One line of JSON on stdin says how many there are;
lines on stdout name each process as it begins and ends, and at the end what was found.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from tests import databases
from tests.factories import documents, people, quotations
from webkit.core.kernel import clock, counters, db, evidence, runtime, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.ids import uuid7
from webkit.core.settings import Settings
from webkit.house import create
from webkit.invoices import crediting, paying
from webkit.invoices import service as invoices
from webkit.payments.events import PaymentSucceeded
from webkit.quotations import service as quoting
from webkit.quotations.offer import Offer
from webkit.runtime import seams

ACTOR = documents.ACTOR
TRIES = 200
Act = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many writers, how much each of them has to do, and where chance begins."""

    writers: int
    share: int
    seed: int


# --- what a writer does ----------------------------------------------------------------------------------------


def _credit(invoice_id: str, minor: str, key: str) -> None:
    given = crediting.CreditInput(crediting.Extent.AMOUNT, "Agreed by phone", int(minor))
    crediting.issue(UUID(invoice_id), given, ACTOR, key)


def _send(quotation_id: str, revision: str) -> None:
    quoting.send(UUID(quotation_id), int(revision), quotations.DELIVERY, ACTOR)


@db.writes
def _pay(invoice_id: str, minor: str, payment_id: str) -> None:
    paying.on_payment(
        PaymentSucceeded(f"invoice:{invoice_id}", UUID(payment_id), int(minor), "EUR", clock.now()),
    )


ACTS: dict[str, Callable[..., None]] = {
    "issue": lambda invoice_id: invoices.issue(UUID(invoice_id), ACTOR),
    "credit": _credit,
    "send": _send,
    "pay": _pay,
}


@dataclass
class Done:
    """What a writer met on its way."""

    done: int = 0
    refused: int = 0
    lost: Counter[str] = field(default_factory=Counter)

    def take(self, agency: UUID, act: Act) -> None:
        """Do one thing, again and again until it is done or refused in words."""
        name, *arguments = act
        for _ in range(TRIES):
            try:
                with tenancy.tenant(agency):
                    ACTS[name](*arguments)
            except DomainError:
                self.refused += 1
                return
            except sa.exc.DBAPIError as error:
                self.lost[type(error.orig).__name__] += 1
            else:
                self.done += 1
                return
        raise RuntimeError(f"{name} was never done: {self.lost}")


# --- what there is to do ---------------------------------------------------------------------------------------


def _lists(plan: Plan) -> list[list[Act]]:
    """Everybody's list. All of them want to issue one and the same draft, and share the invoices that are credited."""
    dice = random.Random(plan.seed)
    clients = [documents.client(f"Client {n}", f"client{n}@example.com") for n in range(4)]
    shared = [documents.issued(f"{dice.randint(1, 90_000)}.{n:02}", client_id=dice.choice(clients)) for n in range(12)]
    contested = documents.draft("77", client_id=clients[0])
    lists = []
    for _ in range(plan.writers):
        acts: list[Act] = [("issue", str(contested))]
        kinds = (_to_issue, _to_issue, _to_credit, _to_send, _to_pay)
        acts += [dice.choice(kinds)(dice, clients, shared) for _ in range(plan.share)]
        dice.shuffle(acts)
        lists.append(acts)
    return lists


def _to_issue(dice: random.Random, clients: list[UUID], _shared: list[UUID]) -> Act:
    prices = [f"{dice.randint(1, 9_000)}.{dice.randint(0, 99):02}" for _ in range(dice.randint(1, 3))]
    return "issue", str(documents.draft(*prices, client_id=dice.choice(clients)))


def _to_credit(dice: random.Random, _clients: list[UUID], shared: list[UUID]) -> Act:
    return "credit", str(dice.choice(shared)), str(dice.randint(1, 500_000)), str(uuid7())


def _to_send(dice: random.Random, clients: list[UUID], _shared: list[UUID]) -> Act:
    price = f"{dice.randint(1, 9_000)}.{dice.randint(0, 99):02}"
    offer = Offer(sections=quotations.OFFER.sections, lines=(quotations.line("a", "walls", price),))
    made = quotations.draft(dice.choice(clients), offer=offer)
    return "send", str(made), str(quoting.get(made).revision)


def _to_pay(dice: random.Random, _clients: list[UUID], shared: list[UUID]) -> Act:
    paid = dice.choice(shared)
    return "pay", str(paid), str(invoices.get(paid).total), str(uuid7())


# --- processes -------------------------------------------------------------------------------------------------


def _say(**what: Any) -> None:
    """One line; short enough that lines of several processes do not mix."""
    os.write(1, (json.dumps(what) + "\n").encode())


class Crowd:
    """The writers. Whoever dies by a signal is replaced."""

    def __init__(self, app: Flask, agency: UUID, lists: list[list[Act]], folder: Path) -> None:
        self._app, self._agency, self._lists, self._folder = app, agency, lists, folder
        self._running: dict[int, int] = {}
        self.killed = 0

    def work(self) -> None:
        """Until everybody is through. Raises RuntimeError when somebody failed."""
        for number in range(len(self._lists)):
            self._start(number)
        while self._running:
            pid, status = os.wait()
            number = self._running.pop(pid)
            _say(ended=pid)
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                self.killed += 1
                self._start(number)
            elif status:
                raise RuntimeError(f"writer {number} ended with {status}")

    def result(self) -> Done:
        """What all of them met, where they came to the end."""
        total = Done()
        for path in self._folder.glob("writer-*"):
            found = json.loads(path.read_text())
            total.done, total.refused = total.done + found["done"], total.refused + found["refused"]
            total.lost.update(found["lost"])
        return total

    def _start(self, number: int) -> None:
        pid = os.fork()
        if pid == 0:
            self._write(number)
        self._running[pid] = number
        _say(began=pid)

    def _write(self, number: int) -> NoReturn:
        code = 1
        try:
            seams.of(self._app).after_fork(self._app)
            met = Done()
            with self._app.app_context():
                for act in self._lists[number]:
                    met.take(self._agency, act)
            found = {"done": met.done, "refused": met.refused, "lost": met.lost}
            (self._folder / f"writer-{number}").write_text(json.dumps(found))
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)


def main() -> None:
    plan = Plan(**json.loads(sys.stdin.readline()))
    settings = Settings.load(os.environ)
    databases.build(_owner(settings))
    app = create(settings)
    with app.app_context():
        ada = people.make_person("Ada Brandt", "ada@northwind.example")
        agency = people.make_agency(ada)
        with tenancy.tenant(agency.id):
            lists = _lists(plan)
        db.db.engine.dispose()
    crowd = Crowd(app, agency.id, lists, settings.data)
    crowd.work()
    met = crowd.result()
    wanted = sum(map(len, lists))
    _say(wanted=wanted, done=met.done, refused=met.refused, lost=met.lost, killed=crowd.killed, **_found(app, agency))


def _owner(settings: Settings) -> sa.Engine:
    engine = sa.create_engine(os.environ["DATABASE_MIGRATIONS_URL"], poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(sa.text("PRAGMA journal_mode=WAL"))
    return engine


def _found(app: Flask, agency: AgencyView) -> dict[str, Any]:
    """What the product itself says of the books afterwards."""
    with app.app_context():
        with tenancy.tenant(agency.id):
            report = evidence.examine(agency.slug, frozenset({runtime.of(app).keys.public_key.hex()}))
        with tenancy.platform("the audit of numbers after many writers"):
            gaps = [f"{gap.series} {gap.missing}" for gap in counters.gaps()]
    return {"findings": [f"{each.seq} {each.problem}" for each in report.findings[:9]], "gaps": gaps}


if __name__ == "__main__":
    main()
