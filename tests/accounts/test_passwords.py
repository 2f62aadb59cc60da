"""Which passwords are refused, and that hashing never takes the whole machine."""

from __future__ import annotations

import threading
import time

import pytest
from argon2 import PasswordHasher

from webkit.accounts import passwords

GOOD = (
    "correct horse battery staple",
    "another four good words",
    "vier Wörter ohne Sinn",
    "x9#Lm2$vQ8!tR4",
    "日本語のパスワードを使います",
)
BAD = (
    "1qaz2wsx3edc",
    "sonyericsson",
    "SonyEricsson",
    "password1234",
    "passwordpassword",
    "qwertyuiop12",
    "abcdefghijkl",
    "liverpoolfc1",
    "Passw0rd2023",
    "123456789012",
    "northwind2024",
    "ada.brandt.1990",
)


def test_the_list_is_long_enough() -> None:
    assert len(passwords._common()) >= 30_000


def test_good_ones_are_taken() -> None:
    for password in GOOD:
        assert passwords.problem(password, "ada@northwind.example", "Ada Brandt") is None, password


def test_what_is_tried_first_is_refused() -> None:
    for password in BAD:
        assert passwords.problem(password, "ada.brandt@northwind.example", "Ada Brandt", "Northwind"), password


def test_every_common_one_is_refused() -> None:
    long_enough = [password for password in passwords._common() if len(password) >= passwords.SHORTEST]
    assert len(long_enough) > 200
    assert all(passwords.problem(password) for password in long_enough)


def test_the_longest_takes_no_time() -> None:
    began = time.process_time()
    passwords.problem("a1 b2 c3 d4 e5 " * 13)
    assert time.process_time() - began < 2, "looking at one must not be an attack"


def test_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            nonlocal running, most
            running += 1
            most = max(most, running)
            time.sleep(0.002)
            running -= 1
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "hasher", Watched(time_cost=1, memory_cost=8, parallelism=1))
    stored = passwords.hashed("three wrong words")
    threads = [threading.Thread(target=passwords.fits, args=(stored, "another")) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_what_it_costs() -> None:
    """At least what OWASP asks for: 19 MiB, two passes, one lane."""
    assert passwords.MEMORY >= 19 * 1024 and passwords.PASSES >= 2 and passwords.LANES == 1
