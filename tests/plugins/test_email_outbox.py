from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.email_outbox.plugin import webkit_register_providers
from plugins.email_outbox.provider import OutboxFolder
from plugins.email_outbox.settings import OutboxSettings
from tests.plugins.doubles import arrived
from webkit.core.providers import ProviderRegistry
from webkit.sdk import EMAIL, Email, NotFoundAtProvider, ReadableOutbox
from webkit.sdk.testing.email import MESSAGE, Arrivals, EmailContract


class TestOutboxFolder(EmailContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def arrivals(self, provider: Email) -> Arrivals:
        assert isinstance(provider, ReadableOutbox)
        outbox: ReadableOutbox = provider
        return lambda: [arrived(outbox, entry.id) for entry in reversed(outbox.messages())]


@pytest.fixture
def outbox(tmp_path: Path) -> OutboxFolder:
    return OutboxFolder(OutboxSettings(folder=tmp_path / "outbox"))


def test_a_line_of_the_list_says_it_all(outbox: OutboxFolder) -> None:
    receipt = outbox.send(MESSAGE)
    (entry,) = outbox.messages()
    assert (entry.id, entry.sender, entry.to) == (receipt.id, "studio@example.com", ("ada@example.org",))
    assert (entry.subject, entry.attachments) == (MESSAGE.subject, 1)
    assert entry.at.tzinfo is not None


def test_the_newest_come_first_and_no_more_than_asked(outbox: OutboxFolder) -> None:
    for number in range(5):
        outbox.send(replace(MESSAGE, key=str(number), subject=f"Number {number}"))
    assert [entry.subject for entry in outbox.messages(limit=2)] == ["Number 4", "Number 3"]
    assert len(outbox.messages()) == 5


def test_an_empty_outbox_is_empty(outbox: OutboxFolder) -> None:
    assert outbox.messages() == ()


@pytest.mark.parametrize("id", ["", "0" * 32, "../../etc/passwd", "x/../y"])
def test_an_unknown_message_is_not_found(outbox: OutboxFolder, id: str) -> None:
    outbox.send(MESSAGE)
    with pytest.raises(NotFoundAtProvider):
        outbox.read(id)


def test_a_crash_between_the_two_files_is_repaired_by_the_next_send(outbox: OutboxFolder, tmp_path: Path) -> None:
    receipt = outbox.send(MESSAGE)
    (tmp_path / "outbox" / f"{receipt.id}.json").unlink()
    assert outbox.messages() == ()
    assert outbox.send(MESSAGE) == receipt
    assert [entry.id for entry in outbox.messages()] == [receipt.id]
    json.loads((tmp_path / "outbox" / f"{receipt.id}.json").read_text("utf-8"))


def test_the_list_may_be_read_while_a_page_reads_the_database(tmp_path: Path) -> None:
    registry = ProviderRegistry(
        {"WEBKIT_DATA": str(tmp_path)}, webkit_register_providers(), in_transaction=lambda: True
    )
    provider = registry.get(EMAIL)
    assert isinstance(provider, ReadableOutbox)
    listed: Callable[[], Sequence[object]] = provider.messages
    assert listed() == ()
