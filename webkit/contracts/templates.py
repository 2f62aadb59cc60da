"""Contract templates: made for a new agency on first use, changed by its owners, never lost."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from webkit.contracts import merge, models, terms
from webkit.contracts.defaults import BUILTIN
from webkit.contracts.models import ContractTemplate
from webkit.contracts.terms import Clause
from webkit.core.kernel import audit, entitlements, events
from webkit.core.kernel.db import writes
from webkit.core.kernel.entitlements import Limit
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.extras import service as extras


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template as pages may know it."""

    id: UUID
    name: str
    locale: str
    version: int
    clauses: tuple[Clause, ...]
    signatory_name: str
    signatory_title: str
    is_default: bool
    archived: bool


@dataclass(frozen=True, slots=True)
class TemplateText:
    """What the editor says."""

    name: str
    locale: str
    clauses: tuple[Clause, ...]
    signatory_name: str = ""
    signatory_title: str = ""


@writes
def make_sure() -> None:
    """Give an agency that has no template ours, in English and Italian."""
    if models.has_templates():
        return
    for language, (name, clauses) in BUILTIN.items():
        models.add_builtin(language, name, terms.dump(clauses))


def all_in_use() -> list[TemplateView]:
    """Every template that can be chosen, by language and name."""
    if not models.has_templates():
        make_sure()
    return [_view(row) for row in models.templates()]


def get(template_id: UUID) -> TemplateView:
    """One template. Raises NotFound."""
    return _view(_row(template_id))


def choices() -> list[tuple[UUID, str]]:
    """(id, name) for a list to choose from."""
    return [(each.id, each.name) for each in all_in_use()]


def choose(template_id: UUID | None, locale: str) -> TemplateView:
    """The named template while there is one, else the default for the language."""
    if template_id is not None and (row := models.template(template_id)) is not None:
        return _view(row)
    make_sure()
    row = models.default_template(locale.partition("-")[0])
    if row is None:
        raise DomainError(_("There is no default contract template. Choose one in the settings."))
    return _view(row)


@writes
def create(text: TemplateText) -> UUID:
    """A further template."""
    _check(text.clauses)
    make_sure()
    entitlements.within(Limit.TEMPLATES)
    template_id = models.add(ContractTemplate(**_columns(text)))
    audit.log("contract_template.created", subject=events.ref("contract_template", template_id))
    return template_id


@writes
def change(template_id: UUID, version: int, text: TemplateText) -> None:
    """Store a changed template as its next version. Raises Conflict when somebody else was faster."""
    before = get(template_id)
    _check(text.clauses)
    if text == TemplateText(before.name, before.locale, before.clauses, before.signatory_name, before.signatory_title):
        return
    moved = before.is_default and before.locale != text.locale
    more = {"is_default": False} if moved else {}
    if not models.edit_template(template_id, version, **_columns(text), **more):
        raise Conflict(_("Somebody changed this template since you opened it. Open it again to see the changes."))
    audit.log(
        "contract_template.changed",
        subject=events.ref("contract_template", template_id),
        detail={"version": version + 1},
    )


@writes
def make_default(template_id: UUID) -> None:
    """Use it for every new contract in its language."""
    row = _row(template_id)
    if row.archived:
        raise Conflict(_("A template that was put away cannot be the default."))
    models.make_default(row)
    audit.log("contract_template.default", subject=events.ref("contract_template", template_id))


@writes
def archive(template_id: UUID) -> None:
    """Put it away: contracts made from it stay as they are."""
    row = _row(template_id)
    if row.is_default:
        raise Conflict(_("This is the default template. Make another one the default first."))
    row.archived = True
    audit.log("contract_template.archived", subject=events.ref("contract_template", template_id))


def _check(clauses: Iterable[Clause]) -> None:
    if unknown := merge.unknown_fields(clauses, (each.name for each in extras.fields())):
        names = ", ".join("{{" if name == "{{" else "{{" + name + "}}" for name in unknown)
        raise DomainError(_("These fields do not exist or are not closed: %(names)s.", names=names), "clause_text")


def _columns(text: TemplateText) -> dict[str, object]:
    return {
        "name": text.name,
        "locale": text.locale,
        "clauses": terms.dump(text.clauses),
        "signatory_name": text.signatory_name,
        "signatory_title": text.signatory_title,
    }


def _row(template_id: UUID) -> ContractTemplate:
    if (row := models.template(template_id)) is None:
        raise NotFound(_("There is no such contract template."))
    return row


def _view(row: ContractTemplate) -> TemplateView:
    return TemplateView(
        id=row.id,
        name=row.name,
        locale=row.locale,
        version=row.version,
        clauses=terms.load(row.clauses),
        signatory_name=row.signatory_name,
        signatory_title=row.signatory_title,
        is_default=row.is_default,
        archived=row.archived,
    )
