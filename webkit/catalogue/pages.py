"""Exactly what the catalogue's templates receive."""

from __future__ import annotations

from webkit.catalogue.service import AddonView, PackageView
from webkit.core.kernel.forms import FormState
from webkit.core.values import dataclass

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PackagesPage:
    packages: tuple[PackageView, ...]
    tax_names: dict[str, str]
    currency: str
    may_edit: bool


@dataclass(frozen=True, slots=True)
class PackagePage:
    """`package` is None for a new one; `stale` says that somebody else saved first."""

    package: PackageView | None
    form: FormState
    models: Choices
    taxes: Choices
    currency: str
    stale: str = ""


@dataclass(frozen=True, slots=True)
class AddonsPage:
    addons: tuple[AddonView, ...]
    package_names: dict[str, str]
    tax_names: dict[str, str]
    currency: str
    may_edit: bool


@dataclass(frozen=True, slots=True)
class AddonPage:
    """`addon` is None for a new one; `stale` says that somebody else saved first."""

    addon: AddonView | None
    form: FormState
    types: Choices
    packages: Choices
    taxes: Choices
    currency: str
    stale: str = ""
