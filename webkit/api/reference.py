"""The description as people read it, made from the same document."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from webkit.api import document
from webkit.api.shapes import NUMBER
from webkit.core.values import dataclass

EXAMPLES = {"uuid": "01a20554-6229-7ea3-b064-191fc8a5c797", "date": "2026-03-31", "agency": "northwind"}
DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body or an answer; `deep` is how far inside others it stands."""

    name: str
    kind: str
    required: bool
    about: str
    deep: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation."""

    id: str
    method: str
    address: str
    summary: str
    about: str
    params: tuple[Field, ...]
    body: tuple[Field, ...]
    code: str
    answer: tuple[Field, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of one resource."""

    name: str
    entries: tuple[Entry, ...]


@functools.lru_cache(4)
def groups(base_url: str) -> list[Group]:
    """Everything, resource by resource."""
    made = document.make()
    found: dict[str, list[Entry]] = {tag["name"]: [] for tag in made["tags"]}
    for address, methods in made["paths"].items():
        for method, told in methods.items():
            found[told["tags"][0]].append(_entry(made, base_url, address, method, told))
    return [Group(name, tuple(entries)) for name, entries in found.items()]


def problems() -> dict[int, str]:
    """What goes wrong, by its code."""
    return document.PROBLEMS


def _entry(made: Mapping[str, Any], base_url: str, address: str, method: str, told: Mapping[str, Any]) -> Entry:
    code = next(iter(told["responses"]))
    content = told["responses"][code].get("content", {}).get(document.JSON, {}).get("schema")
    body = told.get("requestBody", {}).get("content", {}).get(document.JSON, {}).get("schema")
    return Entry(
        id=told["operationId"],
        method=method.upper(),
        address=address,
        summary=told["summary"],
        about=told["description"],
        params=tuple(_param(each) for each in told["parameters"]),
        body=tuple(_fields(made, body)) if body else (),
        code=code,
        answer=tuple(replace(each, required=False) for each in _fields(made, content)) if content else (),
        curl=_curl(made, base_url + address, method.upper(), body, file=_is_file(told)),
    )


def _param(told: Mapping[str, Any]) -> Field:
    where = {"path": "address", "query": "behind ?", "header": "header"}[told["in"]]
    return Field(
        told["name"], f"{_kind(told['schema'])}, {where}", told.get("required", False), told.get("description", "")
    )


def _fields(made: Mapping[str, Any], schema: Mapping[str, Any], deep: int = 0) -> Iterator[Field]:
    """The fields of an object, and of what stands in them."""
    whole = _resolved(made, schema)
    for name, each in whole.get("properties", {}).items():
        inner = _bare(each)
        told = _resolved(made, inner)
        kind = _kind(told if "enum" in told else inner) + ("" if inner is each else " or null")
        yield Field(name, kind, name in whole.get("required", ()), each.get("description", ""), deep)
        inner = inner.get("items", inner)
        if "$ref" in inner and deep < DEEPEST:
            yield from _fields(made, inner, deep + 1)


def _resolved(made: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = made["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _bare(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without the null that may stand there instead."""
    left = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return left[0] if len(left) == 1 else schema


def _kind(schema: Mapping[str, Any]) -> str:
    """What stands in a field, in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(f"“{each}”" for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("pattern") == NUMBER:
        return "decimal number, as text"
    return str(schema.get("format") or schema.get("type") or "anything")


def _is_file(told: Mapping[str, Any]) -> bool:
    return document.BYTES in told.get("requestBody", {}).get("content", {})


def _curl(made: Mapping[str, Any], url: str, method: str, body: Mapping[str, Any] | None, *, file: bool = False) -> str:
    parts = ["curl" if method == "GET" else f"curl -X {method}", '-H "Authorization: Bearer $KEY"']
    if method != "GET":
        parts.append('-H "Idempotency-Key: $(uuidgen)"')
    if body is not None:
        sample = json.dumps(_sample(made, body), ensure_ascii=False)
        parts += ['-H "Content-Type: application/json"', f"-d '{sample}'"]
    if file:
        parts += [f'-H "Content-Type: {document.BYTES}"', "--data-binary @plan.pdf"]
        url += "?name=plan.pdf"
    address = url.replace("{agency}", EXAMPLES["agency"])
    return " \\\n  ".join([*parts, f'"{address}"'])


def _sample(made: Mapping[str, Any], schema: Mapping[str, Any], deep: int = 0) -> Any:
    """The least that can be sent: what is required."""
    whole = _resolved(made, _bare(schema))
    if whole.get("type") == "object":
        wanted = whole.get("required", ()) if deep < DEEPEST else ()
        return {name: _sample(made, whole["properties"][name], deep + 1) for name in wanted}
    if whole.get("type") == "array":
        return [_sample(made, whole["items"], deep + 1)] if whole.get("minItems") else []
    if "enum" in whole:
        return whole["enum"][0]
    if "examples" in whole:
        return whole["examples"][0]
    plain = {"integer": 1250, "boolean": True, "string": "…", "number": 1}
    return EXAMPLES.get(whole.get("format", ""), plain.get(whole.get("type", ""), "…"))
