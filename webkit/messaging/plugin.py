"""Registers mail: its pages, its jobs, how it reads in a history."""

from __future__ import annotations

from flask import Blueprint

from webkit.core.access import Policy
from webkit.core.capabilities.email import EMAIL
from webkit.core.extensions import EventKind, InboxHandler, JobSpec, MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.messaging import fate, jobs, service
from webkit.messaging.policy import POLICY
from webkit.messaging.routes import blueprint


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Mail"), "messaging.index", "mail", group="studio", order=80)]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(service.SEND, jobs.send),
        JobSpec(service.SEND_AWAITED, jobs.send, urgent=True),
        JobSpec(service.SEND_PLATFORM, jobs.send_platform, urgent=True),
    ]


@hookimpl
def webkit_register_inbox_handlers() -> list[InboxHandler]:
    return [InboxHandler(EMAIL.key, fate.apply, fate.agency_of)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("mail.sent", _l("Mail sent to %(to_name)s"), "info"),
        EventKind("mail.uncertain", _l("Nobody knows whether the mail to %(to_name)s arrived"), "wait"),
        EventKind("mail.failed", _l("The mail to %(to_name)s could not be sent"), "bad"),
        EventKind("mail.bounced", _l("The mail to %(to_name)s came back"), "bad"),
        EventKind("mail.complained", _l("%(to_name)s marked the mail as spam"), "bad"),
    ]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
