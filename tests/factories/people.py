"""Agencies and people for tests, made through the services."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from uuid import UUID

from webkit.accounts import service as accounts
from webkit.accounts import sessions
from webkit.accounts.models import Method, Role
from webkit.accounts.service import NewUser
from webkit.agencies import models
from webkit.agencies.service import NewAgency
from webkit.core.kernel import db, tenancy
from webkit.core.kernel.directory import AgencyView

PASSWORD = "correct horse battery staple"
TAX_ID = "IT12345670157"
_serial = count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    id: UUID
    email: str
    name: str


def new_agency(name: str = "Northwind Studio", slug: str = "northwind", **changes: str) -> NewAgency:
    """What an Italian agency is founded with."""
    values = {
        "country": "IT",
        "currency": "EUR",
        "locale": "en-GB",
        "timezone": "Europe/Rome",
        "tax_scheme": "it-vat",
        "email": "hello@northwind.example",
    }
    return NewAgency(name=name, slug=slug, **{**values, **changes})


def make_person(name: str = "Ada Brandt", email: str = "", *, password: str = "", is_operator: bool = False) -> Person:
    """An account; without a password nothing slow is computed."""
    address = email or f"person{next(_serial)}@example.com"
    with db.unit(db.Scope()):
        made = accounts.create_user(NewUser(address, name, password, is_operator=is_operator))
    return Person(made, address, name)


def make_agency(owner: Person, **values: str) -> AgencyView:
    """An agency of `owner`, which may charge tax."""
    with db.unit(db.Scope()):
        view = accounts.found_agency(owner.id, new_agency(**values))
    with tenancy.tenant(view.id), db.writing():
        models.update(view.id, {}, {"tax_id": TAX_ID})
    return view


def join(agency: AgencyView, person: Person, role: Role = Role.MEMBER) -> None:
    """Let somebody into an agency."""
    with tenancy.tenant(agency.id):
        accounts.add_member(person.id, role)


def begin_session(person: Person) -> str:
    """The token of a fresh session."""
    with db.unit(db.Scope()):
        return sessions.begin(person.id, Method.PASSWORD)


def id_of(email: str) -> UUID:
    """The account of an address."""
    with db.unit(db.Scope()):
        found = accounts.user_id_of(email)
    assert found is not None, email
    return found
