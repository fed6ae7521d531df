"""`sonic keys`: API keys of a service."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from sonic.cli.settings import PLACES, load_service, setting_options
from sonic.service.settings import ServiceSettings

if TYPE_CHECKING:
    from sonic.service.audit import AuditLog
    from sonic.service.keys import ApiKey, KeyStore


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of a service."""


@keys.command()
@click.argument("name")
@click.option(
    "--requests-per-minute", type=click.FloatRange(min=0.1), metavar="X", help="Refuse more than that."
)
@click.option("--jobs-per-day", type=click.IntRange(min=1), metavar="N", help="Refuse more videos than that.")
@setting_options(*PLACES[:2])
def create(name: str, *, requests_per_minute: float | None, jobs_per_day: int | None, **values: Any) -> None:
    """Make a key called NAME and print its token, which is shown only now."""
    store, audit = _open(values)
    key, token = store.create(name, requests_per_minute=requests_per_minute, jobs_per_day=jobs_per_day)
    audit.record(None, "key.create", key.id, name=name)
    click.echo(f"{key.id} made: keep the token, it cannot be shown again.", err=True)
    click.echo(token)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@setting_options(*PLACES[:2])
def list_keys(*, as_json: bool, **values: Any) -> None:
    """List the keys, without their tokens."""
    found = _open(values)[0].list()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(key) for key in found], default=str))
        return
    for key in found:
        click.echo(_line(key))


@keys.command()
@click.argument("key_id", metavar="ID")
@setting_options(*PLACES[:2])
def revoke(key_id: str, **values: Any) -> None:
    """Make the key ID useless from now on."""
    store, audit = _open(values)
    key = store.revoke(key_id)
    audit.record(None, "key.revoke", key.id)
    click.echo(f"{key.id} is revoked.")


def _open(values: dict[str, Any]) -> tuple[KeyStore, AuditLog]:
    database = load_service("database").Database(ServiceSettings.read(**values).database)
    return load_service("keys").KeyStore(database), load_service("audit").AuditLog(database)


def _line(key: ApiKey) -> str:
    state = "revoked" if key.revoked_at else "used " + _day(key.last_used_at)
    limits = [
        f"{key.requests_per_minute:g} requests a minute" if key.requests_per_minute else "",
        f"{key.jobs_per_day} videos a day" if key.jobs_per_day else "",
    ]
    return f"{key.id}  {key.name:<20}  {state:<16}  {', '.join(filter(None, limits)) or 'no limits'}"


def _day(moment: Any) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d}"
