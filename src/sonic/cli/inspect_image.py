"""The picture's side of `sonic inspect`: prints what the portrait check found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from sonic.face.check import inspect_picture
from sonic.media.image import load_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sonic.face.checks.report import Measures, PortraitReport


def inspect_image(path: Path, *, as_json: bool) -> None:
    """Print the report on the portrait at `path`, as lines for people or as one JSON object."""
    report = inspect_picture(load_image(path))
    click.echo(json.dumps(report.to_dict()) if as_json else "\n".join(describe(report)))


def describe(report: PortraitReport) -> Iterator[str]:
    """The report as lines for people."""
    width, height = report.size
    verdict = "" if report.usable else " (cannot be animated)"
    yield f"score     {report.score} of 100{verdict}"
    yield f"size      {width}x{height}"
    yield f"faces     {report.faces}"
    if report.measures is not None:
        yield from _figures(report.measures)
    for finding in report.findings:
        yield f"{finding.severity:<9} {finding.code}: {finding.advice}"


def _figures(measures: Measures) -> Iterator[str]:
    yield f"face      {measures.face_width:.0f} pixels wide"
    yield (
        f"head      turned {measures.yaw:+.0f}, tipped {measures.pitch:+.0f}, "
        f"leaning {measures.roll:+.0f} degrees"
    )
    yield f"sharpness {measures.sharpness:.2f} of 1"
    yield (
        f"light     brightness {measures.brightness:.0f} of 100, {measures.clipped:.0%} burnt out, "
        f"{measures.side_light:.1f} stops between the sides"
    )
