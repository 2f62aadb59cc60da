"""What may be cited in a text that is written: answers, measurements and prices, each printed as a reader reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from webkit.ai_runs import figures
from webkit.core.kernel import i18n
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.proposals.contents import Contents

SHORT = 80
"""An answer up to this long is a fact as it stands; of a longer one its figures are."""
MOST_OF_ONE = 12


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is known: its id for citations, what it is about, and how it is printed."""

    id: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Material:
    """Everything a proposal is written from. `answers` are {"id", "label", "value"}, `audit` is a snapshot."""

    business: str
    title: str
    answers: Sequence[Mapping[str, str]]
    contents: Contents
    locale: str
    currency: str
    audit: Mapping[str, Any] | None = None
    doc: Mapping[str, Any] | None = None
    facts: tuple[Fact, ...] = field(default=())

    def answer(self, name: str) -> str:
        """What was answered to one question."""
        return next((each["value"] for each in self.answers if each["id"] == f"answer.{name}"), "")


def missing(material: Material) -> list[str]:
    """What has to be known before anything is written, in words."""
    needed = {
        _("the business name"): material.business,
        _("the industry"): material.answer("industry"),
        _("at least one challenge"): material.answer("primary_challenges"),
        _("at least one goal"): material.answer("primary_goals"),
    }
    return [what for what, known in needed.items() if not known.strip()]


def gathered(material: Material) -> tuple[Fact, ...]:
    """Every fact there is, each id once."""
    found = [*_answers(material), *_audit(material.audit), *_prices(material)]
    return tuple({fact.id: fact for fact in found}.values())


def exempt(contents: Contents, section: str = "") -> tuple[str, ...]:
    """Figures of the agency's own plan: its weeks, how many pages it draws; any weeks in the section that plans."""
    plan = {"week #"}
    if section == "timeline":
        plan.update(f"{weeks} weeks" for weeks in range(1, 53))
    for phase in contents.timeline:
        plan.add(f"{phase.weeks} weeks")
    if contents.timeline:
        plan.add(f"{max(phase.start + phase.weeks - 1 for phase in contents.timeline)} weeks")
    if contents.pages:
        plan.add(f"{len(contents.pages)} pages")
    return tuple(sorted(plan))


def _answers(material: Material) -> Iterator[Fact]:
    for answer in material.answers:
        value, label = answer["value"].strip(), answer["label"]
        if not value:
            continue
        if len(value) <= SHORT and "\n" not in value:
            yield Fact(answer["id"], label, value)
            continue
        for at, found in enumerate(figures.find(value[:8000], material.locale)[:MOST_OF_ONE], 1):
            yield Fact(f"{answer['id']}.{at}", f"{label}: “{sentence(value, found.start)}”", found.text)


def _audit(audit: Mapping[str, Any] | None) -> Iterator[Fact]:
    if not audit:
        return
    for metric in audit["metrics"]:
        if metric["value"] is not None:
            yield Fact(metric["id"], metric["label"], metric["printed"])
            yield Fact(f"{metric['id']}.good", _("%(metric)s, good up to", metric=metric["label"]), metric["good"])
    for score in audit["scores"]:
        if score["value"] is not None:
            yield Fact(score["id"], _("Score of 100: %(score)s", score=score["label"]), score["printed"])


def _prices(material: Material) -> Iterator[Fact]:
    for bill in (material.doc or {}).get("bills", ()):
        for at, row in enumerate(bill["rows"], 1):
            if row["amount"] is not None:
                printed = format_money(row["amount"], material.currency)
                yield Fact(f"price.{bill['interval']}.{at}", f"{bill['title']}: {row['label']}", printed)
    percent = (material.doc or {}).get("deposit_percent")
    if percent:
        yield Fact("price.deposit", _("First payment, of the one-time part"), f"{i18n.format_decimal(percent)} %")


def sentence(text: str, at: int, most: int = 200) -> str:
    """The sentence around a place in a text, in one line."""
    begins = max(
        (text.rfind(stop, 0, at) + len(stop) for stop in (". ", "! ", "? ", "\n") if stop in text[:at]), default=0
    )
    ends = min((text.find(stop, at) + 1 for stop in (". ", "! ", "? ", "\n") if stop in text[at:]), default=len(text))
    begins = max(begins, at - most)
    return " ".join(text[begins : min(ends, begins + 2 * most)].split())
