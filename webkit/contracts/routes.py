"""Staff pages of contracts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, g, request
from flask_login import current_user

from webkit.clients import service as clients
from webkit.contracts import document, forms, merge, service, templates
from webkit.contracts.forms import CancelForm, ContractForm, CreateForm
from webkit.contracts.listing import CONTRACTS
from webkit.contracts.models import ContractState
from webkit.contracts.pages import EditPage, ListPage, NewPage, ShowPage
from webkit.contracts.service import ContractView
from webkit.contracts.terms import Clause, dump
from webkit.core.kernel import clock, downloads, events, frozen, i18n, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, DomainError, Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind, decimal_text
from webkit.core.kernel.hx import fields, go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import frame
from webkit.extras import service as extras
from webkit.messaging import service as messaging

FRAMED = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""For paper in a frame of our own page: nothing runs in it and nothing leads out of it."""
blueprint = staff_blueprint("contracts", __name__, "/contracts")


@blueprint.get("/")
def index() -> Response:
    opened = frame.open_list(CONTRACTS)
    if opened.elsewhere:
        return go_to(opened.elsewhere)
    found = opened.page.rows
    names = clients.names({each.client_id for each in found} | opened.asked.refs)
    return page(
        "contracts/index.html", "list", **fields(ListPage(opened.frame(names), found, names, opened.here.today))
    )


@blueprint.get("/new")
def new() -> Response:
    """Which accepted proposal becomes a contract; one that has become one already leads to it."""
    proposal_id = request.args.get("proposal", type=UUID)
    if proposal_id and (contract := service.of_proposal(proposal_id)):
        return go(".show", contract_id=contract.id)
    return _new(FormState({"proposal": [str(proposal_id)]} if proposal_id else {}))


@blueprint.post("/new")
def create() -> Response:
    """The contract of an accepted proposal; asked for twice it is the same one."""
    bound = bind(CreateForm, request.form)
    if not bound.ok:
        return _new(bound.state, code=422)
    if (proposal_id := _uuid(bound.data.proposal)) is None:
        raise NotFound(_("There is no such proposal."))
    template_id = _uuid(bound.data.template)
    contract_id = service.create_from_proposal(proposal_id, template_id=template_id, creator=current_user.name)
    return go(".show", contract_id=contract_id)


@blueprint.post("/from-quotation")
def from_quotation() -> Response:
    """The contract of an accepted quotation; asked for twice it is the same one."""
    if (quotation_id := _uuid(request.form.get("quotation", ""))) is None:
        raise NotFound(_("There is no such quotation."))
    actor = events.ref("user", current_user.id)
    contract_id = service.create_from_quotation(quotation_id, actor=actor, creator=current_user.name)
    flash(_("The contract is a draft with the prices that were accepted. Read it, then send it."), "ok")
    return go(".show", contract_id=contract_id)


@blueprint.get("/<uuid:contract_id>")
def show(contract_id: UUID) -> Response:
    return _show(contract_id)


@blueprint.get("/<uuid:contract_id>/paper")
def paper(contract_id: UUID) -> Response:
    """The contract as the client reads it, for a frame on the staff page."""
    contract = service.get(contract_id)
    doc = frozen.get(contract.frozen_id).snapshot if contract.frozen_id else _written(contract)[0]
    i18n.set_locale(contract.locale, g.agency.timezone)
    name = f"contracts/public/{doc['version']}.html"
    response = page("contracts/paper.html", doc=doc, paper=name, lang=contract.locale)
    response.headers["Content-Security-Policy"] = FRAMED
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.get("/<uuid:contract_id>/edit")
def edit(contract_id: UUID) -> Response:
    contract = service.get(contract_id)
    if contract.state != ContractState.DRAFT:
        flash(_("A contract that was sent cannot be changed. Cancel it to make another one."), "wait")
        return go(".show", contract_id=contract_id)
    return _editor(contract, _stored(contract), contract.clauses)


@blueprint.post("/<uuid:contract_id>/edit")
def save(contract_id: UUID) -> Response:
    contract = service.get(contract_id)
    clauses, problems = forms.read_clauses(request.form)
    bound = bind(ContractForm, request.form)
    if action := request.form.get("action", ""):
        return _editor(contract, FormState(bound.state.raw), forms.rearranged(clauses, action))
    if not bound.ok or problems:
        return _editor(contract, bound.state, clauses, problems, code=422)
    values = bound.data.model_dump(exclude={"revision"}) | {"clauses": dump(clauses)}
    try:
        service.change(contract_id, bound.data.revision, values)
    except Conflict as error:
        return _editor(contract, bound.state, clauses, stale=error.message, code=409)
    except DomainError as error:
        bound.state.errors[error.field or ""] = error.message
        return _editor(contract, bound.state, clauses, code=422)
    flash(_("The draft is saved."), "ok")
    return go(".show", contract_id=contract_id)


@blueprint.post("/<uuid:contract_id>/send")
def send(contract_id: UUID) -> Response:
    try:
        service.send(contract_id, actor=events.ref("user", current_user.id))
    except Conflict:
        raise
    except DomainError:
        # The page lists every reason.
        return _show(contract_id, code=422)
    flash(_("The contract has its number and is on its way to the client."), "ok")
    return go(".show", contract_id=contract_id)


@blueprint.post("/<uuid:contract_id>/cancel")
def cancel(contract_id: UUID) -> Response:
    contract = service.get(contract_id)
    if contract.state != ContractState.DRAFT:
        permissions.demand("contracts.cancel")
    bound = bind(CancelForm, request.form)
    if not bound.ok:
        raise Invalid(bound.state.errors)
    service.cancel(contract_id, bound.data.reason, actor=events.ref("user", current_user.id))
    flash(_("The contract is cancelled."), "ok")
    return go(".show", contract_id=contract_id)


@blueprint.get("/<uuid:contract_id>/pdf")
def pdf(contract_id: UUID) -> Response:
    return downloads.pdf(service.pdf_of(service.get(contract_id)))


def _new(state: FormState, *, code: int = 200) -> Response:
    waiting = service.waiting(request.args.get("client", type=UUID))
    offered = [(str(each.id), f"{each.number} · {each.client_name} · {each.title}") for each in waiting]
    usual = [(str(template_id), name) for template_id, name in templates.choices()]
    return page("contracts/new.html", code=code, **fields(NewPage(state, offered, usual)))


def _show(contract_id: UUID, *, code: int = 200) -> Response:
    contract = service.get(contract_id)
    original = frozen.get(contract.frozen_id) if contract.frozen_id else None
    written = service.draft(contract_id) if original is None else None
    view = ShowPage(
        contract=contract,
        client_name=clients.get(contract.client_id).name,
        problems=written.problems if written and contract.state == ContractState.DRAFT else (),
        timeline=events.timeline(contract.subject),
        mails=messaging.mails(contract.subject),
        warning=messaging.warning(contract.signer_email) if original is None else None,
        link=service.public_url(contract_id),
        original=original,
        sealed=frozen.get(contract.sealed_id) if contract.sealed_id else None,
        may_cancel=_may_cancel(contract),
    )
    if written:
        service.look_up(contract_id, written)
    return page("contracts/show.html", code=code, **fields(view))


def _written(contract: ContractView) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A draft as it would be sent now; fields that cannot be filled in stay visible."""
    written = service.draft(contract.id)
    doc = document.snapshot(written, signer_email=contract.signer_email, signed_by_agency_at=clock.now())
    return doc | {"number": "", "signatory": doc["signatory"] | {"at": ""}}, written.problems


def _may_cancel(contract: ContractView) -> bool:
    if contract.state == ContractState.DRAFT:
        return True
    return contract.state == ContractState.SENT and permissions.may("contracts.cancel")


def _stored(contract: ContractView) -> FormState:
    percent = contract.deposit_percent
    return FormState.of(
        {
            "title": contract.title,
            "signer_name": contract.signer_name,
            "signer_title": contract.signer_title,
            "signer_email": contract.signer_email,
            "signatory_name": contract.signatory_name,
            "signatory_title": contract.signatory_title,
            "valid_until": contract.valid_until.isoformat(),
            "commencement": contract.commencement.isoformat() if contract.commencement else "",
            "completion": contract.completion.isoformat() if contract.completion else "",
            "deposit_percent": decimal_text(percent) if percent is not None else "",
            "revision": contract.revision,
        }
    )


def _editor(
    contract: ContractView,
    state: FormState,
    clauses: tuple[Clause, ...],
    problems: dict[int, str] | None = None,
    *,
    stale: str = "",
    code: int = 200,
) -> Response:
    view = EditPage(contract, state, clauses, problems or {}, (*merge.FIELDS, *extras.fields()), stale)
    return page("contracts/edit.html", "clauses", code=code, **fields(view))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
