"""`sonic inspect`: what a portrait will make easy or hard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sonic.cli.app import Settings


@click.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_obj
def inspect(settings: Settings, /, file: str, *, as_json: bool) -> None:
    """Say what FILE, a picture, will make easy or hard."""
    settings.json = as_json

    from sonic.cli.inspect_image import inspect_image

    inspect_image(Path(file), as_json=as_json)
