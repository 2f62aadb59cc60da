"""One installation of the platform with an agency, somebody signed in, and as much data as a year of work leaves."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from flask import Flask

from benchmarks import data, house
from benchmarks.data import Sizes
from benchmarks.load import FORM, Ask
from benchmarks.parts import environment, server
from webkit.accounts import service as accounts
from webkit.accounts import sessions
from webkit.accounts.models import Method
from webkit.accounts.service import NewUser
from webkit.agencies import service as agencies
from webkit.agencies.service import NewAgency
from webkit.core.kernel import db, migrations, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.settings import Settings

SLUG = "northwind"
AGENCY = NewAgency(
    name="Northwind Studio",
    slug=SLUG,
    country="IT",
    currency="EUR",
    locale="en-GB",
    timezone="Europe/Rome",
    tax_scheme="it-vat",
    email="hello@northwind.example",
)


class Installation:
    """`database` is what the application connects to, `owner` the role that owns the tables."""

    def __init__(self, folder: Path, database: str, owner: str, redis: str) -> None:
        self.folder, self.owner = folder, owner
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.variables = {
            "WEBKIT_DATA": str(folder / "data"),
            "DATABASE_URL": database,
            "DATABASE_MIGRATIONS_URL": owner,
            "REDIS_URL": redis,
            "WEBKIT_RENDERER_SOCKET": str(folder / "r.sock"),
            # Requests are counted as ever; only nobody is turned away.
            "WEBKIT_RATE_PER_MINUTE": "100000",
            "WEBKIT_RATE_BURST": "10000",
            "WEBKIT_RATE_SIGNED_IN": "1000000",
        }

    @cached_property
    def settings(self) -> Settings:
        return Settings.load({**self.variables, "LOG_LEVEL": "ERROR", "WEB_THREADS": "8"})

    @cached_property
    def app(self) -> Flask:
        """The application in this process."""
        return house.create(self.settings)

    @property
    def environment(self) -> dict[str, str]:
        """For its processes."""
        return environment(**self.variables)

    @contextlib.contextmanager
    def serve(self, factory: str = "webkit.house:create") -> Iterator[int]:
        """Its web server; yields the port."""
        with server(factory, self.environment, self.log) as port:
            yield port

    def prepare(self, sizes: Sizes) -> None:
        """Tables, people, and a year of work."""
        with self.app.app_context():
            migrations.upgrade()
            with db.unit(db.Scope()):
                self.user = accounts.create_user(NewUser("ada@northwind.example", "Ada Brandt", ""))
                self.agency: AgencyView = accounts.found_agency(self.user, AGENCY)
                self._token = sessions.begin(self.user, Method.PASSWORD)
            with tenancy.tenant(self.agency.id):
                agencies.change({"tax_id": "IT12345670157"})  # invoices charge tax
            db.db.engine.dispose()
            data.fill(self.owner, self.agency, sizes)

    @cached_property
    def cookie(self) -> str:
        """The session of the agency's owner."""
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        held = serializer.dumps({"_user_id": self._token, "_fresh": True, "_permanent": True})
        return f"{self.app.config['SESSION_COOKIE_NAME']}={held}"

    def get(self, path: str) -> Ask:
        """A page of the agency as its owner asks for it."""
        return Ask(f"/{SLUG}{path}", headers={"Cookie": self.cookie, "Accept-Language": "en"})

    def post(self, path: str, body: str = "", expect: int = 303) -> Ask:
        """A form of the agency, sent by its owner."""
        headers = {"Cookie": self.cookie, "Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
        place = path if path.startswith("{") else f"/{SLUG}{path}"
        return Ask(place, "POST", headers, body, expect)

    def has(self, endpoint: str) -> bool:
        """Whether there is such a page."""
        return endpoint in self.app.view_functions

    def read(self, ask: Ask) -> str:
        """What a page answers, asked in this process."""
        client = self.app.test_client(use_cookies=False)
        return client.get(ask.path, headers=dict(ask.headers)).get_data(as_text=True)

    def inside(self, run: Callable[[], None]) -> None:
        """Run something in the application's context."""
        with self.app.app_context():
            run()

    def to_json(self) -> str:
        """What a process of ours needs to open the same installation."""
        return json.dumps({"variables": self.variables, "agency": str(self.agency.id)})
