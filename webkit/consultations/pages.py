"""Exactly what the templates of consultations receive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from flask import url_for

from webkit.consultations import answers as said
from webkit.consultations import fields
from webkit.consultations.answers import Answers, Change
from webkit.consultations.fields import FIELDS, Field, Step
from webkit.consultations.presets import Lists
from webkit.consultations.views import ConsultationCard, ConsultationView, Saved, VersionCard, VersionView
from webkit.core.kernel.forms import FormState
from webkit.core.values import dataclass

TOGETHER = timedelta(minutes=10)
"""Saves of one person that follow each other this closely are shown as one piece of work."""

Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ListPage:
    consultations: list[ConsultationCard]
    state: str
    words: str
    older: str | None
    is_filtered: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class NewPage:
    """`open` is a consultation with the chosen client that is still a draft."""

    form: FormState
    clients: Choices
    open: ConsultationView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPage:
    """A step of the form. `missing` are (address, label, sentence) of what keeps it from being completed."""

    consultation: ConsultationView
    step: Step
    steps: Sequence[Step]
    number: int
    form: FormState
    options: Mapping[str, Choices]
    version: int
    tab: str
    saved: Saved | None
    missing: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it is shown: its words, and an address to open where it is one."""

    field: Field
    words: list[str]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The answers of a step."""

    step: Step
    told: list[Told]


@dataclass(frozen=True, slots=True)
class ShowPage:
    consultation: ConsultationView
    client_name: str
    parts: list[Part]
    missing: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Work:
    """Saves of one person that belong together, newest first."""

    versions: list[VersionCard]

    @property
    def newest(self) -> VersionCard:
        return self.versions[0]

    @property
    def oldest(self) -> VersionCard:
        return self.versions[-1]

    @property
    def labels(self) -> list[str]:
        """What was answered differently, in the order of the form."""
        touched = {name for version in self.versions for name in version.changed}
        return [str(asked.label) for name, asked in FIELDS.items() if name in touched]


@dataclass(frozen=True, slots=True)
class VersionsPage:
    consultation: ConsultationView
    works: list[Work]
    labels: Mapping[str, str]
    newer: str | None
    older: str | None


@dataclass(frozen=True, slots=True)
class VersionPage:
    consultation: ConsultationView
    version: VersionView
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class ComparePage:
    consultation: ConsultationView
    before: VersionView
    after: VersionView
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class ChoicesPage:
    """The lists to choose from: each question, and whether its list is the agency's own."""

    form: FormState
    lists: list[tuple[Field, bool]]


def parts(answers: Answers, lists: Lists) -> list[Part]:
    """Answers step by step, without the questions nobody answered."""
    return [Part(step, list(_told(step, answers, lists))) for step in fields.STEPS]


def _told(step: Step, answers: Answers, lists: Lists) -> Iterator[Told]:
    for asked in step.fields:
        if answer := answers.get(asked.name):
            yield Told(asked, said.words(asked, answer, lists), _url(asked, answer))


def _url(asked: Field, answer: said.Answer) -> str:
    usable = isinstance(answer, str) and not said.problem(asked, answer)
    if usable and asked.kind is fields.Kind.URL:
        return str(answer)
    return f"mailto:{answer}" if usable and asked.kind is fields.Kind.EMAIL else ""


def missing(view: ConsultationView) -> list[tuple[str, str, str]]:
    """What keeps a consultation from being completed, each with the place to mend it."""
    return [
        (
            url_for(
                "consultations.edit",
                consultation_id=view.id,
                key=fields.step_of(name).key,
                check=1,
                _anchor=f"f-{name}",
            ),
            str(FIELDS[name].label),
            sentence,
        )
        for name, sentence in said.problems(view.answers).items()
    ]


def works(versions: list[VersionCard]) -> list[Work]:
    """Versions, newest first, in the pieces of work they belong to."""
    groups = [versions[:1]] if versions else []
    for newer, older in pairwise(versions):
        same = newer.author_name == older.author_name and newer.why is older.why
        if same and newer.at - older.at <= TOGETHER:
            groups[-1].append(older)
        else:
            groups.append([older])
    return [Work(group) for group in groups]


def choices(lists: Lists, typed: FormState | None = None) -> ChoicesPage:
    """Every list with a choice a line; what was `typed` into one of them stays."""
    asked = [each for each in FIELDS.values() if each.chooses]
    texts = {each.name: "\n".join(words for _value, words in lists.offered(each.name)) for each in asked}
    state = FormState({name: [text] for name, text in texts.items()})
    if typed:
        state = FormState({**state.raw, **typed.raw}, typed.errors)
    return ChoicesPage(state, [(each, each.name in lists.own) for each in asked])


def labels() -> dict[str, str]:
    """What every question is called."""
    return {name: str(asked.label) for name, asked in FIELDS.items()}
