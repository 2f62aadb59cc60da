"""`/webhooks/<capability>/<provider>/<endpoint>`: verify the raw bytes, keep them, answer at once."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from webkit.core.capabilities.errors import ProviderRejected, SignatureInvalid
from webkit.core.kernel import audit, inbox
from webkit.core.kernel.db import release
from webkit.core.kernel.security import csrf_exempt

LIMIT = 1024 * 1024
blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@blueprint.post("/<capability>/<provider>/<endpoint>")
@csrf_exempt
def receive(capability: str, provider: str, endpoint: str) -> tuple[Response, int]:
    """200 once it is kept, also the second time; 400 for a wrong signature, 404 for an unknown endpoint, 413."""
    inbox.find(capability, provider, endpoint)
    vendor = inbox.chosen(capability, provider)
    release()
    request.max_content_length = LIMIT
    body = request.get_data(cache=False)
    headers = dict(request.headers)
    try:
        vendor.verify(headers, body)
    except SignatureInvalid:
        audit.log("webhook.refused", detail={"capability": capability, "provider": provider})
        return jsonify(error="The signature does not fit."), 400
    try:
        events = [(event.id, str(event.kind)) for event in vendor.events(body)]
    except ProviderRejected:
        return jsonify(error="This is not an event we can read."), 400
    fresh = inbox.receive(capability, provider, endpoint, body, headers, events)
    return jsonify(received=len(events), new=fresh), 200
