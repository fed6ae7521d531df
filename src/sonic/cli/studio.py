"""`sonic studio`: the service for one person, with its page open in the browser."""

from __future__ import annotations

import threading
import webbrowser
from typing import TYPE_CHECKING, Any

import click

from sonic.cli.sections import SectionedCommand
from sonic.cli.settings import load_service, setting_options
from sonic.cli.signals import stopping_at_once
from sonic.service.settings import ServiceSettings

if TYPE_CHECKING:
    from sonic.cli.app import Settings

_PAGE = "/studio/"
_HERE = {"host": "127.0.0.1", "workers": 1}  # whatever the environment says: it is for who sits here


@click.command(cls=SectionedCommand)
@click.option("--no-browser", is_flag=True, help="Only print the address of the page.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@setting_options("port", "data", "model", "device", "retention")
@click.pass_obj
def studio(settings: Settings, /, *, no_browser: bool, debug: bool, **values: Any) -> None:
    """Make videos on a page in the browser, until Ctrl-C.

    The page is served to this machine alone, and one video is made at a time. Videos stay in the data folder
    and are there again the next time.
    """
    settings.debug = debug
    service = ServiceSettings.read(**values | _HERE)
    with stopping_at_once():
        server, supervisor = load_service("server"), load_service("supervisor")

    def show(address: str) -> None:
        click.echo(f"The studio is at {address}{_PAGE} (Ctrl-C ends it).", err=True)
        if not no_browser:
            # Browsers of the terminal keep the one who opens them waiting, and the page waits for the server.
            threading.Thread(target=webbrowser.open, args=(address + _PAGE,), daemon=True).start()

    server.run(service, supervisor.Supervisor(service), on_ready=show)
