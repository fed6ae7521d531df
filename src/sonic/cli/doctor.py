"""`sonic doctor`: checks that everything is here that a video needs."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import platform
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

import sonic
from sonic.errors import SonicError
from sonic.hub import available_models, home

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless", "av", "pillow", "soxr", "safetensors")
_CODECS = {"libx264": ".mp4", "aac": ".mp4", "libvpx-vp9": ".webm", "libopus": ".webm", "gif": ".gif"}
_ROOM = 1e9  # bytes of free disk that are enough for an hour


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line of the report; `state` is OK, WARN or FAIL."""

    state: str
    subject: str
    detail: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Check versions, codecs, models and room on the disk; the exit code is 1 if something fails."""
    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            click.echo(f"{finding.state:<5} {finding.subject:<24} {finding.detail}")
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in findings]))
    if any(finding.state == "FAIL" for finding in findings):
        context.exit(1)


def examine() -> Iterator[Finding]:
    """All findings, the quick ones first."""
    yield Finding(
        "OK", "sonic", f"{sonic.__version__}, Python {platform.python_version()}, {platform.platform()}"
    )
    yield Finding("OK", "processors", f"{os.cpu_count()}")
    yield from (_package(name) for name in _PACKAGES)
    yield from _codecs()
    yield _disk("working folder", Path.cwd())
    yield Finding("OK", "cache folder", str(home()))
    models = available_models()
    if not models:
        yield Finding("FAIL", "models", "none: reinstall the package")
    yield from (_model(name) for name in models)


def _package(name: str) -> Finding:
    try:
        return Finding("OK", name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding("FAIL", name, f"missing: pip install {name}")


def _codecs() -> Iterator[Finding]:
    import av

    for codec, suffix in _CODECS.items():
        here = codec in av.codecs_available
        yield Finding(
            "OK" if here else "WARN",
            codec,
            f"{'writes' if here else 'missing: pip install -U av to write'} {suffix}",
        )


def _disk(subject: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    return Finding("OK" if free > _ROOM else "WARN", subject, f"{free / 1e9:.1f} GB free")


def _model(name: str) -> Finding:
    """Load a model and let it move for a second."""
    from sonic.model import load_model

    started = time.perf_counter()
    try:
        frames = load_model(name).self_test()
    except SonicError as error:
        return Finding("FAIL", f"model {name}", str(error))
    return Finding(
        "OK", f"model {name}", f"loads and makes {frames} frames in {time.perf_counter() - started:.1f} s"
    )
