"""`sonic serve`: the job service, with its workers, until Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sonic.cli.sections import SectionedCommand
from sonic.cli.settings import load_service, setting_options
from sonic.cli.signals import stopping_at_once
from sonic.options import described
from sonic.service.settings import SECRETS, ServiceSettings

if TYPE_CHECKING:
    from sonic.cli.app import Settings

_EXAMPLES = """\b
Examples:
  sonic serve                                    on this machine only, one worker
  sonic serve --workers 4 --port 9000
  sonic keys create website; sonic serve --host 0.0.0.0
  sonic serve --workers 0 --database-url postgresql://...   workers run elsewhere
  sonic serve --ray --most-replicas 16           workers on a Ray cluster, as many as are needed
"""
# Secrets come from the environment: whoever lists processes can read command lines. URLs may do without.
_NAMES = tuple(
    option.name
    for option in described(ServiceSettings)
    if option.name not in SECRETS or option.name.endswith("_url")
)


@click.command(cls=SectionedCommand, epilog=_EXAMPLES)
@click.option("--ray", is_flag=True, help="Work on a Ray cluster (needs the scale extra).")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@setting_options(*_NAMES)
@click.pass_obj
def serve(settings: Settings, /, *, ray: bool, debug: bool, **values: Any) -> None:
    """Take orders for videos over HTTP and make them, until Ctrl-C.

    Every option can be given as an environment variable as well, such as SONIC_PORT; the secrets SONIC_TOKEN
    and SONIC_WEBHOOK_SECRET only so.
    """
    settings.debug = debug
    service = ServiceSettings.read(**values)
    with stopping_at_once():
        server = load_service("server")
        executor = load_service("executor").open_executor(service, ray=ray)
        load_service("logs").show_log()
    server.run(service, executor, on_ready=_tell)


def _tell(address: str) -> None:
    click.echo(f"Sonic listens on {address}", err=True)
