"""The guard before addresses that people give: what it lets through, and the many ways of writing what it does not."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from webkit.core.kernel import outbound
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.outbound import Refused, Unreachable, check_url, fetch
from webkit.core.settings import Settings, SettingsError

PUBLIC = "93.184.215.14"
NAMES: dict[str, list[str]] = {
    "lario.example": [PUBLIC],
    "xn--cicl-oqa.example": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "both.example": [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "half.example": [PUBLIC, "10.0.0.1"],
    "inside.example": ["192.168.1.10"],
    "rebound.example": ["127.0.0.1"],
    "six.example": ["::ffff:10.0.0.1"],
    "scoped.example": ["fe80::1%eth0"],
}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(host: str) -> list[str]:
        if host not in NAMES:
            raise OSError("no such name")
        return NAMES[host]

    monkeypatch.setattr(outbound, "lookup", lookup)


@pytest.fixture
def app(house: Flask) -> Iterator[Flask]:
    """Nothing here asks a database, so none is made anew."""
    with house.app_context():
        yield house


@pytest.fixture
def allow(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    runtime = runtimes.of(app)

    def give(*places: str) -> None:
        monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update={"allow_hosts": places}))

    return give


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://lario.example", "https://lario.example/"),
        ("HTTP://LARIO.Example:80/Shop?q=1#top", "http://lario.example/Shop?q=1"),
        ("https://lario.example.:443/", "https://lario.example/"),
        ("https://lario.example:8443/a", "https://lario.example:8443/a"),
        ("http://both.example:8080/", "http://both.example:8080/"),
        ("https://ciclò.example/città?à=è", "https://xn--cicl-oqa.example/citt%C3%A0?%C3%A0=%C3%A8"),
        ("https://lario.example/a%20b/%2e%2e", "https://lario.example/a%20b/%2e%2e"),
        (f"http://{PUBLIC}/", f"http://{PUBLIC}/"),
        ("http://[2606:2800:021f:cb07:6820:80da:af6b:8b2c]/", "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/"),
    ],
)
def test_public_servers_pass(app: Flask, url: str, clean: str) -> None:
    target = check_url(url)
    assert target.url == clean
    assert target.addresses
    assert check_url(clean) == target


HOSTILE = [
    # this machine, in every spelling
    *("http://localhost", "http://LOCALHOST:8080/", "http://localhost./", "http://a.localhost/", "http://127.0.0.1"),
    *("http://127.1/", "http://127.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/"),
    *("http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.01/", "http://0/", "http://0.0.0.0/"),
    *("http://127.0.0.1./", "http://00000127.0.0.1/", "http://4294967297/", "http://127.0.0.0x1/", "http://1.2.3.4.5/"),
    *("http://１２７.0.0.1/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://ⓛocalhost/", "http://127.0.0.１/"),
    *("http://[::1]/", "http://[::]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/"),
    *("http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/"),
    *("http://[2001:0:7f00:1::]/", "http://[64:ff9b:1::1]/", "http://[::ffff:0:127.0.0.1]/", "http://[::1%25lo]/"),
    # private networks, link-local addresses, machinery of clouds, nobody's addresses
    *("http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/", "http://100.64.0.1/"),
    *("http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://[fc00::1]/"),
    *("http://168.63.129.16/", "http://100.100.100.200/", "http://192.0.0.192/", "http://[fec0::1]/", "http://[ff02::1]/"),
    *("http://224.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/", "http://198.18.0.1/", "http://192.0.2.1/"),
    *("http://[2001:db8::1]/", "http://[100::1]/", "http://[4000::1]/", "http://[2002:c0a8:0101::]/"),
    *("http://metadata.google.internal/", "http://printer.local/", "http://intranet/", "http://nas.lan/", "http://db/"),
    *("http://router.home.arpa/", "http://abc.onion/", "http://metadata/"),
    # names behind which something private is
    *("http://inside.example/", "http://rebound.example/", "http://half.example/", "http://six.example/"),
    "http://scoped.example/",
    # other protocols, credentials, ports
    *("file:///etc/passwd", "ftp://lario.example/", "gopher://lario.example/", "javascript:alert(1)", "data:,x"),
    *("//lario.example/", "lario.example", "", "http://", "http:///", "https:lario.example", "http:/lario.example"),
    *("http://a@lario.example/", "http://a:b@lario.example/", "http://lario.example@127.0.0.1/", "http://@lario.example/"),
    *("http://lario.example:22/", "http://lario.example:6379/", "http://lario.example:0/", "http://lario.example:99999/"),
    *("http://lario.example:/", "http://lario.example:80a/", "http://lario.example:-1/", "http://lario.example:25/"),
    # what programs read differently
    *("http://lario.example\\@127.0.0.1/", "http:\\\\127.0.0.1\\", "http://127.0.0.1#@lario.example/"),
    *("http://127.0.0.1?@a.it/", "http://lario.example\r\nHost: x/", "http://lario.example\t/", "http:// a.it"),
    *("http://lario.example%2f@127.0.0.1/", "http://%6c%6fcalhost/", "http://127.0.0.1%00.lario.example/"),
    *("http://127.0.0.1%0d%0a.lario.example/", "http://[::1/", "http://::1]/", "http://[lario.example]/", "http://a..it/"),
    *("http://-.example/" + "a" * 2048, "http://" + "a" * 300 + ".example/", "http://lario.example\x00/", "http://\u202elario.example/"),
    *("http://.lario.example/", "http://lario.example../", "http://*/", "http://*.example/", "http://a,b.example/"),
]  # fmt: skip


@pytest.mark.parametrize("must_resolve", [True, False])
@pytest.mark.parametrize("url", HOSTILE)
def test_nothing_else_does(app: Flask, url: str, must_resolve: bool) -> None:
    with pytest.raises(Refused) as caught:
        check_url(url, must_resolve=must_resolve)
    assert caught.value.errors["url"].endswith((".", url)) or ": " in caught.value.errors["url"]


def test_an_unknown_name_passes_only_where_somebody_else_opens_it(app: Flask) -> None:
    assert check_url("https://unknown.example/", must_resolve=False).addresses == ()
    with pytest.raises(Refused, match=r"no server named unknown\.example"):
        check_url("https://unknown.example/")


def test_a_lookup_that_hangs_is_left_behind(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(outbound, "lookup", lambda host: over.wait(30) and [])
    monkeypatch.setattr(outbound, "LOOKUP_SECONDS", 0.05)
    with pytest.raises(Refused):
        check_url("https://slow.example/")
    over.set()


@given(st.integers(0, 2**32 - 1))
def test_every_ipv4_address_is_judged_alike_in_all_its_forms(number: int) -> None:
    plain = ipaddress.IPv4Address(number)
    forms = (2**32 * 0xFFFF + number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80)
    for form in forms:
        assert outbound.is_public(ipaddress.IPv6Address(form)) is outbound.is_public(plain), form


# --- Exceptions -----------------------------------------------------------------------------------------------------


def test_an_exception_names_exactly_one_place(app: Flask, allow: Callable[..., None]) -> None:
    allow("127.0.0.1:4321", "lab:80", "[::1]:9000")
    NAMES["lab"] = ["127.0.0.1"]
    try:
        assert check_url("http://127.0.0.1:4321/x").addresses == ("127.0.0.1",)
        assert check_url("http://lab/").addresses == ("127.0.0.1",)
        check_url("http://[::1]:9000/")
    finally:
        del NAMES["lab"]
    for other in ("http://127.0.0.1:4322/", "http://127.0.0.1/", "https://lab/", "http://lab:8080/", "http://[::1]/"):
        with pytest.raises(Refused):
            check_url(other)


@pytest.mark.parametrize("value", ["localhost", "http://localhost:80", "*:80", "10.0.0.0/8", "a:b", "::1:80"])
def test_an_exception_has_a_port_and_no_pattern(value: str) -> None:
    with pytest.raises(SettingsError, match="host:port"):
        Settings.load({"WEBKIT_ALLOW_HOSTS": value})


def test_production_knows_no_exception() -> None:
    given = {"WEBKIT_ALLOW_HOSTS": "localhost:8080, [::1]:80"}
    assert Settings.load(given).allow_hosts == ("localhost:8080", "[::1]:80")
    with pytest.raises(SettingsError, match="refused in production"):
        Settings.load({**given, "WEBKIT_ENV": "production"})


# --- What we fetch ourselves ----------------------------------------------------------------------------------------


class Site(BaseHTTPRequestHandler):
    """Redirects where its path says, or says hello."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        place, _, where = self.path.partition("?to=")
        hello = f"hello {self.headers['Host']}".encode()
        body = b"x" * 5000 if place == "/big" else hello
        self.send_response(302 if where else 200)
        if where:
            self.send_header("Location", where)
        if place == "/endless":
            self.end_headers()
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(app: Flask, allow: Callable[..., None]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    place = f"site.test:{server.server_port}"
    NAMES["site.test"] = ["127.0.0.1"]
    allow(place)
    yield f"http://{place}"
    del NAMES["site.test"]
    server.shutdown()
    server.server_close()


def test_a_page_is_fetched_from_the_address_that_was_judged(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def once(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.9.9.9"]

    monkeypatch.setattr(outbound, "lookup", once)
    answer = fetch(f"{site}/a?b=1")
    assert (answer.status, answer.content) == (200, f"hello {site[7:]}".encode())
    assert asked == ["site.test"], "the name is looked up once, so it cannot change its mind"


def test_redirects_are_judged_like_the_first_address(site: str) -> None:
    assert fetch(f"{site}/r?to={site}/there").url == f"{site}/there"
    assert fetch(f"{site}/r?to=/there").url == f"{site}/there"
    for inside in ("http://127.0.0.1/", "http://169.254.169.254/", "//localhost/", "file:///etc/passwd"):
        with pytest.raises(Refused):
            fetch(f"{site}/r?to={inside}")
    with pytest.raises(Unreachable, match="in circles"):
        fetch(f"{site}/r?to={site}/r?to={site}/x", redirects=0)


def test_time_and_size_have_limits(site: str) -> None:
    with pytest.raises(Unreachable, match="more than we read"):
        fetch(f"{site}/big", most=100)
    with pytest.raises(Unreachable, match="does not answer"):
        fetch(f"{site}/endless", seconds=0.3)
