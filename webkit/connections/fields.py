"""A form made from a provider's settings class, and what was typed into it read back.

Secrets are written and never read: an empty field keeps the stored one. It is kept only as long as it goes to the same
place, because whoever may change an address must not send somebody else's secret there.
"""

from __future__ import annotations

import enum
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from webkit.core.capabilities.base import ProviderSettings, ProviderSpec, environment_names, is_marked
from webkit.core.kernel import forms, outbound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

LONGEST = 4096
TELLING = 20
"""A secret this long may show its last four signs."""
_CAPITALS = {"api": "API", "url": "URL", "id": "ID", "smtp": "SMTP", "dns": "DNS", "tls": "TLS", "ssl": "SSL"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ADDRESS_NAMES = ("host", "hostname", "server", "endpoint", "domain")


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of the form. `kind`: text, secret, number, choice, switch."""

    name: str
    label: str
    kind: str
    hint: str
    required: bool
    default: str
    options: tuple[tuple[str, str], ...] = ()
    place: bool = False

    @property
    def on(self) -> bool:
        """Whether a switch is on by default."""
        return self.default == str(True)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: the values to keep, or what is wrong with them, by field; "" is the form as a whole."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    errors: dict[str, str] = field(default_factory=dict)
    settings: ProviderSettings | None = field(default=None, repr=False)


def suits(spec: ProviderSpec[Any]) -> bool:
    """Whether agencies may use a provider: it says so, and nothing it asks for names a file of this machine."""
    kinds = (_kind(info) for _name, info in _asked(spec))
    return spec.agencies and spec.capability.agencies and "path" not in kinds


def of(spec: ProviderSpec[Any]) -> tuple[Setting, ...]:
    """The form of a provider: everything but what operators say for all agencies."""
    return tuple(_setting(name, info) for name, info in _asked(spec))


def ending(secret: str) -> str:
    """What may be shown of a stored secret."""
    return secret[-4:] if len(secret) >= TELLING else _("set")


def read(spec: ProviderSpec[Any], typed: Mapping[str, str], stored: Mapping[str, str]) -> Typed:
    """Check what was typed. `stored` fills in secrets that were left empty."""
    settings = of(spec)
    values, errors = {}, {}
    for setting in settings:
        text = typed.get(setting.name, "").strip()
        if setting.kind == "switch":
            text = "true" if text else "false"
        if len(text) > LONGEST or _CONTROL.search(text):
            errors[setting.name] = _("This contains characters that cannot be used here.")
        if text:
            values[setting.name] = text
    moved = addresses(spec, values) != addresses(spec, stored)
    for name in (setting.name for setting in settings if setting.kind == "secret"):
        if name not in values and stored.get(name):
            if moved:
                errors[name] = _("The address has changed: please type this again.")
            values[name] = stored[name]
    if errors:
        return Typed(errors=errors)
    return _checked(spec, values)


def addresses(spec: ProviderSpec[Any], values: Mapping[str, str]) -> dict[str, str]:
    """Where the secrets would go and things would be kept, as far as these values say it."""
    return {
        setting.name: value
        for setting in of(spec)
        if setting.kind != "secret" and (value := values.get(setting.name) or setting.default)
        if setting.place or _is_address(setting.name, value)
    }


def places(spec: ProviderSpec[Any], values: Mapping[str, str]) -> dict[str, str]:
    """The settings that make it another account when they change."""
    return {s.name: values.get(s.name) or s.default for s in of(spec) if s.place}


def refuse_private(spec: ProviderSpec[Any], values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with addresses that were typed. Looks names up: not inside a transaction."""
    errors = {}
    for setting in of(spec):
        value = values.get(setting.name, "")
        if setting.kind == "text" and value and value != setting.default and _is_address(setting.name, value):
            try:
                outbound.check_url(value if "://" in value else f"https://{value}")
            except outbound.Refused as refused:
                errors[setting.name] = next(iter(refused.errors.values()))
    return errors


def _is_address(name: str, value: str) -> bool:
    return "://" in value or name.rpartition("_")[2] in _ADDRESS_NAMES


def _checked(spec: ProviderSpec[Any], values: dict[str, str]) -> Typed:
    try:
        return Typed(values, {}, current().registry.settings_of(spec, values))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        return Typed(errors=dict(_problem(spec, problem) for problem in reversed(found)))


def _problem(spec: ProviderSpec[Any], problem: Any) -> tuple[str, str]:
    """A field and a sentence; environment names, which a provider's own checks may speak of, become labels."""
    place = str(problem["loc"][0]) if problem["loc"] else ""
    labels = {v: _label(name, info) for name, info in _asked(spec) for v in environment_names(info)}
    named = {v: name for name, info in _asked(spec) for v in environment_names(info)}
    if problem["type"] in ("value_error", "string_pattern_mismatch"):
        said = str(problem["ctx"]["error"]) if problem["type"] == "value_error" else _("is not written as expected")
        for variable in sorted(labels, key=len, reverse=True):
            said = re.sub(rf"\b{variable}\b", labels[variable], said)
        sentence = f"{said[:1].upper()}{said[1:].rstrip('.')}."
    else:  # secrets have a length too, by another name
        kind = {"too_short": "string_too_short", "too_long": "string_too_long"}.get(problem["type"], problem["type"])
        sentence = forms.sentence({**problem, "type": kind})
    return named.get(place, place), sentence


def _asked(spec: ProviderSpec[Any]) -> Iterator[tuple[str, FieldInfo]]:
    for name, info in spec.settings.model_fields.items():
        if not is_marked(info, "of_operator"):
            yield name, info


def _setting(name: str, info: FieldInfo) -> Setting:
    kind = _kind(info)
    empty = info.is_required() or info.default in (None, "") or kind == "secret"
    return Setting(
        name=name,
        label=_label(name, info),
        kind=kind,
        hint=info.description or "",
        required=info.is_required(),
        default="" if empty else str(info.default),
        options=tuple((str(each), str(each) or _("as the vendor does it")) for each in _choices(info)),
        place=is_marked(info, "place"),
    )


def _label(name: str, info: FieldInfo) -> str:
    if info.title:
        return info.title
    words = [_CAPITALS.get(word, word) for word in name.split("_")]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]


def _kind(info: FieldInfo) -> str:
    if _choices(info):
        return "choice"
    kinds = {SecretStr: "secret", bool: "switch", int: "number", float: "number", Decimal: "number", Path: "path"}
    found = [kinds[part] for part in _parts(info.annotation) if part in kinds]
    return found[0] if found else "text"


def _choices(info: FieldInfo) -> tuple[Any, ...]:
    for part in _parts(info.annotation):
        if get_origin(part) is Literal:
            return get_args(part)
        if isinstance(part, type) and issubclass(part, enum.StrEnum):
            return ("", *part) if info.default is None else tuple(part)
    return ()


def _parts(annotation: Any) -> tuple[Any, ...]:
    """What a setting may be, without its being empty."""
    union = get_origin(annotation) in (Union, types.UnionType)
    return tuple(part for part in (get_args(annotation) if union else (annotation,)) if part is not type(None))
