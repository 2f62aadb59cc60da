"""Every page that can be opened, after a real deal: axe finds nothing, nothing is wider than the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from werkzeug.routing import Rule

from tests.browser.eyes import NEEDS_CHROMIUM, Eyes, chromium
from tests.journeys.audits import measure
from tests.journeys.conftest import another
from tests.journeys.deal import Deal
from tests.journeys.facts import Facts
from webkit.consultations.fields import KEYS
from webkit.core.settings import Settings
from webkit.house import create

pytestmark = [NEEDS_CHROMIUM, pytest.mark.slow, pytest.mark.timeout(900)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
RUN = "options => axe.run(document, {...options, resultTypes: ['violations']})"
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""What a dark screen may change."""
NO_PAGES = re.compile(
    r"^(api\..*|api_papers\.openapi|static|healthz|readyz|branding\..*|rq_dashboard\..*|downloads\..*|.*[._]pdf|messaging\.(html|attachment)"
    r"|.*\.static|ai_runs\.(show|stream)|accounts\.region|metrics|accounts\.home|account\.onward|accounts\.start|accounts\.use_\w+|identities\.come_back|second\.ask|security\.app|proof\.show"
    r"|consultations\.resume|website_audits\.progress|extras\.cards|invoices\.words|(invoice|quotation)_files\.download|(invoice|quotation)_public\.file"
    r"|imports\.(sample|progress|refused)|report\.(sheet|journal_sheet)|list_tasks\.(file|progress)|plans\.summary|payment_accounts\.(again|back)|payment_returns\..*|payouts\.show|agency_log\.export|privacy\.receipt|invitations\.look|beta\.look|agency_door\..*|domains\..*|platform\..*|subscriptions\.(preview|back)"
    r"|tokens\.keys|agency_data\.(file|progress)|arrivals\..*|own_data\.fetch|(method|charge|retainer)_public\..*|retainers\.show)$"
)
"""Not pages: files, fragments, answers for machines, addresses that only lead on; and what needs a vendor: payouts,
saved methods, retainers."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    """Every address that shows a page."""
    app = create(Settings(data=tmp_path_factory.mktemp("map")))
    shown = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    return [rule for rule in shown if not NO_PAGES.match(rule.endpoint)]


@pytest.fixture(scope="module")
def places(shared: Deal, browser: Browser) -> tuple[Deal, dict[str, list[str]]]:
    """A deal that is through, one on its way and a draft; what to fill into addresses."""
    done, open_ = another(shared), another(shared)
    done.close()
    open_.add_client()
    measure(open_, "https://kestrel.example/")  # what was measured goes along with the proposal
    for step in open_.STEPS[:6]:
        step(open_)
    draft = another(shared)
    draft.add_client()
    for page in ("partial", "unreachable", "fast", "fast"):
        measure(draft, f"https://kestrel.example/{page}")
    draft.write()
    done.staff.post(f"/{done.agency}/consultations/new", {"once": "walk"})
    _quote(done)
    lists = f"/{done.agency}/lists/invoices"
    done.staff.post(f"{lists}/views/new?state=paid", {"name": "Paid and shared", "shared": "true"}).ok()
    done.staff.post(f"{lists}/start", {"action": "delete", "all": "1"}).ok()
    _import(browser, done)
    _bank(browser, done)
    _erase(done)
    return done, _values(done, open_, draft)


def _erase(deal: Deal) -> None:
    """A client whose person asked for it."""
    made = deal.staff.post(f"/{deal.agency}/clients/new", {"name": "Gone Ltd", "country": "IT"}).ok().path
    deal.staff.post(f"/{deal.agency}/privacy/clients/{made.rsplit('/', 1)[-1]}", {"sure": "1"}).ok()


def _import(browser: Browser, deal: Deal) -> None:
    """A file whose columns are to be named, and one that is looked through."""
    eyes = Eyes(browser, deal.stack.url).sign_in(deal.staff.cookies)
    for content in (b"Name\nFelt Ltd\n", b"Name,E-mail\nLamp Ltd,nobody\n"):
        eyes.page.goto(f"{eyes.url}/{deal.agency}/imports/new?kind=clients")
        eyes.page.set_input_files("#f-file", [{"name": "old.csv", "mimeType": "text/csv", "buffer": content}])
        eyes.page.get_by_role("button", name="Upload").click()
        eyes.page.wait_for_url("**/columns")
    eyes.page.get_by_role("button", name="Look through").click()
    eyes.page.get_by_role("link", name="Download what was refused").wait_for()
    eyes.context.close()


def _bank(browser: Browser, deal: Deal) -> None:
    """A statement with a line that is to be looked at."""
    eyes = Eyes(browser, deal.stack.url).sign_in(deal.staff.cookies)
    eyes.page.goto(f"{eyes.url}/{deal.agency}/bank/")
    content = b"Date,Amount,Name,Text\n2026-01-31,12.50,Felt Ltd,For the lamp\n"
    eyes.page.set_input_files("#f-file", [{"name": "bank.csv", "mimeType": "text/csv", "buffer": content}])
    eyes.page.get_by_role("button", name="Upload").click()
    eyes.page.get_by_text("Felt Ltd").first.wait_for()
    eyes.context.close()


def _quote(deal: Deal) -> None:
    """Texts, a template of them, a quotation that was sent and one that is a draft."""
    texts, staff = f"/{deal.agency}/settings/quotations", deal.staff
    for kind in ("scope", "terms"):
        staff.post(f"{texts}/blocks/new", {"kind": kind, "title": f"Our {kind}", "text": "- Felt\n- Tape"}).ok()
    template = staff.post(f"{texts}/templates/new", {"title": "A room"}).ok().path
    for block in deal.stack.rows("SELECT id FROM quotation_blocks"):
        form = staff.get(template).form(template.rsplit("/", 1)[-1], has="valid_days")
        form.put("do", f"block:{UUID(block['id'])}").submit().ok()
    head = {"client_id": deal.client_page.rsplit("/", 1)[-1], "template_id": template.rsplit("/", 1)[-1]}
    for title in ("Back room", "Front room"):
        draft = staff.post(f"/{deal.agency}/quotations/new", {**head, "title": title}).ok().path
    rows = {"name": "Felt", "price": "4.20", "quantity": "38"}, {"name": "Lamp", "price": "95", "choice": "offered"}
    lines = {f"lines-{at}-{name}": value for at, row in enumerate(rows) for name, value in row.items()}
    form = staff.get(draft).form("/edit", has="revision")
    for name, value in {**lines, "sections-1-title": "Light", "do": "send"}.items():
        form.put(name, value)
    form.submit().ok().form("/send").fill(by="link").submit("Send the quotation").ok()


def _hook(deal: Deal) -> None:
    """An address that is told what happens, and a test that does not arrive there."""
    hooks = f"/{deal.agency}/settings/webhooks"
    deal.staff.post(f"{hooks}/new", {"url": "https://hooks.kestrel.example/", "kinds": "*"}).ok()
    (row,) = deal.stack.rows("SELECT id FROM webhook_endpoints")
    deal.staff.post(f"{hooks}/{UUID(row['id'])}/test", {}).ok()


def _prepare(done: Deal, invoice: UUID) -> None:
    """A credit note, a series of numbers, a role and a webhook."""
    credit = {"extent": "amount", "amount": "1", "reason": "Agreed"}
    done.staff.post(f"/{done.agency}/invoices/{invoice}/credit", credit).ok()
    series = {"name": "Berlin", "pattern": "B-{year}-{n}"}
    done.staff.post(f"/{done.agency}/settings/numbers/series/new", series).ok()
    done.staff.post(f"/{done.agency}/settings/roles/new", {"name": "Bookkeeper", "may:invoices.view": "all"}).ok()
    _hook(done)


def _values(done: Deal, open_: Deal, draft: Deal) -> dict[str, list[str]]:
    facts = Facts(done)

    def ids(table: str, where: str = "1 = 1") -> list[str]:
        rows = done.stack.rows(f"SELECT id FROM {table} WHERE {where} ORDER BY id")
        return [str(UUID(row["id"])) for row in rows]

    made = ids("contracts", f"id <> '{facts.contract['id']}'")
    codes = [row["code"] for row in done.stack.rows("SELECT code FROM frozen_documents ORDER BY id")]
    quoted = next(row["id"] for row in done.stack.rows("SELECT id FROM quotations WHERE number IS NOT NULL"))
    shown = done.staff.get(f"/{done.agency}/quotations/{UUID(quoted)}")
    link = next(url for _text, url in shown.links if "/q/" in url)
    client, invoice = done.client_page.rsplit("/", 1)[-1], UUID(facts.invoice["id"])
    _prepare(done, invoice)
    done.staff.post(f"/{done.agency}/statements/{client}/link", {}).ok()
    cash = {"client": client, "method": "cash", "day": "2026-01-31", "currency": "EUR", "amount": "10"}
    done.staff.post(f"/{done.agency}/payments/new", cash).ok()
    line = {"line_description": "Care {month}", "line_quantity": "1", "line_price": "100", "line_rate": ""}
    care = {"client_id": client, "title": "Care", "start": "2030-01-31", "issues": "issue", **line}
    done.staff.post(f"/{done.agency}/recurring/new", care).ok()
    here = f"agency_id = (SELECT id FROM agencies WHERE slug = '{done.agency}')"
    people = done.stack.rows(f"SELECT user_id FROM memberships WHERE {here}")
    account = next(url for _text, url in done.staff.get(f"/{done.agency}/statements/{client}").links if "/s/" in url)
    own = [each.proposal_page.rsplit("/", 1)[-1] for each in (done, open_, draft)]
    return {
        "agency": [done.agency],
        "name": ["invoices"],
        "view_id": ids("saved_views"),
        "task_id": ids("list_tasks"),
        "client_id": [client],
        "client": [client],
        "role_id": ids("custom_roles"),
        "endpoint_id": ids("webhook_endpoints"),
        "delivery_id": ids("webhook_deliveries"),
        "user_id": [str(UUID(row["user_id"])) for row in people],
        "credit_id": ids("credit_notes"),
        "receipt_id": ids("ledger_receipts"),
        "line_id": ids("bank_lines"),
        "plan_id": ids("recurring_plans"),
        "kind": ["contract"],
        "source_id": [str(UUID(facts.contract["id"]))],
        "proposal_id": own,
        "consultation_id": ids("consultations")[-1:],
        "number": ["1"],
        "key": list(KEYS),
        "series": ["berlin"],
        "contract_id": [str(UUID(facts.contract["id"])), *made[-1:]],
        "invoice_id": [str(UUID(facts.invoice["id"]))],
        "package_id": ids("packages")[:1],
        "addon_id": ids("addons")[:1],
        "template_id": ids("contract_templates")[:1],
        "mail_id": ids("mails")[:1],
        "import_id": ids("imports"),
        "erasure_id": ids("erasures"),
        "audit_id": ids("website_audits"),
        "quotation_id": ids("quotations"),
        "block_id": ids("quotation_blocks"),
        "capability": ["email"],
        "provider": ["resend"],
        "quotation_template_id": ids("quotation_templates"),
        "payment_id": ids("payments", f"reference = 'invoice:{UUID(facts.invoice['id'])}'")[:1],
        "id": [done.checkout.rsplit("/", 1)[-1]],
        "/p/": [done.proposal.rsplit("/", 1)[-1], open_.proposal.rsplit("/", 1)[-1]],
        "/c/": [each.contract.rsplit("/", 1)[-1] for each in (done, open_)],
        "/q/": [link.rsplit("/", 1)[-1]],
        "/s/": [account.rsplit("/", 1)[-1]],
        "/i/": [done.invoice.rsplit("/", 1)[-1]],
        "/verify/": [codes[0], codes[-1]],
    }


def _paths(rule: Rule, values: dict[str, list[str]]) -> list[str]:
    """The addresses of a rule. A new kind of argument needs a value above."""
    paths = [rule.rule]
    for name in rule.arguments:
        known = values.get(rule.rule[: rule.rule.index("/", 1) + 1] if name in ("token", "code") else name)
        assert known, f"no value for <{name}> of {rule.rule}: add one in _values()"
        hole = re.compile(rf"<(?:\w+(?:\([^)]*\))?:)?{name}>")
        paths = [hole.sub(value, path) for path in paths for value in known]
    return paths


def test_staff_pages(browser: Browser, rules: list[Rule], places: tuple[Deal, dict[str, list[str]]]) -> None:
    deal, values = places
    eyes = Eyes(browser, deal.stack.url).sign_in(deal.staff.cookies)
    paths = [path for rule in rules if not _is_public(rule) for path in _paths(rule, values)]
    assert len(paths) > 30
    _walk(eyes, [*paths, f"/{deal.agency}/nowhere"])


def test_public_pages(browser: Browser, rules: list[Rule], places: tuple[Deal, dict[str, list[str]]]) -> None:
    deal, values = places
    eyes = Eyes(browser, deal.stack.url)
    paths = [path for rule in rules if _is_public(rule) for path in _paths(rule, values)]
    assert len(paths) > 8
    _walk(eyes, [*paths, "/p/nobody", "/sign-in/link/nobody"])


def _is_public(rule: Rule) -> bool:
    return rule.rule.startswith(("/p/", "/c/", "/i/", "/q/", "/s/", "/verify", "/sign-in", "/x/", "/styleguide/"))


def _walk(eyes: Eyes, paths: list[str]) -> None:
    """All of them, so that one run names everything that is wrong."""
    wrong: list[str] = []
    for path in dict.fromkeys(paths):
        answer = eyes.page.goto(eyes.url + path, wait_until="load")
        assert answer is not None
        if answer.status != (404 if path.endswith("nowhere") or "/nobody" in path else 200) and answer.status != 410:
            wrong.append(f"{path} answers {answer.status}")
        wrong += [f"{path}: {problem}" for problem in _problems(eyes)]
    eyes.context.close()
    assert not wrong, "\n".join(wrong)


def _problems(eyes: Eyes) -> Iterator[str]:
    try:
        eyes.look()
    except AssertionError:
        yield from eyes.problems
        eyes.problems.clear()
    yield from _found(eyes, RULES)
    eyes.page.emulate_media(color_scheme="dark")
    yield from (f"dark: {each}" for each in _found(eyes, COLOURS))
    eyes.page.emulate_media(color_scheme="light")
    own = eyes.page.viewport_size
    assert own is not None
    eyes.page.set_viewport_size({"width": 390, "height": 780})
    if (wide := eyes.page.evaluate("document.documentElement.scrollWidth")) > 390:
        yield f"{wide} px wide on a phone"
    eyes.page.set_viewport_size(own)


def _found(eyes: Eyes, options: dict[str, Any]) -> Iterator[str]:
    """What axe says against the page. Loaded once into each, and asked for what is wrong alone: that saves a third."""
    if not eyes.page.evaluate("'axe' in window"):
        eyes.page.evaluate(Axe().axe_script)
    for rule in eyes.page.evaluate(RUN, options)["violations"]:
        yield f"{rule['id']}: {[node['html'][:160] for node in rule['nodes']]}"


def test_every_folder_of_templates_was_seen(rules: list[Rule]) -> None:
    """The map is not empty by mistake: each feature with pages shows one."""
    features = {rule.endpoint.split(".")[0] for rule in rules}
    wanted = {
        "accounts",
        "agencies",
        "catalogue",
        "clients",
        "contracts",
        "invoices",
        "proposals",
        "quotations",
        "reports",
        "signing",
    }
    assert wanted <= features
