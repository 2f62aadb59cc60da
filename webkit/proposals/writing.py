"""Texts that a model writes into a proposal: asked for from what is known, applied by a person, doubted if unproven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.ai_runs import service as ai_runs
from webkit.ai_runs.views import RunRequest, RunResult, RunView
from webkit.clients import service as clients
from webkit.consultations import service as consultations
from webkit.core.capabilities.ai_text import AI_TEXT, AIFeature
from webkit.core.kernel import audit, clock, events, i18n, vendors
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.proposals import doubts, facts, models, prompts, sections, service
from webkit.proposals.contents import Contents
from webkit.proposals.doubts import Doubt
from webkit.proposals.facts import Material
from webkit.proposals.models import State
from webkit.proposals.sections import BY_KEY, WRITTEN, Section
from webkit.proposals.views import Author, ProposalView
from webkit.website_audits import service as website_audits

OUTLINE = "outline"
SUBJECT = "proposal"


def subject(proposal_id: UUID) -> str:
    """The name of a proposal's runs."""
    return events.ref(SUBJECT, proposal_id)


def runs(proposal_id: UUID) -> list[RunView]:
    """The latest run of each section, in the order of the document."""
    order = [section.key for section in WRITTEN]
    found = [run for run in ai_runs.of(subject(proposal_id)) if run.section in BY_KEY]
    return sorted(found, key=lambda run: order.index(run.section))


def material(view: ProposalView) -> Material:
    """Everything the proposal can be written from, in the language it is written in."""
    locale = language(view)
    with i18n.use_locale(locale):
        found = replace(said(view), doc=service.evaluate(view).doc, audit=_audit(view))
        return replace(found, facts=facts.gathered(found))


def said(view: ProposalView) -> Material:
    """What the client said, without measurements and prices."""
    client = clients.get(view.client_id)
    answers = _answers(view)
    return Material(
        business=next((each["value"] for each in answers if each["id"] == "answer.business_name"), client.name),
        title=view.title,
        answers=answers,
        contents=view.contents,
        locale=language(view),
        currency=view.currency,
    )


def language(view: ProposalView) -> str:
    """What is written in: the language the agency chose, else that of the document."""
    return agencies.profile().writing_locale or view.language


@writes
def start(proposal_id: UUID, wanted: Iterable[str], actor: str) -> list[UUID]:
    """Have sections written, side by side. Raises Invalid when too little is known, Conflict, TooMany."""
    view = _draft(proposal_id)
    asked = set(wanted)
    chosen = [section for section in WRITTEN if section.key in asked]
    if not chosen:
        raise Invalid({"section": _("Choose at least one section.")})
    known = material(view)
    if lacking := facts.missing(known):
        raise Invalid({"section": lacking_words(lacking)})
    return ai_runs.start([_request(view, known, section) for section in chosen], actor=actor)


def lacking_words(lacking: Sequence[str]) -> str:
    """What a text cannot be written without."""
    return _("Too little is known to write. Missing: %(what)s.", what=", ".join(lacking))


def has_text(view: ProposalView, section: str) -> bool:
    """Whether applying would touch something that stands there."""
    return view.contents.has(section)


@writes
def apply(proposal_id: UUID, run_id: UUID, revision: int, *, add: bool, actor: str) -> str:
    """Put a finished text into the draft that is at `revision`; its figures without a source are doubted from now on.

    Returns the section. Applied twice it is applied once. Raises Conflict when somebody was faster.
    """
    run, view = run_of(proposal_id, run_id), _draft(proposal_id)
    if run.fate == ai_runs.Fate.APPLIED:
        return run.section
    if not run.usable:
        raise Conflict(_("There is nothing to apply yet. Wait until it is written, or write it again."))
    written = ai_runs.result(run_id)
    contents = sections.merged(view.contents, run.section, written.text, written.parsed, add=add)
    kept = view.doubts if add else [each for each in view.doubts if each.section != run.section]
    fresh = doubts.new(run.section, str(run_id), _unproven(run, written))
    service.save(proposal_id, revision, replace(view.draft, contents=contents))
    models.update(proposal_id, doubts=doubts.stored([*kept, *fresh]))
    ai_runs.settle_applied(run_id)
    audit.log("proposal.text_applied", subject=subject(proposal_id), detail={"section": run.section, "actor": actor})
    return run.section


@writes
def vouch(proposal_id: UUID, doubt_id: str, author: Author) -> Doubt | None:
    """Somebody stands for a figure that has no source; None when it is settled already.

    Raises Conflict when somebody saves at the same moment: nobody's doubts are lost.
    """
    view = _draft(proposal_id)
    doubt = next((each for each in view.standing if each.id == doubt_id), None)
    if doubt is None:
        return None
    actor, at = events.ref("user", author.id), clock.now().isoformat()
    signed = doubts.vouched(view.doubts, doubt_id, author.name, actor, at)
    if not models.save(proposal_id, view.revision, doubts=doubts.stored(signed)):
        raise Conflict(_("Somebody else changed this proposal at the same moment. Please look again."))
    said = {"actor": actor, "section": doubt.section, "figure": doubt.figure}
    personal = {"name": author.name, "sentence": doubt.sentence}
    about = (events.ref("client", view.client_id),)
    events.record("proposal.figure_vouched", subject(proposal_id), said, personal=personal, about=about)
    return doubt


def run_of(proposal_id: UUID, run_id: UUID) -> RunView:
    """A run of this proposal. Raises NotFound for any other."""
    run = ai_runs.get(run_id)
    if run.subject != subject(proposal_id) or run.section not in BY_KEY:
        raise NotFound(_("This text is not there."))
    return run


def writer() -> str:
    """Who writes: the name of the chosen provider."""
    return vendors.chosen_name(AI_TEXT)


def _draft(proposal_id: UUID) -> ProposalView:
    view = service.get(proposal_id)
    if view.state is not State.DRAFT:
        raise Conflict(_("This proposal has been sent and cannot be changed. Revise it to make the next version."))
    return view


def _request(view: ProposalView, known: Material, section: Section) -> RunRequest:
    profile = agencies.profile()
    shape = section.shape if AIFeature.JSON_SCHEMA in vendors.chosen(AI_TEXT).features else None
    style = {"voice": profile.voice, "words": profile.voice_words}
    return RunRequest(
        subject=subject(view.id),
        section=section.key,
        system=prompts.system(profile.name, style, known.locale, view.currency),
        prompt=prompts.prompt(known, known.facts, section, structured=shape is not None),
        json_schema=shape.model_json_schema() if shape else None,
        facts={fact.id: fact.value for fact in known.facts},
        sources={fact.id: fact.label for fact in known.facts},
        exempt=facts.exempt(view.contents, section.key),
        max_tokens=section.max_tokens,
        locale=known.locale,
    )


def consultation_of(view: ProposalView) -> UUID | None:
    """The client's newest consultation."""
    latest = consultations.latest_for(view.client_id)
    return latest.id if latest else None


def _answers(view: ProposalView) -> list[dict[str, str]]:
    """What the client said when the proposal was made, else what the client said last."""
    if view.answers:
        return [dict(each) for each in view.answers]
    latest = consultations.latest_for(view.client_id)
    return consultations.answers_snapshot(latest) if latest else []


def _audit(view: ProposalView) -> dict[str, object] | None:
    try:
        found = website_audits.get(view.audit_id) if view.audit_id else website_audits.latest(view.client_id)
    except NotFound:
        return None
    return website_audits.audit_snapshot(found) if found and found.done else None


def _unproven(run: RunView, written: RunResult) -> list[str]:
    """What was marked as it was written, and what could not be read as a figure before its markup was taken out."""
    marked = [mark.text for mark in written.marks]
    alone = sections.merged(Contents(), run.section, written.text, written.parsed, add=False)
    before = [written.text] if written.parsed is None else list(_strings(written.parsed))
    return [*marked, *doubts.appeared(before, doubts.texts(alone, run.section), run.locale)]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)
