"""What providers share: building mails, asking vendors, letting keys travel."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.plugins.doubles import arrived_mime
from webkit.sdk import Address, Attachment, OutcomeUnknown, ProviderMisconfigured, ProviderRejected, TimedOut
from webkit.sdk.http import LONGEST_PAUSE, HttpAnswer, HttpLine, without_addresses
from webkit.sdk.mime import build, message_id
from webkit.sdk.tags import packed, unpacked
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble
from webkit.sdk.testing.email import MESSAGE

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LONG = "Общество с ограниченной ответственностью «Рога и копыта», Владивосток"


class Echo(HttpDouble):
    def answer(self, call: Call) -> Answer:
        return Answer(200, {"path": call.path})


@pytest.mark.parametrize("name", ["From", "to", "BCC", "Subject", "Message-ID", "Reply-To"])
def test_headers_of_the_message_are_not_given_twice(name: str) -> None:
    with pytest.raises(ProviderRejected):
        build(replace(MESSAGE, headers={name: "victim@example.net"}), NOW)


@pytest.mark.parametrize("sender", ["a@ü..example", "a@" + "ü" * 70])
def test_a_domain_that_is_none_is_refused(sender: str) -> None:
    for call in (
        lambda: message_id(replace(MESSAGE, sender=sender)),
        lambda: build(replace(MESSAGE, sender=sender), NOW),
    ):
        with pytest.raises(ProviderRejected):
            call()


def test_pictures_need_html() -> None:
    with pytest.raises(ProviderRejected):
        build(replace(MESSAGE, html="", attachments=(Attachment("a.png", "image/png", b"", "a"),)), NOW)


def test_long_names_keep_their_spaces_and_lines_stay_short() -> None:
    many = tuple(Address(f"a{number}@example.org", LONG) for number in range(30))
    raw = build(replace(MESSAGE, sender_name=LONG, to=many), NOW, id="<1@example.com>")
    assert arrived_mime(raw).sender_name == LONG
    assert len(arrived_mime(raw).to) == 30
    assert max(map(len, raw.split(b"\r\n"))) < 100
    assert raw.isascii() and raw.count(b"\n") == raw.count(b"\r\n")


def test_an_answer_says_when_it_listens_again() -> None:
    def pause(text: str) -> float | None:
        return HttpAnswer(429, {"retry-after": text}, b"").retry_after()

    assert pause("7") == 7.0
    assert pause("9" * 30) == LONGEST_PAUSE
    assert pause(format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)) == 0.0
    assert [pause(text) for text in ("", "soon", "-1", "٧")] == [None] * 4


def test_a_line_says_what_is_known() -> None:
    line = HttpLine("acme")
    with Echo() as vendor:
        assert line.ask("GET", f"{vendor.url}/x").json() == {"path": "/x"}
        vendor.fail(302, headers={"Location": "http://169.254.169.254/"})
        assert line.ask("GET", f"{vendor.url}/x").status == 302
        vendor.fail(seconds=0.4)
        with pytest.raises(TimedOut):
            line.ask("GET", f"{vendor.url}/x", seconds=0.1)
        vendor.fail(drop="half")
        with pytest.raises(OutcomeUnknown):
            line.ask("GET", f"{vendor.url}/x")
    with pytest.raises(ProviderMisconfigured):
        line.ask("GET", "http:///nowhere")


def test_people_are_struck_out_of_what_vendors_say() -> None:
    words = "The address ada@example.org\nor +39 333 1234567 (code 21211) is wrong"
    assert without_addresses(words) == "The address …  or … (code 21211) is wrong".replace("  ", " ")


@pytest.mark.parametrize("key", ["mail-1", "ключ/7?", "x" * 180])
def test_keys_travel(key: str) -> None:
    assert unpacked(packed(key, 256)) == key
    assert packed(key, 3) == ""


@pytest.mark.parametrize("tag", [None, "", "***", 7, "_w", ["a"]])
def test_foreign_tags_are_no_keys(tag: object) -> None:
    assert unpacked(tag) == ""
