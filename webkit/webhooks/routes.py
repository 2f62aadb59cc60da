"""`/webhooks/<capability>/<provider>/<endpoint>`: verify the raw bytes, keep them, answer at once."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from webkit.core.capabilities.errors import ProviderRejected, ProviderUnavailable, SignatureInvalid
from webkit.core.kernel import audit, inbox
from webkit.core.kernel.db import release
from webkit.core.kernel.security import csrf_exempt
from webkit.webhooks.lane import LIMIT, OLD_ADDRESSES

blueprint = Blueprint("webhooks", __name__)


@blueprint.post("/webhooks/<capability>/<provider>/<endpoint>")
@csrf_exempt
def receive(capability: str, provider: str, endpoint: str) -> tuple[Response, int]:
    """200 once it is kept, also the second time; 400 for a wrong signature, 404 for an unknown endpoint, 413, 503."""
    where = inbox.find(capability, provider, endpoint)
    vendor = inbox.reader(capability, provider, where)
    release()
    request.max_content_length = LIMIT
    body = request.get_data(cache=False)
    headers = dict(request.headers)
    try:
        vendor.verify(headers, body)
    except SignatureInvalid:
        audit.log("webhook.refused", detail={"capability": capability, "provider": provider})
        return jsonify(error="The signature does not fit."), 400
    except ProviderUnavailable:  # whoever proves the signature cannot be asked
        return jsonify(error="Please call again later."), 503
    try:
        events = [(event.id, str(event.kind)) for event in vendor.events(body)]
    except ProviderRejected:
        return jsonify(error="This is not an event we can read."), 400
    fresh = inbox.receive(capability, provider, endpoint, body, headers, events, agency=where.agency)
    return jsonify(received=len(events), new=fresh), 200


for _rule, (_capability, _provider) in OLD_ADDRESSES.items():
    _where = {"capability": _capability, "provider": _provider, "endpoint": inbox.PLATFORM}
    blueprint.add_url_rule(_rule, _rule.strip("/").replace("/", "_"), receive, methods=["POST"], defaults=_where)
