"""What was measured on a client's site, in the proposal: put in, taken out, frozen with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from tests.client import Browser
from tests.factories import proposals as make
from tests.proposals.test_public import BROWSER, words
from tests.proposals.test_routes import BASE, HTMX, form_of
from tests.website_audits.conftest import bench, nobody_is_looked_up
from tests.website_audits.scripted import report
from webkit.core.kernel import frozen
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.proposals import service
from webkit.proposals.paper import paper
from webkit.website_audits import service as audits

__all__ = ["bench", "nobody_is_looked_up"]
pytestmark = pytest.mark.usefixtures("agency")
SITE = "https://lariocicli.example/"

Bench = Callable[..., None]
Measure = Callable[..., UUID]


@pytest.fixture
def client_id(ada: object, agency: object) -> UUID:
    return make.client(locale="it-IT")


@pytest.fixture
def measure(bench: Bench, run_jobs: Callable[[], int]) -> Measure:
    def measured(client_id: UUID, url: str = SITE) -> UUID:
        audit_id = audits.start(client_id, url)
        run_jobs()
        return audit_id

    return measured


def test_a_new_proposal_takes_what_was_measured_last(client_id: UUID, measure: Measure) -> None:
    assert service.get(make.draft(client_id)).audit_id is None
    measure(client_id)
    latest = measure(client_id)
    made = make.draft(client_id)
    assert service.get(made).audit_id == latest
    assert service.get(service.duplicate(made, make.AUTHOR)).audit_id == latest


def test_it_is_put_in_and_taken_out(client_id: UUID, measure: Measure) -> None:
    made = make.draft(client_id)
    audit_id = measure(client_id)
    before = service.get(made).revision
    service.set_audit(made, audit_id)
    assert (service.get(made).audit_id, service.get(made).revision) == (audit_id, before + 1)
    service.set_audit(made, audit_id)
    assert service.get(made).revision == before + 1
    service.set_audit(made, None)
    assert service.get(made).audit_id is None


def test_another_clients_site_says_nothing_here(client_id: UUID, measure: Measure) -> None:
    other = make.client("other@example.org")
    foreign = measure(other)
    made = make.draft(client_id)
    with pytest.raises(NotFound):
        service.set_audit(made, foreign)
    with pytest.raises(NotFound):
        service.set_audit(made, UUID(int=5))
    service.set_audit(made, measure(client_id))
    view = service.get(made)
    service.save(made, view.revision, replace(view.draft, client_id=other))
    assert service.get(made).audit_id is None


def test_what_failed_is_not_put_in(client_id: UUID, bench: Bench, run_jobs: Callable[[], int]) -> None:
    bench(RuntimeError("never"))
    made = make.draft(client_id)
    waiting = audits.start(client_id, SITE)
    with pytest.raises(NotFound):
        service.set_audit(made, waiting)


def test_it_is_frozen_in_the_documents_language(
    client_id: UUID, measure: Measure, bench: Bench, anonymous: Browser
) -> None:
    measure(client_id)
    made = make.sent(client_id=client_id)
    bench(report(lcp="900", performance=99))
    measure(client_id)
    document = frozen.get(make.seen(made))
    kept = document.snapshot["audit"]
    assert (kept["metrics"][0]["printed"], kept["scores"][0]["value"]) == ("2,4 s", 38)
    with pytest.raises(Conflict):
        service.set_audit(made, None)
    page = anonymous.get(make.path(made), headers=BROWSER).text
    assert 'href="#audit"' in page
    part = words(page[page.index('id="audit"') :])
    for told in ("lariocicli.example", "2,4 s", "0,31", "640 ms", "Serve images in modern formats"):
        assert told in part
    assert re.search(r'aria-label="[^"]*38[^"]*100"', page)
    assert part.index("lariocicli.example") < part.index("Nine of ten")
    html = frozen.render_html(document)
    assert "2,4 s" in html and "lariocicli.example" in html and "0,31" in html


def test_without_one_nothing_is_said_of_it(anonymous: Browser) -> None:
    made = make.sent()
    page = anonymous.get(make.path(made), headers=BROWSER).text
    assert 'id="audit"' not in page and "What we measured" not in page
    assert "What we measured" not in frozen.render_html(frozen.get(make.seen(made)))


def test_documents_from_before_there_were_audits_are_read(app: object) -> None:
    document = frozen.get(make.seen(make.sent()))
    older = {name: value for name, value in document.snapshot.items() if name != "audit"}
    assert paper(older).audit is None
    assert "Riders look on the phone" in frozen.render_html(replace(document, snapshot=older))


def test_the_editor_puts_it_in_with_and_without_a_script(
    owner: Browser, client_id: UUID, measure: Measure, ada: object
) -> None:
    made = make.draft(client_id)
    path = f"{BASE}/{made}/edit"
    assert "has not been measured" in owner.get(path).text
    audit_id = measure(client_id)
    page = owner.get(path).text
    assert f'value="set:audit:{audit_id}"' in page
    answer = owner.post(path, data={**form_of(page), "do": f"set:audit:{audit_id}"}, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="audit"' in answer.text and "Take the audit out" in answer.text
    assert service.get(made).audit_id == audit_id
    page = owner.get(path).text
    answer = owner.post(path, data={**form_of(page), "do": "remove:audit"})
    assert answer.status_code == 303 and str(answer.location).endswith("#audit")
    assert service.get(made).audit_id is None
    for nonsense in ("set:audit:x", "set:audit:", "set:audit", "up:audit:1"):
        page = owner.get(path).text
        assert owner.post(path, data={**form_of(page), "do": nonsense}).status_code == 303
    foreign = measure(make.client("other@example.org"))
    page = owner.get(path).text
    assert owner.post(path, data={**form_of(page), "do": f"set:audit:{foreign}"}).status_code == 404
    assert service.get(made).audit_id is None
