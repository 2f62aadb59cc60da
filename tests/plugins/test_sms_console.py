from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from plugins.sms_console.plugin import webkit_register_providers
from plugins.sms_console.provider import ConsoleSms
from plugins.sms_console.settings import ConsoleSettings
from webkit.sdk import Health, ReadableTexts, Sms
from webkit.sdk.testing.sms import TEXT, ArrivedText, SmsContract, Texts


class TestConsole(SmsContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def texts(self, provider: Sms) -> Texts:
        assert isinstance(provider, ReadableTexts)
        kept: ReadableTexts = provider
        return lambda: [ArrivedText(text.to, text.text) for text in reversed(kept.texts())]


def test_the_newest_come_first_and_a_person_can_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "sms"
    console = ConsoleSms(ConsoleSettings(folder=folder))
    assert console.texts() == ()
    for number in range(4):
        console.send(replace(TEXT, text=f"Il codice è {number}", key=str(number)))
    assert [text.text for text in console.texts(limit=2)] == ["Il codice è 3", "Il codice è 2"]
    assert console.texts()[0].at.tzinfo is not None
    assert any("Il codice è 3" in file.read_text("utf-8") for file in folder.iterdir())
    assert folder.stat().st_mode & 0o077 == 0


def test_it_says_that_nobody_gets_them(tmp_path: Path) -> None:
    report = ConsoleSms(ConsoleSettings(folder=tmp_path)).health()
    assert report.status is Health.OK
    assert "nobody" in report.detail
