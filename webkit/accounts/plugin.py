"""Registers accounts: the directory, sign-in, their pages."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.accounts import browser, routes, service
from webkit.accounts.directory import HouseDirectory
from webkit.core.extensions import JobSpec, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.directory import Directory


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, routes.mine, routes.team]


@hookimpl
def webkit_startup(app: Flask) -> None:
    browser.init_app(app)


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(service.MAIL_LINK, service.mail_link), JobSpec(service.FORGET_ENDED, service.forget_ended, "long")]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule("accounts.forget_ended", service.FORGET_ENDED, daily_at="03:10")]


@hookimpl
def webkit_directory() -> Directory:
    return HouseDirectory()
