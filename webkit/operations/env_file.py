"""Every setting as text: what `.env.example` holds and `webkit settings` prints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from webkit.core.capabilities.base import environment_names
from webkit.core.providers import SettingDescription
from webkit.core.settings import Settings

WIDTH = 100
PLATFORM = "The platform"
HEADER = """\
Every setting of webkit and of the providers that come with it, with its default. Take away the # to change one.
webkit reads its environment, not this file: `set -a; . ./.env; set +a; make run`.
Made by `webkit settings`, from what each setting declares.
"""


def text(providers: Iterable[SettingDescription]) -> str:
    """The whole file. A variable that several parts listen to stands where it comes first."""
    known: set[str] = set()
    lines = [*_comment(HEADER)]
    for group, settings in groupby([*platform(), *providers], key=lambda setting: setting.group):
        fresh = [setting for setting in settings if setting.names[0] not in known]
        known |= {setting.names[0] for setting in fresh}
        if fresh:
            lines += ["", f"# --- {group} ---"]
            lines += [line for setting in fresh for line in _entry(setting)]
    return "\n".join(lines) + "\n"


def platform() -> list[SettingDescription]:
    """The platform's own settings."""
    return [_describe(field) for field in Settings.model_fields.values()]


def _describe(field: FieldInfo) -> SettingDescription:
    secret = SecretStr in (field.annotation, *get_args(field.annotation))
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    kind = f"one of {', '.join(map(str, choices))}" if choices else ""
    return SettingDescription(
        group=PLATFORM,
        names=environment_names(field),
        kind=kind,
        default=_written(field.default),
        description=field.description or "",
        required=field.is_required(),
        secret=secret,
    )


def _written(value: Any) -> str:
    """A default as it would be typed."""
    if value in (None, "", ()):
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _entry(setting: SettingDescription) -> Iterator[str]:
    notes = [setting.description]
    if setting.kind.startswith("one of "):
        notes.append(f"O{setting.kind[1:]}.")
    if len(setting.names) > 1:
        notes.append(f"Also read: {', '.join(setting.names[1:])}.")
    if setting.required:
        notes.append("Needed once its provider is chosen.")
    yield ""
    yield from _comment(" ".join(notes))
    yield f"#{setting.names[0]}={setting.default}"


def _comment(words: str) -> Iterator[str]:
    for line in words.splitlines():
        yield from textwrap.wrap(line, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
