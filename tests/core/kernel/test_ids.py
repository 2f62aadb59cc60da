"""Identifiers: of the right version, in order of creation, never twice."""

from __future__ import annotations

import time
import uuid

from webkit.core.kernel import ids


def test_keys_are_version_7_and_sort_by_creation() -> None:
    made = []
    for _ in range(200):
        made.append(ids.uuid7())
        time.sleep(0.00001)
    assert {(key.version, key.variant) for key in made} == {(7, uuid.RFC_4122)}
    assert made == sorted(made) and len(set(made)) == 200


def test_codes_have_six_digits_and_tokens_128_bits() -> None:
    assert all(len(ids.code()) == 6 and ids.code().isdigit() for _ in range(50))
    assert len(ids.token()) == 22 and ids.token() != ids.token()
