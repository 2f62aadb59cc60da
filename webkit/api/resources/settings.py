"""How an agency works: what its documents carry and how they are numbered, what can be answered, who is reminded."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from webkit.agencies import numbering
from webkit.agencies import service as agencies
from webkit.agencies.forms import Pattern, Start, Timezone
from webkit.api.operations import CHOICES, Call, Operation
from webkit.api.paging import of_all
from webkit.api.shapes import Exact, Input, Number, View
from webkit.clients import service as clients
from webkit.consultations import service as consultations
from webkit.consultations.presets import PRESETS
from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import Line, Text
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import PricingError
from webkit.pricing.habits import Habits, StampBy
from webkit.recurring import dunning, jobs
from webkit.recurring import models as reminding
from webkit.recurring.dunning import StepInput
from webkit.recurring.models import FeeMode
from webkit.recurring.steps import EARLIEST, LATEST, MOST_STEPS
from webkit.reports import journal
from webkit.reports.forms import AccountsForm, problems

Percent = Annotated[Number, Field(gt=0, le=100)]
Key = Literal[*agencies.PATTERNS]  # type: ignore[valid-type]


class HabitsIn(Input):
    """What documents carry besides lines and tax on sales."""

    prices_include_tax: bool = False
    fund: Line(4) = ""  # type: ignore[valid-type]
    fund_percent: Percent = Decimal(4)
    withholding: Line(4) = ""  # type: ignore[valid-type]
    withholding_percent: Percent = Decimal(20)
    withholding_share: Percent = Decimal(100)
    withholding_reason: str = Field("A", pattern="^[A-Z]{1,2}[0-9]?$")
    stamp: StampBy = StampBy.NOBODY
    split_payment: bool = False
    cash_rounding: bool = False

    def read(self) -> Habits:
        """As the service takes it."""
        return Habits(**{name: getattr(self, name) for name in HabitsIn.model_fields})


class HabitsView(View):
    """The same as it is."""

    prices_include_tax: bool
    fund: str
    fund_percent: Exact
    withholding: str
    withholding_percent: Exact
    withholding_share: Exact
    withholding_reason: str
    stamp: StampBy
    split_payment: bool
    cash_rounding: bool


class SeriesIn(Input):
    """A pattern, and where counting begins as long as nothing has been numbered with it."""

    key: Key
    pattern: Pattern
    start: Start = None


class NumbersIn(Input):
    """How documents are numbered; series that are not named stay as they are."""

    series: list[SeriesIn] = Field(min_length=1, max_length=20)


class Series(View):
    """A series; `next` is the number that would be given now."""

    key: str
    pattern: str
    next: str
    value: int
    open: bool


class Numbers(View):
    """How documents are numbered."""

    series: list[Series]


class BranchIn(Input):
    """A further series of invoices; in a `closed` one no new invoice counts."""

    name: Line(60, 1)  # type: ignore[valid-type]
    pattern: Pattern
    start: Start = None
    closed: bool = False


class Branch(View):
    """A further series of invoices."""

    key: str
    name: str
    pattern: str
    closed: bool
    next: str
    value: int
    open: bool


class ChoicesIn(Input):
    """What can be chosen, in order; none at all brings the usual list back."""

    choices: list[Line(200, 1)] = Field(max_length=200)  # type: ignore[valid-type]


class Choice(View):
    """A value that answers hold, and its words."""

    value: str
    words: str


class Question(View):
    """A question and what can be chosen."""

    question: str
    choices: list[Choice]


class StepIn(Input):
    """A reminder so many days after the day to pay by, or less than nothing before it; with a late `fee`."""

    days: int = Field(ge=EARLIEST, le=LATEST)
    words: Text(1000) = ""  # type: ignore[valid-type]
    fee: bool = False


class RemindersIn(Input):
    """How an agency reminds: between which hours, and what being late costs."""

    active: bool = False
    since_hour: int = Field(9, ge=0, le=23)
    until_hour: int = Field(18, ge=1, le=24)
    weekends: bool = False
    fee_mode: FeeMode = FeeMode.NONE
    fee_minor: int = Field(0, ge=0, le=MAX_MINOR)
    fee_percent: Number = Decimal(0)
    fee_rate: Line(32) = ""  # type: ignore[valid-type]
    steps: list[StepIn] = Field(default=[], max_length=MOST_STEPS)


class Step(View):
    """A reminder."""

    days: int
    words: str
    fee: bool


class Reminders(View):
    """How an agency reminds."""

    active: bool
    since_hour: int
    until_hour: int
    weekends: bool
    fee_mode: FeeMode
    fee_minor: int
    fee_percent: Exact
    fee_rate: str
    steps: list[Step]


class ClientRemindersIn(Input):
    """Whether a client is left alone, and by which clock mails go out; without one by the agency's."""

    off: bool = False
    timezone: Timezone | None = None


class ClientReminders(View):
    """The same as it is."""

    off: bool
    timezone: str | None


class CodesIn(Input):
    """Codes of the journal's accounts, by account; an account that is not named has its usual one."""

    codes: dict[Literal[*AccountsForm.model_fields], Line(20)]  # type: ignore[valid-type]


class Codes(View):
    """The code of every account of the journal."""

    codes: dict[str, str]


def _habits(_call: Call) -> Habits:
    return agencies.profile().habits


def _save_habits(call: Call) -> Habits:
    chosen, profile = call.body.read(), agencies.profile()
    try:
        chosen.parts(profile.tax_scheme, profile.currency)
    except PricingError as error:
        raise Invalid({error.field or "": error.message}) from None
    agencies.change({"habits": chosen.to_dict()})
    return _habits(call)


def _numbers(_call: Call) -> dict[str, Any]:
    return {"series": numbering.overview()}


def _save_numbers(call: Call) -> dict[str, Any]:
    given: list[SeriesIn] = call.body.series
    places = {each.key: at for at, each in enumerate(given)}
    if len(places) < len(given):
        raise Invalid({"series": _("One entry for each series, please.")})
    try:
        numbering.change(
            {each.key: each.pattern for each in given}, {each.key: each.start for each in given if each.start}
        )
    except Invalid as error:
        named = {f"{field}_{key}": f"/series/{at}/{field}" for key, at in places.items() for field in _FIELDS}
        raise Invalid({named.get(name, name): text for name, text in error.errors.items()}) from None
    return _numbers(call)


_FIELDS = ("pattern", "start")


def _branches(_call: Call) -> list[dict[str, Any]]:
    return [_shown(each) for each in numbering.branches()]


def _branch(call: Call) -> dict[str, Any]:
    return _shown(numbering.branch(call.args["series"]))


def _shown(branch: numbering.Branch) -> dict[str, Any]:
    of = branch.series
    told = {"key": of.key, "name": of.name, "pattern": of.pattern, "closed": of.closed}
    return {**told, "next": branch.next, "value": branch.value, "open": branch.open}


def _add_branch(call: Call) -> dict[str, Any]:
    given: BranchIn = call.body
    key = numbering.add_branch(given.name, given.pattern, given.start)
    if given.closed:
        numbering.change_branch(key, given.name, given.pattern, None, closed=True)
    return _shown(numbering.branch(key))


def _save_branch(call: Call) -> dict[str, Any]:
    given: BranchIn = call.body
    numbering.change_branch(call.args["series"], given.name, given.pattern, given.start, closed=given.closed)
    return _branch(call)


def _questions(_call: Call) -> list[dict[str, Any]]:
    return [_question(name) for name in PRESETS]


def _question(name: str) -> dict[str, Any]:
    offered = consultations.lists().offered(name)
    return {"question": name, "choices": [{"value": value, "words": words} for value, words in offered]}


def _one_question(call: Call) -> dict[str, Any]:
    return _question(call.args["question"])


def _save_choices(call: Call) -> dict[str, Any]:
    name = call.args["question"]
    if not call.body.choices:
        consultations.reset_choices(name)
        return _question(name)
    try:
        consultations.set_choices(name, "\n".join(call.body.choices))
    except Invalid as error:
        raise Invalid({"/choices" if key == name else key: text for key, text in error.errors.items()}) from None
    return _question(name)


def _reminders(_call: Call) -> dict[str, Any]:
    stored = reminding.settings() or RemindersIn()
    told = {name: getattr(stored, name) for name in Reminders.model_fields if name != "steps"}
    return {**told, "steps": reminding.steps()}


def _save_reminders(call: Call) -> dict[str, Any]:
    given: RemindersIn = call.body
    values = given.model_dump(exclude={"steps"}) | {"fee_currency": agencies.here().currency}
    early = [at for at, each in enumerate(given.steps) if each.fee and each.days <= 0]
    late = _("A late fee comes after the day to pay by.")
    if wrong := dunning.wrong(values) | {f"/steps/{at}/fee": late for at in early}:
        raise Invalid(wrong)
    steps = [StepInput(each.days, each.words, each.fee) for each in given.steps]
    dunning.save(values, steps, wake=jobs.WATCH)
    return _reminders(call)


def _of_client(call: Call) -> dict[str, Any]:
    stored = reminding.of_client(clients.get(call.id("client_id")).id)
    return {"off": bool(stored and stored.off), "timezone": (stored.timezone or None) if stored else None}


def _save_of_client(call: Call) -> dict[str, Any]:
    dunning.save_client(call.id("client_id"), off=call.body.off, timezone=call.body.timezone or "")
    return _of_client(call)


def _codes(_call: Call) -> dict[str, Any]:
    return {"codes": journal.set_codes()}


def _save_codes(call: Call) -> dict[str, Any]:
    codes = AccountsForm(**call.body.codes).model_dump()
    if wrong := problems(codes):
        raise Invalid({f"/codes/{role}": text for role, text in wrong.items()})
    journal.change_codes(codes)
    return _codes(call)


CHOICES["question"] = tuple(PRESETS)
SEE, EDIT, SERIES = "settings.view", "settings.edit", "/settings/number-series"
TALK, REMIND, OF = "consultations.choices", "reminders.settings", "/clients/{client_id}/reminders"
OPERATIONS = (
    Operation("settings.tax", "GET", "/settings/tax", SEE, "Read what documents carry besides lines", _habits,
              answer=HabitsView),
    Operation("settings.change_tax", "PUT", "/settings/tax", EDIT, "Say what documents carry besides lines",
              _save_habits, body=HabitsIn, answer=HabitsView),
    Operation("settings.numbers", "GET", "/settings/numbers", SEE, "Read how documents are numbered", _numbers,
              answer=Numbers),
    Operation("settings.change_numbers", "PUT", "/settings/numbers", EDIT, "Say how documents are numbered",
              _save_numbers, body=NumbersIn, answer=Numbers),
    Operation("settings.number_series", "GET", SERIES, SEE, "List further series of invoices", of_all(_branches),
              paged=True, answer=Branch),
    Operation("settings.add_number_series", "POST", SERIES, EDIT, "Begin a series of invoices", _add_branch,
              body=BranchIn, answer=Branch, code=201),
    Operation("settings.one_number_series", "GET", f"{SERIES}/{{series}}", SEE, "Read a series of invoices", _branch,
              answer=Branch),
    Operation("settings.change_number_series", "PUT", f"{SERIES}/{{series}}", EDIT, "Change or close a series",
              _save_branch, body=BranchIn, answer=Branch),
    Operation("consultations.choices", "GET", "/consultation-choices", TALK, "List what can be answered",
              of_all(_questions), paged=True, answer=Question),
    Operation("consultations.choices_of", "GET", "/consultation-choices/{question}", TALK,
              "Read what can be answered to a question", _one_question, answer=Question),
    Operation("consultations.change_choices", "PUT", "/consultation-choices/{question}", TALK,
              "Say what can be answered", _save_choices, body=ChoicesIn, answer=Question),
    Operation("reminders.get", "GET", "/settings/reminders", REMIND, "Read how clients are reminded", _reminders,
              answer=Reminders),
    Operation("reminders.replace", "PUT", "/settings/reminders", REMIND, "Say how clients are reminded",
              _save_reminders, body=RemindersIn, answer=Reminders),
    Operation("reminders.of_client", "GET", OF, "reminders.client", "Read how one client is reminded", _of_client,
              answer=ClientReminders),
    Operation("reminders.change_of_client", "PUT", OF, "reminders.client", "Say how one client is reminded",
              _save_of_client, body=ClientRemindersIn, answer=ClientReminders),
    Operation("reports.accounts", "GET", "/settings/accounts", "reports.view", "Read codes of the journal's accounts",
              _codes, answer=Codes),
    Operation("reports.change_accounts", "PUT", "/settings/accounts", "reports.edit",
              "Set codes of the journal's accounts", _save_codes, body=CodesIn, answer=Codes),
)  # fmt: skip
