"""Registers accounts: the directory, sign-in, their pages."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.accounts import (
    agency_issuer_routes,
    browser,
    identity_routes,
    mail_links,
    phones,
    proving_routes,
    routes,
    second_routes,
    security_routes,
    service,
)
from webkit.accounts.directory import HouseDirectory
from webkit.accounts.policy import POLICY
from webkit.core.access import Policy
from webkit.core.extensions import JobSpec, MenuEntry, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.directory import Directory
from webkit.core.kernel.entitlements import Limit, meter
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.runtime import of


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    ours = [routes.blueprint, routes.mine, identity_routes.blueprint, identity_routes.own]
    ours += [agency_issuer_routes.door, agency_issuer_routes.settings]
    return [*ours, second_routes.blueprint, security_routes.blueprint, proving_routes.blueprint]


@hookimpl
def webkit_startup(app: Flask) -> None:
    browser.init_app(app)
    of(app).prove = proving_routes.prove
    of(app).has_second = service.has_second
    meter(app, Limit.MEMBERS, service.member_count)


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Own sign-in"), "agency_issuer.show", "login", group="studio", order=882)]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(mail_links.MAIL_LINK, mail_links.mail_link),
        JobSpec(phones.TEXT_CODE, phones.text_code, urgent=True),
        JobSpec(service.FORGET_ENDED, service.forget_ended, "long"),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule("accounts.forget_ended", service.FORGET_ENDED, daily_at="03:10")]


@hookimpl
def webkit_directory() -> Directory:
    return HouseDirectory()
