"""`sonic inspect`: what is in a recording or a portrait, and what would help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sonic.errors import ConfigError

if TYPE_CHECKING:
    from sonic.cli.app import Settings

_EXAMPLES = """\b
Examples:
  sonic inspect speech.wav                 who speaks when, how loud, how noisy
  sonic inspect interview.mp3 --cut parts  also write what each of them says to files
"""


@click.command(epilog=_EXAMPLES)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--cut", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Write what each speaker says to WAV files there (recordings only).")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_obj
def inspect(settings: Settings, /, file: Path, *, cut: Path | None, as_json: bool, debug: bool) -> None:
    """Say what is in FILE, a recording or a picture, and what would make a better video."""
    settings.debug, settings.json = debug, as_json
    if not is_picture(file):
        from sonic.cli.inspect_audio import inspect_audio

        inspect_audio(file, cut=cut, as_json=as_json)
        return
    if cut is not None:
        raise ConfigError(f"--cut is for recordings, and '{file}' is a picture: leave it out.")
    from sonic.cli.inspect_image import inspect_image

    inspect_image(file, as_json=as_json)


def is_picture(file: Path) -> bool:
    """Whether the content, whatever the name, is a still picture of a kind that portraits come in."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file):
            return True
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False
