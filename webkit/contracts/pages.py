"""What the templates about contracts receive."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from webkit.contracts.merge import Field
from webkit.contracts.models import Listed
from webkit.contracts.service import ContractView
from webkit.contracts.templates import TemplateView
from webkit.contracts.terms import Clause
from webkit.core.extensions import MergeField
from webkit.core.kernel.events import TimelineEntry
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.lists.frame import Frame
from webkit.core.values import dataclass
from webkit.messaging.service import AddressWarning, MailView


@dataclass(frozen=True, slots=True)
class ListPage:
    """The list and its rows; `today` decides what has expired."""

    frame: Frame
    contracts: list[Listed]
    clients: dict[UUID, str]
    today: date


@dataclass(frozen=True, slots=True)
class NewPage:
    form: FormState
    proposals: list[tuple[str, str]]
    templates: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ShowPage:
    """One contract, and what keeps a draft from being sent."""

    contract: ContractView
    client_name: str
    problems: tuple[str, ...]
    timeline: list[TimelineEntry]
    mails: list[MailView]
    warning: AddressWarning | None
    link: str | None
    original: Frozen | None
    sealed: Frozen | None
    may_cancel: bool


@dataclass(frozen=True, slots=True)
class EditPage:
    contract: ContractView
    form: FormState
    clauses: tuple[Clause, ...]
    clause_problems: dict[int, str]
    fields: tuple[Field | MergeField, ...]
    stale: str


@dataclass(frozen=True, slots=True)
class TemplatesPage:
    templates: list[TemplateView]
    may_change: bool


@dataclass(frozen=True, slots=True)
class TemplatePage:
    template: TemplateView | None
    form: FormState
    clauses: tuple[Clause, ...]
    clause_problems: dict[int, str]
    fields: tuple[Field | MergeField, ...]
    languages: list[tuple[str, str]]
    stale: str
