"""The page of an agency's domain, and what machines ask about domains."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request

from webkit.core.kernel import hosts, ratelimit, stepup, tenancy, turnstile
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.domains import checking, names, service
from webkit.domains.forms import DomainForm

ASKED_PER_MINUTE = 120
"""How often one address may ask whether a name may have a certificate: a proxy keeps its answer for long."""
settings = staff_blueprint("own_domain", __name__, "/settings/domain")
machines = Blueprint("domains", __name__)


@settings.get("")
def show() -> Response:
    """The domain, how it stands, and what is left to do."""
    return _page(FormState())


@settings.post("")
@stepup.required
def save() -> Response:
    bound = bind(DomainForm, request.form)
    if not bound.ok:
        return _page(bound.state, 422)
    try:
        service.name(bound.data.host)
    except DomainError as error:
        bound.state.errors["host"] = error.message
        return _page(bound.state, error.code)
    return go(".show")


@settings.post("/look")
def look() -> Response:
    """Look at it now."""
    service.look()
    return go(".show")


@settings.post("/remove")
@stepup.required
def remove() -> Response:
    service.remove()
    flash(_("Links are written with the platform's name from now on."), "ok")
    return go(".show")


@machines.get(checking.PROOF)
@hosts.for_clients
def proof() -> Response:
    """At a domain: whose it is, so that the platform sees that the name leads to itself."""
    agency_id = hosts.here()
    if agency_id is None:
        abort(404)
    with tenancy.tenant(agency_id):
        token = service.token_here()
    return _plain(token) if token else abort(404)


@machines.get("/.well-known/webkit-certificate")
@ratelimit.own_limit
def certificate() -> Response:
    """Whether a proxy may get a certificate for `?domain=`: 200 for an active domain, 404 for whatever else."""
    turnstile.count_apart("certificate", ASKED_PER_MINUTE)
    known, host = current().domains, request.args.get("domain", "").lower()
    if known is None or len(host) > names.LONGEST or known.owner(host) is None:
        return Response(status=404, mimetype="text/plain")
    return _plain("")


def _plain(text: str) -> Response:
    response = Response(text, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(form: FormState, code: int = 200) -> Response:
    domain = service.shown()
    if domain is not None and not form.errors:
        form = FormState.of({"host": domain.shown})
    return page(
        "domains/show.html", form=form, domain=domain, sold=service.is_sold(), platform=service.platform(), code=code
    )
