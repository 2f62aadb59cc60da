"""The mail server among the doubles: takes what servers take, refuses what careful ones refuse, fails when told to."""

from __future__ import annotations

import contextlib
import json
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from webkit.sdk.testing.doubles.smtp import Smtp
from webkit.sdk.testing.doubles.tls import certificate, server_context

FROM, TO = "studio@example.com", "ada@example.org"
RAW = "From: studio@example.com\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\nSubject: x\r\n\r\nHello\r\n"


@pytest.fixture
def server() -> Iterator[Smtp]:
    with Smtp() as server:
        yield server


def client(server: Smtp) -> smtplib.SMTP:
    return smtplib.SMTP(server.host, server.port, timeout=10)


def message(text: str = "Hello\n") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = FROM, TO, "Città, 東京"
    mail["Date"] = "Sun, 22 Nov 2026 09:00:00 +0000"
    mail.set_content(text)
    return mail


def talk(server: Smtp, *lines: bytes) -> list[int]:
    """The codes a server answers bare bytes with; 0 when it closes the line."""
    codes = []
    with socket.create_connection((server.host, server.port), timeout=10) as line, line.makefile("rb") as answers:
        for sent in (None, *lines):
            if sent is not None:
                with contextlib.suppress(OSError):
                    line.sendall(sent)
            answer = b"000-"
            while answer[3:4] == b"-":
                answer = answers.readline() or b"000 "
            codes.append(int(answer[:3]))
    return codes[1:]


BEGUN = (b"EHLO me\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<c@d.example>\r\n", b"DATA\r\n")


def test_a_mail_arrives_as_it_was_sent(server: Smtp) -> None:
    with client(server) as session:
        session.send_message(message(".\n..\nend\n"), FROM, [TO, "bo@example.org"])
        session.send_message(message("again\n"))
    first, second = server.mails
    assert (first.sender, first.recipients) == (FROM, (TO, "bo@example.org"))
    assert first.message["Subject"] == "Città, 東京"
    assert first.message.get_content().splitlines() == [".", "..", "end"]
    assert second.message.get_content().strip() == "again"
    assert (first.user, first.encrypted) == ("", False)


def test_signing_in_is_demanded_and_checked() -> None:
    with Smtp(user="studio", password="sè:cret") as server, client(server) as session:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            session.sendmail(FROM, [TO], RAW)
        assert refused.value.smtp_code == 530
        with pytest.raises(smtplib.SMTPAuthenticationError):
            session.login("studio", "wrong")
        assert session.docmd("AUTH", "PLAIN AHN0dWRpbwBzw6g6Y3JldA==")[0] == 235
        session.sendmail(FROM, [TO], RAW)
    assert [mail.user for mail in server.mails] == ["studio"]
    assert not any("AHN0" in command for command in server.commands)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_both_ways_to_sign_in(mechanism: str) -> None:
    with Smtp(user="studio", password="secret") as server, client(server) as session:
        session.ehlo()
        session.user, session.password = "studio", "secret"
        way = session.auth_plain if mechanism == "PLAIN" else session.auth_login
        assert session.auth(mechanism, way)[0] == 235


def test_encrypted_after_asking_and_from_the_start(tmp_path: Path) -> None:
    file = certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(file))
    with Smtp(tls=server_context(file), user="u", password="p", plain_auth=False) as server, client(server) as session:
        session.ehlo()
        assert "auth" not in session.esmtp_features
        assert session.docmd("AUTH", "PLAIN AHUAcA==")[0] == 538
        session.starttls(context=trust)
        session.login("u", "p")
        session.send_message(message())
        assert server.mails[0].encrypted
    with Smtp(tls=server_context(file), implicit_tls=True) as server:
        with smtplib.SMTP_SSL(server.host, server.port, timeout=10, context=trust) as session:
            session.send_message(message())
        assert server.mails[0].encrypted


def test_who_does_not_trust_the_certificate_does_not_talk(tmp_path: Path) -> None:
    with (
        Smtp(tls=server_context(certificate(tmp_path))) as server,
        client(server) as session,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        session.starttls(context=ssl.create_default_context())


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((b"MAIL FROM:<a@b.example>\r\n",), 503),
        ((b"EHLO me\r\n", b"RCPT TO:<a@b.example>\r\n"), 503),
        ((b"EHLO me\r\n", b"MAIL FROM:<a@b.example>\r\n", b"DATA\r\n"), 503),
        ((b"EHLO me\r\n", b"MAIL FROM:a@b.example\r\n"), 501),
        ((b"EHLO me\r\n", b"MAIL FROM:<nobody>\r\n"), 501),
        ((b"EHLO me\r\n", b"MAIL FROM:<a@b.example> X=1\r\n"), 555),
        ((b"EHLO me\r\n", b"MAIL FROM:<a@b.example> SIZE=99999999\r\n"), 552),
        ((b"EHLO me\r\n", "MAIL FROM:<città@b.example>\r\n".encode()), 553),
        ((b"EHLO me\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<a b@c.example>\r\n"), 501),
        ((b"EHLO \r\n",), 501),
        ((b"VRFY a\r\n",), 500),
        ((b"EHLO me\n",), 500),
        ((b"X" * 600 + b"\r\n",), 500),
        ((*BEGUN, b"From: a@b.example\r\n\r\nx\r\n.\r\n"), 554),
        ((*BEGUN, RAW.replace("Subject", "Date").encode() + b".\r\n"), 554),
        ((*BEGUN, RAW.encode() + b"a\nb\r\n.\r\n"), 554),
        ((*BEGUN, RAW.encode() + b"x" * 999 + b"\r\n.\r\n"), 554),
        ((*BEGUN, RAW.encode() + "è\r\n.\r\n".encode()), 554),
    ],
)
def test_what_breaks_the_rules_is_refused(server: Smtp, lines: tuple[bytes, ...], code: int) -> None:
    *before, last = talk(server, *lines)
    assert last == code
    assert all(answer in (250, 354) for answer in before)
    assert server.mails == []


def test_eight_bits_and_other_alphabets_are_announced(server: Smtp) -> None:
    with client(server) as session:
        session.ehlo()
        session.sendmail(FROM, [TO], (RAW + "è\r\n").encode(), ["BODY=8BITMIME"])
        session.sendmail(FROM, ["città@example.org"], RAW.encode(), ["SMTPUTF8", "BODY=8BITMIME"])
    assert [mail.recipients for mail in server.mails] == [(TO,), ("città@example.org",)]


def test_too_large_is_refused_and_the_line_goes_on() -> None:
    with Smtp(size=1_000) as server, client(server) as session:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            session.helo()
            session.sendmail(FROM, [TO], RAW + "x" * 900 + "\r\n" + "y" * 900)
        assert refused.value.smtp_code == 552
        session.sendmail(FROM, [TO], RAW)
        assert len(server.mails) == 1


@pytest.mark.parametrize("stage", ["ehlo", "mail", "rcpt", "data", "body"])
def test_each_stage_can_be_told_to_fail(server: Smtp, stage: str) -> None:
    server.fail(stage, 451, "4.3.0 not now")  # type: ignore[arg-type]
    with pytest.raises(smtplib.SMTPException), client(server) as session:
        if session.ehlo()[0] != 250:
            raise smtplib.SMTPHeloError(451, "")
        session.sendmail(FROM, [TO], RAW)
    with client(server) as session:
        session.sendmail(FROM, [TO], RAW)
    assert len(server.mails) == 1


def test_one_recipient_of_two_can_be_refused(server: Smtp) -> None:
    server.fail("rcpt", 550, "5.1.1 no such mailbox")
    with client(server) as session:
        refused = session.sendmail(FROM, ["gone@example.org", TO], RAW)
    assert list(refused) == ["gone@example.org"]
    assert server.mails[0].recipients == (TO,)


@pytest.mark.parametrize(("drop", "taken"), [("before", 0), ("after", 1)])
def test_the_line_dies_before_or_after_the_mail_was_taken(server: Smtp, drop: str, taken: int) -> None:
    server.fail("body", drop=drop)
    with pytest.raises(smtplib.SMTPServerDisconnected), client(server) as session:
        session.sendmail(FROM, [TO], RAW)
    assert len(server.mails) == taken


def test_it_can_be_busy_from_the_start(server: Smtp) -> None:
    server.fail("connect", 421, "4.3.2 too busy")
    with pytest.raises(smtplib.SMTPConnectError):
        client(server)


def test_it_can_be_slow(server: Smtp) -> None:
    server.fail("mail", seconds=30)
    with (
        pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)),
        smtplib.SMTP(server.host, server.port, timeout=0.2) as session,
    ):
        session.sendmail(FROM, [TO], RAW)


def test_it_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "webkit.sdk.testing.doubles.smtp", "--user", "u", "--password", "p"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        port = int(address.removeprefix("smtp://127.0.0.1:"))
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as session:
            session.login("u", "p")
            session.sendmail(FROM, [TO], RAW)
        assert json.loads(process.stdout.readline())["recipients"] == [TO]
        process.terminate()
        assert process.wait(10) == 0
