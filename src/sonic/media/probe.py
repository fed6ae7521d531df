"""Looks at the headers of pictures and recordings: what they are and how large, without decoding them.

Messages name no paths: those who sent the files do not know ours.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
from PIL import Image, UnidentifiedImageError

from sonic.errors import (
    AudioError,
    AudioTooLongError,
    ImageError,
    ImageTooLargeError,
    InputError,
    NoAudioTrackError,
)
from sonic.media.container import open_container
from sonic.media.footage import look_at
from sonic.media.image import MAXIMUM_PIXELS, MINIMUM_SIDE

if TYPE_CHECKING:
    import os

PICTURES = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "MPO", "AVIF", "JPEG2000", "PPM")  # Pillow's names


@dataclass(frozen=True)
class PictureHeader:
    """Format by Pillow's name, width and height in pixels."""

    format: str
    width: int
    height: int


@dataclass(frozen=True)
class RecordingHeader:
    """Container by FFmpeg's name, seconds of sound, and whether moving pictures come with it."""

    format: str
    duration: float
    video: bool


def probe_picture(path: str | os.PathLike[str], *, pixels: int = MAXIMUM_PIXELS) -> PictureHeader:
    """What the header of the picture at `path` says.

    Raises:
        ImageError: it is no picture of a kind that portraits come in, or smaller than 64 pixels.
        ImageTooLargeError: it has more than `pixels`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of bombs, which are counted below, and of damaged EXIF data
            with Image.open(Path(path), formats=_readable()) as image:
                header = PictureHeader(str(image.format), image.width, image.height)
    except Image.DecompressionBombError as error:
        raise ImageTooLargeError(_too_large(pixels)) from error
    except UnidentifiedImageError as error:
        raise ImageError("The portrait is not a picture that can be read: send JPEG, PNG or WebP.") from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError) as error:
        raise ImageError(f"The portrait is damaged ({error}): get a complete copy of it.") from error
    if header.width * header.height > pixels:
        raise ImageTooLargeError(_too_large(pixels))
    if min(header.width, header.height) < MINIMUM_SIDE:
        raise ImageError(
            f"The portrait has {header.width}x{header.height} pixels: {MINIMUM_SIDE} a side are needed."
        )
    return header


def probe_film(path: Path, *, pixels: int, seconds: float) -> None:
    """Refuse a video whose frames have more than `pixels`, or that is longer than `seconds`.

    Raises:
        ImageTooLargeError, AudioTooLongError: it is; ImageError: it cannot be decoded.
    """
    try:
        look = look_at(path)
    except (av.FFmpegError, OSError, InputError) as error:
        raise ImageError("The video cannot be decoded: send an MP4 with H.264.") from error
    if look.width * look.height > pixels:
        raise ImageTooLargeError(_too_large(pixels))
    if look.duration > seconds:
        raise AudioTooLongError(
            f"The video lasts {look.duration:.0f} s, and {seconds:.0f} s are taken: cut it."
        )


def probe_recording(path: str | os.PathLike[str], *, seconds: float) -> RecordingHeader:
    """How long the sound at `path` is, counted packet by packet because headers may lie.

    Raises:
        AudioError: it is no recording.
        NoAudioTrackError: it has no sound.
        AudioTooLongError: it lasts longer than `seconds`.
    """
    try:
        with open_container(Path(path)) as container:
            if not container.streams.audio:
                raise NoAudioTrackError(
                    "There is no sound in the recording: send a recording or a video with sound."
                )
            duration = _count(container, seconds)
            return RecordingHeader(container.format.name, duration, bool(container.streams.video))
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise AudioError(
            "The recording is none that can be read: send WAV, MP3, FLAC, M4A or OGG."
        ) from error


def _readable() -> list[str]:
    """Those of `PICTURES` that this Pillow was built with."""
    Image.init()
    return [name for name in PICTURES if name in Image.OPEN]


def _count(container: av.container.InputContainer, limit: float) -> float:
    """Seconds of the first sound track."""
    stream = container.streams.audio[0]
    total = 0.0
    for packet in container.demux(stream):
        total += float((packet.duration or 0) * (packet.time_base or 0))
        if total > limit:
            raise AudioTooLongError(
                f"The recording lasts longer than the {limit:g} s that are taken: send it in parts."
            )
    return total


def _too_large(pixels: int) -> str:
    return f"The portrait has more than {pixels / 1e6:g} megapixels: make it smaller first."
