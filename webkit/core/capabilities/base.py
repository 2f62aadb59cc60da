"""What every capability shares: how it is named, chosen, configured, how it fails and how it feels.

Pure Python: no web framework, no database, no vendor's SDK.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PrivateAttr
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from .errors import ProviderMisconfigured
from .versions import Versions, common

SECRET_WORDS = frozenset({"KEY", "SECRET", "TOKEN", "PASSWORD", "PASSPHRASE"})
"""A variable that ends with one of these holds a secret."""


class Health(enum.StrEnum):
    """How a provider feels. DEGRADED works but needs somebody to look at it."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class HealthReport:
    """A provider's answer to "how are you?"; `detail` is one sentence for the operator, without secrets."""

    status: Health
    detail: str = ""


class Provider(Protocol):
    """What every provider has, whatever it provides.

    A provider is a class taking its settings. It is synchronous and keeps no state between calls that another
    process would have to know. It takes and returns frozen dataclasses and raises only `ProviderError`s.
    """

    def health(self) -> HealthReport:
        """Answer within two seconds, cost nothing, never raise."""
        ...


P = TypeVar("P", bound=Provider)
F = TypeVar("F", bound=Callable[..., Any])


def calls_nobody(method: F) -> F:
    """Mark a protocol's method that only computes: it may run while a database transaction is open."""
    method.__dict__["calls_nobody"] = True
    return method


def env(
    *names: str,
    description: str,
    default: object = PydanticUndefined,
    of_operator: bool = False,
    unshared: bool = False,
    place: bool = False,
    **constraints: Any,
) -> Any:
    """A provider's setting: the environment variables it listens to (the first one set wins), and a sentence.

    `api_key: SecretStr = env("STRIPE_SECRET_KEY", "STRIPE_API_KEY", description="Secret key of the account.")`

    Where agencies bring accounts of their own they set everything but what is `of_operator`, which the environment says
    for all of them, unless it is `unshared`: then it belongs to the operator's own account, and an agency's has the
    default. `place`: it says where things are kept; with another value it is another account.
    """
    if not names:
        raise TypeError("a setting needs at least one environment variable")
    extra: JsonDict = {"of_operator": of_operator or unshared, "unshared": unshared, "place": place}
    alias = AliasChoices(*names)
    return Field(default, validation_alias=alias, description=description, json_schema_extra=extra, **constraints)


def is_marked(field: FieldInfo, mark: str) -> bool:
    """Whether a setting was declared with `of_operator`, `unshared` or `place`."""
    return isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get(mark) is True


def environment_names(field: FieldInfo) -> tuple[str, ...]:
    """The environment variables a setting declared with `env()` listens to, the most important first."""
    alias = field.validation_alias
    return tuple(str(choice) for choice in alias.choices) if isinstance(alias, AliasChoices) else ()


class ProviderSettings(BaseModel):
    """Base of every provider's settings: declared with `env()`, never changing, nothing unknown."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, validate_default=True, defer_build=True
    )
    _of_agency: bool = PrivateAttr(default=False)

    @property
    def of_agency(self) -> bool:
        """Whether an agency typed them: then their addresses are judged with each connection (`webkit.sdk.guarded`)."""
        return self._of_agency


class NoSettings(ProviderSettings):
    """For providers that need none."""


class Arity(enum.StrEnum):
    """How many providers may be chosen at once."""

    ONE = "one"
    MANY = "many"  # where nobody is named, all whose required settings are given
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class Capability(Generic[P]):
    """Something the platform needs and a configured provider supplies.

    `key` is also the webhook URL's segment; `env` (or one of `aliases`) holds the chosen provider's name, `default` is
    taken when it is empty. A provider whose `api_version` is not in `api_versions` is refused. `agencies`: each of them
    may bring an account of its own.
    """

    key: str
    env: str
    protocol: type[P]
    aliases: tuple[str, ...] = ()
    api_versions: frozenset[int] = frozenset({1})
    arity: Arity = Arity.ONE
    default: str = ""
    required: bool = True
    retiring: Mapping[int, str] = field(default_factory=dict, hash=False)
    """Versions that are still spoken, and the release ("0.5") that will not speak them any more."""
    agencies: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The environment variables that choose the provider, the first one set wins."""
        return (self.env, *self.aliases)


@dataclass(frozen=True, slots=True)
class ProviderSpec(Generic[P]):
    """A provider's business card. Making one must not import the vendor's SDK.

    `factory` names the class, "plugins.email_smtp.provider:Smtp"; it is imported on first use and called with the
    settings. `modules` are the imports that `install_hint` installs: they are looked for, not imported, at boot.
    `api_version` is the version of the contract it was written for, or all of them: `Versions(1, 2)`.
    `agencies`: an agency may use it with an account of its own, where the capability allows that.
    """

    capability: Capability[P]
    name: str
    label: str
    factory: str
    settings: type[ProviderSettings] = NoSettings
    features: frozenset[str] = frozenset()
    modules: tuple[str, ...] = ()
    install_hint: str = ""
    api_version: int | Versions = 1
    agencies: bool = False

    @property
    def spoken(self) -> int | None:
        """The newest version of the contract that provider and platform both know; None if there is none."""
        return common(self.api_version, self.capability.api_versions)

    def __post_init__(self) -> None:
        module, _, attribute = self.factory.partition(":")
        if not (module and attribute.isidentifier()):
            raise ProviderMisconfigured(f"factory {self.factory!r} is not 'package.module:Class'", provider=self.name)
        if not self.name.isidentifier() or not self.name.islower():
            raise ProviderMisconfigured(f"{self.name!r} is not a provider name: a-z, 0-9 and _", provider=self.name)
