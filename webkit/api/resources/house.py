"""The agency itself: who works there, its settings, its mails and reports; and who asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from webkit.accounts import service as accounts
from webkit.agencies import regions
from webkit.agencies import service as agencies
from webkit.agencies.forms import Colour, Country, Locale, TaxNumber, TaxScheme, Timezone
from webkit.agencies.forms import Currency as KnownCurrency
from webkit.api.operations import CHOICES, Call, Operation, Param
from webkit.api.paging import of_all, of_rows
from webkit.api.shapes import Currency, Input, Nullable, View
from webkit.core.kernel import bearers, entitlements, permissions
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import Email, Line, Text, Url
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.permissions import Grant
from webkit.core.kernel.sheets import Amount
from webkit.messaging import service as messaging
from webkit.messaging.models import MailState
from webkit.people import roles
from webkit.people import service as people
from webkit.reports.deals import deals
from webkit.reports.due import due
from webkit.reports.paid_out import paid_out
from webkit.reports.ranges import EARLIEST, Range, preset
from webkit.reports.revenue import revenue
from webkit.reports.shapes import Report as Shown
from webkit.reports.taxes import Basis, tax

EVERY = 10_000
"""So many rows a report has at the most."""


class Place(View):
    """An agency that somebody may enter, and as what."""

    slug: str
    name: str
    role: str


class Me(View):
    """Who asks. `scopes` are those of the key, null for a session."""

    id: UUID
    name: str
    email: str
    scopes: list[str] | None
    agencies: list[Place]


class Agency(View):
    """An agency as everybody who works there knows it."""

    id: UUID
    slug: str
    name: str
    currency: Currency
    country: str
    locale: str
    timezone: str
    brand: str


class SettingsIn(Input):
    """What is to be changed; what is not named stays. Where clients send money is changed by people alone, who show
    who they are before."""

    name: Line(100, 2) | None = None  # type: ignore[valid-type]
    legal_name: Line(200) | None = None  # type: ignore[valid-type]
    street: Text(200) | None = None  # type: ignore[valid-type]
    postcode: Line(20) | None = None  # type: ignore[valid-type]
    city: Line(100) | None = None  # type: ignore[valid-type]
    region: Line(100) | None = None  # type: ignore[valid-type]
    country: Country | None = None
    tax_id: TaxNumber | None = None  # type: ignore[valid-type]
    email: Email | None = None
    phone: Line(40) | None = None  # type: ignore[valid-type]
    website: Url | None = None
    currency: KnownCurrency | None = None
    locale: Locale | None = None
    timezone: Timezone | None = None
    tax_scheme: TaxScheme | None = None
    brand: Colour | None = None
    payment_days: int | None = Field(None, ge=0, le=365)
    payment_rule: Literal[*agencies.PAYMENT_RULES] | None = None  # type: ignore[valid-type]
    proposal_days: int | None = Field(None, ge=1, le=365)
    voice: Literal[*agencies.VOICES] | None = None  # type: ignore[valid-type]
    voice_words: Text(500) | None = None  # type: ignore[valid-type]
    writing_locale: Literal["", *regions.DOCUMENT_LOCALES] | None = None  # type: ignore[valid-type]


class Settings(View):
    """Settings of an agency."""

    name: str
    legal_name: str
    street: str
    postcode: str
    city: str
    region: str
    country: str
    tax_id: str
    email: Nullable
    phone: str
    website: Nullable
    currency: Currency
    locale: str
    timezone: str
    tax_scheme: str
    tax_rate: str
    brand: str
    payment_days: int
    payment_rule: str
    proposal_days: int
    voice: str
    voice_words: str
    writing_locale: str


class InviteIn(Input):
    """Whom, and as what: the key of a role."""

    email: Email
    role: Line(48, 1)  # type: ignore[valid-type]


class RoleIn(Input):
    """The key of a role."""

    role: Line(48, 1)  # type: ignore[valid-type]


class Member(View):
    """Somebody who works here."""

    user_id: UUID
    name: str
    email: str
    role: str = Field(validation_alias="role_key")
    since: datetime
    is_owner: bool


class Role(View):
    """A role somebody can have. `permissions` say how far each goes; null for the roles that every agency has."""

    key: str
    name: str
    base: str
    permissions: dict[str, str] | None


class Invitation(View):
    """Somebody who was asked to work here."""

    id: UUID
    email: str
    role: str
    inviter: str
    state: str
    sent_at: datetime
    expires_at: datetime


class Mail(View):
    """A mail that was sent, or is on its way."""

    id: UUID
    template: str
    to_name: str
    to_email: str
    subject_line: str
    subject: str
    state: MailState
    error: str
    created_at: datetime
    sent_at: datetime | None


class Money(View):
    """Money in a table."""

    amount_minor: int
    currency: Currency


Cell = str | int | Money | None


class Table(View):
    """A table of a report; its words are in the language of whoever asks, its `key` is not. Days and exact numbers are
    text."""

    key: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    foot: list[Cell] | None


class Report(View):
    """A report."""

    name: str
    title: str
    tables: list[Table]


def _grant() -> Grant:
    held = permissions.here()
    assert held is not None  # the door of the agency has been passed
    return held


def _places(call: Call) -> list[Any]:
    held = bearers.here()
    found = accounts.places_of(call.user_id)
    if held is None or held.agency_id is None:
        return list(found)
    own = agencies.by_id(held.agency_id)
    return [each for each in found if own is not None and each.slug == own.slug]


def _me(call: Call) -> dict[str, Any]:
    held = bearers.here()
    return {
        "id": call.user_id,
        "name": call.name,
        "email": call.email,
        "scopes": sorted(held.scopes) if held else None,
        "agencies": _places(call),
    }


def _agency(_call: Call) -> Any:
    return agencies.here()


def _settings(_call: Call) -> dict[str, Any]:
    stored = agencies.settings()
    return {name: stored[name] or "" if stored[name] is None else stored[name] for name in Settings.model_fields}


def _change(call: Call) -> dict[str, Any]:
    given = call.body.given()
    if empty := [name for name, value in given.items() if value is None and name not in ("email", "website")]:
        raise Invalid({name: _("Please fill this in.") for name in empty})
    agencies.change({name: "" if value is None else value for name, value in given.items()})
    return _settings(call)


def _members(_call: Call) -> Sequence[Any]:
    return people.members(_grant())


def _change_role(call: Call) -> Any:
    people.change_role(call.id("user_id"), call.body.role, _grant())
    return people.member(call.id("user_id"), _grant())


def _remove(call: Call) -> None:
    people.remove(call.id("user_id"), _grant())


def _roles(_call: Call) -> Sequence[Any]:
    return roles.every()


def _invitations(_call: Call) -> Sequence[Any]:
    return people.invitations()


def _invite(call: Call) -> Any:
    return _invitation(people.invite(call.body.email, call.body.role, _grant(), call.name))


def _invitation(invitation_id: UUID) -> Any:
    return next(each for each in people.invitations() if each.id == invitation_id)


def _invite_again(call: Call) -> Any:
    people.invite_again(call.id("invitation_id"))
    return _invitation(call.id("invitation_id"))


def _cancel_invitation(call: Call) -> None:
    people.cancel_invitation(call.id("invitation_id"))


def _mails(_call: Call, limit: int, before: UUID | None) -> Sequence[Any]:
    return messaging.page(limit=limit, before=before)


def _mail(call: Call) -> Any:
    return messaging.get(call.id("mail_id"))


def _send_again(call: Call) -> Any:
    messaging.send_again(call.id("mail_id"))
    return _mail(call)


REPORTS: dict[str, Callable[[Range, Basis], Shown]] = {
    "revenue": lambda days, _basis: revenue(days, EVERY),
    "open": lambda _days, _basis: due(EVERY),
    "tax": tax,
    "payouts": lambda days, _basis: paid_out(days, EVERY),
    "deals": lambda days, _basis: deals(days),
}
CHOICES["report"] = tuple(REPORTS)


def _report(call: Call) -> dict[str, Any]:
    entitlements.require(Feature.ANALYTICS)
    shown = REPORTS[call.args["report"]](_range(call), Basis(call.query.get("basis", Basis.ACCRUAL.value)))
    return {"name": shown.name, "title": shown.title, "tables": [_table(each) for each in shown.sections]}


def _range(call: Call) -> Range:
    usual = preset("year", agencies.today())
    since, until = (call.query.get(name) for name in ("since", "until"))
    days = Range(
        date.fromisoformat(since) if since else usual.since, date.fromisoformat(until) if until else usual.until
    )
    if days.until < days.since or days.since < EARLIEST or days.until.year - days.since.year > 100:
        raise Invalid({"?until": _("The last day is before the first one.")})
    return days


def _table(section: Any) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": str(section.title),
        "columns": [str(each.label) for each in section.columns],
        "rows": [[_cell(each) for each in row] for row in section.rows],
        "foot": [_cell(each) for each in section.foot] if section.foot else None,
    }


def _cell(cell: Any) -> Any:
    if isinstance(cell, Amount):
        return {"amount_minor": cell.minor, "currency": cell.currency}
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, date) else cell


def _put_away(call: Call) -> Any:
    messaging.put_away(call.id("mail_id"))
    return _mail(call)


HOME, SETTINGS, INVITE, MAILS = "home.view", "/settings", "members.invite", "email.view_logs"
ASKED = (
    Param("since", "The first day; that of this year where nothing is said.", {"type": "string", "format": "date"}),
    Param("until", "The last day.", {"type": "string", "format": "date"}),
    Param("basis", "Tax when invoiced, or when paid.", {"type": "string", "enum": [each.value for each in Basis]}),
)
OPERATIONS = (
    Operation("me.get", "GET", "/me", "", "Read who asks", _me, answer=Me, in_agency=False),
    Operation("agencies.list", "GET", "/agencies", "", "List one's agencies", of_all(_places), paged=True,
              answer=Place, in_agency=False),
    Operation("agencies.get", "GET", "", HOME, "Read an agency", _agency, answer=Agency),
    Operation("settings.get", "GET", SETTINGS, "settings.view", "Read its settings", _settings, answer=Settings),
    Operation("settings.change", "PATCH", SETTINGS, "settings.edit", "Change its settings", _change, body=SettingsIn,
              answer=Settings),
    Operation("members.list", "GET", "/members", "members.view", "List who works here", of_all(_members), paged=True,
              answer=Member),
    Operation("members.change_role", "PUT", "/members/{user_id}/role", "members.change_role", "Give another role",
              _change_role, body=RoleIn, answer=Member, about="By people alone: no key reaches this."),
    Operation("members.remove", "DELETE", "/members/{user_id}", "members.remove", "Let somebody in no longer", _remove,
              code=204),
    Operation("roles.list", "GET", "/roles", "members.view", "List roles", of_all(_roles), paged=True, answer=Role),
    Operation("invitations.list", "GET", "/invitations", INVITE, "List invitations", of_all(_invitations), paged=True,
              answer=Invitation),
    Operation("invitations.create", "POST", "/invitations", INVITE, "Invite somebody", _invite, body=InviteIn,
              answer=Invitation, code=201),
    Operation("invitations.send", "POST", "/invitations/{invitation_id}/send", INVITE, "Mail it once more",
              _invite_again, answer=Invitation),
    Operation("invitations.cancel", "DELETE", "/invitations/{invitation_id}", INVITE, "Cancel it", _cancel_invitation,
              code=204),
    Operation("mails.list", "GET", "/mails", MAILS, "List mails", of_rows(_mails), paged=True, answer=Mail),
    Operation("mails.get", "GET", "/mails/{mail_id}", MAILS, "Read a mail", _mail, answer=Mail),
    Operation("mails.send", "POST", "/mails/{mail_id}/send", "email.resend", "Send it again", _send_again,
              answer=Mail),
    Operation("mails.put_away", "POST", "/mails/{mail_id}/done", "email.resend", "Note that it was seen to", _put_away,
              answer=Mail),
    Operation("reports.get", "GET", "/reports/{report}", "reports.view", "Read a report", _report, params=ASKED,
              answer=Report),
)  # fmt: skip
