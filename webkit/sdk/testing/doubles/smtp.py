"""A mail server on loopback, as strict as the standards: SMTP with EHLO, STARTTLS, AUTH, SIZE, 8BITMIME and SMTPUTF8.

    with Smtp(user="studio", password="secret") as server:
        server.host, server.port            # where it listens
        server.fail("rcpt", 550, "5.1.1 no such mailbox")
        server.fail("body", drop="after")   # the mail is taken, the connection dies before it is said
        server.mails                        # what was taken, oldest first

    python -m webkit.sdk.testing.doubles.smtp --port 0 --user studio --password secret

As a process it prints `smtp://host:port` on one line and each mail it takes as a line of JSON.

It refuses what careful servers refuse: commands out of order, bare line feeds, lines of more than 998 bytes, a sender
or a text with letters beyond ASCII unless that was announced, signing in over an open line unless `plain_auth` allows
it, mails without the headers that every mail has, mails larger than `size`.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import email
import email.policy
import hmac
import json
import re
import socket
import socketserver
import ssl
from collections import defaultdict, deque
from dataclasses import dataclass, field
from email.message import EmailMessage as Mime
from pathlib import Path
from typing import Any, Literal

from webkit.sdk.testing.doubles.running import Running, wait_for_the_end

__all__ = ["Drop", "Fault", "Mail", "Smtp", "Stage"]

Stage = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "quit"]
Drop = Literal["", "before", "after"]
LONGEST_COMMAND, LONGEST_LINE, MOST_RECIPIENTS = 512, 998, 100
_PATH = re.compile(r"<([^<>\s]*)>((?: [!-~]+)*)")
_MAILBOX = re.compile(r"[^\s@<>\x00-\x1f]+@([^\s@<>\x00-\x1f]+|\[[0-9a-fA-F.:]+\])")
_NEEDED = ("From", "Date")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was taken: the envelope, and the bytes as they came, dots undone."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)
    user: str = ""
    encrypted: bool = False
    options: tuple[str, ...] = ()

    @property
    def message(self) -> Mime:
        """The mail, parsed."""
        parsed = email.message_from_bytes(self.raw, policy=email.policy.SMTP)
        assert isinstance(parsed, Mime)
        return parsed


@dataclass(frozen=True, slots=True)
class Fault:
    """What a stage meets: a refusal, silence, or a connection that is closed before or after the work is done."""

    code: int = 0
    text: str = "told to fail"
    drop: Drop = ""
    seconds: float = 0.0


class _Closed(Exception):
    """The connection ends."""


class Smtp(Running):
    """The server. Without a `user` nobody signs in; with one nobody sends without signing in."""

    def __init__(
        self,
        *,
        port: int = 0,
        user: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        plain_auth: bool = True,
        size: int = 25 * 2**20,
        utf8: bool = True,
    ) -> None:
        super().__init__(_Server(("127.0.0.1", port), self))
        self.host = "127.0.0.1"
        self.user, self.password, self.size, self.utf8 = user, password, size, utf8
        self.tls, self.implicit_tls, self.plain_auth = tls, implicit_tls, plain_auth
        self.mails: list[Mail] = []
        self.commands: list[str] = []
        self.echo = False
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)

    @property
    def url(self) -> str:
        """Its address, for people."""
        return f"smtp{'s' if self.implicit_tls else ''}://{self.host}:{self.port}"

    def fail(self, stage: Stage, code: int = 0, text: str = "told to fail", *, times: int = 1, **more: Any) -> None:
        """Let a stage fail the next `times`: with a reply, or as the fields of Fault say."""
        self._faults[stage].extend([Fault(code, text, **more)] * times)

    def fault(self, stage: Stage) -> Fault:
        """What this stage meets now."""
        try:
            return self._faults[stage].popleft()
        except IndexError:
            return Fault()

    def take(self, mail: Mail) -> None:
        """A mail has arrived."""
        self.mails.append(mail)
        if self.echo:
            shown = {"sender": mail.sender, "recipients": mail.recipients, "raw": mail.raw.decode(errors="replace")}
            print(json.dumps(shown), flush=True)  # noqa: T201


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], double: Smtp) -> None:
        self.double = double
        super().__init__(address, _Session)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is nothing to print."""


class _Session(socketserver.BaseRequestHandler):
    """One connection."""

    server: _Server

    def setup(self) -> None:
        self.double = self.server.double
        self.request.settimeout(60)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.encrypted, self.hello, self.mute, self.signed_in = False, False, False, ""
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.options: tuple[str, ...] = ()
        if self.double.implicit_tls:
            self._encrypt()
        self._open()

    def handle(self) -> None:
        try:
            self._stage("connect", lambda: self._say(220, "double.invalid ESMTP"))
            while True:
                self._command(self._line(LONGEST_COMMAND))
        except (_Closed, OSError):
            pass

    def finish(self) -> None:
        self.stream.close()
        self.request.close()

    # --- lines ----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.stream = self.request.makefile("rb")

    def _encrypt(self) -> None:
        assert self.double.tls is not None, "TLS needs a context"
        self.request = self.double.tls.wrap_socket(self.request, server_side=True)
        self.encrypted = True

    def _line(self, longest: int) -> bytes:
        line: bytes = self.stream.readline(longest + 3)
        if not line:
            raise _Closed
        if not line.endswith(b"\r\n"):
            self._say(500, "5.5.2 a line ends with CR LF and is not that long")
            raise _Closed
        return line[:-2]

    def _say(self, code: int, *lines: str) -> None:
        last = len(lines) - 1
        text = "".join(f"{code}{' ' if at == last else '-'}{line}\r\n" for at, line in enumerate(lines))
        if not self.mute:
            self.request.sendall(text.encode())

    def _stage(self, name: Stage, work: Any) -> None:
        """Do a stage's work unless it is to fail."""
        fault = self.double.fault(name)
        if fault.seconds:
            self.double.ending.wait(fault.seconds)
        if fault.drop == "before":
            raise _Closed
        if fault.drop == "after":
            self.mute = True
            work()
            raise _Closed
        if fault.code:
            self._say(fault.code, fault.text)
            if fault.code == 421:
                raise _Closed
            return
        work()

    # --- commands -------------------------------------------------------------------------------------------------

    def _command(self, line: bytes) -> None:
        try:
            text = line.decode("utf-8" if self.double.utf8 else "ascii")
        except UnicodeDecodeError:
            self._say(500, "5.5.2 these are no letters")
            return
        self.double.commands.append("AUTH …" if text[:5].upper() == "AUTH " else text)
        verb, _, rest = text.partition(" ")
        known = {
            "EHLO": self._ehlo, "HELO": self._ehlo, "STARTTLS": self._starttls, "AUTH": self._auth, "MAIL": self._mail,
            "RCPT": self._rcpt, "DATA": self._data, "RSET": self._rset, "NOOP": self._noop, "QUIT": self._quit,
        }  # fmt: skip
        run = known.get(verb.upper())
        if run is None:
            self._say(500, "5.5.1 unknown command")
        else:
            run(rest)

    def _ehlo(self, rest: str) -> None:
        def work() -> None:
            if not re.fullmatch(r"\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+", rest.removeprefix("[IPv6:")):
                self._say(501, "5.5.4 say your name")
                return
            self.hello = True
            self._reset()
            self._say(250, "double.invalid", *self._extensions())

        self._stage("ehlo", work)

    def _extensions(self) -> list[str]:
        offered = [f"SIZE {self.double.size}", "8BITMIME", "ENHANCEDSTATUSCODES"]
        offered += ["SMTPUTF8"] if self.double.utf8 else []
        offered += ["STARTTLS"] if self.double.tls and not self.encrypted else []
        offered += ["AUTH PLAIN LOGIN"] if self.double.user and self._may_sign_in() else []
        return offered

    def _may_sign_in(self) -> bool:
        return self.encrypted or self.double.plain_auth

    def _starttls(self, rest: str) -> None:
        def work() -> None:
            if self.double.tls is None or self.encrypted or rest:
                self._say(503, "5.5.1 not now")
                return
            self._say(220, "2.0.0 go ahead")
            self.stream.close()  # whatever was sent ahead of the handshake is not listened to
            self._encrypt()
            self._open()
            self.hello, self.signed_in = False, ""
            self._reset()

        self._stage("starttls", work)

    def _auth(self, rest: str) -> None:
        def work() -> None:
            if not self._greeted() or not self.double.user or self.signed_in:
                self._say(503, "5.5.1 not now")
            elif not self._may_sign_in():
                self._say(538, "5.7.11 encrypt the line first")
            elif (given := self._credentials(rest)) is None:
                self._say(501, "5.5.2 cannot be decoded")
            elif self._known(*given):
                self.signed_in = given[0]
                self._say(235, "2.7.0 welcome")
            else:
                self._say(535, "5.7.8 user or password is wrong")

        self._stage("auth", work)

    def _credentials(self, rest: str) -> tuple[str, str] | None:
        mechanism, _, first = rest.partition(" ")
        try:
            if mechanism.upper() == "PLAIN":
                _, user, password = self._decoded(first or self._asked("")).split("\0")
            elif mechanism.upper() == "LOGIN":
                user = self._decoded(first or self._asked("Username:"))
                password = self._decoded(self._asked("Password:"))
            else:
                return None
        except (binascii.Error, ValueError):
            return None
        return user, password

    def _asked(self, what: str) -> str:
        self._say(334, base64.b64encode(what.encode()).decode())
        return self._line(12_288).decode("ascii", "replace")

    def _decoded(self, text: str) -> str:
        return base64.b64decode("" if text == "=" else text, validate=True).decode()

    def _known(self, user: str, password: str) -> bool:
        same = hmac.compare_digest(user.encode(), self.double.user.encode())
        return hmac.compare_digest(password.encode(), self.double.password.encode()) and same

    def _mail(self, rest: str) -> None:
        self._stage("mail", lambda: self._begin(rest))

    def _begin(self, rest: str) -> None:
        found = _PATH.fullmatch(rest[5:]) if rest[:5].upper() == "FROM:" else None
        if not self._greeted() or self.sender is not None:
            self._say(503, "5.5.1 not now")
        elif self.double.user and not self.signed_in:
            self._say(530, "5.7.0 sign in first")
        elif found is None or (found[1] and not _MAILBOX.fullmatch(found[1])):
            self._say(501, "5.1.7 no such sender")
        elif (problem := self._options_problem(found[1], found[2].split())) is not None:
            self._say(*problem)
        else:
            self.sender, self.options = found[1], tuple(found[2].split())
            self._say(250, "2.1.0 sender accepted")

    def _options_problem(self, sender: str, options: list[str]) -> tuple[int, str] | None:
        for option in options:
            name, _, value = option.upper().partition("=")
            if name == "SIZE" and value.isdigit():
                if int(value) > self.double.size:
                    return 552, "5.3.4 larger than we take"
            elif not (option.upper() in ("BODY=8BITMIME", "BODY=7BIT") or (name == "SMTPUTF8" and self.double.utf8)):
                return 555, "5.5.4 unknown parameter"
        if not sender.isascii() and "SMTPUTF8" not in (option.upper() for option in options):
            return 553, "5.6.7 letters beyond ASCII need SMTPUTF8"
        return None

    def _rcpt(self, rest: str) -> None:
        def work() -> None:
            found = _PATH.fullmatch(rest[3:]) if rest[:3].upper() == "TO:" else None
            if self.sender is None:
                self._say(503, "5.5.1 not now")
            elif found is None or found[2] or not _MAILBOX.fullmatch(found[1]):
                self._say(501, "5.1.3 no such recipient")
            elif not found[1].isascii() and not self._may_use_utf8():
                self._say(553, "5.6.7 letters beyond ASCII need SMTPUTF8")
            elif len(self.recipients) == MOST_RECIPIENTS:
                self._say(452, "4.5.3 too many recipients")
            else:
                self.recipients.append(found[1])
                self._say(250, "2.1.5 recipient accepted")

        self._stage("rcpt", work)

    def _data(self, rest: str) -> None:
        def work() -> None:
            if not self.recipients or rest:
                self._say(503, "5.5.1 not now")
                return
            self._say(354, "end with a dot on a line")
            self._stage("body", self._body)

        self._stage("data", work)

    def _body(self) -> None:
        lines, problem = self._lines()
        raw = b"\r\n".join([*lines, b""])
        problem = problem or self._content_problem(raw)
        if problem is not None:
            self._say(*problem)
        else:
            mail = Mail(self.sender or "", tuple(self.recipients), raw, self.signed_in, self.encrypted, self.options)
            self.double.take(mail)
            self._say(250, f"2.0.0 taken as {len(self.double.mails)}")
        self._reset()

    def _lines(self) -> tuple[list[bytes], tuple[int, str] | None]:
        """Every line up to the lone dot, and the first thing that is wrong."""
        lines: list[bytes] = []
        problem: tuple[int, str] | None = None
        size = 0
        while True:
            line = self.stream.readline()
            if not line:
                raise _Closed
            if line == b".\r\n":
                return lines, problem
            line = line[1:] if line.startswith(b".") else line
            size += len(line)
            if size > self.double.size:
                problem = problem or (552, "5.3.4 larger than we take")
                continue
            if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
                problem = problem or (554, "5.6.11 a bare CR or LF")
            elif len(line) - 2 > LONGEST_LINE:
                problem = problem or (554, f"5.6.0 a line of more than {LONGEST_LINE} bytes")
            lines.append(line[:-2])

    def _content_problem(self, raw: bytes) -> tuple[int, str] | None:
        head = raw.partition(b"\r\n\r\n")[0]
        if not head.isascii() and not self._may_use_utf8():
            return 554, "5.6.7 headers beyond ASCII need SMTPUTF8"
        if not raw.isascii() and not ("BODY=8BITMIME" in map(str.upper, self.options) or self._may_use_utf8()):
            return 554, "5.6.3 eight bits need BODY=8BITMIME"
        message = email.message_from_bytes(raw, policy=email.policy.SMTP)
        missing = [name for name in _NEEDED if message[name] is None]
        twice = [n for n in ("From", "Date", "Subject", "To", "Message-ID") if len(message.get_all(n, [])) > 1]
        if missing or twice:
            return 554, f"5.6.0 {' and '.join(missing or twice)} {'is missing' if missing else 'stands there twice'}"
        return None

    def _may_use_utf8(self) -> bool:
        return "SMTPUTF8" in map(str.upper, self.options)

    def _rset(self, rest: str) -> None:
        self._reset()
        self._say(250, "2.0.0 forgotten")

    def _noop(self, rest: str) -> None:
        self._say(250, "2.0.0 nothing done")

    def _quit(self, rest: str) -> None:
        self._stage("quit", lambda: self._say(221, "2.0.0 bye"))
        raise _Closed

    def _greeted(self) -> bool:
        return self.hello

    def _reset(self) -> None:
        self.sender, self.recipients, self.options = None, [], ()


def main() -> None:
    """Run as a process until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--certificate", type=Path, help="a PEM file with certificate and key: offers STARTTLS")
    given = parser.parse_args()
    tls = None
    if given.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given.certificate)
    with Smtp(port=given.port, user=given.user, password=given.password, tls=tls) as server:
        server.echo = True
        print(server.url, flush=True)  # noqa: T201  whoever started it reads this line
        wait_for_the_end()


if __name__ == "__main__":
    main()
