"""Fills a JSON schema: lists of three entries, one for each thing there is to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Schema = Mapping[str, Any]
DEEPEST = 12


class Unfillable(Exception):
    """The schema asks for something an outline cannot say."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the value we are: what is said here, in the how manyth entry of a list, how deep."""

    text: str
    at: int = 0
    depth: int = 0
    listed: bool = False


class Filler:
    """`titles` head the entries of a list; every other text is `rest`."""

    def __init__(self, schema: Schema, titles: Sequence[str], rest: str) -> None:
        self._schema, self._titles, self._rest = schema, titles, rest

    def value(self) -> Any:
        """A value that satisfies the schema. Raises Unfillable."""
        try:
            return self._value(self._schema, _Place(self._titles[0]))
        except (KeyError, IndexError, TypeError, AttributeError):
            raise Unfillable("it is no schema that can be followed") from None

    def _value(self, schema: Schema, place: _Place) -> Any:
        if place.depth > DEEPEST:
            raise Unfillable("it contains itself")
        schema, inside = self._resolved(schema), replace(place, depth=place.depth + 1)
        if "const" in schema:
            return schema["const"]
        if options := schema.get("enum"):
            return options[len(options) // 2]
        if ways := schema.get("anyOf") or schema.get("oneOf"):
            return self._value(ways[0], inside)
        match schema.get("type"):
            case "object":
                return self._object(schema, inside)
            case "array":
                return self._array(schema, inside)
            case "string":
                return _text(schema, place.text)
            case "integer" | "number":
                return schema.get("minimum", 0)
            case "boolean":
                return False
            case "null":
                return None
            case kind:
                raise Unfillable(f"it asks for {kind!r}")

    def _object(self, schema: Schema, place: _Place) -> dict[str, Any]:
        """The first text is what the entry is about, and the first whole number counts the entries.

        In the order of what is required: names of an object may have been sorted on their way.
        """
        found: dict[str, Any] = {}
        texts = numbers = 0
        known = schema.get("properties", {})
        for name in dict.fromkeys([*(name for name in schema.get("required", ()) if name in known), *known]):
            asked = self._resolved(known[name])
            is_text = asked.get("type") == "string" and "enum" not in asked
            found[name] = self._value(asked, replace(place, text=self._rest) if is_text and texts else place)
            texts += is_text
            if asked.get("type") == "integer":
                found[name] += min(place.at, asked.get("maximum", place.at) - found[name]) if not numbers else 0
                numbers += 1
        return found

    def _array(self, schema: Schema, place: _Place) -> list[Any]:
        """An entry for each title; inside an entry only as many as there must be."""
        count = max(schema.get("minItems", 0), 0 if place.listed else len(self._titles))
        count = min(count, schema.get("maxItems", count))
        entries = [(at, self._titles[at % len(self._titles)]) for at in range(count)]
        return [self._value(schema["items"], _Place(text, at, place.depth, listed=True)) for at, text in entries]

    def _resolved(self, schema: Schema) -> Schema:
        """What "#/$defs/Name" names."""
        for _ in range(DEEPEST):
            if "$ref" not in schema:
                return schema
            found: Any = self._schema
            for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        raise Unfillable("its references never end")


def _text(schema: Schema, text: str) -> str:
    if "pattern" in schema or "format" in schema:
        raise Unfillable("it asks for a text of a certain form")
    return text[: schema.get("maxLength", len(text))].ljust(schema.get("minLength", 0), "…")
