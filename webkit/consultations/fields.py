"""The questions of a consultation, declared once: form, checks, view, comparison and snapshot all come from here.

How far a consultation is: each question weighs what it tells a proposal (`weight`), and the percentage is the weight of
what has a usable answer. What must be answered weighs 4, what shapes the offer 2, the rest 1; social networks count
for nothing, because a business without them is not half described.
"""

from __future__ import annotations

from enum import StrEnum

from webkit.core.extensions import LazyText
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass


class Kind(StrEnum):
    """How a question is asked. SELECT and RADIO take one of a list, CHIPS several of it."""

    LINE = "line"
    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    SELECT = "select"
    RADIO = "radio"
    CHIPS = "chips"


@dataclass(frozen=True, slots=True)
class Field:
    """A question. The list it offers, if it offers one, has the question's name in `presets.PRESETS`."""

    name: str
    label: LazyText
    kind: Kind
    weight: int = 1
    required: bool = False
    limit: int = 0
    default: str = ""
    hint: LazyText = ""
    autocomplete: str = ""

    @property
    def chooses(self) -> bool:
        """Whether its answer comes from a list."""
        return self.kind in (Kind.SELECT, Kind.RADIO, Kind.CHIPS)


@dataclass(frozen=True, slots=True)
class Step:
    """A page of the form."""

    key: str
    title: LazyText
    lede: LazyText
    fields: tuple[Field, ...]


STEPS: tuple[Step, ...] = (
    Step(
        "business",
        _l("Contact and business"),
        _l("Who we speak with, and what the business does."),
        (
            Field("business_name", _l("Business name"), Kind.LINE, 4, True, 200, autocomplete="off"),
            Field("contact_person", _l("Contact person"), Kind.LINE, 4, True, 100, autocomplete="off"),
            Field("email", _l("E-mail"), Kind.EMAIL, 4, True, 255, autocomplete="off"),
            Field("phone", _l("Phone"), Kind.PHONE, 1, limit=40, autocomplete="off"),
            Field("website", _l("Website"), Kind.URL, 1, limit=2048, autocomplete="off"),
            Field("industry", _l("Industry"), Kind.SELECT, 4, True),
            Field("business_type", _l("Kind of business"), Kind.SELECT, 4, True),
            Field("social_linkedin", _l("LinkedIn"), Kind.URL, 0, limit=2048, autocomplete="off"),
            Field("social_facebook", _l("Facebook"), Kind.URL, 0, limit=2048, autocomplete="off"),
            Field("social_instagram", _l("Instagram"), Kind.URL, 0, limit=2048, autocomplete="off"),
        ),
    ),
    Step(
        "situation",
        _l("Situation"),
        _l("Where the business stands today, and what gets in its way."),
        (
            Field("website_status", _l("The website today"), Kind.RADIO, 2),
            Field(
                "primary_challenges",
                _l("Challenges"),
                Kind.CHIPS,
                2,
                hint=_l("Choose all that were mentioned. They become the issues of the proposal."),
            ),
            Field("urgency_level", _l("How urgent it is"), Kind.RADIO, 2, default="low"),
        ),
    ),
    Step(
        "goals",
        _l("Goals"),
        _l("What should be different afterwards, by when, and for how much."),
        (
            Field("primary_goals", _l("Goals"), Kind.CHIPS, 2, hint=_l("Choose all that matter.")),
            Field("conversion_goal", _l("What visitors should do"), Kind.RADIO, 2),
            Field("budget_range", _l("Budget"), Kind.SELECT, 4, True, default="tbd"),
            Field("timeline", _l("When it should be ready"), Kind.SELECT, 2),
        ),
    ),
    Step(
        "preferences",
        _l("Preferences"),
        _l("What they like, and everything else worth remembering."),
        (
            Field("design_styles", _l("Design styles"), Kind.CHIPS, 1, hint=_l("Choose all that fit.")),
            Field(
                "admired_websites",
                _l("Websites they admire"),
                Kind.TEXT,
                1,
                limit=2000,
                hint=_l("One a line, with what they like about it."),
            ),
            Field("consultation_notes", _l("Notes"), Kind.TEXT, 1, limit=5000),
        ),
    ),
)
FIELDS = {field.name: field for step in STEPS for field in step.fields}
"""Every question by its name, in the order in which they are asked."""
KEYS = tuple(step.key for step in STEPS)


def step(key: str) -> Step:
    """A step by its key, which must be one of KEYS."""
    return STEPS[KEYS.index(key)]


def step_of(name: str) -> Step:
    """The step that asks a question."""
    return next(step for step in STEPS if FIELDS[name] in step.fields)
