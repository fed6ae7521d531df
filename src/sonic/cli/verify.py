"""`sonic verify`: the marks that a video still bears after its way through the world."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sonic.cli.app import Settings

_EXAMPLES = """\b
Examples:
  sonic verify talk.mp4          labels, signature and watermark
  sonic verify screenshot.jpg    a picture out of a video bears the watermark too

Ends with 0 if a mark says that FILE is synthetic and none contradicts it, else with 1.
"""


@click.command(epilog=_EXAMPLES)
@click.argument("file")
@click.option("--trust", metavar="FILE", help="Certificates (PEM) of authorities whose signers you trust.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_obj
def verify(settings: Settings, /, file: str, *, trust: str | None, as_json: bool) -> int:
    """Look for the marks of synthetic video in FILE, a video, a picture or a folder of pictures."""
    settings.json = as_json

    from sonic.cli.marks import credential_lines, label_lines, watermark_line
    from sonic.marks.verify import verify as read_marks

    found = read_marks(file, trust=trust)
    good = found.synthetic and found.intact
    if as_json:
        verdict = {"synthetic": found.synthetic, "intact": found.intact}
        click.echo(json.dumps(dataclasses.asdict(found) | verdict))
        return 0 if good else 1
    for line in (*label_lines(found.label), *credential_lines(found.credentials)):
        click.echo(line)
    if found.origin is not None:
        click.echo(f"origin    {found.origin.get('generator')}, model {found.origin.get('model')}")
    click.echo(watermark_line(found.watermark))
    click.echo(f"verdict   {_verdict(synthetic=found.synthetic, intact=found.intact)}")
    return 0 if good else 1


def _verdict(*, synthetic: bool, intact: bool) -> str:
    if not synthetic:
        return "no mark found, which proves nothing"
    return "synthetic" if intact else "synthetic, but changed since it was marked"
