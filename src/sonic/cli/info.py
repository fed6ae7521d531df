"""`sonic info`: what a video is and what made it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sonic.cli.app import Settings


@click.command()
@click.argument("video")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_obj
def info(settings: Settings, /, video: str, *, as_json: bool) -> None:
    """Say what VIDEO is: size, length, labels, signature, and the model, seed and options that made it."""
    settings.json = as_json

    from sonic.cli.marks import credential_lines, label_lines
    from sonic.marks.aigc import Label
    from sonic.marks.credentials import read_credentials
    from sonic.media.metadata import read_info

    found, credentials = read_info(video), read_credentials(video)
    if as_json:
        signed = {"credentials": dataclasses.asdict(credentials)}
        click.echo(json.dumps(dataclasses.asdict(found) | signed))
        return
    click.echo(f"size      {found.width}x{found.height}")
    click.echo(f"length    {found.duration:.2f} s at {found.fps:g} frames a second")
    click.echo(f"codecs    {', '.join(found.codecs)}")
    for line in (*label_lines(Label.of_field(found.label)), *credential_lines(credentials)):
        click.echo(line)
    if found.provenance is None:
        click.echo("origin    unknown: it does not say that Sonic made it")
        return
    for key in ("generator", "model", "seed"):
        click.echo(f"{key:<9} {found.provenance.get(key)}")
    for name, value in found.provenance.get("config", {}).items():
        click.echo(f"  {name} = {value}")
