"""Our dataclasses are those of the standard library, but for the time it takes to make one."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any

import pytest

from webkit.core.values import dataclass, is_frozen


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    amounts: tuple[int, ...] = (1, 2)
    words: list[str] = field(default_factory=list)
    secret: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Longer(Line):
    """A line and more."""

    after: Line | None = None

    @property
    def twice(self) -> str:
        return self.name * 2


@dataclass(frozen=True, slots=True)
class Positive:
    amount: int

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError("not positive")

    def __repr__(self) -> str:
        return f"+{self.amount}"


@dataclass(frozen=True, slots=True)
class Single:
    number: float


@dataclass(frozen=True, eq=False, slots=True)
class Itself:
    amount: int


def standard(cls: type[Any], **options: Any) -> Any:
    """The same class, made by the standard library."""
    spelled: Callable[..., Any] = dataclasses.dataclass(frozen=True, slots=True, **options)
    body = {"__annotations__": {f.name: f.type for f in fields(cls)}, "__module__": __name__}
    defaults = {"amounts": (1, 2), "words": field(default_factory=list)}
    secret = field(default="", repr=False, compare=False)
    return spelled(type(cls.__name__, (), {**body, **defaults, "secret": secret}))


def test_a_value_is_what_the_standard_library_makes_of_it() -> None:
    theirs = standard(Line)
    for given in ({"name": "a"}, {"name": "a", "words": ["b"], "secret": "c"}, {"name": "", "amounts": ()}):
        ours, other = Line(**given), theirs(**given)
        assert repr(ours) == repr(other)
        assert asdict(ours) == asdict(other)
        assert ours.__match_args__ == other.__match_args__
    assert [f.name for f in fields(Line)] == [f.name for f in fields(theirs)]
    assert Line("a").words is not Line("a").words
    assert [p.name for p in inspect.signature(Longer).parameters.values() if p.kind is p.KEYWORD_ONLY] == ["after"]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Line()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'nothing'"):
        Line("a", nothing=1)  # type: ignore[call-arg]


def test_values_are_equal_when_what_they_compare_is() -> None:
    assert Line("a", secret="b") == Line("a", secret="c")
    assert Line("a") != Line("b")
    assert Line("a") != Longer("a")
    assert Line("a") != Itself(1)  # type: ignore[comparison-overlap]
    assert hash(Positive(1)) == hash(Positive(1))
    assert len({Positive(1), Positive(1), Positive(2)}) == 2
    assert Itself(1) != Itself(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Line("a"))


@pytest.mark.parametrize("make", [dataclass, dataclasses.dataclass])
def test_what_is_compared_is_as_the_standard_library_has_it(make: Any) -> None:
    @make(frozen=True, slots=True)
    class Beside:
        note: str = field(compare=False)

    @make(frozen=True, slots=True)
    class Partly:
        name: str
        words: list[str] = field(default_factory=list, hash=False)

    @make(frozen=True, slots=True)
    class Alike:
        name: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Alike)

    made: tuple[Any, ...] = (Beside, Partly, Alike)
    beside, partly, alike = made
    assert beside("a") == beside("b") and hash(beside("a")) == hash(beside("b"))
    assert hash(partly("a", ["b"])) == hash(partly("a", ["c"])) and partly("a", ["b"]) != partly("a")
    assert alike("a") == alike("b") and hash(alike("a")) == hash(alike("a"))


def test_what_is_no_number_is_the_same_as_itself() -> None:
    nothing = float("nan")
    assert Single(nothing) == Single(nothing)


def test_what_is_no_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match="every field is a parameter"):

        @dataclass(frozen=True)
        class Counted:
            name: str
            count: int = field(init=False, default=0)


def test_nobody_changes_a_value() -> None:
    line: Any = Line("a")
    for name in ("name", "stranger"):
        with pytest.raises(FrozenInstanceError):
            setattr(line, name, "b")
    with pytest.raises(FrozenInstanceError):
        del line.name
    assert not hasattr(line, "__dict__")
    assert replace(line, name="b") == Line("b")
    with pytest.raises(ValueError, match="not positive"):
        replace(Positive(1), amount=0)


@pytest.mark.parametrize("value", [Line("a", (3,), ["b"], "c"), Longer("a", after=Line("b")), Positive(3)])
def test_values_travel(value: Any) -> None:
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert again == value
        assert repr(again) == repr(value)


def test_what_a_class_says_itself_counts() -> None:
    assert repr(Positive(3)) == "+3"
    assert Longer("a", after=Line("b")).twice == "aa"
    assert Longer.__doc__ == "A line and more."


def test_what_may_change_is_left_to_the_standard_library() -> None:
    @dataclass(slots=True)
    class Open:
        name: str

    changed = Open("a")
    changed.name = "b"
    assert changed == Open("b")
    assert Open.__init__.__qualname__.endswith("Open.__init__")


def test_one_can_ask_whether_a_class_is_frozen() -> None:
    @dataclasses.dataclass(frozen=True)
    class Theirs:
        name: str

    @dataclass()
    class Changing:
        name: str

    assert [is_frozen(kind) for kind in (Line, Longer, Theirs, Changing, str)] == [True, True, True, False, False]
