"""The pages of the floors, in one application: F0 to F2, one document, a creating form, a webhook."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from flask import Flask, Response, abort, current_app, redirect, render_template, request, session
from flask_login import LoginManager, current_user, login_required, login_user
from flask_sqlalchemy import SQLAlchemy
from itsdangerous import BadSignature, URLSafeTimedSerializer
from jinja2 import DictLoader
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response as BaseResponse

from benchmarks.floors.tables import Base, Invoice, User
from webkit.runtime.seams import EXTENSION, Seams

ROWS = 25
SECRET = b"a floor's secret"
COLUMNS = "i.id, i.number, i.title, i.state, i.due, i.total, c.name"
LIST = f"SELECT {COLUMNS} FROM invoices i JOIN clients c ON c.id = i.client_id ORDER BY i.id DESC LIMIT {ROWS}"
PAGE = """<!doctype html><html lang="en"><title>Invoices</title><body><h1>Invoices</h1>
{% if token %}<p>{{ who }}</p><form method="post"><input name="csrf" value="{{ token }}"></form>{% endif %}
<table>{% for row in rows %}<tr><td><a href="/f2/{{ row[0] }}">{{ row[1] }}</a></td><td>{{ row[2] }}</td>
<td>{{ row[3] }}</td><td>{{ row[4] }}</td><td>{{ "%.2f"|format(row[5] / 100) }}</td>
<td>{{ row[6] }}</td></tr>{% endfor %}</table>"""
DOCUMENT = """<!doctype html><html lang="en"><title>{{ invoice.number }}</title><body><h1>{{ invoice.number }}</h1>
<p>{{ who }}</p><form method="post"><input name="csrf" value="{{ token }}"></form>
<p>{{ invoice.client.name }} {{ invoice.client.email }} {{ invoice.state }} {{ invoice.due }}</p>
<table>{% for line in invoice.lines %}<tr><td>{{ line.what }}</td><td>{{ line.quantity }}</td>
<td>{{ "%.2f"|format(line.amount / 100) }}</td></tr>{% endfor %}</table>{{ "%.2f"|format(invoice.total / 100) }}"""
SAMPLE = [(n, f"INV-{n}", "Website, design and care", "issued", "2026-11-12", 100_000, "Client") for n in range(ROWS)]

db = SQLAlchemy(model_class=Base)
_kept = threading.local()
_signer = URLSafeTimedSerializer(SECRET, salt="csrf")


def create() -> Flask:
    """The application; `FLOOR_DATABASE` is where its tables are."""
    return make(os.environ["FLOOR_DATABASE"])


def make(url: str) -> Flask:
    app = Flask("floor")
    app.secret_key = SECRET
    app.jinja_loader = DictLoader({"page": PAGE, "document": DOCUMENT})
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 32}
    app.extensions[EXTENSION] = Seams(after_fork=_after_fork)
    db.init_app(app)
    _sign_in_with(app)
    app.add_url_rule("/sign-in", view_func=sign_in)
    app.add_url_rule("/f0", view_func=f0)
    app.add_url_rule("/f1", view_func=f1)
    app.add_url_rule("/f1c", view_func=f1c)
    app.add_url_rule("/f2", view_func=f2)
    app.add_url_rule("/f2/<int:number>", view_func=document)
    app.add_url_rule("/create", view_func=create_invoice, methods=["POST"])
    app.add_url_rule("/hook", view_func=hook, methods=["POST"])
    return app


def _after_fork(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose(close=False)


def _sign_in_with(app: Flask) -> None:
    manager = LoginManager(app, add_context_processor=False)  # or every page would ask for the user, F0 too

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(key: str) -> User | None:
        if request.path == "/f1c":
            ((number, name),) = query("SELECT id, name FROM users WHERE id = 1")
            return User(id=number, name=name)
        return db.session.get(User, int(key))


def connection() -> Any:
    """The connection this thread keeps; each statement is a transaction unless one was begun."""
    if getattr(_kept, "pid", None) != os.getpid():
        _kept.pid, _kept.connection = os.getpid(), connect(current_app.config["SQLALCHEMY_DATABASE_URI"])
    return _kept.connection


def connect(url: str) -> Any:
    """A plain connection of the driver."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        opened = sqlite3.connect(parsed.database or "", isolation_level=None)
        opened.execute("PRAGMA journal_mode=WAL")
        return opened
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def query(sql: str) -> list[Any]:
    return list(connection().execute(sql).fetchall())


def sign_in() -> str:
    login_user(db.session.get_one(User, 1))
    return token()


def token() -> str:
    """A form's proof that it is ours, as Flask-WTF makes it."""
    if "csrf" not in session:
        session["csrf"] = hashlib.sha1(os.urandom(64)).hexdigest()
    return str(_signer.dumps(session["csrf"]))


def checked(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a form without that proof."""

    @functools.wraps(view)
    def inside(*args: Any, **kwargs: Any) -> Any:
        try:
            proven = _signer.loads(request.form["csrf"], max_age=3600) == session.get("csrf")
        except (KeyError, BadSignature):
            proven = False
        return view(*args, **kwargs) if proven else abort(400)

    return inside


def f0() -> str:
    return render_template("page", rows=SAMPLE)


def f1() -> str:
    return render_template("page", rows=query(LIST))


@login_required  # type: ignore[untyped-decorator]
def f1c() -> str:
    return render_template("page", rows=query(LIST), token=token(), who=current_user.name)


@login_required  # type: ignore[untyped-decorator]
def f2() -> str:
    found = db.session.scalars(
        select(Invoice).options(joinedload(Invoice.client)).order_by(Invoice.id.desc()).limit(ROWS)
    )
    rows = [(i.id, i.number, i.title, i.state, i.due, i.total, i.client.name) for i in found]
    return render_template("page", rows=rows, token=token(), who=current_user.name)


@login_required  # type: ignore[untyped-decorator]
def document(number: int) -> str:
    options = (joinedload(Invoice.client), selectinload(Invoice.lines))
    invoice = db.session.scalars(select(Invoice).options(*options).where(Invoice.id == number)).one()
    return render_template("document", invoice=invoice, token=token(), who=current_user.name)


@checked
def create_invoice() -> BaseResponse:
    """An invoice of three lines by plain SQL, in one transaction."""
    given, line = request.form, connection()
    with line.transaction():
        (number,) = line.execute(
            "INSERT INTO invoices (client_id, title, state, due, total) VALUES (%s, %s, 'draft', '', 0) RETURNING id",
            (int(given["client_id"]), given["title"]),
        ).fetchone()
        for what, quantity, amount in zip(
            given.getlist("line_description"), given.getlist("line_quantity"), given.getlist("line_price"), strict=True
        ):
            line.execute(
                "INSERT INTO lines (invoice_id, what, quantity, amount) VALUES (%s, %s, %s, %s)",
                (number, what, int(quantity), round(float(amount) * 100)),
            )
    return redirect(f"/f2/{number}", 303)


def hook() -> Response:
    """A vendor's event: signature, JSON, one row."""
    body = request.get_data()
    if not hmac.compare_digest(sign(body), request.headers["Signature"]):
        abort(400)
    event = json.loads(body)
    connection().execute("INSERT INTO hooks (id, body) VALUES (%s, %s)", (event["id"], body.decode()))
    return Response(status=200)


def sign(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()
