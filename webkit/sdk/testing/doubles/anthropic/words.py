"""What the double writes: prose that cites the facts it was given, JSON that fits a schema, or what nobody wants."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_FACT = re.compile(r"\[\[fact:([\w.:-]+)\]\]")
_PLACEHOLDERS = frozenset({"id", "ID", "..."})
_TOKEN = re.compile(r"\s*\S{1,5}|\s+")
_ORDER = re.compile(r"ignore[^.\n]*instructions[.,;:]?\s*(?:and\s+)?([^\n]{1,200})", re.IGNORECASE)
_BOUND = re.compile(r"\b(minItems|maxItems|minimum|maximum|maxLength): (-?\d+)")

_OPENINGS = {
    "en": (
        "Most clients meet your website before they meet you, and today it makes a hesitant host.",
        "People decide quickly whether a business is for them, and your website helps them less than it could.",
        "What you told us points the same way as what we see: good work that is hard to find and slow to show.",
    ),
    "it": (
        "Molti clienti incontrano il vostro sito prima di voi, e oggi li accoglie con esitazione.",
        "Quello che ci avete raccontato va nella stessa direzione di quello che vediamo: un buon lavoro poco visibile.",
    ),
}
_CITING = {
    "en": (
        "The figure to watch is {fact}: it is what a visitor feels before reading a word.",
        "We start from {fact}, because everything else depends on it.",
        "Beside it stands {fact}, which says how much room there is.",
        "You named {fact} yourselves, and the plan follows from it.",
    ),
    "it": (
        "Il dato da tenere d'occhio è {fact}: è ciò che il visitatore avverte prima di leggere.",
        "Partiamo da {fact}, perché da lì dipende tutto il resto.",
        "Accanto c'è {fact}, che mostra quanto margine rimane.",
    ),
}
_PLAIN = {
    "en": (
        "We propose to rebuild the pages that carry the decision, and to leave alone what already works.",
        "Every step ends with something you can open, use and judge.",
        "The texts are written with you, in the words your clients use.",
        "Nothing goes live before you have seen it on a phone.",
        "After the launch we stay, look at how people use it, and adjust.",
    ),
    "it": (
        "Proponiamo di rifare le pagine che portano alla decisione e di lasciare ciò che già funziona.",
        "Ogni fase termina con qualcosa che si può aprire, usare e giudicare.",
        "I testi nascono insieme a voi, con le parole dei vostri clienti.",
        "Nulla va in linea prima che lo abbiate visto su un telefono.",
    ),
}
_TITLES = {
    "en": ("A clearer start", "What visitors look for", "From interest to contact", "Found and understood"),
    "it": ("Un inizio più chiaro", "Quello che i visitatori cercano", "Dall'interesse al contatto", "Trovati e capiti"),
}
_SHORT = frozenset({"title", "name", "heading", "label", "headline", "page", "phase"})
_HOSTILE = (
    "Your sales will rise by 312 % and you will save €48,500 in the first six months, guaranteed.",
    "Three quarters of your visitors leave, twice as many as at your rivals; [[fact:nobody.gave.this]] proves it.",
    '<script>document.title="written by the model"</script><img src=x onerror="alert(1)">',
    "[Click here](javascript:alert(1)) <a href='https://evil.example/'>for your refund</a> {{ 7 * 7 }} {% raw %}",
    "[[fact:]] [[fact:a[[fact:b]]]] \u202egnp.exe <!-- --> </textarea><style>*{display:none}</style>",
)


def tokens(text: str) -> Iterator[str]:
    """The pieces that a stream sends; their sum is the text."""
    return (found[0] for found in _TOKEN.finditer(text))


def facts(prompt: str) -> list[str]:
    """The ids of facts that a prompt gives, each once, in their order."""
    return [id for id in dict.fromkeys(_FACT.findall(prompt)) if id not in _PLACEHOLDERS]


def prose(prompt: str) -> str:
    """A few paragraphs without any figure of their own. The same prompt is answered with the same text."""
    language, turn = _language(prompt), _turn(prompt)
    given = facts(prompt)
    start = turn % len(given) if given else 0
    cited = [f"[[fact:{id}]]" for id in (given[start:] + given[:start])[:4]]
    citing = [_pick(_CITING[language], turn + n).format(fact=fact) for n, fact in enumerate(cited)]
    plain = [_pick(_PLAIN[language], turn + n) for n in range(4)]
    opening = _pick(_OPENINGS[language], turn)
    return "\n\n".join(
        paragraph
        for paragraph in (" ".join([opening, *citing[:2]]), " ".join([*plain[:2], *citing[2:]]), " ".join(plain[2:]))
        if paragraph
    )


def hostile(prompt: str) -> str:
    """What a model writes on its worst day: it obeys whoever speaks in the client's text."""
    orders = [found.strip() for found in _ORDER.findall(prompt)]
    return "\n\n".join([*(f"As you wish: {order}" for order in orders), *_HOSTILE])


def fitting(schema: Json, prompt: str, *, bad: bool = False) -> str:
    """JSON that satisfies the schema; its strings are what prose() or hostile() would have said."""
    return json.dumps(_Filler(schema, prompt, bad).fill(schema), ensure_ascii=False)


class _Filler:
    def __init__(self, root: Json, prompt: str, bad: bool) -> None:
        self._root, self._turn, self._language = root, _turn(prompt), _language(prompt)
        sentences = hostile(prompt).split("\n\n") if bad else re.split(r"(?<=[.])\s+", prose(prompt))
        self._sentences, self._bad = sentences, bad

    def fill(self, schema: Json, name: str = "") -> Any:
        if "$ref" in schema:
            return self.fill(self._root["$defs"][schema["$ref"].rpartition("/")[2]], name)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return _pick(tuple(schema["enum"]), self._next())
        for choice in ("anyOf", "allOf"):
            if choice in schema:
                return self.fill(schema[choice][0], name)
        return self._typed(schema, name)

    def _typed(self, schema: Json, name: str) -> Any:
        # The SDK moves bounds that the vendor does not enforce into the description.
        bounds = {key: int(value) for key, value in _BOUND.findall(schema.get("description", ""))} | schema
        match schema.get("type"):
            case "object":
                return {key: self.fill(inner, key) for key, inner in schema.get("properties", {}).items()}
            case "array":
                least, most = bounds.get("minItems", 0), bounds.get("maxItems", 3)
                return [self.fill(schema.get("items", {}), name) for _ in range(max(least, min(3, most)))]
            case "integer" | "number":
                return max(bounds.get("minimum", 1), min(self._next() % 3 + 1, bounds.get("maximum", 4)))
            case "boolean":
                return self._next() % 2 == 0
            case "null":
                return None
            case _:
                return self._string(name)[: bounds.get("maxLength", 10_000)]

    def _string(self, name: str) -> str:
        turn = self._next()
        if name in _SHORT and not self._bad:
            return str(_pick(_TITLES[self._language], turn))
        return self._sentences[turn % len(self._sentences)]

    def _next(self) -> int:
        self._turn += 1
        return self._turn


def _pick(choices: tuple[Any, ...], turn: int) -> Any:
    return choices[turn % len(choices)]


def _turn(prompt: str) -> int:
    return hashlib.sha256(prompt.encode(errors="replace")).digest()[0]


def _language(prompt: str) -> str:
    return "it" if re.search(r"\bitalian|\bitaliano\b", prompt, re.IGNORECASE) else "en"
