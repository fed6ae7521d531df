"""`sonic worker`: processes that make the videos of a service, on this or another machine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import click

from sonic.cli.sections import SectionedCommand
from sonic.cli.settings import PLACES, REPLICAS, load_service, setting_options
from sonic.cli.signals import stopping_at_once
from sonic.service.logs import show_log
from sonic.service.settings import ServiceSettings

if TYPE_CHECKING:
    from sonic.cli.app import Settings

_NAMES = (
    "workers", *PLACES, "model", "device", "attempts", "lease", "poll", "time_limit", "memory_limit", "drain",
    *REPLICAS,
)  # fmt: skip


@click.command(cls=SectionedCommand)
@click.option("--ray", is_flag=True, help="Work on a Ray cluster (needs the scale extra).")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@setting_options(*_NAMES)
@click.pass_obj
def worker(settings: Settings, /, *, ray: bool, debug: bool, **values: Any) -> None:
    """Make videos for a service that `sonic serve` runs elsewhere, until Ctrl-C.

    Needs the same database and storage as the service. Options can be given as environment variables, such as
    SONIC_DATABASE_URL.
    """
    settings.debug = debug
    service = ServiceSettings.read(**values)
    with stopping_at_once():
        executor = load_service("executor").open_executor(service, ray=ray)
    show_log()
    executor.start()
    try:
        threading.Event().wait()
    finally:
        executor.stop()
