"""`@dataclass` for the hundreds of small values of the house: the standard library's, in a quarter of the time.

The standard one compiles six functions for every frozen class; for all of ours together that is a fifth of what each
process needs to start. Here only `__init__` is compiled. Whatever else a value can do is the same for all of them and
asks for the fields when it is needed: `==`, `hash`, `repr`, refusing changes, being copied and pickled.

`fields`, `replace` and `asdict` work as usual. What others may inherit from (`webkit.sdk`) stays with the standard one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")


@dataclass_transform(field_specifiers=(dataclasses.field,))
def dataclass(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, kw_only: bool = False
) -> Callable[[type[T]], type[T]]:
    """Make a class a dataclass."""
    if not frozen:
        return dataclasses.dataclass(slots=slots, eq=eq, kw_only=kw_only)

    def make(cls: type[T]) -> type[T]:
        cls.__doc__ = cls.__doc__ or cls.__name__  # else the standard library spells the signature out
        made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
        for name, method in {"__init__": _init(made), **_FROZEN, **(_equal(made) if eq else {})}.items():
            if vars(made).get(name) is None:  # who spells `==` out alone has no `hash` but this one
                setattr(made, name, method)
        return made

    return make


def is_frozen(kind: type[Any]) -> bool:
    """Whether instances of a class are values that nobody changes: frozen dataclasses, ours or the standard ones."""
    refuses: object = kind.__setattr__
    return refuses is _set or getattr(getattr(kind, "__dataclass_params__", None), "frozen", False)


def _init(cls: type[Any]) -> Callable[..., None]:
    """Compile the one function that differs: its parameters are the fields."""
    known: dict[str, Any] = {"_write": object.__setattr__, "_missing": MISSING}
    positional: list[str] = []
    named: list[str] = []
    body: list[str] = []
    for field in dataclasses.fields(cls):
        if not field.init:
            raise TypeError(f"{cls.__qualname__}.{field.name}: every field is a parameter")
        (named if field.kw_only else positional).append(_parameter(field, known))
        value = field.name
        if field.default_factory is not MISSING:
            value = f"{value} if {value} is not _missing else _make_{value}()"
        body.append(f" _write(self, {field.name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    parameters = ", ".join(["self", *positional, *(["*", *named] if named else [])])
    exec("\n".join([f"def __init__({parameters}):", *body, " return"]), known)  # noqa: S102 (names of fields alone)
    init = cast("Callable[..., None]", known["__init__"])
    init.__qualname__, init.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    return init


def _parameter(field: Field[Any], known: dict[str, Any]) -> str:
    if field.default_factory is not MISSING:
        known[f"_make_{field.name}"] = field.default_factory
        return f"{field.name}=_missing"
    if field.default is not MISSING:
        known[f"_default_{field.name}"] = field.default
        return f"{field.name}=_default_{field.name}"
    return field.name


def _equal(cls: type[Any]) -> dict[str, Any]:
    compared = [field.name for field in dataclasses.fields(cls) if field.compare]
    hashed = [field.name for field in dataclasses.fields(cls) if (field.compare if field.hash is None else field.hash)]
    return {"_compared": _tuple(compared), "_hashed": _tuple(hashed), "__eq__": _eq, "__hash__": _hash}


def _tuple(names: list[str]) -> Any:
    """What reads these fields. Always a tuple, in which what is the same is equal, also what is no number."""
    if len(names) > 1:
        return attrgetter(*names)
    return staticmethod(lambda self: tuple(getattr(self, name) for name in names))


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self._compared(self) == self._compared(other)


def _hash(self: Any) -> int:
    return hash(self._hashed(self))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _set(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {
    "__repr__": _repr,
    "__setattr__": _set,
    "__delattr__": _delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}
