"""The indexer from the command line: what waits, what failed, and indexing on this machine."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import click

from config import logs, wiring
from config.commands.common import as_json_option, fail, opened, print_json, print_table, where
from config.settings import load
from indexer.template import tell_what_is_refused
from indexer.worker import take_over

if TYPE_CHECKING:
    from gateway.library.jobs import Jobs
    from indexer.worker import Worker

_LOOK = 0.5
_SHOWN = 20


@click.command()
@where
@click.option("--wait", is_flag=True, help="Wait until everything is indexed, and show how far it is.")
@click.option("--again", "path", metavar="PATH", help="First have this file, folder or space indexed anew.")
@click.option("--retry", is_flag=True, help="First try again what could not be indexed.")
def index(*, wait: bool, path: str | None, retry: bool, **flags: Any) -> None:
    """Have files indexed again, and wait for the indexer. A running server does the work.

    PATH begins with the name of the space: family/2019/Rome. Exit status 1 when files without a picture are left.
    """
    with opened(flags) as parts:
        jobs = parts.library.jobs
        if path is not None:
            click.echo(f"{_files(jobs.again(tuple(filter(None, path.split('/')))))} will be indexed anew.")
        if retry:
            click.echo(f"{_files(jobs.retry_all())} will be tried again.")
        if wait:
            _wait(jobs)
        queue = jobs.queue()
    if queue.waiting:
        click.echo(f"{_files(queue.waiting, 'waits', 'wait')} to be indexed.")
    if queue.failed:
        click.echo(f"{_files(queue.failed, 'has', 'have')} no picture; “davgallery status” tells why.")
    sys.exit(1 if queue.failed else 0)


@click.command()
@where
@as_json_option
def status(*, as_json: bool, **flags: Any) -> None:
    """Show how the indexer stands, and the files of which it could make no picture."""
    with opened(flags) as parts:
        queue = parts.library.jobs.queue()
        failures = parts.library.jobs.failures(limit=1000 if as_json else _SHOWN)
    if as_json:
        print_json([queue._asdict() | {"failures": [failure._asdict() for failure in failures]}])
        return
    click.echo(f"waiting  {queue.waiting} (the oldest for {queue.oldest} s)" if queue.waiting else "waiting  0")
    click.echo(f"running  {queue.running}")
    click.echo(f"failed   {queue.failed}")
    if failures:
        click.echo()
        print_table(("file", "reason"), [(failure.path, failure.reason) for failure in failures])
    if queue.failed > len(failures):
        click.echo(f"… and {queue.failed - len(failures)} more: davgallery status --json")


@click.command()
@where
def worker(**flags: Any) -> None:
    """Index on this machine until told to stop, beside the server or far from it.

    One process, one file at a time: start as many as there are cores. The database and the store must be reachable
    from here: PostgreSQL and S3. With broker_url it waits to be told that there is work, without it looks by itself.
    """
    settings = load(flags)
    if not wiring.has_catalogue(settings):
        fail(f"There is no catalogue in {settings.data} yet: start the server once, or check --data.", 2)
    logs.set_up(settings.log_format, settings.log_level, settings.secrets)
    tell_what_is_refused()
    machine = socket.gethostname()
    with wiring.opened(settings, "worker") as parts, wiring.indexing(parts, machine) as one:
        take_over(parts.library.jobs, machine)
        if settings.broker_url is None:
            _work_on_its_own(one)
        else:
            from indexer.tasks import work_when_told  # noqa: PLC0415 - the only command that needs Celery

            work_when_told(settings.broker_url.get_secret_value(), one, lambda: click.echo("ready"))


def _files(count: int, one: str = "", many: str = "") -> str:
    """Count files, with a verb that fits."""
    return f"{count} file {one}".rstrip() if count == 1 else f"{count} files {many}".rstrip()


def _work_on_its_own(one: Worker) -> None:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    click.echo("ready")
    one.run(stopping)


def _wait(jobs: Jobs) -> None:
    """Show a bar until nothing waits. More may arrive meanwhile, so it can become longer."""
    waiting = jobs.queue().waiting
    with click.progressbar(length=waiting, label="Indexing", show_pos=True, file=sys.stderr) as bar:
        while waiting:
            time.sleep(_LOOK)
            before, waiting = waiting, jobs.queue().waiting
            done = max(0, before - waiting)
            bar.length = bar.pos + done + waiting
            bar.update(done)
