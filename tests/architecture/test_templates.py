"""What templates and messages say goes through gettext, and pages carry no styles or handlers of their own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from tests.architecture.source import ROOT, called, modules, write

ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
READ_ALOUD = {"alt", "aria-label", "aria-description", "placeholder", "title", "label", "summary"}
SILENT = {"script", "style", "code", "kbd", "svg", "math"}
FOR_US = ("styleguide/",)
"""Seen in development only."""
NAMES = {"webkit", "PDF", "IBAN", "BIC", "UTC", "Ed25519", "SHA-256", "Ctrl", "Enter", "Esc", "English", "Italiano"}
NAMES |= {"Trattoria", "Sole", "CSV", "XLSX"}
"""The same in every language."""
MACHINE_BLOCKS = {"body_class", "html_attributes", "search_url"}
"""They stand inside a tag."""
GAP = "\0"


def templates(root: Path) -> Iterator[tuple[str, str]]:
    """Name and source of every template of the house and of its plugins."""
    folders = [root / "templates", *sorted(root.glob("plugins/*/templates"))]
    for folder in folders:
        for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.txt")]):
            name = path.relative_to(folder).as_posix()
            if not name.startswith(FOR_US):
                yield path.relative_to(root).as_posix(), path.read_text("utf-8")


def literals(name: str, source: str) -> list[str]:
    """Words of a template that no catalogue can translate."""
    tree = ENVIRONMENT.parse(source)
    text = "".join(_written(tree))
    words = _spoken(text) if name.endswith(".html") else re.split(r"\n", text)
    return [word.strip() for word in [*words, *_arguments(tree)] if _is_language(word)]


def _written(node: nodes.Node) -> Iterator[str]:
    """The text that stands in the template itself, with a gap wherever something is computed."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.TemplateData):
            yield child.data
        elif isinstance(child, nodes.Expr):
            yield GAP if isinstance(node, nodes.Output) else ""
        elif not (isinstance(child, nodes.Block) and child.name in MACHINE_BLOCKS):
            yield from _written(child)


class _Spoken(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        self.words += [value or "" for name, value in attrs if name in READ_ALOUD]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT and self.silent > 0

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.words.append(data)


def _spoken(text: str) -> list[str]:
    parser = _Spoken()
    parser.feed(re.sub(rf"(</?){GAP}", r"\1div", text).replace(GAP, " "))
    parser.close()
    return parser.words


def _arguments(tree: nodes.Template) -> Iterator[str]:
    """Sentences handed to components as they are: `ui.button("Save")`."""
    translated = {"_", "gettext", "ngettext", "pgettext"}
    inside = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in translated
        for constant in call.find_all(nodes.Const)
    }
    for constant in tree.find_all(nodes.Const):
        if (
            id(constant) not in inside
            and isinstance(constant.value, str)
            and re.match(r"[A-Z][a-z]+\b", constant.value)
        ):
            yield constant.value


def _is_language(text: str) -> bool:
    plain = re.sub(r"&\w+;|[\w:-]+=\"[^\"]*\"", " ", text.replace(GAP, " "))
    return any(word not in NAMES for word in re.findall(r"[^\W\d_][\w-]*[^\W\d_]", plain))


def test_templates_speak_through_the_catalogue() -> None:
    found = [f"{name}: {word!r}" for name, source in templates(ROOT) for word in literals(name, source)]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Save the client</p>",
        "<p>{{ _('Save') }} now</p>",
        '<input placeholder="Your name">',
        '<button aria-label="{{ name }} close">x</button>',
        "{% if x %}<b>{% else %}Nothing</b>{% endif %}",
        "{% macro card() %}<h2>Title</h2>{% endmacro %}",
        '{{ ui.button("Save") }}',
        '{{ ui.button(label=x or "Save changes") }}',
        "{% block title %}Clients{% endblock %}",
    ],
)
def test_a_literal_is_noticed(source: str) -> None:
    assert literals("x.html", source)


@pytest.mark.parametrize(
    "source",
    [
        "<p class='wk-card'>{{ _('Save the client') }} · 12&nbsp;%</p>",
        "{% trans name=x %}Dear {{ name }},{% endtrans %}",
        '{{ ui.button(_("Save"), kind="primary", href=url_for("clients.index")) }}',
        "<script>const word = 'hello'</script>{# a note #}",
        '<a href="{{ url }}" title="{{ _("Open") }}">PDF</a>',
    ],
)
def test_what_is_translated_is_left_alone(source: str) -> None:
    assert literals("x.html", source) == []


# --- Messages -------------------------------------------------------------------------------------------------------

TELLS = {"Conflict", "DomainError", "Forbidden", "Gone", "Invalid", "MenuEntry", "NotFound", "flash"}
TO_MACHINES = {"webkit/core/kernel/inbox.py", "webkit/webhooks/routes.py"}
"""They answer vendors, which read English."""


def untranslated(root: Path) -> list[str]:
    """Messages for people that are plain strings."""
    return [
        f"{module.name}: {ast.unparse(call)}"
        for module in modules(root, "webkit")
        if module.name not in TO_MACHINES
        for call in module.calls()
        if called(call) in TELLS and any(_plain(argument) for argument in call.args[:1])
    ]


def _plain(node: ast.AST) -> bool:
    if isinstance(node, ast.Dict):
        return any(_plain(value) for value in node.values)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_messages_speak_through_the_catalogue() -> None:
    assert untranslated(ROOT) == []


def test_a_plain_message_is_noticed(tmp_path: Path) -> None:
    lines = ["raise NotFound('No client.')", "flash(f'{name} saved')", "raise Invalid({'email': 'Taken.'})"]
    write(tmp_path, {"webkit/deals/service.py": "\n".join([*lines, "raise Gone(_('Too late.'))"])})
    assert len(untranslated(tmp_path)) == len(lines)


# --- Styles and handlers --------------------------------------------------------------------------------------------

MAIL = re.compile(r"templates/(email/.+|layouts/email\.html|components/mail\.html)")
"""Mail programs know no style sheets."""
FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*?\sstyle\s*=", re.DOTALL),
    "a handler": re.compile(r"<[^>]*?\s(on[a-z]+|hx-on[\w:-]*)\s*=", re.DOTALL),
    "a script address": re.compile(r"(?:href|src|action)\s*=\s*[\"']?\s*javascript:|=\s*[\"']js:", re.IGNORECASE),
    "an inline script without a nonce": re.compile(r"<script(?![^>]*\b(?:nonce|src)=)[^>]*>"),
}
FOR_PAPER = re.compile(r"templates/(layouts/document_pdf\.html|pdf/.+)")
STYLE = re.compile(r"<style(?![^>]*\bnonce=)[^>]*>")


def refused_by_the_policy(name: str, source: str) -> list[str]:
    """What a browser would not run or show under our content security policy."""
    if MAIL.fullmatch(name):
        return []
    html = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
    kept = re.sub(r"\{\{.*?csp_nonce\(\).*?\}\}", "nonce", source, flags=re.DOTALL)
    found = [what for what, pattern in FORBIDDEN.items() if pattern.search(kept if "nonce" in what else html)]
    if STYLE.search(kept) and not FOR_PAPER.fullmatch(name):
        found.append("a style sheet inside")
    return [f"{name}: {what}" for what in found]


def test_pages_carry_no_styles_or_handlers() -> None:
    assert [found for name, source in templates(ROOT) for found in refused_by_the_policy(name, source)] == []


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color: red">',
        '<p\n  class="x"\n  style="color: red">',
        '<a onclick="go()">',
        '<form hx-on::after-request="go()">',
        '<a href="javascript:go()">',
        "<div hx-vals='js:{a: 1}'>",
        "<script>go()</script>",
        "<style>p { color: red }</style>",
    ],
)
def test_what_the_policy_refuses_is_noticed(source: str) -> None:
    assert refused_by_the_policy("templates/x.html", source)
    assert refused_by_the_policy("templates/x.html", '<script nonce="{{ csp_nonce() }}">1</script>') == []
