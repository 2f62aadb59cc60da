"""One way to answer: the whole page, or just the blocks htmx asked for."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Response, current_app, make_response, render_template, request, url_for


def wants_fragment() -> bool:
    """True for an htmx swap; boosted links and history restores need the whole page."""
    headers = request.headers
    whole = "true" in (headers.get("HX-Boosted"), headers.get("HX-History-Restore-Request"))
    return headers.get("HX-Request") == "true" and not whole


def here() -> str:
    """The address of the page somebody looks at, to ask for it again; empty where a form was sent."""
    return request.full_path.rstrip("?") if request.method == "GET" else ""


def page(template: str, /, *blocks: str, code: int = 200, **context: Any) -> Response:
    """Render `template`; for an htmx swap only `blocks`, in order (later ones are out-of-band)."""
    if blocks and wants_fragment():
        html = _render_blocks(template, blocks, context)
    else:
        html = render_template(template, **context)
    response = make_response(html, code)
    response.vary.add("HX-Request")
    return response


def fields(view: Any) -> dict[str, Any]:
    """The fields of a page's dataclass as template variables; what they hold stays as it is."""
    return {field.name: getattr(view, field.name) for field in dataclasses.fields(view)}


def _render_blocks(template: str, blocks: tuple[str, ...], context: dict[str, object]) -> str:
    values = dict(context)
    current_app.update_template_context(values)
    compiled = current_app.jinja_env.get_template(template)
    frame = compiled.new_context(values)
    # Run the top level first, so that what it imports and sets is there, as in a full render.
    next(iter(compiled.root_render_func(frame)), None)
    return "".join("".join(frame.blocks[block][0](frame)) for block in blocks)


def go(endpoint: str, /, **values: Any) -> Response:
    """Redirect after a write, in either world: 303, or HX-Redirect for an htmx request."""
    return go_to(url_for(endpoint, **values))


def go_to(target: str) -> Response:
    """Redirect to an address of ours or a vendor's."""
    if wants_fragment():
        return Response(status=204, headers={"HX-Redirect": target})
    return Response(status=303, headers={"Location": target})
