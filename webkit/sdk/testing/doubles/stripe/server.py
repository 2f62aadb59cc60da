"""The double as one object: a server on loopback, what a person does there, and what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from .api import Api
from .books import GOOD_CARD, Account, Books, Object
from .connect import Connect
from .page import Page
from .params import Refused
from .payouts import Payouts
from .plans import Plans
from .post import PAUSES, Chaos, Endpoint, PostOffice
from .saved import Saved
from .trouble import Trouble, Troubles

KEY = "sk_test_double"
ACTS = (
    "advance", "allow", "allow_redirect", "authenticate", "bank_says", "begin_subscription", "calm", "chaos",
    "close_dispute", "connect", "consent", "debit", "decline", "detach", "dispute", "expire", "fail_again", "forget",
    "hold", "leave", "leave_method", "next_period", "pay", "pay_invoice", "pay_out", "refund", "renew", "send_again",
    "settle", "settle_payout", "settle_refund", "state", "subscribe", "trouble", "wait",
)  # fmt: skip
"""What can be done from another process."""


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads them."""


class StripeDouble:
    """A strict, stateful double of the Stripe API.

    `with StripeDouble() as stripe:` serves on `stripe.url` until the block ends. The client's base address is
    `stripe.url`, its key `stripe.key`. What a payer, a bank or a click in the vendor's pages does is a method here;
    each is also `POST /_double/<method>` with its arguments as JSON, for those in another process.
    """

    def __init__(self, *, port: int = 0, key: str = KEY, pauses: Sequence[float] = PAUSES) -> None:
        self.key = key
        self.books = Books(lambda: self.url)
        self.post = PostOffice(pauses)
        self.troubles = Troubles()
        self.books.listeners.append(self.post.take)
        self.connections = Connect(self.books, key, lambda: self.url)
        self.payouts = Payouts(self.books)
        self.saved = Saved(self.books, lambda: self.url)
        self.plans = Plans(self.books, lambda: self.url)
        more = [*self.connections.routes(), *self.payouts.routes(Api.listed), *self.saved.routes(Api.listed)]
        self.api = Api(self.books, self.post, self.troubles, key, [*more, *self.plans.routes(Api.listed)])
        self.api.open_subscription = self.plans.open
        self.page = Page(self.books, self.saved, self.plans)
        app = Flask(__name__)
        app.register_blueprint(self.api.blueprint)
        app.register_blueprint(self.page.blueprint)
        app.register_blueprint(self.connections.blueprint)
        app.register_blueprint(self.saved.blueprint)
        app.add_url_rule("/_double/<name>", "control", self._control, methods=["GET", "POST"])
        self._server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True, name="stripe-double")

    def __enter__(self) -> StripeDouble:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.post.close()

    # --- what people do --------------------------------------------------------------------------------------------

    def subscribe(self, url: str, events: Sequence[str] = ("*",), secret: str = "", connect: bool = False) -> Endpoint:
        """Have webhooks sent to an address; its secret is drawn unless given."""
        return self.post.subscribe(url, events, secret=secret, connect=connect)

    def pay(self, session: str, number: str = GOOD_CARD) -> Object:
        """The payer pays by card. A declined one raises Refused."""
        return self._act(lambda: self.books.pay(session, number))

    def decline(self, session: str, number: str = "4000000000000002") -> None:
        """The payer tries a card that is declined."""
        try:
            self.pay(session, number)
        except Refused as error:
            if error.status != 402:
                raise

    def debit(self, session: str) -> Object:
        """The payer has an account debited: pending until `settle`."""
        return self._act(lambda: self.books.debit(session))

    def begin_subscription(self, session: str, number: str = GOOD_CARD) -> Object:
        """Somebody subscribes with a card on the vendor's page. A declined one raises Refused."""
        return self._act(lambda: self.plans.begin(session, number))

    def next_period(self, subscription: str, ok: bool = True) -> Object:
        """The clock moves to the end of what is paid: renewed, changed or ended; the payment arrives or fails."""
        return self._act(lambda: self.plans.next_period(subscription, ok=ok))

    def fail_again(self, subscription: str) -> Object:
        """What is missing is tried once more, in vain."""
        return self._act(lambda: self.plans.fail_again(subscription))

    def pay_invoice(self, subscription: str) -> Object:
        """The open invoice of a subscription is paid after all, in the vendor's pages."""
        return self._act(lambda: self.plans.pay_invoice(subscription))

    def settle(self, intent: str, ok: bool = True) -> Object:
        """The bank's answer to a debit."""
        return self._act(lambda: self.books.settle(intent, ok=ok))

    def leave_method(self, session: str, number: str = GOOD_CARD) -> Object:
        """The payer leaves a card, or an account to debit, at the page of a setup. A declined one raises Refused."""
        return self._act(lambda: self.saved.leave(session, number))

    def bank_says(self, method: str, word: str = "", account: str = "") -> Object:
        """What the bank answers to charges of a saved method: "" is yes, else its decline code."""
        return self._act(lambda: self.saved.bank_says(self.books.accounts[account], method, word))

    def authenticate(self, intent: str, ok: bool = True) -> Object:
        """The payer answers the bank's question."""
        return self._act(lambda: self.saved.answer(intent, ok=ok))

    def renew(self, method: str, account: str = "", **values: Any) -> Object:
        """The bank has sent a new card: `last4`, `exp_year` and the like are other ones."""
        return self._act(lambda: self.saved.renew(self.books.accounts[account], method, **values))

    def detach(self, method: str, account: str = "") -> Object:
        """Somebody takes a method away in the vendor's own pages."""
        books = self.books.accounts[account]
        return self._act(lambda: self.saved.detach(books, books.get("payment_method", method)))

    def expire(self, session: str) -> Object:
        """Nobody paid in time."""
        return self._act(lambda: self.books.expire(session))

    def refund(self, intent: str, amount: int | None = None) -> Object:
        """Somebody gives money back in the vendor's own pages."""
        return self._act(lambda: self.books.refund(intent, amount))

    def settle_refund(self, refund: str, ok: bool = True) -> Object:
        """A refund arrives, or comes back."""
        return self._act(lambda: self.books.settle_refund(refund, ok=ok))

    def dispute(self, intent: str, amount: int | None = None) -> Object:
        """The payer disputes the payment."""
        return self._act(lambda: self.books.dispute(intent, amount))

    def close_dispute(self, dispute: str, won: bool = False) -> Object:
        """The bank decides the dispute."""
        return self._act(lambda: self.books.close_dispute(dispute, won=won))

    def connect(self) -> str:
        """A new connected account."""
        return self.books.connect()

    def allow_redirect(self, url: str) -> None:
        """Register an address that consent may lead back to."""
        self.connections.redirects.add(url)

    def consent(self, url: str, account: str = "", allow: bool = True) -> str:
        """The owner of an account (a new one unless given) answers on the consent page; where the browser goes then."""
        return self.connections.consent(url, account, allow=allow)

    def allow(self, account: str, wanted: Sequence[str] = (), blocked: str = "", charge: bool | None = None) -> Object:
        """The vendor decides what an account may do; nothing wanted and nothing blocked: everything."""
        return self._act(lambda: self.books.allow(account, wanted, blocked, charge=charge))

    def leave(self, account: str) -> None:
        """The owner withdraws the platform's access, in the vendor's pages."""
        with self.books.lock:
            self.books.leave(account)

    def pay_out(self, account: str = "", instant: bool = False, by_hand: bool = False) -> Object:
        """What an account holds goes to its owner's bank."""
        return self._act(lambda: self.payouts.pay_out(account, instant=instant, by_hand=by_hand))

    def settle_payout(self, payout: str, account: str = "", ok: bool = True) -> Object:
        """A payout has arrived, or comes back."""
        return self._act(lambda: self.payouts.settle(account, payout, ok=ok))

    def advance(self, seconds: int) -> int:
        """Move the vendor's clock on."""
        self.books.ahead += seconds
        return self.books.ahead

    # --- what goes wrong -------------------------------------------------------------------------------------------

    def trouble(self, **what: Any) -> None:
        """Order a `Trouble` for calls to come: `trouble(status=429, retry_after=2, times=3)`."""
        self.troubles.order(Trouble(**what))

    def calm(self) -> None:
        """No more troubles, no chaos, and what was held back goes out."""
        self.troubles.clear()
        self.post.chaos(Chaos(seed=1))
        self.post.hold(False)

    def chaos(self, lose: float = 0.0, double: float = 0.0, late: float = 0.0, seed: int = 0) -> int:
        """Lose, double and delay webhooks from now on; returns the seed, which is printed too."""
        return self.post.chaos(Chaos(lose, double, late, seed)).seed

    def forget(self) -> None:
        """Empty books, no endpoints: as if just started."""
        with self.books.lock:
            self.books.accounts = {"": Account("acct_1Platform")}
            self.books.ahead = 0
        self.api.forget()
        self.connections.forget()
        self.post.endpoints.clear()
        self.calm()

    def hold(self, held: bool = True) -> None:
        """Keep webhooks back until `hold(False)`."""
        self.post.hold(held)

    def send_again(self, event: str) -> None:
        """Deliver an event once more."""
        with self.books.lock:
            self.post.send_again(self.event(event))

    def wait(self, seconds: float = 30.0) -> bool:
        """Until all webhooks are delivered or given up."""
        return self.post.wait(seconds)

    # --- what can be seen ------------------------------------------------------------------------------------------

    def session(self, id: str) -> Object:
        """A checkout session as it stands."""
        return self._act(lambda: self.books.session(id)[1])

    def event(self, id: str) -> Object:
        return next(a.all("event")[id] for a in self.books.accounts.values() if id in a.all("event"))

    def all(self, kind: str, account: str = "") -> list[Object]:
        """All objects of a kind, oldest first: "event", "checkout.session", "payment_intent", "refund", "dispute"."""
        with self.books.lock:
            return list(self.books.accounts[account].all(kind).values())

    def state(self) -> Object:
        """Everything of the platform's account, the calls so far and every attempt to deliver."""
        with self.books.lock:
            objects = self.books.accounts[""].objects
            shown = {kind: [_public(row) for row in rows.values()] for kind, rows in objects.items()}
            attempts = [asdict(attempt) for attempt in self.post.attempts]
            return {"objects": shown, "calls": list(self.api.calls), "deliveries": attempts}

    def _act(self, act: Callable[[], Object]) -> Object:
        with self.books.lock:
            return _public(act())

    def _control(self, name: str) -> tuple[Response, int]:
        if name not in ACTS:
            return jsonify(error=f"one of {', '.join(ACTS)}"), 404
        try:
            answer = getattr(self, name)(**(request.get_json(silent=True) or {}))
        except Refused as error:
            return jsonify(error=error.body), error.status
        except (TypeError, StopIteration) as error:
            return jsonify(error=str(error)), 400
        return jsonify(asdict(answer) if isinstance(answer, Endpoint) else answer), 200


def _public(row: Object) -> Object:
    return {name: value for name, value in row.items() if not name.startswith("_")}
