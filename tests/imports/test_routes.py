"""Pages of imports: from the file to the books and back, for owners and nobody else."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest

from tests.client import Browser
from webkit.core.kernel.directory import AgencyView
from webkit.imports import reading, service
from webkit.imports.models import ImportState, Kind
from webkit.imports.samples import sample
from webkit.invoices import service as invoices

HOME = "/northwind/imports"


def upload(browser: Browser, content: bytes, kind: str = "clients", name: str = "old.csv") -> str:
    """Where the upload leads to."""
    sent = browser.post(f"{HOME}/new", data={"kind": kind, "file": (io.BytesIO(content), name)})
    assert sent.status_code == 303, sent.text
    return sent.headers["Location"]


def chosen(page: str) -> dict[str, str]:
    """What is chosen on the page of the columns."""
    found = re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL)
    picked = {name: re.search(r'value="([^"]*)" selected', body) for name, body in found}
    return {name: match[1] for name, match in picked.items() if match}


def test_from_the_file_to_the_books_and_back(agency: AgencyView, owner: Browser, run_jobs: Callable[[], int]) -> None:
    page = owner.get(HOME)
    assert page.status_code == 200 and "samples/invoices.csv" in page.text
    columns = upload(owner, sample(Kind.INVOICES), "invoices")
    page = owner.get(columns)
    assert "Trattoria Sole" in page.text and "Number" in page.text
    show = owner.post(columns, data=chosen(page.text))
    assert show.status_code == 303
    address = show.headers["Location"]
    assert "Being looked through" in owner.get(address).text
    run_jobs()
    page = owner.get(address)
    assert "Import 3 invoices" in page.text and "Adds Trattoria Sole" in page.text
    assert owner.post(f"{address}/run").status_code == 303
    fragment = owner.get(f"{address}/progress?state=running", headers={"HX-Request": "true"})
    assert "<progress" in fragment.text and "<html" not in fragment.text
    run_jobs()
    fragment = owner.get(f"{address}/progress?state=running", headers={"HX-Request": "true"})
    assert fragment.headers["HX-Redirect"].endswith(address)
    page = owner.get(address)
    assert "It is in the books" in page.text and "all of it can be taken back" in page.text
    invoice = re.search(r"/northwind/invoices/[0-9a-f-]{36}", page.text)
    assert invoice is not None
    page = owner.get(invoice[0])
    assert "it was issued elsewhere" in page.text and "Download PDF" not in page.text
    assert owner.get(f"{invoice[0]}/pdf").status_code == 404
    assert "2025/42" in owner.get("/northwind/invoices/").text
    assert owner.post(f"{address}/undo").status_code == 303
    run_jobs()
    page = owner.get(address)
    assert "It was taken back" in page.text and page.text.count("Taken back</span>") == 4
    assert owner.get(invoice[0]).status_code == 404
    assert owner.post(f"{address}/delete").status_code == 303
    assert owner.get(address).status_code == 404


def test_what_could_be_read_in_two_ways_is_asked(agency: AgencyView, owner: Browser) -> None:
    content = b"Numero;Data;Cliente;Imponibile;Totale;Stato\n1;03/04/2025;Olmo;1.000;1.220;Pagata\n"
    columns = upload(owner, content, "invoices")
    page = owner.get(columns)
    assert {"decimal", "order"} & chosen(page.text).keys() == set()
    assert "03/04/2025 is 3 April 2025" in page.text and "03/04/2025 is 4 March 2025" in page.text
    asked = owner.post(columns, data=chosen(page.text) | {"column_title": "2"})
    assert asked.status_code == 422 and "the file could be read in two ways" in asked.text
    assert 'href="#f-order"' in asked.text and 'href="#f-decimal"' in asked.text
    assert chosen(asked.text)["column_title"] == "2"


def test_a_file_is_read_again_with_another_separator(agency: AgencyView, owner: Browser) -> None:
    columns = upload(owner, b"Name,Note;E-mail\nA,x;a@x.example\nB,y;b@x.example\n")
    page = owner.get(columns)
    assert chosen(page.text)["separator"] == ","
    again = owner.post(columns, data=chosen(page.text) | {"separator": ";", "again": "1"})
    assert again.status_code == 200 and "a@x.example" in again.text
    assert (chosen(again.text)["separator"], chosen(again.text).get("column_email")) == (";", "1")
    wrong = owner.post(columns, data=chosen(page.text) | {"encoding": "utf-16", "again": "1"})
    assert wrong.status_code == 422 and "Choose another one" in wrong.text


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"PK\x03\x04zip", "Excel"), (b"\0\1\2\3", "not a text")],
)
def test_what_is_no_table_is_refused_at_its_field(
    agency: AgencyView, owner: Browser, content: bytes, words: str
) -> None:
    sent = owner.post(f"{HOME}/new", data={"kind": "clients", "file": (io.BytesIO(content), "x.csv")})
    assert sent.status_code == 422 and words in sent.text and 'id="f-file-error"' in sent.text


def test_no_file_and_too_large_a_file(agency: AgencyView, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = owner.post(f"{HOME}/new", data={"kind": "clients"})
    assert sent.status_code == 422 and "Choose the CSV file" in sent.text
    assert owner.post(f"{HOME}/new", data={"kind": "horses"}).status_code == 422
    monkeypatch.setattr(reading, "MOST_BYTES", 10)
    sent = owner.post(f"{HOME}/new", data={"kind": "clients", "file": (io.BytesIO(b"Name\n" * 9), "x.csv")})
    assert sent.status_code == 422
    large = {"kind": "clients", "file": (io.BytesIO(b"Name\n" * 40_000), "x.csv")}
    assert owner.post(f"{HOME}/new", data=large).status_code == 413


def test_what_was_refused_is_a_file(agency: AgencyView, owner: Browser, run_jobs: Callable[[], int]) -> None:
    columns = upload(owner, b"Name,E-mail\nOlmo,bad\n")
    address = owner.post(columns, data=chosen(owner.get(columns).text)).headers["Location"]
    run_jobs()
    assert "There is nothing to import" in owner.get(address).text
    sent = owner.get(f"{address}/refused.csv")
    assert sent.mimetype == "text/csv" and "bad" in sent.text and "no-store" in sent.headers["Cache-Control"]
    assert owner.get(f"{address}?view=refused&after=99999999999999").status_code == 200
    assert "None is like this" in owner.get(f"{address}?view=new").text


def test_only_owners_and_admins_import(
    agency: AgencyView, owner: Browser, member: Browser, stranger: Browser, anonymous: Browser
) -> None:
    columns = upload(owner, b"Name\nOlmo\n")
    address = columns.removesuffix("/columns")
    for path in (HOME, f"{HOME}/new", columns, f"{address}/refused.csv"):
        assert member.get(path).status_code == 403
        assert stranger.get(path).status_code == 404
        assert anonymous.get(path).status_code == 303
    for act in ("run", "undo", "delete", "numbers"):
        assert member.post(f"{address}/{act}").status_code == 403
        assert stranger.post(f"{address}/{act}").status_code == 404
    other = address.replace("/northwind/", "/harbour-pine/")
    assert stranger.get(other).status_code == 404
    assert service.page(5)[0].state is ImportState.UPLOADED


def test_an_act_at_the_wrong_time_is_a_clear_answer(agency: AgencyView, owner: Browser) -> None:
    address = upload(owner, b"Name\nOlmo\n").removesuffix("/columns")
    for act in ("run", "undo", "numbers"):
        answer = owner.post(f"{address}/{act}")
        assert answer.status_code == 409, act
    assert owner.get(address).headers["Location"].endswith("/columns")


def test_marked_as_paid_by_hand(
    agency: AgencyView, owner: Browser, member: Browser, run_jobs: Callable[[], int]
) -> None:
    columns = upload(owner, sample(Kind.INVOICES), "invoices")
    address = owner.post(columns, data=chosen(owner.get(columns).text)).headers["Location"]
    run_jobs()
    owner.post(f"{address}/run")
    run_jobs()
    invoice = next(f"/northwind/invoices/{row.id}" for row in invoices.page(limit=5) if row.number == "2025/42")
    assert "Mark as paid" in owner.get(invoice).text
    assert "Mark as paid" in owner.get(f"{invoice}/paid").text
    assert member.get(f"{invoice}/paid").status_code == 403
    early = owner.post(f"{invoice}/paid", data={"paid_on": "2020-01-01"})
    assert early.status_code == 422 and "between its issue and today" in early.text
    assert owner.post(f"{invoice}/paid", data={"paid_on": "soon"}).status_code == 422
    assert owner.post(f"{invoice}/paid", data={"paid_on": "2026-01-10"}).status_code == 303
    assert "Mark as paid" not in owner.get(invoice).text.replace("Marked as paid", "")
