"""`webkit permissions`: who may do what, as it is declared. docs/operations/permissions.md is that output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from webkit.core.access import BASES, NONE, OWN, Policy, Reach
from webkit.core.kernel.runtime import of

STAFF, LINK, API, EVERYBODY = "staff", "link", "who has a key, or has signed in", "everybody"
DOORS = {
    "enter_agency": STAFF,
    "enter_api": API,
    "enter": LINK,
    "demand_sign_in": "signed in",
    "only_operators": "operators",
    "only_platform": "platform",
}
"""Who gets as far as a view, by the function that stands before it."""
WORDS = {NONE: "no", OWN: "own", Reach.ALL: "all"}
HEAD = """# Who may do what

Made by `webkit permissions` from the code of this version; a test tries every address as each of these people.

- **all**: over everything of the agency. **own**: over what one made, or what was made from it. Of what is somebody
  else's nothing is seen, in lists, searches, sums, exports and pages alike, and its address answers 404.
  **no**: the address answers 403, and menus and buttons leave it out.
- A colleague is a member who asks for an object of another member. Who belongs to another agency gets 404 everywhere.
  Who is suspended, was removed or has not signed in is sent to the sign-in page or gets 404.
  Who holds a link to a document opens that document and nothing else.
- Roles that an agency makes hold any of these permissions but those marked *owner's own*. Each counts from the next
  request on.
- Jobs that somebody starts, such as an export, are done with what that person may see when the job runs.
"""


@click.command("permissions")
@with_appcontext
def permissions_command() -> None:
    """Print who may do what."""
    click.echo(table(current_app._get_current_object()), nl=False)  # type: ignore[attr-defined]


def table(app: Flask) -> str:
    """The whole page."""
    lines = [HEAD, "## Permissions", ""]
    for policy in of(app).rules.policies:
        lines += _permissions(policy)
    lines += ["## Addresses of an agency", "", "| address | | permission |", "|---|---|---|"]
    rules = of(app).rules
    for rule, method in addresses(app, STAFF):
        asked = rules.demand(rule.endpoint, method)
        lines.append(f"| `{_shown(rule)}` | {method} | {asked or 'undeclared: owner only'} |")
    lines += ["", "## Other addresses", "", "| address | | who |", "|---|---|---|"]
    for rule, method in addresses(app):
        if (door := door_of(app, rule)) != STAFF:
            lines.append(f"| `{_shown(rule)}` | {method} | {door} |")
    return "\n".join(lines) + "\n"


def _permissions(policy: Policy) -> Iterator[str]:
    if not policy.permissions:
        return
    yield from (f"### {policy.title}", "", "| permission | | owner | admin | member |", "|---|---|---|---|---|")
    for each in policy.permissions:
        reaches = " | ".join(WORDS[each.of(role)] for role in BASES)
        yield f"| `{each.name}` | {each.label}{'' if each.delegable else ' (*owner’s own*)'} | {reaches} |"
    yield ""


def addresses(app: Flask, door: str = "") -> list[tuple[Any, str]]:
    """Every address and method of our own features, in order."""
    found = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        ours = not rule.rule.startswith(("/x/", "/static/", "/<slug:agency>/x/"))
        if ours and (not door or door_of(app, rule) == door):
            found += [(rule, method) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return found


def door_of(app: Flask, rule: Any) -> str:
    """Who gets as far as the view of an address."""
    before = app.before_request_funcs.get(rule.endpoint.rpartition(".")[0], [])
    door = next((DOORS[each.__name__] for each in before if each.__name__ in DOORS), EVERYBODY)
    return STAFF if door == API and "agency" in rule.arguments else door


def _shown(rule: Any) -> str:
    return str(rule.rule).replace("<slug:agency>", "{agency}").replace("|", "\\|")
