"""What goes in and comes out: shapes that check themselves and describe themselves."""

from __future__ import annotations

import functools
import operator
import re
from datetime import UTC, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)

from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.forms import Form, wrong
from webkit.core.kernel.i18n import gettext as _

T = TypeVar("T")
F = TypeVar("F", bound=Form)
NUMBER = r"^-?[0-9]{1,12}(\.[0-9]{1,8})?$"
_NUMBER = re.compile(NUMBER.strip("^$"))


class Input(BaseModel):
    """Base of what is sent: a field nobody knows is refused, so nothing is set that was not meant to be."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True, defer_build=True)

    def given(self) -> dict[str, Any]:
        """What was said, and nothing else."""
        return self.model_dump(exclude_unset=True)


class View(BaseModel):
    """Base of what is told. Made of the views that services give; what has no field here is not told."""

    model_config = ConfigDict(
        from_attributes=True,
        frozen=True,
        defer_build=True,
        populate_by_name=True,
        json_schema_extra={"additionalProperties": False},
    )


@functools.cache
def strictly(form: type[F]) -> type[F]:
    """What people type into a form, as programs send it: the same fields and checks, but no field that nobody knows,
    and exact numbers that mean the same in every language."""
    changed: dict[str, Any] = {}
    for name, info in form.model_fields.items():
        read_by_language = any(isinstance(each, BeforeValidator) for each in info.metadata)
        kind = Decimal if read_by_language and info.annotation is Decimal else info.annotation
        if (wanted := _strict(kind)) is not info.annotation:
            left = [each for each in info.metadata if not isinstance(each, BeforeValidator)]
            told = Field(..., description=info.description) if info.is_required() else Field(default=info.default)
            changed[name] = (Annotated[wanted, *left] if left else wanted, told)
    nothing: Any = model_validator(mode="after")(lambda self: self)
    made = create_model(
        f"{form.__name__}In",
        __base__=form,
        __cls_kwargs__={"extra": "forbid"},
        __validators__={"_clean": nothing},  # that an empty text means nothing is the way of forms
        **changed,
    )
    made.__doc__ = form.__doc__
    return made


def _strict(kind: Any) -> Any:
    """A type with every form in it made strict, and every exact number one that is written as text."""
    if kind is Decimal:
        return Number
    if isinstance(kind, type) and issubclass(kind, Form):
        return strictly(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return Number if inner[0] is Decimal else kind
    if not origin or not inner or origin is Literal:
        return kind
    fresh = tuple(_strict(each) for each in inner)
    if all(new is old for new, old in zip(fresh, inner, strict=True)):
        return kind
    return functools.reduce(operator.or_, fresh) if origin in (Union, UnionType) else origin[fresh]


class PageOf(View, Generic[T]):
    """Some of a list, in its order. `next` is the cursor that the following page is asked for with; none at the end."""

    data: list[T]
    next: str | None = None


class Empty(Input):
    """An operation that takes nothing but its address."""


def _number(value: object) -> object:
    """Text, so that nothing is lost on the way; whole numbers may also come as such."""
    plain = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    if not plain or _NUMBER.fullmatch(str(value)) is None:
        raise wrong(_("A number, please, written as text and with a point: “12.5”."))
    return Decimal(str(value))


Number = Annotated[
    Decimal,
    BeforeValidator(_number),
    WithJsonSchema({"type": "string", "pattern": NUMBER, "examples": ["12.5"]}, mode="validation"),
]
"""An exact number. It travels as text: many languages would make a float of it."""
Exact = Annotated[Decimal, WithJsonSchema({"type": "string"}, mode="serialization")]
"""The same on its way out."""
Minor = Annotated[int, Field(ge=-MAX_MINOR, le=MAX_MINOR)]
"""An amount in the minor unit of its currency: cents of a euro, yen of a yen."""
Positive = Annotated[int, Field(ge=1, le=MAX_MINOR)]


def _moment(given: datetime) -> datetime:
    """Where days are counted everywhere."""
    if not 2000 <= given.year < 2200:
        raise wrong(_("This moment is too far away."))
    return given.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
"""A moment, with its offset from UTC."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Revision = Annotated[int, Field(ge=0, lt=2**31 - 1)]


Nullable = Annotated[str | None, BeforeValidator(lambda text: text or None)]
"""A text that is null where there is none: what is read can be sent back as it is."""


class Made(View):
    """What was made, where there is nothing more to tell."""

    id: UUID
