"""Sign-in and first run in a browser."""

from tests.client import Browser


def test_nobody_yet(anonymous: Browser) -> None:
    response = anonymous.get("/")
    assert (response.status_code, response.location) == (303, "/start")
    page = anonymous.get("/start")
    assert page.status_code == 200
    assert "Setup code" not in page.text
