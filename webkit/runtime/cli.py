"""The commands that start processes. They load the application only where they need it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from webkit.core.plugins import PluginError
from webkit.core.settings import Settings, SettingsError
from webkit.runtime.supervisor import CANNOT_START, NOT_NEEDED


def run(factory: str, arguments: Sequence[str]) -> None:
    """What a part does, to its end; configuration problems are listed, not traced."""
    group = click.Group(commands={command.name or "": command for command in commands(factory)})
    try:
        group.main(args=arguments, prog_name="webkit")
    except (SettingsError, PluginError) as error:
        for problem in error.problems:
            click.echo(f"{problem.where}: {problem.problem}\n  {problem.fix}", err=True)
        sys.exit(CANNOT_START)


def commands(factory: str) -> list[click.Command]:
    """The commands for the application that `factory`, "package.module:name", makes."""
    return [_dev(factory), _serve(factory), _worker(factory), _scheduler(factory), _renderer()]


def _settings() -> Settings:
    """The settings; a process outside `webkit dev` finds the embedded store and the renderer of its data folder."""
    from webkit.runtime import dev

    settings = Settings.load(os.environ)
    os.environ["REDIS_URL"] = dev.store_url(settings)
    if (socket := dev.renderer_socket(settings.data)).exists():
        os.environ.setdefault(dev.RENDERER_SOCKET, str(socket))
    return settings


def _dev(factory: str) -> click.Command:
    @click.command("dev")
    def dev() -> None:
        """Run everything on this machine: database upgrade, web, workers, scheduler, renderer and the queue's store."""
        from webkit.runtime.dev import run

        sys.exit(run(Settings.load(os.environ), factory))

    return dev


def _serve(factory: str) -> click.Command:
    @click.command("serve")
    @click.option("--graceful", default=10, show_default=True, help="Seconds for requests under way at the end.")
    @click.option("--upgrade", is_flag=True, help="Bring the database up to date first.")
    def serve(graceful: int, upgrade: bool) -> None:
        """Run the web server on HOST and PORT."""
        from webkit.runtime import ports, seams, web

        settings = _settings()
        try:
            web.serve(
                seams.load_factory(factory),
                settings.host,
                settings.port,
                settings.web_workers,
                settings.web_threads,
                graceful=graceful,
                upgrade=upgrade,
            )
        except ports.PortTaken as taken:
            click.echo(str(taken), err=True)
            sys.exit(1)
        except web.UpgradeFailed:
            sys.exit(CANNOT_START)

    return serve


def _worker(factory: str) -> click.Command:
    @click.command("worker")
    @click.argument("queues", nargs=-1)
    @click.option("--processes", default=1, show_default=True, help="Jobs at once, each in a process of its own.")
    @click.option("--threads", default=64, show_default=True, help="The queue ai: jobs at once.")
    @click.option("--drain", default=3.0, show_default=True, help="The queue ai: seconds for them at the end.")
    def worker(queues: tuple[str, ...], processes: int, threads: int, drain: float) -> None:
        """Work on QUEUES, the first one first; without any, on now and long.

        Jobs of the queue ai mostly wait for a model: they share one process, which works on nothing else.
        """
        from webkit.runtime import dev, seams
        from webkit.runtime.worker import run_worker

        url = dev.store_url(_settings())
        names = queues or ("now", "long")
        if "ai" in names and (names != ("ai",) or processes != 1):
            raise click.UsageError("the queue ai has a process to itself: webkit worker ai")
        make = seams.load_factory(factory)
        sys.exit(run_worker(names, make, url, processes=processes, threads=threads * (names == ("ai",)), drain=drain))

    return worker


def _scheduler(factory: str) -> click.Command:
    @click.command("scheduler")
    def scheduler() -> None:
        """Send what waits in the outbox and start what is due, every second."""
        from webkit.runtime import seams
        from webkit.runtime.scheduler import run_scheduler

        _settings()
        run_scheduler(seams.load_factory(factory))

    return scheduler


def _renderer() -> click.Command:
    @click.command("renderer")
    def renderer() -> None:
        """Keep warm processes that turn HTML into PDF, if the chosen provider has them."""
        from webkit.runtime import dev
        from webkit.runtime.renderer import run_renderer

        settings = Settings.load(os.environ)
        socket = os.environ.get(dev.RENDERER_SOCKET) or str(dev.renderer_socket(settings.data))
        if not run_renderer(settings, socket):
            click.echo("The chosen PDF provider needs no renderer.")
            sys.exit(NOT_NEEDED)

    return renderer
