"""Mails: one table, the agency's colours, one button, and a plain twin that says the same."""

import re

import pytest
from flask import Flask, render_template

from webkit.branding.colours import contrast, public_colours

SENDER: dict[str, object] = {
    "name": "Northwind Studio",
    "brand": "#ffc800",
    "legal_name": "Northwind Studio S.r.l.",
    "lines": ["Via Savona 97", "20144 Milano, Italy"],
    "tax_id": "P. IVA IT 0991 234 0158",
    "email": "hello@northwind.example",
    "phone": "",
}


def mail(app: Flask, kind: str, agency: dict[str, object] | None = SENDER) -> str:
    with app.test_request_context():
        return render_template(f"mail.{kind}", subject="Your proposal", agency=agency)


def test_a_mail_has_no_sheet_no_script_no_picture_and_one_button(app: Flask) -> None:
    html = mail(app, "html")
    assert not re.search(r"<style|<script|<img|<link|class=\"btn", html)
    assert html.count("color:#ffffff;text-decoration:none") == 1
    assert "P. IVA IT 0991 234 0158" in html


def test_the_button_is_readable_in_any_colour(app: Flask) -> None:
    accent = public_colours("#ffc800")["accent"]
    assert f'bgcolor="{accent}"' in mail(app, "html")
    assert contrast(accent, "#ffffff") >= 4.5


def test_the_twin_is_plain_text(app: Flask) -> None:
    text = mail(app, "txt")
    assert "Davide & Co." in text
    assert "\nhttps://northwind.example/p/" in text
    assert "<" not in text
    assert "\n-- \nNorthwind Studio\nNorthwind Studio S.r.l., Via Savona 97, 20144 Milano, Italy\n" in text


@pytest.mark.parametrize("kind", ["html", "txt"])
def test_the_platform_writes_without_an_agency(app: Flask, kind: str) -> None:
    assert "Northwind Studio S.r.l." not in mail(app, kind, None)
