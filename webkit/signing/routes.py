"""The client's page of a contract: read, ask for a code, sign, go on. Every step works without JavaScript."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request

from webkit.contracts import service as contracts
from webkit.contracts.service import ContractView
from webkit.core.kernel import audit, downloads, frozen, i18n, links
from webkit.core.kernel.doors import counts_as_view, public_blueprint
from webkit.core.kernel.errors import Conflict, DomainError, Gone, Invalid, TooMany
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.signing import consent, service
from webkit.signing.forms import SignForm
from webkit.signing.pages import ContractPage, Next
from webkit.signing.service import Given

blueprint = public_blueprint("signing", __name__, "c")
KEPT = ("name", "title", "signature_typed", "signature_drawn")


@blueprint.before_request
def speak() -> None:
    """The page speaks the document's language."""
    document = _document(_contract())
    i18n.set_locale(document.locale, g.agency.timezone)


@blueprint.get("")
def show() -> Response:
    if counts_as_view():
        audit.log("contract.viewed", subject=_contract().subject)
    return _page()


@blueprint.post("/code")
def code() -> Response:
    """Send a code; what was typed into the form already is kept."""
    started = any(request.form.get(name) for name in KEPT)
    state = FormState({name: request.form.getlist(name) for name in request.form if name != "code"})
    try:
        service.send_code(g.link.document_id)
    except TooMany as error:
        response = _page(state, notice=error.message, code=429)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except Conflict:
        return go(".show")
    if started:
        return _page(state, notice=_("A new code is on its way to %(email)s.", email=_masked()))
    return go(".show", _anchor="sign")


@blueprint.post("/sign")
def sign() -> Response:
    """Sign, once; a second click or another tab sees the signed page."""
    if contracts.get(g.link.document_id).word in ("signed", "sealed"):
        return go(".show")
    bound = bind(SignForm, request.form)
    if "agree" in bound.state.errors:
        bound.state.errors["agree"] = _("Please tick this: without it nothing is signed.")
    if not bound.ok:
        return _refused(bound.state)
    data = bound.data
    given = Given(
        name=data.name,
        title=data.title,
        code=data.code,
        typed=data.signature_typed,
        drawn=data.signature_drawn,
        address=request.remote_addr or "",
        user_agent=(request.user_agent.string or "")[:400],
    )
    try:
        service.sign(g.link.document_id, given)
    except Invalid as error:
        bound.state.errors.update(error.errors)
        return _refused(bound.state)
    except DomainError as error:
        return _page(bound.state, notice=error.message, code=error.code)
    return go(".show")


@blueprint.get("/pdf")
def pdf() -> Response:
    """The PDF: the sealed one as soon as there is one."""
    return downloads.pdf(contracts.pdf_of(_contract()))


def _refused(state: FormState) -> Response:
    """The form again, with everything in it but the consent."""
    kept = {name: values for name, values in state.raw.items() if name != "agree"}
    return _page(FormState(kept, state.errors), code=422)


def _contract() -> ContractView:
    return contracts.get(g.link.document_id)


def _document(contract: ContractView) -> Frozen:
    if contract.frozen_id is None:
        raise Gone(_("This contract was withdrawn. Please ask %(agency)s.", agency=g.agency.name))
    return frozen.get(contract.frozen_id)


def _masked() -> str:
    return service.masked(_contract().signer_email)


def _page(form: FormState | None = None, *, notice: str = "", code: int = 200) -> Response:
    contract = _contract()
    document = _document(contract)
    doc, signature = document.snapshot, service.signature_of(contract.id)
    sent = service.code_of(contract.id)
    agreed = consent.current(document.locale).filled(number=contract.number, client=doc["client"]["name"])
    sealed = frozen.get(contract.sealed_id) if contract.sealed_id else None
    view = ContractPage(
        doc=doc,
        word=contract.word,
        number=contract.number,
        lang=document.locale,
        sender=_sender(doc["agency"]),
        paper=f"contracts/public/{doc['version']}.html",
        form=form,
        mailed=sent if sent and sent.open else None,
        email=_masked(),
        consent=agreed,
        signature=signature,
        code_missing=sent is None or not sent.open,
        next=_next(contract) if signature else None,
        verify_url=(sealed or document).verify_url,
        snapshot_hash=document.snapshot_hash,
        notice=notice,
        staff_view=g.link.is_staff_view,
    )
    return page("signing/contract.html", code=code, **fields(view))


def _sender(agency: dict[str, Any]) -> dict[str, Any]:
    lines = [*agency["lines"], *filter(None, [agency["tax_id"]])]
    contacts = [each for each in (agency["email"], agency["phone"], agency["website"]) if each]
    return {"name": agency["legal_name"], "lines": lines, "contacts": contacts}


def _next(contract: ContractView) -> Next | None:
    token = links.token_for("i", contract.next_invoice_id) if contract.next_invoice_id else None
    return Next(links.url("i", token), contract.deposit_minor) if token else None
