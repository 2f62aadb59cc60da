"""From `EMAIL_PROVIDER=smtp` to a ready, typed object."""

from __future__ import annotations

import functools
import importlib
import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from importlib.util import find_spec
from threading import Lock, Thread
from typing import Any, Literal, Union, cast, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from .capabilities import ALL
from .capabilities.base import (
    Arity,
    Capability,
    Health,
    HealthReport,
    P,
    Provider,
    ProviderSettings,
    ProviderSpec,
    environment_names,
    is_marked,
)
from .capabilities.errors import ProviderMisconfigured
from .problems import Problem

PLATFORM = "platform"
HEALTH_SECONDS = 2.0


class CalledInTransaction(RuntimeError):
    """A vendor was about to be called while a database transaction was open. A slow vendor would hold its locks."""


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """A setting as `.env.example` and the manual show it; `default` is empty where there is none."""

    group: str
    names: tuple[str, ...]
    kind: str
    default: str
    description: str
    required: bool
    secret: bool


class ProviderRegistry:
    """Knows every offered provider, chooses by configuration, builds on first use, one object for each scope."""

    def __init__(
        self,
        environ: Mapping[str, str],
        specs: Iterable[ProviderSpec[Any]],
        *,
        capabilities: Iterable[Capability[Any]] = ALL,
        in_transaction: Callable[[], bool] = lambda: False,
        calling: Callable[[ProviderSpec[Any], str], AbstractContextManager[None]] = lambda _spec, _method: (
            nullcontext()
        ),
    ) -> None:
        self.capabilities = tuple(capabilities)
        self._environ = dict(environ)
        self._in_transaction = in_transaction
        self._calling = calling
        self._specs: dict[tuple[str, str], ProviderSpec[Any]] = {}
        self._built: dict[tuple[str, str, str], tuple[int, Provider]] = {}
        self._lock = Lock()
        for spec in specs:
            self._add(spec)

    def _add(self, spec: ProviderSpec[Any]) -> None:
        capability = spec.capability
        if (capability.key, spec.name) in self._specs:
            raise ProviderMisconfigured(f"two plugins provide {capability.key}={spec.name}", provider=spec.name)
        if spec.spoken is None:
            raise ProviderMisconfigured(version_mismatch(spec), provider=spec.name)
        self._specs[capability.key, spec.name] = spec

    def names(self, capability: Capability[Any]) -> tuple[str, ...]:
        """The providers that are installed for a capability."""
        return tuple(sorted(name for key, name in self._specs if key == capability.key))

    def spec(self, capability: Capability[P]) -> ProviderSpec[P] | None:
        """The chosen provider's card, or None for an optional capability that nobody supplies.

        Raises ProviderMisconfigured.
        """
        return next(iter(self.chain(capability)), None)

    def chain(self, capability: Capability[P]) -> tuple[ProviderSpec[P], ...]:
        """All chosen providers, in the order in which they are asked; one, unless the capability is for chains.

        Raises ProviderMisconfigured.
        """
        problem, specs = self._choose(capability)
        if problem is not None:
            raise ProviderMisconfigured(f"{problem.where}: {problem.problem}. {problem.fix}")
        return specs

    def chosen_name(self, capability: Capability[Any]) -> str:
        """The name of the provider that is asked first, or "" if there is none or the choice is wrong."""
        return next((spec.name for spec in self._choose(capability)[1]), "")

    def chosen_names(self, capability: Capability[Any]) -> tuple[str, ...]:
        """The names of all chosen providers, in their order; none if the choice is wrong."""
        return tuple(spec.name for spec in self._choose(capability)[1])

    def chooser(self, capability: Capability[Any]) -> str:
        """The environment variable that chose, or "" where the default holds."""
        return next((name for name in capability.names if self._environ.get(name, "").strip()), "")

    def named(self, capability: Capability[P], name: str) -> ProviderSpec[P] | None:
        """An installed provider, chosen or not."""
        return self._specs.get((capability.key, name))

    def of_key(self, key: str) -> Capability[Any] | None:
        """The capability under this key."""
        return next((capability for capability in self.capabilities if capability.key == key), None)

    def features(self, capability: Capability[Any]) -> frozenset[str]:
        """What the chosen provider declares beyond the contract's core."""
        spec = self.spec(capability)
        return spec.features if spec else frozenset()

    def settings(self, spec: ProviderSpec[Any]) -> ProviderSettings:
        """The provider's settings from the environment. Raises ProviderMisconfigured naming every wrong one."""
        problems, settings = self._read(spec)
        if settings is None:
            text = "; ".join(f"{p.where}: {p.problem}" for p in problems)
            raise ProviderMisconfigured(f"{spec.label}: {text}", provider=spec.name)
        return settings

    def get(self, capability: Capability[P], *, name: str = "") -> P:
        """The platform's provider, ready to be called, but never while a transaction is open (CalledInTransaction).

        The one that is asked first, unless another installed one is named.
        """
        spec = self.named(capability, name) if name else self.spec(capability)
        if spec is None:
            choices = ", ".join(self.names(capability)) or "none"
            raise ProviderMisconfigured(
                f"nobody supplies {capability.key}: set {capability.env} (installed: {choices})"
            )
        return self._kept(spec, PLATFORM, 0, lambda: self.settings(spec))

    def of_account(self, spec: ProviderSpec[P], scope: str, version: int, values: Callable[[], Mapping[str, str]]) -> P:
        """The provider of an agency's own account: one object for each `scope`, made anew with each `version`."""
        return self._kept(spec, scope, version, lambda: self.settings_of(spec, values()))

    def acting_for(self, spec: ProviderSpec[P], scope: str, connected: str) -> P:
        """The platform's provider, acting for an account that an agency has connected; one object for each `scope`."""
        platform = self._kept(spec, PLATFORM, 0, lambda: self.settings(spec))
        key = (spec.capability.key, spec.name, scope)
        with self._lock:
            if key not in self._built:
                self._built[key] = (0, cast("Any", platform).acting_for(connected))
            return cast("P", self._built[key][1])

    def settings_of(self, spec: ProviderSpec[Any], values: Mapping[str, str]) -> ProviderSettings:
        """Settings from an agency's `values`, by field; only those `of_operator` and shared come from the environment.

        Raises pydantic's ValidationError.
        """
        fields = spec.settings.model_fields
        of_operator = {name for name, field in fields.items() if is_marked(field, "of_operator")}
        shared = {name for name in of_operator if not is_marked(fields[name], "unshared")}
        given = {name: value for name, value in self._given_values(spec).items() if name in shared}
        made = spec.settings.model_validate(given | {n: v for n, v in values.items() if n not in of_operator})
        made._of_agency = True
        return made

    def try_out(self, spec: ProviderSpec[Any], settings: ProviderSettings) -> HealthReport:
        """How a provider with exactly these settings feels; nothing of it is kept. Never raises."""
        try:
            self._refuse_in_transaction("health")
            return _ask(self._make(spec, settings))
        except Exception as error:
            return HealthReport(Health.DOWN, _sentence(error))

    def _kept(self, spec: ProviderSpec[P], scope: str, version: int, settings: Callable[[], ProviderSettings]) -> P:
        key = (spec.capability.key, spec.name, scope)
        known = self._built.get(key)
        if known is None or known[0] != version:
            with self._lock:
                known = self._built.get(key)
                if known is None or known[0] != version:
                    self._built[key] = known = (version, self._make(spec, settings()))
        return cast("P", known[1])

    def check(self) -> list[Problem]:
        """Everything that is wrong with the configuration. Calls no vendor and imports no vendor's SDK."""
        return [problem for capability in self.capabilities for problem in self.check_one(capability)]

    def health(self, capability: Capability[Any], *, name: str = "") -> HealthReport:
        """How a chosen provider feels. Answers in about two seconds whatever happens, and never raises."""
        try:
            provider = self.get(capability, name=name)
            self._refuse_in_transaction("health")
        except Exception as error:
            return HealthReport(Health.DOWN, _sentence(error))
        return _ask(provider)

    def describe(self) -> list[SettingDescription]:
        """Every setting of every installed provider, after the variable that chooses among them."""
        described: dict[str, SettingDescription] = {}
        for capability in self.capabilities:
            described[capability.env] = self._describe_choice(capability)
            for name in self.names(capability):
                spec = self._specs[capability.key, name]
                for field in spec.settings.model_fields.values():
                    described.setdefault(environment_names(field)[0], _describe(spec, field))
        return list(described.values())

    def check_one(self, capability: Capability[Any]) -> list[Problem]:
        """What is wrong with the choice for one capability, and with whom it chose."""
        problem, specs = self._choose(capability)
        if problem is not None:
            return [problem]
        return [problem for spec in specs for problem in self.missing(spec)]

    def missing(self, spec: ProviderSpec[Any]) -> list[Problem]:
        """What a provider lacks before it can be chosen. Calls no vendor and imports no vendor's SDK."""
        capability = spec.capability
        problems, _ = self._read(spec)
        missing = [module for module in spec.modules if not _installed(module)]
        if missing:
            text = f"{spec.label} needs {', '.join(missing)}"
            problems.append(Problem(f"{capability.env}={spec.name}", text, spec.install_hint or "Install it."))
        return problems

    def _choose(self, capability: Capability[P]) -> tuple[Problem | None, tuple[ProviderSpec[P], ...]]:
        where, value = self._given(capability)
        installed = self.names(capability)
        example = f"{where}={installed[0]}" if installed else f"Install a plugin that provides {capability.key}"
        chosen = [name.strip() for name in value.split(",") if name.strip()]
        if not chosen and capability.arity is Arity.MANY:
            chosen = [name for name in installed if self._is_set_up(self._specs[capability.key, name])]
        if len(chosen) > 1 and capability.arity is Arity.ONE:
            return Problem(where, f"takes one provider, not {len(chosen)}", f"{where}={chosen[0]}"), ()
        if len(set(chosen)) < len(chosen):
            once = ",".join(dict.fromkeys(chosen))
            return Problem(where, "names a provider twice", f"{where}={once}"), ()
        if not chosen:
            text = f"nobody supplies {capability.key}"
            return (Problem(where, text, example) if capability.required else None), ()
        specs = [spec for name in chosen if (spec := self._specs.get((capability.key, name))) is not None]
        if unknown := [name for name in chosen if (capability.key, name) not in self._specs]:
            text = f"there is no provider {unknown[0]!r}; installed: {', '.join(installed) or 'none'}"
            return Problem(where, text, example), ()
        return None, tuple(specs)

    def _is_set_up(self, spec: ProviderSpec[Any]) -> bool:
        """Whether the environment holds all it asks for, and it asks for something."""
        asked = {name for name, field in spec.settings.model_fields.items() if field.is_required()}
        return bool(asked) and asked <= self._given_values(spec).keys()

    def _given(self, capability: Capability[Any]) -> tuple[str, str]:
        for name in capability.names:
            if value := self._environ.get(name, "").strip():
                return name, value
        return capability.env, capability.default

    def _read(self, spec: ProviderSpec[Any]) -> tuple[list[Problem], ProviderSettings | None]:
        try:
            return [], spec.settings.model_validate(self._given_values(spec))
        except ValidationError as error:
            return [_problem(spec, dict(e)) for e in error.errors(include_input=False, include_url=False)], None

    def _given_values(self, spec: ProviderSpec[Any]) -> dict[str, str]:
        """What the environment says, by field."""
        found = {
            name: next((v for variable in environment_names(field) if (v := self._environ.get(variable))), "")
            for name, field in spec.settings.model_fields.items()
        }
        return {name: value for name, value in found.items() if value}

    def _make(self, spec: ProviderSpec[P], settings: ProviderSettings) -> P:
        calling = functools.partial(self._calling, spec)
        return guarded(load(spec), spec.capability.protocol, self._refuse_in_transaction, calling)(settings)

    def _refuse_in_transaction(self, what: str) -> None:
        if self._in_transaction():
            raise CalledInTransaction(
                f"{what}() was called while a database transaction is open. Read what you need, end the transaction "
                "with release(), call the provider, then record the outcome in a function marked @writes."
            )

    def _describe_choice(self, capability: Capability[Any]) -> SettingDescription:
        installed = ", ".join(self.names(capability)) or "none"
        in_order = " Several, with commas: the next while one is down." if capability.arity is Arity.CHAIN else ""
        return SettingDescription(
            group=capability.key,
            names=capability.names,
            kind="str",
            default=capability.default,
            description=f"Who supplies {capability.key}. Installed: {installed}.{in_order}",
            required=capability.required and not capability.default,
            secret=False,
        )


def load(spec: ProviderSpec[P]) -> Callable[[Any], P]:
    """Import the provider's class. Raises ProviderMisconfigured with the line that installs what is missing."""
    module, _, attribute = spec.factory.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        text = f"{spec.label} needs {error.name!r}: {spec.install_hint or 'install it'}"
        raise ProviderMisconfigured(text, provider=spec.name) from error
    except AttributeError:
        raise ProviderMisconfigured(f"{module} has no {attribute!r}", provider=spec.name) from None
    if not isinstance(found, type):
        raise ProviderMisconfigured(f"{spec.factory} is not a class", provider=spec.name)
    return cast("Callable[[Any], P]", found)


def guarded(
    provider: Callable[[Any], P],
    protocol: type[P],
    refuse: Callable[[str], None],
    calling: Callable[[str], AbstractContextManager[None]] = lambda _method: nullcontext(),
) -> Callable[[Any], P]:
    """A subclass whose public methods ask `refuse` first and are called inside `calling`, but for `calls_nobody`."""
    cls = cast("type[Any]", provider)
    methods = {
        name: _ask_first(method, refuse, calling)
        for name in dir(cls)
        if not name.startswith("_")
        and isinstance(method := inspect.getattr_static(cls, name), types.FunctionType)
        and not any(getattr(marked, "calls_nobody", False) for marked in (method, getattr(protocol, name, None)))
    }
    body = {"__doc__": cls.__doc__, "__module__": cls.__module__, "__slots__": (), **methods}
    return cast("Callable[[Any], P]", type(cls.__name__, (cls,), body))


def version_mismatch(spec: ProviderSpec[Any]) -> str:
    """The sentence for a provider written for another version of its contract."""
    spoken = ", ".join(str(version) for version in sorted(spec.capability.api_versions))
    return f"{spec.name!r} speaks {spec.capability.key} version {spec.api_version}, this platform speaks {spoken}"


def _ask_first(
    method: types.FunctionType, refuse: Callable[[str], None], calling: Callable[[str], AbstractContextManager[None]]
) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        refuse(method.__name__)
        with calling(method.__name__):
            return method(*args, **kwargs)

    return call


def _ask(provider: Provider) -> HealthReport:
    """Ask in a thread that is left behind when it does not answer in time."""
    answer: list[HealthReport] = []

    def ask() -> None:
        try:
            answer.append(provider.health())
        except Exception as error:
            answer.append(HealthReport(Health.DOWN, _sentence(error)))

    thread = Thread(target=copy_context().run, args=(ask,), daemon=True, name="provider-health")
    thread.start()
    thread.join(HEALTH_SECONDS)
    late = HealthReport(Health.DOWN, f"no answer within {HEALTH_SECONDS:g} seconds")
    return answer[0] if answer else late


def _problem(spec: ProviderSpec[Any], error: Mapping[str, Any]) -> Problem:
    """What pydantic found, under the environment variable's name; the value itself is never repeated."""
    place = str(error["loc"][0]) if error["loc"] else ""
    for name, field in spec.settings.model_fields.items():
        names = environment_names(field)
        if place == name or place in names:
            text = "is not set" if error["type"] == "missing" else str(error["msg"])
            return Problem(names[0], f"{text} ({spec.label})", f"{names[0]}=…  # {field.description}")
    return Problem(spec.name, f"{error['msg']} ({spec.label})", f"See the settings of {spec.label}.")


def _describe(spec: ProviderSpec[Any], field: FieldInfo) -> SettingDescription:
    default = "" if field.is_required() or field.default in (None, "") else str(field.default)
    kind = _kind(field.annotation)
    secret = kind == "secret"
    return SettingDescription(
        group=spec.label,
        names=environment_names(field),
        kind=kind,
        default="" if secret else default,
        description=field.description or "",
        required=field.is_required(),
        secret=secret,
    )


def _kind(annotation: object) -> str:
    """The type in a word; that a setting may be empty is seen from its default."""
    choice = get_origin(annotation) in (Union, types.UnionType, Literal)
    known = [part for part in (get_args(annotation) if choice else (annotation,)) if part is not type(None)]
    names = [part.__name__ if isinstance(part, type) else str(part) for part in known]
    return " or ".join("secret" if name == SecretStr.__name__ else name for name in names)


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
