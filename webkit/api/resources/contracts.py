"""Contracts and their templates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from webkit.api.operations import Call, Operation
from webkit.api.paging import of_all, of_list
from webkit.api.resources.shared import Reason, history, pdf
from webkit.api.shapes import Currency, Exact, Input, View, strictly
from webkit.contracts import service, templates, terms
from webkit.contracts.forms import ClauseForm, ContractForm
from webkit.contracts.service import ContractState, ContractView
from webkit.contracts.terms import MAX_CLAUSES, Clause
from webkit.core.kernel import permissions
from webkit.core.kernel.forms import Line

Head: Any = strictly(ContractForm)
ClauseIn: Any = strictly(ClauseForm)


class ContractIn(Head):  # type: ignore[misc]
    """A draft and its clauses. `revision` is the one that was read: a later one is not overwritten."""

    clauses: list[ClauseIn] = Field(min_length=1, max_length=MAX_CLAUSES)


class FromProposal(Input):
    """By which template; the usual one of the client's language where none is named."""

    template_id: UUID | None = None


class TemplateIn(Input):
    """A template."""

    name: Line(120, 1)  # type: ignore[valid-type]
    locale: Line(2, 2)  # type: ignore[valid-type]
    clauses: list[ClauseIn] = Field(min_length=1, max_length=MAX_CLAUSES)
    signatory_name: Line(120) = ""  # type: ignore[valid-type]
    signatory_title: Line(120) = ""  # type: ignore[valid-type]


class ContractLine(View):
    """A contract in a list."""

    id: UUID
    client_id: UUID
    number: str | None
    title: str
    state: ContractState
    currency: Currency
    total_minor: int
    monthly_minor: int
    valid_until: date
    created_at: datetime
    sent_at: datetime | None
    signed_at: datetime | None


class ClauseView(View):
    """A clause."""

    title: str
    text: str


class Contract(ContractLine):
    """A contract."""

    expired: bool
    proposal_id: UUID | None
    quotation_id: UUID | None
    template_id: UUID
    deposit_minor: int
    deposit_percent: Exact | None
    clauses: list[ClauseView]
    commencement: date | None
    completion: date | None
    signer_name: str
    signer_title: str
    signer_email: str
    signatory_name: str
    signatory_title: str
    revision: int
    sealed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str


class Template(View):
    """What a contract can begin with."""

    id: UUID
    name: str
    locale: str
    version: int
    clauses: list[ClauseView]
    signatory_name: str
    signatory_title: str
    is_default: bool
    archived: bool


def _rows(rows: Sequence[Any]) -> Sequence[Any]:
    return rows


def _id(call: Call) -> UUID:
    return call.id("contract_id")


def _get(call: Call) -> ContractView:
    return service.get(_id(call))


def _from_proposal(call: Call) -> ContractView:
    made = service.create_from_proposal(call.id("proposal_id"), template_id=call.body.template_id, creator=call.name)
    return service.get(made)


def _from_quotation(call: Call) -> ContractView:
    made = service.create_from_quotation(call.id("quotation_id"), actor=call.actor, creator=call.name)
    return service.get(made)


def _replace(call: Call) -> ContractView:
    given = call.body
    values = given.model_dump(exclude={"revision", "clauses"})
    clauses = tuple(Clause(each.title, each.text) for each in given.clauses)
    revision = given.revision if "revision" in given.model_fields_set else _get(call).revision
    service.change(_id(call), revision, {**values, "clauses": terms.dump(clauses)})
    return _get(call)


def _send(call: Call) -> ContractView:
    service.send(_id(call), actor=call.actor)
    return _get(call)


def _cancel(call: Call) -> ContractView:
    if _get(call).state != ContractState.DRAFT:
        permissions.demand("contracts.cancel")
    service.cancel(_id(call), call.body.reason, actor=call.actor)
    return _get(call)


def _templates(_call: Call) -> Sequence[Any]:
    return templates.all_in_use()


def _template(call: Call) -> templates.TemplateView:
    return templates.get(call.id("template_id"))


def _text(given: Any) -> templates.TemplateText:
    clauses = tuple(Clause(each.title, each.text) for each in given.clauses)
    return templates.TemplateText(given.name, given.locale, clauses, given.signatory_name, given.signatory_title)


def _add_template(call: Call) -> templates.TemplateView:
    return templates.get(templates.create(_text(call.body)))


def _change_template(call: Call) -> templates.TemplateView:
    templates.change(call.id("template_id"), _template(call).version, _text(call.body))
    return _template(call)


def _use_template(call: Call) -> templates.TemplateView:
    templates.make_default(call.id("template_id"))
    return _template(call)


def _archive_template(call: Call) -> None:
    templates.archive(call.id("template_id"))


ALL, ONE, TEMPLATE = "/contracts", "/contracts/{contract_id}", "/contract-templates/{template_id}"
VIEW, EDIT, SEND, TEMPLATES = "contracts.view", "contracts.edit", "contracts.send", "contract_templates.edit"
OPERATIONS = (
    Operation("contracts.list", "GET", ALL, VIEW, "List contracts", of_list("contracts", _rows), listed="contracts",
              answer=ContractLine),
    Operation("contracts.from_proposal", "POST", "/proposals/{proposal_id}/contract", "contracts.create",
              "Make the contract of an accepted proposal", _from_proposal, body=FromProposal, answer=Contract,
              code=201),
    Operation("contracts.from_quotation", "POST", "/quotations/{quotation_id}/contract", "contracts.create",
              "Make the contract of an accepted quotation", _from_quotation, answer=Contract, code=201),
    Operation("contracts.get", "GET", ONE, VIEW, "Read a contract", _get, answer=Contract),
    Operation("contracts.replace", "PUT", ONE, EDIT, "Change a draft", _replace, body=ContractIn, answer=Contract),
    Operation("contracts.send", "POST", f"{ONE}/send", SEND, "Send a contract", _send, answer=Contract,
              about="It gets its number, is frozen and goes to whoever signs."),
    Operation("contracts.cancel", "POST", f"{ONE}/cancel", EDIT, "Cancel a contract", _cancel, body=Reason,
              answer=Contract, about="One that was sent needs the permission `contracts.cancel`."),
    history("contract", VIEW),
    pdf("contract", VIEW),
    Operation("contract_templates.list", "GET", "/contract-templates", "contract_templates.view", "List templates",
              of_all(_templates), paged=True, answer=Template),
    Operation("contract_templates.create", "POST", "/contract-templates", TEMPLATES, "Add a template", _add_template,
              body=TemplateIn, answer=Template, code=201),
    Operation("contract_templates.get", "GET", TEMPLATE, "contract_templates.view", "Read a template", _template,
              answer=Template),
    Operation("contract_templates.replace", "PUT", TEMPLATE, TEMPLATES, "Change a template", _change_template,
              body=TemplateIn, answer=Template),
    Operation("contract_templates.use", "POST", f"{TEMPLATE}/default", TEMPLATES, "Use it where none is named",
              _use_template, answer=Template),
    Operation("contract_templates.archive", "DELETE", TEMPLATE, TEMPLATES, "Archive a template", _archive_template,
              code=204),
)  # fmt: skip
