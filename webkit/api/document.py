"""The description of the API (OpenAPI 3.1), made from the table."""

from __future__ import annotations

import functools
import importlib.metadata
import json
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from webkit.api import repeats
from webkit.api.operations import CHOICES, Operation, Param
from webkit.api.table import OPERATIONS, current_of
from webkit.core.kernel import i18n

JSON, PROBLEM, REF = "application/json", "application/problem+json", "#/components/schemas/"
BYTES = "application/octet-stream"
ABOUT = """Everything that people do on the pages of an agency, for programs: by the same rules and permissions.

Amounts are whole numbers in the minor unit of their currency, quantities and rates are decimal numbers written as text,
moments are RFC 3339 in UTC. Lists are read page by page with `limit` and `cursor`. Every answer has an `ETag`: send it
as `If-None-Match` to be told only what is new, or as `If-Match` with a write that must not overwrite what somebody else
did meanwhile. A write with an `Idempotency-Key` may be sent again for 24 hours: it is done once. What is wrong is told
as `application/problem+json` (RFC 9457)."""
PROBLEMS = {
    400: "The request could not be read.",
    401: "No token, or one that is not valid.",
    403: "Not with this role, or not with the scopes of this token.",
    404: "Not there, or not yours to see.",
    405: "This address does not take this method.",
    409: "It is not in a state for this, or somebody was faster.",
    410: "It was there.",
    412: "It is no longer what `If-Match` says.",
    413: "More was sent than is accepted.",
    415: "The body is not JSON, or where it is a file, not sent as one.",
    422: "Something has to be changed first; `errors` points at it.",
    429: "Too many requests; `Retry-After` says when to come back.",
    502: "A service this needs failed.",
    503: "A service this needs did not answer.",
}
WRITES_ONLY, APART_ONLY = {410, 412, 413, 415}, {502, 503}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail", "request_id"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "additionalProperties": False,
                "properties": {
                    "detail": {"type": "string"},
                    "pointer": {"type": "string"},
                    "parameter": {"type": "string"},
                    "header": {"type": "string"},
                },
            },
        },
    },
}


@functools.cache
def text() -> str:
    """The document as JSON."""
    return json.dumps(make(), ensure_ascii=False)


@functools.cache
def make() -> dict[str, Any]:
    """The whole document, in English; needs an application, since lists say themselves what they can be asked for."""
    with i18n.use_locale("en"):
        return _made()


def _made() -> dict[str, Any]:
    names, schemas = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.address, {})[each.method.lower()] = _operation(each, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": "webkit", "version": "1", "description": ABOUT, "x-version": _version()},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in dict.fromkeys(each.resource for each in OPERATIONS)],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _version() -> str:
    return importlib.metadata.version("webkit")


def _schemas() -> tuple[dict[Any, str], dict[str, Any]]:
    """Names of the shapes and what they look like."""
    asked: dict[tuple[Any, JsonSchemaMode], None] = {}
    for each in OPERATIONS:
        if each.body is not None:
            asked[each.body, "validation"] = None
        if each.shape is not None:
            asked[each.shape, "serialization"] = None
    refs, found = models_json_schema(list(asked), ref_template=f"{REF}{{model}}")
    names = {key: ref["$ref"] for key, ref in refs.items()}
    return names, found.get("$defs", {})


def _operation(each: Operation, names: dict[Any, str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": each.name,
        "tags": [each.resource],
        "summary": each.summary,
        "description": _description(each),
        "parameters": [*map(_hole, each.holes), *map(_query, each.parameters()), *_headers(each)],
        "responses": {**_answers(each, names), **_problems(each)},
    }
    if each.body is not None:
        schema = {"$ref": names[each.body, "validation"]}
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    if each.takes:
        file = {"type": "string", "format": "binary", "maxLength": each.takes}
        told["requestBody"] = {"required": True, "content": {BYTES: {"schema": file}}}
    return told


def _description(each: Operation) -> str:
    if not each.permission:
        return each.about
    return f"{each.about}\n\nNeeds the permission `{each.permission}`. Scope: `{each.scope}`.".strip()


def _hole(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 64}
    if name.endswith("_id"):
        schema = {"type": "string", "format": "uuid"}
    elif name == "agency":
        schema = {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"}
    elif name in CHOICES:
        schema = {"type": "string", "enum": list(CHOICES[name])}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(param: Param) -> dict[str, Any]:
    told = {"name": param.name, "in": "query", "description": str(param.about), "schema": dict(param.schema)}
    return {**told, "required": True} if param.required else told


def _headers(each: Operation) -> list[dict[str, Any]]:
    text = {"type": "string", "maxLength": 128}
    if not each.writes:
        return []
    key = {"name": repeats.HEADER, "in": "header", "description": "The same for the same request.", "schema": text}
    if each.in_agency:
        key["schema"] = {"type": "string", "pattern": "^[!-~]{1,128}$"}
    if current_of(each) is None:
        return [key]
    about = "Do it only if it is still what it was."
    return [key, {"name": "If-Match", "in": "header", "description": about, "schema": text}]


def _answers(each: Operation, names: dict[Any, str]) -> dict[str, Any]:
    if each.media != JSON:
        return {"200": {"description": "The file.", "content": {each.media: {"schema": {}}}}}
    if each.shape is None:
        return {str(each.code): {"description": "Done."}}
    told: dict[str, Any] = {
        "description": "Made." if each.code == 201 else "Found." if not each.writes else "Done.",
        "headers": {"ETag": {"required": True, "schema": {"type": "string"}}},
        "content": {JSON: {"schema": {"$ref": names[each.shape, "serialization"]}}},
    }
    if each.writes:
        return {str(each.code): told}
    return {str(each.code): told, "304": {"description": "Nothing is new."}}


def _problems(each: Operation) -> dict[str, Any]:
    left_out = set() if each.writes else set(WRITES_ONLY)
    if not each.apart:
        left_out |= APART_ONLY
    content = {PROBLEM: {"schema": {"$ref": f"{REF}Problem"}}}
    codes = {code: text for code, text in PROBLEMS.items() if code not in left_out and code != 405}
    return {str(code): {"description": text, "content": content} for code, text in codes.items()}
