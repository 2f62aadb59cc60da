"""A visitor without JavaScript: HTTP, cookies, pages, links, forms. What a browser would send, and nothing else."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_SILENT = frozenset({"script", "style", "template", "title"})
_BLOCKS = ("section", "aside", "header", "footer", "main", "div", "table", "form", "fieldset", "legend")
_LINES = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr", "td", "th", "dt", "dd", "br", "option", "summary")
_BREAKS = frozenset((*_BLOCKS, *_LINES))


class Died(Exception):
    """The server went away before it had answered."""


class ServerError(AssertionError):
    """The server answered 5xx."""


@dataclass
class Button:
    text: str
    name: str = ""
    value: str = ""
    action: str = ""


@dataclass
class Form:
    """A form as it stands in a page; `values` is what would be sent, in order."""

    page: Page
    action: str
    method: str
    id: str = ""
    values: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    options: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    def __getitem__(self, name: str) -> str:
        return next((value for known, value in self.values if known == name), "")

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.values if known == name]

    def fill(self, given: Mapping[str, str | Sequence[str]] | None = None, **more: str | Sequence[str]) -> Form:
        """Type into fields that exist; a list chooses several."""
        for name, value in {**(given or {}), **more}.items():
            assert name in self.names, f"{self.page.url} has no field {name}, but {sorted(self.names)}"
            self.put(name, value)
        return self

    def put(self, name: str, value: str | Sequence[str]) -> Form:
        """Send this, whether there is such a field or not."""
        at = next((i for i, (known, _) in enumerate(self.values) if known == name), len(self.values))
        self.values = [pair for pair in self.values if pair[0] != name]
        new = [(name, each) for each in ([value] if isinstance(value, str) else value)]
        self.values[at:at] = new
        return self

    def choose(self, name: str, label: str) -> Form:
        """Choose the option with this label."""
        value = next(value for value, text in self.options[name] if label in text)
        return self.fill({name: value})

    def submit(self, button: str = "", *, wait: bool = True) -> Page:
        """Press a button: the one whose label has this text, else the first."""
        pressed = next((b for b in self.buttons if button in b.text), None) if button else None
        assert pressed or not button, f"{self.page.url} has no button {button}, but {[b.text for b in self.buttons]}"
        pressed = pressed or (self.buttons[0] if self.buttons else Button(""))
        sent = [*self.values, *([(pressed.name, pressed.value)] if pressed.name else [])]
        target = urljoin(self.page.url, pressed.action or self.action)
        return self.page.visitor.send(self.method, target, sent)


@dataclass
class Page:
    """An answer; the parsed parts are filled for HTML."""

    visitor: Visitor
    url: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    text: str = ""
    title: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    @property
    def html(self) -> str:
        return self.body.decode()

    @property
    def path(self) -> str:
        parts = urlsplit(self.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def form(self, action: str = "", *, button: str = "", has: str = "") -> Form:
        """The form whose action ends so, with this button, with this field."""
        for form in self.forms:
            ends = urlsplit(urljoin(self.url, form.action)).path.endswith(action)
            if ends and (not has or has in form.names) and (not button or any(button in b.text for b in form.buttons)):
                return form
        told = [(f.action, sorted(f.names), [b.text for b in f.buttons]) for f in self.forms]
        raise AssertionError(
            f"{self.url} ({self.status}) has no form {action} {button} {has}: {told}\n{self.text[:1500]}"
        )

    def link(self, text: str) -> str:
        """Where the link with this text leads."""
        for label, target in self.links:
            if text in label:
                return urljoin(self.url, target)
        raise AssertionError(f"{self.url} ({self.status}) has no link {text!r}: {self.links}")

    def follow(self, text: str) -> Page:
        return self.visitor.get(self.link(text))

    def says(self, *words: str) -> Page:
        """Fail unless the page shows all of this."""
        for word in words:
            assert word in self.text, f"{self.url} ({self.status}) does not say {word!r}:\n{self.text[:3000]}"
        return self

    def ok(self, code: int = 200) -> Page:
        assert self.status == code, f"{self.url}: {self.status}\n{self.text[:3000]}"
        return self


class Visitor:
    """Somebody with a browser: keeps cookies, follows redirects, remembers every answer."""

    def __init__(self, url: str) -> None:
        self.base = url
        self.cookies: dict[str, str] = {}
        self.seen: list[tuple[str, str, int]] = []
        self.forgive_errors = False
        self.patient = False
        """Whoever is told to try again soon does so: right where parts are being killed, wrong where none is."""

    def get(self, url: str) -> Page:
        return self.send("get", url, [])

    def post(self, url: str, values: Mapping[str, str] | Sequence[tuple[str, str]] = (), **headers: str) -> Page:
        pairs = list(values.items()) if isinstance(values, Mapping) else list(values)
        return self.send("post", url, pairs, headers)

    def send(
        self, method: str, url: str, values: Sequence[tuple[str, str]], headers: Mapping[str, str] | None = None
    ) -> Page:
        """One request and the redirects it leads to, as far as they stay here. Raises Died, and ServerError for 5xx."""
        url = urldefrag(urljoin(self.base, url)).url
        if method.lower() == "get" and values:
            url = f"{url.partition('?')[0]}?{urlencode(values)}"
        page = self._request(method.upper(), url, values, headers or {})
        for _ in range(8):
            if page.status not in (301, 302, 303, 307, 308):
                return page
            target = urldefrag(urljoin(page.url, str(page.headers["Location"]))).url
            if not self._is_here(target):
                return page
            page = self._request("GET", target, [], {})
        raise AssertionError(f"{url}: redirected for ever")

    def _request(self, method: str, url: str, values: Sequence[tuple[str, str]], more: Mapping[str, str]) -> Page:
        where = urlsplit(url)
        assert self._is_here(url), url
        headers = {"User-Agent": AGENT, "Accept": "text/html", "Sec-Fetch-Site": "same-origin", **more}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if method == "POST":
            body = urlencode(values).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        page = self._exchange(method, where.netloc, where.path or "/", where.query, body, headers, url)
        for line in page.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self._keep(name, morsel.value, morsel["max-age"])
        self.seen.append((method, where.path, page.status))
        if page.status == 503 and self.patient and "Nothing is lost" in page.text:
            raise Died(f"{method} {url}: 503, try again soon")
        if page.status >= 500 and not self.forgive_errors and where.path != "/readyz":
            raise ServerError(f"{method} {url}: {page.status}\n{page.text[:2000]}")
        return page

    def _is_here(self, url: str) -> bool:
        there, here = urlsplit(url), urlsplit(self.base)
        return (there.hostname, there.port) == (here.hostname, here.port)

    def _keep(self, name: str, value: str, age: str) -> None:
        if value and age != "0":
            self.cookies[name] = value
        else:
            self.cookies.pop(name, None)

    def _exchange(
        self, method: str, host: str, path: str, query: str, body: bytes | None, headers: dict[str, str], url: str
    ) -> Page:
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request(method, f"{path}?{query}" if query else path, body, headers)
            answer = connection.getresponse()
            page = Page(self, url, answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise Died(f"{method} {url}: {type(error).__name__} {error}") from None
        finally:
            connection.close()
        if "html" in str(page.headers.get("Content-Type")):
            _Reader(page).feed(page.html)
            page.text = _squeezed(page.text)
        return page

    def patiently(self, url: str, seconds: float = 20) -> Page:
        """A GET that is repeated while nobody answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.get(url)
            except Died:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


class _Reader(HTMLParser):
    """Reads a page into what a visitor needs of it."""

    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.silent: list[str] = []
        self.current: Form | None = None
        self.ahead: list[Form] = []
        self.anchor: tuple[str, list[str]] | None = None
        self.button: tuple[Button, Form | None, list[str]] | None = None
        self.select: tuple[Form | None, str, list[tuple[str, str, bool]], bool] | None = None
        self.option: tuple[str | None, bool, list[str]] | None = None
        self.area: tuple[Form | None, str, list[str]] | None = None
        self.parts: list[str] = []

    def close(self) -> None:
        super().close()
        self.page.text = "".join(self.parts)

    def feed(self, data: str) -> None:
        super().feed(data)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.page.ids.append(given["id"])
        if tag in _SILENT:
            self.silent.append(tag)
        if tag in _BREAKS:
            self.parts.append("\n")
        begin = getattr(self, f"_begin_{tag}", None)
        if begin is not None:
            begin(given)

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()
        if tag in _BREAKS:
            self.parts.append("\n")
        end = getattr(self, f"_end_{tag}", None)
        if end is not None:
            end()

    def handle_data(self, data: str) -> None:
        if self.silent:
            if self.silent[-1] == "title":
                self.page.title += data
            return
        if self.area is not None:
            self.area[2].append(data)
            return
        for kept in (self.anchor and self.anchor[1], self.button and self.button[2], self.option and self.option[2]):
            if kept is not None:
                kept.append(data)
        if self.option is None:
            self.parts.append(data)

    def _form_of(self, given: Mapping[str, str]) -> Form | None:
        return self._named(given["form"]) if given.get("form") else self.current

    def _named(self, name: str) -> Form:
        """The form with this id; what belongs to it may stand before it."""
        known = next((form for form in (*self.page.forms, *self.ahead) if form.id == name), None)
        if known is None:
            known = Form(self.page, "", "get", name)
            self.ahead.append(known)
        return known

    def _begin_form(self, given: dict[str, str]) -> None:
        name = given.get("id", "")
        self.current = self._named(name) if name else Form(self.page, "", "get")
        self.current.action = given.get("action") or self.page.url
        self.current.method = given.get("method", "get").lower()
        self.page.forms.append(self.current)

    def _end_form(self) -> None:
        self.current = None

    def _begin_a(self, given: dict[str, str]) -> None:
        if "href" in given:
            self.anchor = (given["href"], [given.get("aria-label", "")])

    def _end_a(self) -> None:
        if self.anchor is not None:
            self.page.links.append((_squeezed(" ".join(self.anchor[1])), self.anchor[0]))
            self.anchor = None

    def _begin_input(self, given: dict[str, str]) -> None:
        form, name, kind = self._form_of(given), given.get("name", ""), given.get("type", "text")
        if form is None:
            return
        if kind in ("submit", "image"):
            form.buttons.append(
                Button(given.get("value", ""), name, given.get("value", ""), given.get("formaction", ""))
            )
            return
        if not name or "disabled" in given:
            return
        form.names.add(name)
        if kind in ("checkbox", "radio"):
            form.options.setdefault(name, []).append((given.get("value", "on"), given.get("value", "on")))
            if "checked" in given:
                form.values.append((name, given.get("value", "on")))
        elif kind != "file":
            form.values.append((name, given.get("value", "")))
            form.hidden |= {name} if kind == "hidden" else set()

    def _begin_button(self, given: dict[str, str]) -> None:
        form = self._form_of(given)
        made = Button("", given.get("name", ""), given.get("value", ""), given.get("formaction", ""))
        keep = given.get("type", "submit") == "submit" and "disabled" not in given
        self.button = (made, form if keep else None, [given.get("aria-label", "")])

    def _end_button(self) -> None:
        if self.button is not None:
            made, form, words = self.button
            made.text = _squeezed(" ".join(words))
            if form is not None:
                form.buttons.append(made)
            self.button = None

    def _begin_select(self, given: dict[str, str]) -> None:
        name = given.get("name", "")
        self.select = (
            self._form_of(given) if name and "disabled" not in given else None,
            name,
            [],
            "multiple" in given,
        )

    def _begin_option(self, given: dict[str, str]) -> None:
        self._end_option()
        self.option = (given.get("value"), "selected" in given, [])

    def _end_option(self) -> None:
        if self.option is not None and self.select is not None:
            value, chosen, words = self.option
            text = _squeezed(" ".join(words))
            self.select[2].append((text if value is None else value, text, chosen))
        self.option = None

    def _end_select(self) -> None:
        self._end_option()
        form, name, options, many = self.select or (None, "", [], False)
        if form is not None:
            form.names.add(name)
            form.options[name] = [(value, text) for value, text, _ in options]
            chosen = [value for value, _, marked in options if marked] or (
                [options[0][0]] if options and not many else []
            )
            form.values += [(name, value) for value in (chosen if many else chosen[-1:])]
        self.select = None

    def _begin_textarea(self, given: dict[str, str]) -> None:
        self.area = (self._form_of(given), given.get("name", ""), [])

    def _end_textarea(self) -> None:
        if self.area is not None:
            form, name, words = self.area
            if form is not None and name:
                form.names.add(name)
                form.values.append((name, "".join(words).removeprefix("\n").replace("\n", "\r\n")))
            self.area = None


def _squeezed(text: str) -> str:
    lines = (re.sub(r"[ \t\r\xa0\u202f]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n+", "\n", "\n".join(line for line in lines if line)).strip()
