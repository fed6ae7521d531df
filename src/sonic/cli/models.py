"""`sonic models`: which models are here."""

from __future__ import annotations

import json
from typing import Any

import click

from sonic.hub import available_models, find_model, home, read_config


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def models(*, as_json: bool) -> None:
    """List the models that `sonic generate --model` knows by name."""
    found = [_describe(name) for name in available_models()]
    if as_json:
        click.echo(json.dumps(found))
        return
    for model in found:
        click.echo(f"{model['name']:<16} {model['megabytes']:>6.1f} MB  {model['description']}")
    click.echo(f"Further models are found in {home() / 'models'}.", err=True)


def _describe(name: str) -> dict[str, Any]:
    folder = find_model(name)
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    return {
        "name": name,
        "description": str(read_config(folder).get("description", "")),
        "megabytes": round(size / 1e6, 1),
        "folder": str(folder),
    }
