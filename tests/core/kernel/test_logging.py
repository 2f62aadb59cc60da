"""The log never holds a secret: not by name, not inside a text, not in an exception."""

from __future__ import annotations

import pytest

from webkit.core.kernel.logging import HIDDEN, redact, scrub

TOKEN = "Zk3vQ9x_LmN0pQrStUvWxY"


@pytest.mark.parametrize(
    "text",
    [
        f"/p/{TOKEN}",
        f"GET /c/{TOKEN}/sign failed",
        f"/i/{TOKEN}/pay",
        f"/sign-in/link/{TOKEN}",
        f"/webhooks/payments/local/{TOKEN}",
        f"/x/payments_local/checkout/{TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "whsec_" + "abcdefghijklmnop",
        f"postgresql://webkit_app:{TOKEN}@db/webkit",
        f"redis://:{TOKEN}@queue:6379/0",
        f"duplicate key value\nDETAIL:  Key (email)=({TOKEN}@example.com) already exists.",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    assert TOKEN not in scrub(text) and HIDDEN in scrub(text)


@pytest.mark.parametrize("name", ["password", "token", "api_key", "Authorization", "cookie", "code", "secret_key"])
def test_what_is_called_a_secret_is_hidden(name: str) -> None:
    assert redact(None, "info", {name: "x"}) == {name: HIDDEN}


def test_secrets_inside_lists_and_objects_are_hidden() -> None:
    found = redact(None, "info", {"detail": {"token": "x", "path": f"/p/{TOKEN}"}, "paths": [f"/p/{TOKEN}"]})
    assert TOKEN not in str(found)
    assert found["detail"]["token"] == HIDDEN


@pytest.mark.parametrize("text", ["/northwind/clients/0193a7b0-0000-7000-8000-1234567890ab", "status_code", "/p/short"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert scrub(text) == text
