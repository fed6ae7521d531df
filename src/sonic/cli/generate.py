"""`sonic generate`: a portrait and a recording in, a video file out."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sonic.cli.options import add_options
from sonic.cli.sections import SectionedCommand
from sonic.cli.signals import stopping_at_once
from sonic.config import GenerateConfig, options
from sonic.errors import ConfigError

if TYPE_CHECKING:
    from sonic.cli.app import Settings
    from sonic.cli.options import Command
    from sonic.marks.credentials import Signer
    from sonic.video import Video


def config_options(command: Command) -> Command:
    """Add one command line option for each field of `GenerateConfig`."""
    return add_options(command, options(), "Video options")


@click.command(cls=SectionedCommand)
@click.argument("portrait")
@click.argument("audio")
@click.option("-o", "--output", default="talk.mp4", metavar="PATH", show_default=True,
              help="Where to write: .mp4, .webm, .gif (mute), .png for a folder of pictures.")  # fmt: skip
@click.option("--preview", is_flag=True, help="A quick draft: the same as --preset preview.")
@click.option("--like", metavar="VIDEO", help="Take seed and options of a video that Sonic made; "
              "a preview comes in preset high where nothing else is said.")  # fmt: skip
@click.option("--reference-video", metavar="VIDEO", help="Borrow its head movement and blinks.")
@click.option("-f", "--force", is_flag=True, help="Replace the output if it exists.")
@click.option("--model", default="sonic-base", metavar="NAME", show_default=True,
              help="Name or folder of the model.")  # fmt: skip
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), help="Where the networks run; cpu if not given."
)
@click.option("--face-points", metavar="FILE",
              help="Where the face is, placed by hand: a JSON file of sonic annotate.")  # fmt: skip
@click.option("--sign-with", "sign_with", nargs=2, type=click.Path(path_type=Path), metavar="CERT KEY",
              help="Sign the file with a chain of certificates and its key (PEM).")  # fmt: skip
@click.option("--timestamp-url", metavar="URL", help="Service that stamps the signature with the time.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no warnings.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@config_options
@click.pass_obj
def generate(
    settings: Settings,
    /,
    portrait: str,
    audio: str,
    output: str,
    *,
    preview: bool,
    like: str | None,
    reference_video: str | None,
    force: bool,
    model: str,
    device: str | None,
    face_points: str | None,
    sign_with: tuple[Path, Path] | None,
    timestamp_url: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
    **values: Any,
) -> None:
    """Make a talking video of PORTRAIT that speaks AUDIO, a recording or a video with sound.

    PORTRAIT is a picture, or a video whose main person is to speak new words.
    """
    settings.debug, settings.json = debug, as_json
    started = time.perf_counter()
    given = {name: value for name, value in values.items() if value is not None}
    if preview:
        given = {"preset": "preview"} | given
    if like and "preset" in given:
        given = {"min_resolution": None} | given
    with stopping_at_once():
        config = GenerateConfig.build(_config_of(like) if like else None, **given)

    with stopping_at_once():
        from sonic.cli.progress import progress_bar
        from sonic.media.output import check_output, resolve_output
        from sonic.media.staging import clear_leftovers

    target = resolve_output(output)
    clear_leftovers(target.parent)
    check_output(target, overwrite=force)
    signer = _signer(sign_with, timestamp_url, target)
    with stopping_at_once():
        from sonic.model import load_model

    with nullcontext() if quiet else progress_bar() as on_progress:
        loaded = load_model(model, device)
        video = loaded.generate(
            audio=audio,
            image=portrait,
            config=config,
            reference_video=reference_video,
            face_points=face_points,
            on_progress=on_progress,
        )
        video.check_export(output, overwrite=force)
        for warning in () if quiet else video.warnings:
            click.echo(f"warning: {warning}", err=True)
        path = video.export(output, overwrite=force, sign=signer)
    click.echo(json.dumps(_report(video, path, time.perf_counter() - started)) if as_json else str(path))


def _signer(pair: tuple[Path, Path] | None, timestamp_url: str | None, target: Path) -> Signer | None:
    """Who signs, checked before any work is done."""
    if pair is None:
        return None
    from sonic.marks.credentials import Signer

    signer = Signer(*pair, timestamp_url)
    signer.check(target)
    return signer


def _config_of(like: str) -> GenerateConfig:
    """The options that made a video; those of a draft without its coarseness."""
    from sonic.media.metadata import read_metadata

    made = read_metadata(like)
    if made is None:
        raise ConfigError(f"'{like}' does not say that Sonic made it: give --like a video made by Sonic.")
    config = GenerateConfig.build(**made["config"])
    return replace(config, preset="high", min_resolution=None) if config.preset == "preview" else config


def _report(video: Video, path: Path, seconds: float) -> dict[str, Any]:
    return {
        "path": str(path),
        "size": list(video.size),
        "fps": video.fps,
        "frames": video.frame_count,
        "duration": video.duration,
        "seed": video.seed,
        "model": video.model,
        "config": video.config.to_dict(),
        "warnings": list(video.warnings),
        "timings": {stage: round(spent, 3) for stage, spent in video.timings.items()},
        "seconds": round(seconds, 3),
    }
