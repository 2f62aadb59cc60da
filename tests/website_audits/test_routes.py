"""Pages of audits, as everybody who might try."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.client import Browser
from tests.factories.clients import make_client
from tests.website_audits import scripted
from tests.website_audits.conftest import SITE
from tests.website_audits.scripted import report
from webkit.clients import service as clients
from webkit.core.kernel import clock, db
from webkit.core.kernel.directory import AgencyView
from webkit.sdk import PageNotMeasured, Trouble
from webkit.website_audits import service

Jobs = Callable[[], int]
Bench = Callable[..., None]
LIST, NEW = "/northwind/audits", "/northwind/audits/new"


def ask(browser: Browser, client_id: UUID, url: str = SITE, **values: str) -> str:
    answer = browser.post(NEW, data={"client_id": str(client_id), "url": url, **values})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)


def test_from_the_clients_page_to_what_was_found(
    member: Browser, client_id: UUID, bench: Bench, run_jobs: Jobs
) -> None:
    assert f"{NEW}?client={client_id}" in member.get(f"/northwind/clients/{client_id}").text
    form = member.get(f"{NEW}?client={client_id}").text
    assert f'value="{SITE}"' in form
    assert f'<option value="{client_id}" selected>' in form
    once = re.search(r'name="once" value="([^"]+)"', form)
    assert once
    path = ask(member, client_id, once=once[1])
    assert ask(member, client_id, once=once[1]) == path
    waiting = member.get(path).text
    assert "Waiting to be measured" in waiting
    assert 'http-equiv="refresh"' in waiting
    run_jobs()
    page = member.get(path).text
    assert "Test bench" in page and "2.4 s" in page and "Serve images in modern formats" in page
    assert "Needs work" in page and "Poor" in page and "Good" in page and "Not measured" in page
    assert 'aria-label="Performance: 38 of 100"' in page
    assert 'aria-label="Search engines: not measured"' in page
    assert "http-equiv" not in page
    hub = member.get(f"/northwind/clients/{client_id}").text
    assert "Performance 38" in hub
    assert "The latest deal" not in hub, "an audit is no station of a deal"
    assert "lariocicli.example" in member.get(LIST).text
    assert "was measured" in hub


def test_how_far_it_is(member: Browser, client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    path = ask(member, client_id)
    htmx = {"HX-Request": "true"}
    page = member.get(path).text
    poll = re.search(r'hx-get="([^"]+)" hx-trigger="every 2s"', page)
    assert poll
    part = member.get(poll[1].replace("&amp;", "&"), headers=htmx)
    assert part.text.startswith('<p id="elapsed"') and "so far" in part.text
    run_jobs()
    ended = member.get(poll[1], headers=htmx)
    assert (ended.status_code, ended.headers["HX-Redirect"]) == (204, path)
    assert member.get(poll[1]).location == path


def test_measured_again_it_stands_beside_the_time_before(
    member: Browser, client_id: UUID, bench: Bench, run_jobs: Jobs
) -> None:
    bench(report(), report(lcp="3100", performance=64))
    first = ask(member, client_id)
    run_jobs()
    assert "Since the time before" not in member.get(first).text
    again = member.post(f"{first}/again")
    assert again.status_code == 303 and again.location != first
    run_jobs()
    page = member.get(str(again.location)).text
    assert "worse by 0.7 s" in page and "from 2.4 s" in page
    assert "better by 26 points" in page
    assert 'aria-label="Performance: 64 of 100, 38 before"' in page
    assert "unchanged" in page and "cannot be compared" in page


def test_why_it_failed_and_once_more(member: Browser, client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    bench(PageNotMeasured("no", trouble=Trouble.UNREACHABLE), report())
    path = ask(member, client_id)
    run_jobs()
    page = member.get(path).text
    assert "The page could not be opened." in page and "Try again" in page
    newer = str(member.post(f"{path}/again").location)
    run_jobs()
    assert "2.4 s" in member.get(newer).text


def test_every_reason_is_a_sentence() -> None:
    from webkit.website_audits.pages import REASONS

    known = {*Trouble, service.BUSY, service.QUOTA, service.CREDENTIALS, service.NOBODY, service.PRIVATE}
    assert REASONS.keys() == known | {service.GAVE_UP}
    assert all(str(sentence).endswith(".") for sentence in REASONS.values())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"url": ""}, "Please fill this in."),
        ({"url": "javascript:alert(1)"}, "This is not a web address."),
        ({"url": "http://127.0.0.1/"}, "leads into a private network"),
        ({"url": "https://2130706433/"}, "not the address of a server"),
        ({"url": "http://localhost:8080/"}, "is not a public web server"),
        ({"url": "https://lariocicli.example:22/"}, "do not answer on port 22"),
        ({"url": "https://x.example/" + "a" * 3000}, "At most 2048 characters"),
        ({"client_id": ""}, "Please fill this in."),
        ({"client_id": str(uuid4())}, "There is no such client."),
        ({"client_id": "x"}, "Please choose one of the offered values."),
        ({"strategy": "tablet"}, "Please choose one of the offered values."),
        ({"once": "x" * 65}, "At most 64 characters"),
    ],
)
def test_wrong_input_is_shown_again(
    member: Browser, client_id: UUID, bench: Bench, values: dict[str, str], message: str
) -> None:
    answer = member.post(NEW, data={"client_id": str(client_id), "url": SITE, **values})
    assert answer.status_code == 422
    assert message in answer.text.replace("&#39;", "'")
    assert service.page(9) == []


def test_hostile_words_stay_words(member: Browser, client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    bench(report(recommendations=(hostile,), final_url=f"https://x.example/{hostile}"))
    path = ask(member, client_id)
    run_jobs()
    for page in (member.get(path).text, member.get(LIST).text):
        assert "<script>alert" not in page and "<img src=x" not in page


def test_archived_clients_and_the_days_limit(
    member: Browser, client_id: UUID, bench: Bench, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ask(member, client_id)
    run_jobs()
    clients.archive(client_id, "system")
    refused = member.post(NEW, data={"client_id": str(client_id), "url": SITE})
    assert refused.status_code == 409 and "archived" in refused.text
    assert "Measure again" not in member.get(path).text
    assert member.post(f"{path}/again").location == path
    other = make_client("Another")
    monkeypatch.setattr("webkit.website_audits.models.asked_since", lambda moment: 10_000)
    refused = member.post(NEW, data={"client_id": str(other), "url": SITE})
    assert refused.status_code == 429 and "are the limit here" in refused.text


def test_without_a_service_the_pages_say_what_to_set(member: Browser, client_id: UUID, agency: AgencyView) -> None:
    for path in (LIST, NEW, f"{NEW}?client={client_id}"):
        page = member.get(path)
        assert page.status_code == 200
        assert "PAGESPEED_PROVIDER=google" in page.text and "PAGESPEED_API_KEY" in page.text
        assert '<form method="post" action="/northwind/audits/new"' not in page.text
    refused = member.post(NEW, data={"client_id": str(client_id), "url": SITE})
    assert refused.status_code == 409


def test_what_was_measured_stays_readable_without_a_service(
    member: Browser, client_id: UUID, agency: AgencyView, bench: Bench, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ask(member, client_id)
    run_jobs()
    monkeypatch.setattr(service, "can_measure", lambda: False)
    assert "Measure again" not in member.get(path).text
    assert "connected any more" in member.get(LIST).text


def test_nobody_else_sees_or_starts_anything(
    stranger: Browser, anonymous: Browser, member: Browser, client_id: UUID, bench: Bench, run_jobs: Jobs
) -> None:
    path = ask(member, client_id)
    run_jobs()
    theirs = path.replace("northwind", "harbour-pine")
    for browser, code in ((stranger, 404), (anonymous, 303)):
        for address in (LIST, NEW, path, f"{path}/progress"):
            assert browser.get(address).status_code == code, address
        assert browser.post(f"{path}/again").status_code == code
        assert browser.post(NEW, data={"client_id": str(client_id), "url": SITE}).status_code == code
    assert stranger.get(theirs).status_code == 404
    assert stranger.post(f"{theirs}/again").status_code == 404
    refused = stranger.post("/harbour-pine/audits/new", data={"client_id": str(client_id), "url": SITE})
    assert refused.status_code == 422
    assert stranger.get(f"/harbour-pine/audits?client={client_id}").status_code == 404
    assert "lariocicli" not in stranger.get("/harbour-pine/audits").text
    assert len(scripted.asked) == 1


def test_unknown_audits_are_not_there(member: Browser, bench: Bench) -> None:
    for path in (f"{LIST}/{uuid4()}", f"{LIST}/{uuid4()}/progress", f"{LIST}/nonsense"):
        assert member.get(path).status_code == 404
    assert member.post(f"{LIST}/{uuid4()}/again").status_code == 404
    assert member.get(f"{LIST}?client=x&before=y").status_code == 200


def test_the_list_goes_on(owner: Browser, client_id: UUID, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webkit.website_audits.routes.PAGE", 2)
    for number in range(3):
        service.start(client_id, f"https://site{number}.example/")
    page = owner.get(LIST).text
    assert "site2.example" in page and "site0.example" not in page
    older = re.search(r'href="([^"]+)" rel="next"', page)
    assert older
    page = owner.get(older[1].replace("&amp;", "&")).text
    assert "site0.example" in page and "site2.example" not in page
    assert owner.get(f"{LIST}?client={make_client('Nobody')}").text.count("site") < page.count("site")


def test_pages_ask_little(member: Browser, client_id: UUID, bench: Bench, run_jobs: Jobs) -> None:
    for number in range(12):
        service.start(client_id, f"https://site{number}.example/")
        run_jobs()
    path = ask(member, client_id, "https://site3.example/")
    run_jobs()
    with clock.frozen(clock.now()):
        for address, most in ((LIST, 8), (path, 12), (f"{NEW}?client={client_id}", 9), (f"{path}/progress", 7)):
            member.get(address)
            with statements() as seen:
                member.get(address)
            assert len(seen) <= most, (address, seen)
