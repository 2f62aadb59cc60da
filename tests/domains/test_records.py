"""Asking a name server, which may say anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.domains.dns import NameServer
from webkit.domains import records
from webkit.domains.records import NoAnswer

NAME = "_webkit.docs.northwind.example"
LONG = "webkit-domain=" + "x" * 300


def test_every_text_is_found_whole(dns: NameServer) -> None:
    dns.texts[NAME] = ["v=spf1 -all", LONG, ""]
    assert records.look_up(NAME, 2) == {"v=spf1 -all", LONG, ""}
    assert dns.asked == [NAME]


def test_an_alias_is_followed_by_the_resolver(dns: NameServer) -> None:
    dns.aliases[NAME], dns.texts["proof.elsewhere.example"] = "proof.elsewhere.example", ["here"]
    assert records.look_up(NAME, 2) == {"here"}


def test_nothing_there_is_an_answer(dns: NameServer) -> None:
    assert records.look_up(NAME, 2) == frozenset()
    dns.texts[NAME] = []
    assert records.look_up(NAME, 2) == frozenset()


MOODS = ("silent", "hangs up", "other number", "refused", "cut", "other question", "more promised", "short record")


def test_what_is_no_answer_is_none(dns: NameServer) -> None:
    dns.texts[NAME] = ["webkit-domain=x"]
    for mood in MOODS:
        dns.mood = mood
        with pytest.raises(NoAnswer):
            raise AssertionError((mood, records.look_up(NAME, 0.5)))
    assert len(dns.asked) == len(MOODS)


def test_whom_this_machine_asks(app: object, tmp_path: Path) -> None:
    place = tmp_path / "resolv.conf"
    place.write_text(
        "# ours\nsearch lan\nnameserver 192.0.2.7\nnameserver 2001:db8::1\nnameserver\nnameserver evil.x\n"
    )
    assert records.servers(place) == (("192.0.2.7", 53), ("2001:db8::1", 53))
    assert records.servers(tmp_path / "none") == ()
