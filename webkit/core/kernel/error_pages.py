"""One answer for everything that goes wrong: a page, a fragment or JSON, with the number that finds it in the log."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from jinja2 import TemplateNotFound
from werkzeug.exceptions import HTTPException, InternalServerError

from webkit.core.capabilities.errors import ProviderError
from webkit.core.kernel import db, observing, problems
from webkit.core.kernel.errors import DomainError, Invalid, TooMany
from webkit.core.kernel.hx import wants_fragment
from webkit.core.kernel.i18n import gettext as _

log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, on_domain_error)
    app.register_error_handler(ProviderError, on_provider_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, on_crash)


def on_domain_error(error: DomainError) -> Response:
    """Something a person can mend."""
    response = answer(error.code, error.message, _fields(error))
    if isinstance(error, TooMany):
        response.headers.update(error.headers())
    return response


def on_provider_error(error: ProviderError) -> Response:
    """A vendor failed while somebody waited for exactly its answer."""
    log.warning("vendor failed", error=str(error), provider=error.provider)
    return answer(
        503 if error.retryable else 502, _("A service this page needs did not answer. Please try again soon.")
    )


def on_http_error(error: HTTPException) -> Response:
    """Wrong address, wrong method, too large: what the framework noticed."""
    if isinstance(error, InternalServerError):
        return on_crash(error.original_exception or error)
    if error.response is not None or (error.code or 500) < 400:
        return make_response(error.get_response())
    response = answer(error.code or 500, _words().get(error.code or 500, ""))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def on_crash(error: BaseException) -> Response:
    """Ours to mend: logged whole, told briefly."""
    log.error("request failed", path=request.path, method=request.method, exc_info=error)
    observing.broke(error)
    db.recover()
    g.crash = error
    return answer(500, _words()[500])


def answer(code: int, message: str, fields: dict[str, str] | None = None) -> Response:
    """The answer in the shape the caller reads."""
    request_id = g.get("request_id", "")
    if problems.wanted():
        return problems.answer(code, message, fields)
    if _wants_json():
        body: dict[str, Any] = {"error": {"code": code, "message": message, "request_id": request_id}}
        if fields:
            body["error"]["fields"] = fields
        return make_response(jsonify(body), code)
    if wants_fragment():
        html = _render("errors/fragment.html", code, message, request_id)
        headers = {"HX-Retarget": "#flash", "HX-Reswap": "innerHTML"}
        response = make_response(html, code, headers)
    else:
        response = make_response(_render(f"errors/{code}.html", code, message, request_id), code)
    response.vary.add("HX-Request")
    return response


def _fields(error: DomainError) -> dict[str, str] | None:
    if isinstance(error, Invalid):
        return error.errors
    return {error.field: error.message} if error.field and problems.wanted() else None


def _render(template: str, code: int, message: str, request_id: str) -> str:
    values = {"code": code, "title": _titles().get(code, _("This did not work")), "message": message}
    for name in (template, "errors/500.html" if code >= 500 else "errors/error.html"):
        try:
            return render_template(name, **values, request_id=request_id)
        except TemplateNotFound:
            continue
        except Exception as error:  # the page about an error must not fail because of that error
            log.error("error page failed", exc_info=error)
            break
    return f"<!doctype html><title>{code}</title><h1>{values['title']}</h1><p>{request_id}</p>"


def _wants_json() -> bool:
    if request.path.startswith(("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def _titles() -> dict[int, str]:
    return {
        400: _("This request could not be read"),
        403: _("This is not for you"),
        404: _("This page is not here"),
        405: _("This page does not work that way"),
        409: _("Somebody was faster"),
        410: _("This link is closed"),
        413: _("This is too large"),
        422: _("Something has to be changed first"),
        429: _("One moment, please"),
        500: _("This did not work, and it is our fault"),
        503: _("This does not work right now"),
    }


def _words() -> dict[int, str]:
    return {
        400: _("What your browser sent could not be understood. Nothing was changed."),
        403: _("You are not allowed to do this, or the form came from another site. Nothing was changed."),
        404: _("There is nothing at this address, or it is not yours to see."),
        405: _("This address does not answer this kind of request. Nothing was changed."),
        413: _("More was sent than we accept. Nothing was changed."),
        429: _("Too many requests in a short time. Please wait a little."),
        500: _("The error has been noted. What was saved before is safe; what you just sent was not saved."),
        503: _("A part of the system is not available. Please try again in a minute."),
    }
