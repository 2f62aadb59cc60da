"""One line stays one line: in the log, in a header, in the name of a file, in a mail."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
from flask import Flask

from tests.client import Browser
from tests.hardening import corpus
from webkit.core.kernel import attachments
from webkit.core.kernel import logging as house_log
from webkit.core.kernel.forms import Email, Form, Line, bind
from webkit.core.settings import Settings


class _Named(Form):
    name: Line(200)  # type: ignore[valid-type]
    email: Email


BROKEN = [text for text in corpus.TEXTS if any(sign in text.strip() for sign in "\r\n\x00\x0b\x0c\x1b\x85")]


def test_there_is_something_to_try() -> None:
    assert len(BROKEN) > 15


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: repr(text)[:30])
def test_no_line_has_a_second_one(text: str) -> None:
    """What goes into subjects, names of senders and headers is typed into such fields."""
    bound = bind(_Named, {"name": text, "email": f"a{text}@example.com"})
    assert bound.state.error("name") and bound.state.error("email")
    assert bound.state.value("name") == text


@pytest.mark.parametrize("text", corpus.KINDS["paths"] + corpus.KINDS["lines"], ids=lambda text: repr(text)[:30])
def test_a_name_of_a_file_is_a_name(app: Flask, text: str) -> None:
    name = attachments.clean(text)
    assert not set(name) & set('/\\\r\n\0"<>|:*?') and name not in ("", ".", "..") and len(name) <= attachments.NAME
    response = app.response_class()
    response.headers.set("Content-Disposition", "attachment", filename=name)
    assert len(response.headers.getlist("Content-Disposition")) == 1
    assert not any(sign in response.headers["Content-Disposition"] for sign in "\r\n")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_request_is_one_line_of_the_log(
    house: Flask, form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    house_log.configure(Settings(log_format=form, log_level="INFO"))  # type: ignore[call-arg]
    for text in ("a\n[info] request status=200 user=root", 'a\r\n{"event": "forged"}', "\x1b[2Jgone"):
        logging.getLogger("webkit.test").warning("path %s", text, extra={})
        lines = [line for line in capsys.readouterr().err.split("\n") if line]
        assert len(lines) == 1 and "\x1b" not in lines[0] and "\r" not in lines[0], lines
        if form == "json":
            assert json.loads(lines[0])["event"].endswith(text)


def test_a_forged_path_is_one_line(anonymous: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    assert anonymous.get("/nowhere%0A[error]%20forged%1b[31m").status_code == 404


def test_no_mail_has_a_header_of_its_own(
    owner: Browser, agency: object, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[object]]
) -> None:
    """A name that would add a header is refused where it is typed, and nobody gets a mail."""
    sent = {"email": "bo@example.com\r\nBcc: wkx@wkx.example", "role": "member"}
    assert owner.post("/northwind/settings/members/invite", data=sent).status_code == 422
    run_jobs()
    assert outbox_mails() == []
