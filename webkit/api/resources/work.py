"""What comes before an offer: consultations, audits of websites, and the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from webkit.api.operations import Call, Operation, Param
from webkit.api.paging import of_all, of_numbered, of_rows
from webkit.api.resources.shared import history
from webkit.api.shapes import Currency, Exact, Input, Minor, View
from webkit.catalogue import service as catalogue
from webkit.catalogue.views import AddonPricing, AddonTerms, AddonView, PackageTerms, PackageView, PricingModel
from webkit.clients import service as clients
from webkit.consultations import answers, service
from webkit.consultations.fields import FIELDS
from webkit.consultations.models import State, Why
from webkit.consultations.views import Author, ConsultationView, Seen
from webkit.core.capabilities.pagespeed import Strategy
from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import Line, Text, Url
from webkit.website_audits import service as audits
from webkit.website_audits.models import AuditState

CLIENT = Param("client", "Of one client.", {"type": "string", "format": "uuid"})
Price = Annotated[int, Field(ge=0, le=MAX_MINOR)]


class ConsultationNew(Input):
    """Whose it is, where that is known."""

    client_id: UUID | None = None


class AnswersIn(Input):
    """Answers by the name of the question: a text, or the chosen values. Questions that are not named stay as they
    are; an empty text takes an answer back."""

    answers: dict[Line(60), str | list[Line(200)]] = Field(max_length=200)  # type: ignore[valid-type]


class ConsultationLine(View):
    """A consultation in a list."""

    id: UUID
    client_id: UUID | None
    name: str
    percent: int
    state: State
    author_name: str
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    proposal_id: UUID | None


class Consultation(ConsultationLine):
    """A consultation. `version` counts what was saved."""

    answers: dict[str, str | list[str]]
    version: int


class RestoreIn(Input):
    """Which version comes back."""

    version: int = Field(ge=1, lt=2**31)


class Version(View):
    """A version of a consultation. `changed` names the questions it answered otherwise than its `parent`."""

    number: int
    why: Why
    parent: int
    changed: list[str]
    percent: int
    author_name: str
    at: datetime


class AuditIn(Input):
    """Which page is measured."""

    url: Url
    strategy: Literal["mobile", "desktop"] = "mobile"


class Metric(View):
    """One metric, in seconds or without a unit; null where it was not measured."""

    key: str
    value: Exact | None
    rating: str


class Score(View):
    """One score, from 0 to 100; null where it was not measured."""

    key: str
    value: int | None


class Audit(View):
    """An audit of a page."""

    id: UUID
    client_id: UUID
    url: str
    final_url: str
    strategy: str
    state: AuditState
    reason: str
    created_at: datetime
    measured_at: datetime | None
    metrics: list[Metric]
    scores: list[Score]
    recommendations: list[str]


class PackageIn(Input):
    """A package. Amounts are in minor units of `currency`."""

    name: Line(120, 1)  # type: ignore[valid-type]
    slug: Line(60) = ""  # type: ignore[valid-type]
    description: Text(2000) = ""  # type: ignore[valid-type]
    currency: Currency
    tax_rate: Line(32) = ""  # type: ignore[valid-type]
    pricing_model: PricingModel
    setup_fee: Price = 0
    one_time_price: Price = 0
    monthly_price: Price = 0
    minimum_term_months: int = Field(0, ge=0, le=120)
    included_features: list[Line(160)] = Field(default=[], max_length=60)  # type: ignore[valid-type]
    max_pages: int | None = Field(None, ge=1, le=10_000)
    is_featured: bool = False

    def read(self) -> PackageTerms:
        """As the service takes it."""
        return PackageTerms(**{**self.model_dump(), "included_features": tuple(self.included_features)})


class Package(View):
    """A package of the catalogue."""

    id: UUID
    name: str
    slug: str
    description: str
    currency: Currency
    tax_rate: str
    pricing_model: PricingModel
    setup_fee: int
    one_time_price: int
    monthly_price: int
    minimum_term_months: int
    included_features: list[str]
    max_pages: int | None
    is_featured: bool
    active: bool
    revision: int


class AddonIn(Input):
    """An extra. Without `package_ids` it goes with every package."""

    name: Line(120, 1)  # type: ignore[valid-type]
    slug: Line(60) = ""  # type: ignore[valid-type]
    description: Text(2000) = ""  # type: ignore[valid-type]
    currency: Currency
    tax_rate: Line(32) = ""  # type: ignore[valid-type]
    pricing_type: AddonPricing
    price: Price
    unit_label: Line(40) = ""  # type: ignore[valid-type]
    package_ids: list[UUID] = Field(default=[], max_length=200)

    def read(self) -> AddonTerms:
        """As the service takes it."""
        return AddonTerms(**{**self.model_dump(), "package_ids": tuple(self.package_ids)})


class Addon(View):
    """An extra of the catalogue."""

    id: UUID
    name: str
    slug: str
    description: str
    currency: Currency
    tax_rate: str
    pricing_type: AddonPricing
    price: Minor
    unit_label: str
    package_ids: list[UUID]
    active: bool
    revision: int


class MoveIn(Input):
    """Up (-1) or down (1) in the list."""

    step: Literal[-1, 1]


class ActiveIn(Input):
    """Whether it is offered."""

    active: bool


def _client(call: Call) -> UUID | None:
    return UUID(call.query["client"]) if "client" in call.query else None


def _author(call: Call) -> Author:
    return Author(call.user_id, call.name)


def _consultations(call: Call) -> Sequence[Any]:
    found = _client(call)
    return service.page(service.Filter(client_id=found) if found else service.Filter(), 100)


def _get(call: Call) -> ConsultationView:
    return service.get(call.id("consultation_id"))


def _start(call: Call) -> ConsultationView:
    return service.get(service.start(call.body.client_id, _author(call), key=call.key))


def _answer(call: Call) -> ConsultationView:
    known = _get(call)
    given = call.body.answers
    if unknown := [name for name in given if name not in FIELDS]:
        raise Invalid({f"/answers/{name}": f"{name}?" for name in unknown})
    said = {name: [value] if isinstance(value, str) else list(value) for name, value in given.items()}
    typed = answers.read([FIELDS[name] for name in given], said, service.lists(), known.answers)
    if typed.errors:
        raise Invalid({f"/answers/{name}": text for name, text in typed.errors.items()})
    service.save(known.id, typed.answers, Seen(known.version, "api"), _author(call))
    return _get(call)


def _complete(call: Call) -> ConsultationView:
    service.complete(call.id("consultation_id"), _author(call))
    return _get(call)


def _reopen(call: Call) -> ConsultationView:
    service.reopen(call.id("consultation_id"), _author(call))
    return _get(call)


def _archive(call: Call) -> ConsultationView:
    service.archive(call.id("consultation_id"), _author(call))
    return _get(call)


def _unarchive(call: Call) -> ConsultationView:
    service.unarchive(call.id("consultation_id"), _author(call))
    return _get(call)


def _versions(call: Call, limit: int, before: int | None) -> Sequence[Any]:
    return service.versions(_get(call).id, None if before is None else min(before, 2**31 - 1), limit)


def _bring_back(call: Call) -> ConsultationView:
    service.restore(call.id("consultation_id"), call.body.version, _author(call))
    return _get(call)


def _audits(call: Call, limit: int, before: UUID | None) -> Sequence[Any]:
    return audits.page(limit, client_id=_client(call), older_than=before)


def _audit(call: Call) -> audits.AuditView:
    return audits.get(call.id("audit_id"))


def _measure(call: Call) -> audits.AuditView:
    client = clients.get(call.id("client_id"))
    strategy = Strategy(call.body.strategy)
    made = audits.start(client.id, call.body.url, strategy=strategy, actor=call.actor, once_key=call.key)
    return audits.get(made)


def _measure_again(call: Call) -> audits.AuditView:
    known = _audit(call)
    made = audits.start(known.client_id, known.url, strategy=known.strategy, actor=call.actor, once_key=call.key)
    return audits.get(made)


def _packages(_call: Call) -> Sequence[PackageView]:
    return catalogue.packages()


def _package(call: Call) -> PackageView:
    return catalogue.package(call.id("package_id"))


def _add_package(call: Call) -> PackageView:
    return catalogue.package(catalogue.create_package(call.body.read(), key=call.key))


def _change_package(call: Call) -> PackageView:
    known = _package(call)
    catalogue.edit_package(known.id, call.body.read(), known.revision)
    return _package(call)


def _copy_package(call: Call) -> PackageView:
    return catalogue.package(catalogue.duplicate_package(call.id("package_id")))


def _move_package(call: Call) -> PackageView:
    catalogue.move_package(call.id("package_id"), call.body.step)
    return _package(call)


def _copy_addon(call: Call) -> AddonView:
    return catalogue.addon(catalogue.duplicate_addon(call.id("addon_id")))


def _move_addon(call: Call) -> AddonView:
    catalogue.move_addon(call.id("addon_id"), call.body.step)
    return _addon(call)


def _offer_package(call: Call) -> PackageView:
    catalogue.set_package_active(call.id("package_id"), call.body.active)
    return _package(call)


def _addons(_call: Call) -> Sequence[AddonView]:
    return catalogue.addons()


def _addon(call: Call) -> AddonView:
    return catalogue.addon(call.id("addon_id"))


def _add_addon(call: Call) -> AddonView:
    return catalogue.addon(catalogue.create_addon(call.body.read(), key=call.key))


def _change_addon(call: Call) -> AddonView:
    known = _addon(call)
    catalogue.edit_addon(known.id, call.body.read(), known.revision)
    return _addon(call)


def _offer_addon(call: Call) -> AddonView:
    catalogue.set_addon_active(call.id("addon_id"), call.body.active)
    return _addon(call)


TALK, PACKAGE, ADDON = "/consultations/{consultation_id}", "/packages/{package_id}", "/addons/{addon_id}"
SEE, WRITE, LOOK, SELL = "consultations.view", "consultations.edit", "catalogue.view", "catalogue.edit"
OPERATIONS = (
    Operation("consultations.list", "GET", "/consultations", SEE, "List consultations", of_all(_consultations),
              paged=True, params=(CLIENT,), answer=ConsultationLine, about="The newest hundred."),
    Operation("consultations.create", "POST", "/consultations", "consultations.create", "Begin a consultation", _start,
              body=ConsultationNew, answer=Consultation, code=201),
    Operation("consultations.get", "GET", TALK, SEE, "Read a consultation", _get, answer=Consultation),
    Operation("consultations.answer", "PATCH", TALK, WRITE, "Write down answers", _answer, body=AnswersIn,
              answer=Consultation),
    Operation("consultations.complete", "POST", f"{TALK}/complete", WRITE, "Say that everything is known", _complete,
              answer=Consultation),
    Operation("consultations.reopen", "POST", f"{TALK}/reopen", WRITE, "Open it again", _reopen, answer=Consultation),
    Operation("consultations.archive", "POST", f"{TALK}/archive", "consultations.delete", "Archive it", _archive,
              answer=Consultation),
    Operation("consultations.unarchive", "POST", f"{TALK}/unarchive", "consultations.delete", "Bring it back",
              _unarchive, answer=Consultation),
    Operation("consultations.versions", "GET", f"{TALK}/versions", SEE, "List its versions",
              of_numbered(_versions, "number"), paged=True, answer=Version),
    Operation("consultations.restore", "POST", f"{TALK}/restore", WRITE, "Bring a version back", _bring_back,
              body=RestoreIn, answer=Consultation),
    history("consultation", SEE),
    Operation("audits.list", "GET", "/audits", "audits.view", "List audits of websites", of_rows(_audits), paged=True,
              params=(CLIENT,), answer=Audit),
    Operation("audits.get", "GET", "/audits/{audit_id}", "audits.view", "Read an audit", _audit, answer=Audit),
    Operation("audits.create", "POST", "/clients/{client_id}/audits", "audits.create", "Measure a page", _measure,
              body=AuditIn, answer=Audit, code=201, apart=True),
    Operation("audits.again", "POST", "/audits/{audit_id}/again", "audits.create", "Measure the same page once more",
              _measure_again, answer=Audit, code=201, apart=True),
    Operation("catalogue.packages", "GET", "/packages", LOOK, "List packages", of_all(_packages), paged=True,
              answer=Package),
    Operation("catalogue.create_package", "POST", "/packages", SELL, "Add a package", _add_package, body=PackageIn,
              answer=Package, code=201),
    Operation("catalogue.package", "GET", PACKAGE, LOOK, "Read a package", _package, answer=Package),
    Operation("catalogue.replace_package", "PUT", PACKAGE, SELL, "Change a package", _change_package, body=PackageIn,
              answer=Package),
    Operation("catalogue.offer_package", "POST", f"{PACKAGE}/active", SELL, "Offer a package or not", _offer_package,
              body=ActiveIn, answer=Package),
    Operation("catalogue.duplicate_package", "POST", f"{PACKAGE}/duplicate", SELL, "Make a copy of a package",
              _copy_package, answer=Package, code=201),
    Operation("catalogue.move_package", "POST", f"{PACKAGE}/move", SELL, "Move a package in the list", _move_package,
              body=MoveIn, answer=Package),
    Operation("catalogue.addons", "GET", "/addons", LOOK, "List extras", of_all(_addons), paged=True, answer=Addon),
    Operation("catalogue.create_addon", "POST", "/addons", SELL, "Add an extra", _add_addon, body=AddonIn,
              answer=Addon, code=201),
    Operation("catalogue.addon", "GET", ADDON, LOOK, "Read an extra", _addon, answer=Addon),
    Operation("catalogue.replace_addon", "PUT", ADDON, SELL, "Change an extra", _change_addon, body=AddonIn,
              answer=Addon),
    Operation("catalogue.offer_addon", "POST", f"{ADDON}/active", SELL, "Offer an extra or not", _offer_addon,
              body=ActiveIn, answer=Addon),
    Operation("catalogue.duplicate_addon", "POST", f"{ADDON}/duplicate", SELL, "Make a copy of an extra", _copy_addon,
              answer=Addon, code=201),
    Operation("catalogue.move_addon", "POST", f"{ADDON}/move", SELL, "Move an extra in the list", _move_addon,
              body=MoveIn, answer=Addon),
)  # fmt: skip
