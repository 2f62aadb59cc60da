"""Puts an application together, step by step; knows hooks, not features."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import replace
from types import ModuleType
from typing import cast

from flask import Flask
from flask_login import LoginManager
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.middleware.proxy_fix import ProxyFix

from webkit.core.extensions import JobSpec
from webkit.core.guarding import guarded, owners
from webkit.core.kernel import (
    cors,
    db,
    doors,
    downloads,
    error_pages,
    events,
    health,
    hosts,
    inbox,
    listeners,
    logging,
    metrics,
    observing,
    permissions,
    requests,
    scheduler,
    security,
    templating,
    tenancy,
    turnstile,
    violations,
)
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.crypto import load_keys
from webkit.core.kernel.directory import Directory
from webkit.core.kernel.runtime import Runtime
from webkit.core.mounting import mount
from webkit.core.paths import STATIC, TEMPLATES
from webkit.core.plugins import Plugins, load_plugins
from webkit.core.problems import Problem
from webkit.core.providers import ProviderRegistry
from webkit.core.settings import Settings, SettingsError

YEAR = 31_536_000


def create_app(settings: Settings, features: Iterable[ModuleType], environ: Mapping[str, str] | None = None) -> Flask:
    """An application from settings and features. Raises SettingsError with every problem at once."""
    _make_data_folder(settings)
    logging.configure(settings)
    app = doors.Site("webkit", template_folder=str(TEMPLATES), static_folder=str(STATIC), static_url_path="/static")
    app.extensions["webkit"] = _assemble(settings, features, os.environ if environ is None else environ)
    _configure_database(app, settings)
    requests.init_app(app)
    hosts.init_app(app)
    observing.init_app(app)
    cors.init_app(app)
    doors.init_app(app)
    security.configure(app, settings, runtimes.of(app).keys)
    turnstile.init_app(app)
    error_pages.init_app(app)
    health.init_app(app)
    violations.init_app(app)
    metrics.init_app(app)
    templating.init_app(app)
    templating.keep_compiled(app, settings.data / "cache" / "templates")
    _configure_sign_in(app)
    app.register_blueprint(downloads.blueprint)
    mount(app, runtimes.of(app).plugins)
    _configure_wsgi(app, settings)
    runtimes.of(app).plugins.manager.hook.webkit_startup(app=app)
    return app


def _make_data_folder(settings: Settings) -> None:
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        text = f"the folder {settings.data} cannot be made: {error.strerror}"
        raise SettingsError([Problem("WEBKIT_DATA", text, "Set WEBKIT_DATA to a folder we may write to.")]) from None


def _assemble(settings: Settings, features: Iterable[ModuleType], environ: Mapping[str, str]) -> Runtime:
    plugins = load_plugins(features, off=settings.plugins_off)
    plugins = replace(plugins, contributions=tuple(map(guarded, plugins.contributions)))
    registry = ProviderRegistry(
        {**environ, "WEBKIT_DATA": str(settings.data)},
        plugins.providers,
        in_transaction=db.in_transaction,
        calling=observing.calling,
    )
    if problems := registry.check():
        raise SettingsError(problems)
    # Whoever has paid looks at a page that waits for the vendor's word.
    own_jobs = (JobSpec(kind=inbox.APPLY, handler=inbox.apply, urgent=True), *listeners.JOBS)
    jobs = {spec.kind: spec for spec in (*own_jobs, *plugins.jobs)}
    return Runtime(
        settings=settings,
        keys=load_keys(settings.data / "keys"),
        plugins=plugins,
        registry=registry,
        directory=_directory(plugins),
        rules=permissions.assemble(plugins.policies),
        guest_blueprints=frozenset(each.name for c in plugins.contributions for each in c.staff_blueprints),
        jobs=jobs,
        schedules=scheduler.checked(plugins.schedules, jobs),
        event_kinds={kind.kind: kind for kind in (*events.KINDS, *plugins.event_kinds)},
        listeners=list(plugins.listeners),
        menu=list(plugins.menu),
        document_sources=sorted(plugins.document_sources, key=lambda source: source.order),
        inbox_handlers={handler.capability: handler for handler in plugins.inbox_handlers},
        slots={slot.name: slot for slot in plugins.slots},
        guests={found.plugin.name: found for found in plugins.contributions if found.stranger},
        owners=owners(plugins.contributions),
        redis=_queue_connection(settings),
    )


def _directory(plugins: Plugins) -> Directory:
    directory = plugins.manager.hook.webkit_directory()
    if directory is None:
        raise RuntimeError("no feature answers webkit_directory()")
    return cast("Directory", directory)


def _queue_connection(settings: Settings) -> Redis | None:
    if not settings.redis_url:
        return None
    # One short try: what cannot be queued now is sent by the sweeper.
    retry = Retry(NoBackoff(), 1)
    return Redis.from_url(settings.redis_url, socket_connect_timeout=0.5, socket_timeout=2, retry=retry)


def _configure_database(app: Flask, settings: Settings) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = db.engine_options(settings.database, settings.web_threads)
    db.db.init_app(app)
    with app.app_context():
        db.install(db.db.engine)
        tenancy.install(db.db.engine)


def _configure_sign_in(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # sessions are rows that can be revoked; the address may change on a train
    manager.user_loader(lambda _id: None)


def _configure_wsgi(app: Flask, settings: Settings) -> None:
    def complete(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
        for name, value in (*security.FILES, *security.promises(settings)):
            headers[name] = value

    files = hosts.Files(
        app.wsgi_app,
        max_age=YEAR,
        allow_all_origins=False,
        immutable_file_test=lambda _path, _url: True,
        add_headers_function=complete,
    )
    files.own = frozenset(hosts.own(settings))
    if STATIC.is_dir():
        files.add_files(str(STATIC), prefix="static/")
    app.wsgi_app = files  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
