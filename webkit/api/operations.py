"""What the API can do, as data: addresses, checks and the description are all made from it, nothing says it twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from webkit.api.shapes import PageOf
from webkit.core.kernel import bearers
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import ListSpec, find
from webkit.core.values import dataclass

SAFE = frozenset({"GET", "HEAD"})
BASE, IN_AGENCY = "/api/v1", "/agencies/{agency}"
HOLE = re.compile(r"\{(\w+)\}")
DEFAULT_SIZE, LARGEST = 25, 100


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody asks of an operation, checked. `key` is the same when they ask the same once more, for what is done
    in several steps; everything else is done once by itself."""

    args: Mapping[str, Any]
    body: Any
    query: Mapping[str, Any]
    user_id: UUID
    name: str
    email: str
    key: str = ""

    @property
    def actor(self) -> str:
        """As events name them."""
        return f"user:{self.user_id}"

    def id(self, name: str) -> UUID:
        """An id of the address."""
        found: UUID = self.args[name]
        return found


@dataclass(frozen=True, slots=True)
class Param:
    """Something that can be asked for in an address behind the `?`, as JSON Schema says it."""

    name: str
    about: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string", "maxLength": 100})
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be done. `run` answers with a view, or a page of rows where `listed` or `paged`.

    What calls somebody else's service, or keeps its own two steps, is `apart`: no write is open around it. Where
    `takes` says how many bytes at most, the body is a file.
    """

    name: str
    method: str
    path: str
    permission: str
    summary: str
    run: Callable[[Call], Any]
    about: str = ""
    body: type[BaseModel] | None = None
    takes: int = 0
    answer: type[BaseModel] | None = None
    code: int = 200
    params: tuple[Param, ...] = ()
    listed: str = ""
    paged: bool = False
    apart: bool = False
    in_agency: bool = True
    media: str = "application/json"

    @property
    def resource(self) -> str:
        """What it is about: the first part of its name."""
        return self.name.partition(".")[0]

    @property
    def scope(self) -> str:
        """What a key has to reach for it: nothing is changed by one that reads."""
        if not self.permission or not self.writes:
            return bearers.scope_of(self.permission) if self.permission else ""
        return f"{self.permission.partition('.')[0]}:{bearers.WRITE}"

    @property
    def endpoint(self) -> str:
        return self.name.replace(".", "_")

    @property
    def writes(self) -> bool:
        return self.method not in SAFE

    @property
    def address(self) -> str:
        """As the description has it."""
        return f"{BASE}{IN_AGENCY if self.in_agency else ''}{self.path}"

    @property
    def rule(self) -> str:
        """As the router has it, below the blueprint's prefix."""
        return HOLE.sub(_place, f"{IN_AGENCY if self.in_agency else ''}{self.path}")

    @property
    def holes(self) -> tuple[str, ...]:
        """Names of the parts of its address that are filled in."""
        return tuple(HOLE.findall(self.address))

    @property
    def shape(self) -> type[BaseModel] | None:
        """What it answers with."""
        if self.answer is not None and self.is_list:
            return PageOf[self.answer]  # type: ignore[name-defined]
        return self.answer

    @property
    def is_list(self) -> bool:
        return self.paged or bool(self.listed)

    def parameters(self) -> tuple[Param, ...]:
        """Everything that may stand behind the `?`."""
        if not self.is_list:
            return self.params
        own = (*_of_list(find(self.listed)), *self.params) if self.listed else self.params
        return (*own, *PAGING)


def _place(hole: re.Match[str]) -> str:
    name = hole[1]
    if name == "agency":
        return "<slug:agency>"
    if name.endswith("_id"):
        return f"<uuid:{name}>"
    return f"<any({','.join(CHOICES[name])}):{name}>" if name in CHOICES else f"<{name}>"


CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("contract", "quotation", "proposal"),
}
"""What may stand in a part of an address that is not an id."""

PAGING = (
    Param(
        "limit",
        "How many at most.",
        {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": DEFAULT_SIZE},
    ),
    Param("cursor", "Where to read on: `next` of the page before.", {"type": "string", "maxLength": 64}),
)


def _of_list(spec: ListSpec) -> Iterable[Param]:
    """What the list of a page can be asked for can be asked for here."""
    for each in spec.filters:
        for key in each.keys:
            yield Param(key, str(each.label), _schema(each.kind.value, tuple(each.options)))
    yield Param("q", str(spec.placeholder))
    names = [name for sort in spec.sorts for name in (sort.name, f"-{sort.name}")]
    yield Param("sort", "The order; with - downwards.", {"type": "string", "enum": names})


def _schema(kind: str, options: tuple[str, ...]) -> Mapping[str, Any]:
    known: dict[str, dict[str, Any]] = {
        "choice": {"type": "string", "enum": list(options)},
        "ref": {"type": "string", "format": "uuid"},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "day": {"type": "string", "format": "date"},
        "moment": {"type": "string", "format": "date"},
        "amount": {"type": "string", "pattern": r"^-?\d{1,12}(\.\d{1,4})?$"},
    }
    return known[kind]


def read_params(known: Iterable[Param], given: Mapping[str, str], repeated: Iterable[str]) -> dict[str, Any]:
    """What stands behind the `?`, checked against what may. Raises Invalid; what nobody knows is wrong as well."""
    known = tuple(known)
    schemas, found, wrong = {each.name: each.schema for each in known}, {}, {}
    for name in repeated:
        wrong[f"?{name}"] = _("Once is enough.")
    for name, text in given.items():
        if name not in schemas:
            wrong[f"?{name[:40]}"] = _("There is no such parameter here.")
            continue
        try:
            found[name] = _read(schemas[name], text)
        except ValueError as error:
            wrong[f"?{name}"] = str(error)
    for each in known:
        if each.required and not given.get(each.name):
            wrong[f"?{each.name}"] = _("Please fill this in.")
    if wrong:
        raise Invalid(wrong)
    return found


def _read(schema: Mapping[str, Any], text: str) -> Any:
    if "enum" in schema and text not in schema["enum"]:
        raise ValueError(_("One of these, please: %(words)s.", words=", ".join(schema["enum"])))
    if "maxLength" in schema and len(text) > schema["maxLength"]:
        raise ValueError(_("At most %(n)d characters, please.", n=schema["maxLength"]))
    if "pattern" in schema and re.fullmatch(schema["pattern"].strip("^$"), text, re.ASCII) is None:
        raise ValueError(_("This value is not accepted."))
    read = _TYPES.get(schema.get("format", schema["type"]))
    return read(schema, text) if read else text


def _integer(schema: Mapping[str, Any], text: str) -> int:
    low, high = schema["minimum"], schema["maximum"]
    if re.fullmatch(r"-?\d{1,9}", text, re.ASCII) is None or not low <= int(text) <= high:
        raise ValueError(_("A whole number from %(low)s to %(high)s, please.", low=low, high=high))
    return int(text)


def _uuid(_schema: Mapping[str, Any], text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError(_("This is not an id.")) from None


def _day(_schema: Mapping[str, Any], text: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(_("Please write the date as YYYY-MM-DD.")) from None


_TYPES: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = {"integer": _integer, "uuid": _uuid, "date": _day}
