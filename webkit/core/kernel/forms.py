"""Input shapes: what a form may contain, and the state it is shown again with when something was wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import MultiDict

from webkit.core.kernel import i18n
from webkit.core.kernel.i18n import gettext as _

F = TypeVar("F", bound="Form")

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_EMAIL = re.compile(
    r"[^@\s<>\"',;:()\\\[\]]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{2,63}"
)
_TWO_READINGS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_URL = re.compile(r"https?://[^\s<>\"'\\]{3,2000}", re.IGNORECASE)


class Form(BaseModel):
    """Base of every input: stripped, without control characters, unknown fields ignored, empty means not given.

    What checks a form is built when the first one comes in: no process gets all of them.
    """

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {name: value for name, value in given.items() if value not in ("", None)}


@dataclass(slots=True)
class FormState:
    """What was typed and what was wrong with it, for showing a form (again)."""

    raw: Mapping[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def value(self, name: str, default: object = "") -> str:
        """What was typed into a field; `default` when the form has not been sent."""
        values = self.raw.get(name)
        return values[0] if values else ("" if self.raw else str(default if default is not None else ""))

    def values(self, name: str) -> list[str]:
        """Everything chosen in a field that takes several."""
        return self.raw.get(name, [])

    def error(self, name: str) -> str:
        """The sentence that belongs to a field; empty when it is fine."""
        return self.errors.get(name, "")

    def kept(self) -> FormState:
        """What was typed, without the errors: for a form that was not sent to be checked."""
        return FormState(self.raw)

    @classmethod
    def of(cls, values: Mapping[str, object]) -> FormState:
        """A form filled in from what is stored."""
        return cls({name: _listed(value) for name, value in values.items()})


@dataclass(slots=True)
class Bound(Generic[F]):
    """The result of `bind`: `data` when everything was right, `state` to show the form again otherwise."""

    state: FormState
    _data: F | None = None

    @property
    def ok(self) -> bool:
        return self._data is not None

    @property
    def data(self) -> F:
        if self._data is None:
            raise ValueError("the form has errors")
        return self._data


def bind(form: type[F], given: MultiDict[str, str] | Mapping[str, Any]) -> Bound[F]:
    """Check what was sent against `form`; never raises for bad input."""
    raw = dict(given.lists()) if isinstance(given, MultiDict) else {k: _listed(v) for k, v in given.items()}
    state = FormState(raw)
    values = {name: values if _takes_many(form, name) else values[-1] for name, values in raw.items() if values}
    try:
        return Bound(state, form.model_validate(values))
    except ValidationError as error:
        for problem in error.errors():
            state.errors.setdefault(_path(problem["loc"]), sentence(problem))
    return Bound(state)


def hidden_number(given: Mapping[str, str], name: str) -> int:
    """A revision or version that a form carries along; 0 for what is none, or larger than a column holds."""
    text = given.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def sentence(problem: Any) -> str:
    """A validation problem as a sentence for the person who typed."""
    kind, context = problem["type"], problem.get("ctx") or {}
    if kind == "missing":
        return _("Please fill this in.")
    if kind == "string_too_long":
        return _("At most %(n)d characters, please.", n=context["max_length"])
    if kind == "string_too_short":
        return _("At least %(n)d characters, please.", n=context["min_length"])
    if kind in ("int_parsing", "int_type", "decimal_parsing", "int_from_float"):
        return _("This is not a number.")
    if kind in ("greater_than_equal", "greater_than"):
        return _("At least %(n)s, please.", n=context.get("ge", context.get("gt")))
    if kind in ("less_than_equal", "less_than"):
        return _("At most %(n)s, please.", n=context.get("le", context.get("lt")))
    if kind in ("enum", "literal_error"):
        return _("Please choose one of the offered values.")
    if kind.startswith("date"):
        return _("Please write the date as YYYY-MM-DD.")
    if kind.startswith("uuid"):
        return _("Please choose one of the offered values.")
    if kind == "sentence":
        return str(problem["msg"])
    return _("This value is not accepted.")


def wrong(message: str) -> PydanticCustomError:
    """An error for a form's own validators: `raise wrong(_("…"))`; the sentence is shown as it is."""
    return PydanticCustomError("sentence", "{message}", {"message": message})


def _no_control(value: str) -> str:
    if _CONTROL.search(value):
        raise wrong(_("This contains characters that cannot be printed."))
    return value


def _single_line(value: str) -> str:
    if "\n" in value or "\r" in value:
        raise wrong(_("Please write this on one line."))
    return _no_control(value)


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise wrong(_("This is not an e-mail address. It looks like name@example.com."))
    return value.lower()


def _url(value: str) -> str:
    full = value if "://" in value else f"https://{value}"
    if not (_URL.fullmatch(full) and _has_host(full)):
        raise wrong(_("This is not a web address. It looks like https://example.com."))
    return full


def _has_host(url: str) -> bool:
    """Whether the part before the path names a machine: `javascript:alert(1)` behind `https://` does not."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def decimal_text(value: Decimal) -> str:
    """A number for an input field, written so that no reader takes its decimals for thousands."""
    text = f"{value:f}"
    return f"{text}0" if _TWO_READINGS.fullmatch(text.removeprefix("-")) else text


def _decimal(value: object) -> object:
    if not isinstance(value, str):
        return value
    typed = value.strip().replace(" ", "").replace("\u00a0", "")
    plain = typed.replace(",", ".")
    if _TWO_READINGS.fullmatch(typed.removeprefix("-")) and i18n.group_symbol() in typed:
        both = {"whole": plain.replace(".", ""), "decimals": f"{plain}0"}
        raise wrong(_("This could be read in two ways. Write %(whole)s or %(decimals)s.", **both))
    if not _NUMBER.fullmatch(plain):  # Decimal also reads NaN, Infinity and 1e5
        raise wrong(_("This is not a number."))
    number = Decimal(plain)
    if abs(number) > Decimal("1e12") or -int(number.as_tuple().exponent) > 8:
        raise wrong(_("This number is too large or too precise."))
    return number


def Line(limit: int, minimum: int = 0) -> Any:  # noqa: N802  reads as a type in annotations
    """One line of text of at most `limit` characters."""
    return Annotated[str, Field(min_length=minimum, max_length=limit), AfterValidator(_single_line)]


def Text(limit: int, minimum: int = 0) -> Any:  # noqa: N802
    """Text of several lines, at most `limit` characters."""
    return Annotated[str, Field(min_length=minimum, max_length=limit), AfterValidator(_no_control)]


Email = Annotated[str, Field(max_length=255), AfterValidator(_single_line), AfterValidator(_email)]
Url = Annotated[str, Field(max_length=2048), AfterValidator(_single_line), AfterValidator(_url)]
DecimalText = Annotated[Decimal, BeforeValidator(_decimal)]
MoneyText = Annotated[str, Field(max_length=40), AfterValidator(_single_line)]
"""An amount as typed; turn it into minor units with `parse_money` where the currency is known."""


def _takes_many(form: type[Form], name: str) -> bool:
    info = form.model_fields.get(name)
    return info is not None and (get_origin(info.annotation) or info.annotation) in (list, tuple, set, frozenset)


def _path(location: tuple[int | str, ...]) -> str:
    return str(location[0]) if location else ""


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
