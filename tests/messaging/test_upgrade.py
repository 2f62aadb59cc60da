"""Mail written before deliveries were known reads on."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from webkit.core.kernel import migrations
from webkit.core.settings import Settings
from webkit.house import create

OLD_MAIL = """
INSERT INTO platform_mails
  (id, created_at, template, to_name, to_email, reply_to, locale, sealed, subject_line, state, vendor_id, error)
VALUES (:id, '2026-11-20 10:00:00', 'sign_in', 'Ada', 'ada@x.example', '', 'en', '', 'Sign in', :state, '', '')
"""


def test_what_was_sent_is_accepted_now(tmp_path: Path) -> None:
    app = create(Settings(data=tmp_path, log_level="ERROR"))
    with app.app_context():
        migrations.upgrade()
        migrations.downgrade("0001")
        with contextlib.closing(sqlite3.connect(tmp_path / "webkit.db")) as old, old:
            for number, state in enumerate(("sent", "queued", "uncertain", "failed")):
                old.execute(OLD_MAIL, {"id": f"{number:032d}", "state": state})
        migrations.upgrade()
    with contextlib.closing(sqlite3.connect(tmp_path / "webkit.db")) as new:
        rows = new.execute("SELECT state, sending FROM platform_mails ORDER BY id").fetchall()
    assert rows == [("accepted", 1), ("queued", 1), ("uncertain", 1), ("failed", 1)]
