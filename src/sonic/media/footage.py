"""Reads any video file: pictures at a steady rate, and the sound that goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
import soxr
from av.stream import Disposition

from sonic.errors import InputError, NoAudioTrackError
from sonic.media.container import film_of, open_container
from sonic.media.image import is_picture
from sonic.media.source import named_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sonic.media.audio import Samples
    from sonic.media.film import Frame


def frames_at(path: Path, rate: float) -> tuple[Iterator[Frame], float]:
    """RGB frames `[H, W, 3]` at `rate` a second, repeated or left out to fit, and when the first is shown.

    Raises:
        InputError: the file holds no picture; FFmpegError: it cannot be decoded.
    """
    first = look_at(path).start
    return frames_from(path, rate, first), first


@dataclass(frozen=True)
class Look:
    """What the header and the first frame of a video say.

    Attributes:
        width, height: pixels, as shown.
        rate: frames a second.
        duration: seconds; 0 if it is not told.
        start: when the first frame is shown, seconds.
    """

    width: int
    height: int
    rate: float
    duration: float
    start: float


def look_at(path: Path) -> Look:
    """Open a video and look at its first frame.

    Raises:
        InputError: the file holds no picture; FFmpegError: it cannot be decoded.
    """
    with open_container(path) as container:
        film = _film(container, path)
        frame = next(container.decode(film), None)
        if frame is None:
            raise _no_picture(path)
        height, width = _upright(frame).shape[:2]
        rate = float(film.average_rate or 25)
        return Look(width, height, rate, (container.duration or 0) / av.time_base, frame.time or 0.0)


def film_path(source: object) -> Path | None:
    """The file that `source` names if it is a video; None for pictures, animations and anything else."""
    path = named_file(source)
    if path is None or is_picture(path):
        return None
    try:
        with open_container(path) as container:
            films = [stream for stream in container.streams.video if not _is_cover(stream)]
    except (av.FFmpegError, OSError):
        return None
    return path if films else None


def _is_cover(stream: av.VideoStream) -> bool:
    """Whether a stream is the picture that comes with a piece of music."""
    return bool(stream.disposition & Disposition.attached_pic)


def sound_after(path: Path, start: float, rate: int) -> Samples:
    """Mono sound `[N]` at `rate` Hz from `start` seconds on, silence where it begins later.

    Raises:
        NoAudioTrackError: there is no sound; FFmpegError: it cannot be decoded.
    """
    with open_container(path) as container:
        if not container.streams.audio:
            raise NoAudioTrackError(f"{path} has no sound: give a video of somebody who talks.")
        mono = av.AudioResampler("flt", "mono")
        frames = list(container.decode(audio=0))
        blocks = [block.to_ndarray().ravel() for frame in frames for block in mono.resample(frame)]
    if not blocks:
        raise NoAudioTrackError(f"{path} has an empty sound track: give a video of somebody who talks.")
    samples = soxr.resample(np.concatenate(blocks), frames[0].sample_rate, rate).astype(np.float32)
    late = round(((frames[0].time or 0.0) - start) * rate)
    return np.pad(samples, (late, 0)) if late > 0 else samples[-late:]


def frames_from(path: Path, rate: float, first: float, start: int = 0) -> Iterator[Frame]:
    """The frames of `frames_at`, of which the first is shown at `first`, from number `start` on.

    What is before is not read, but for the way from the last key frame.
    """
    with open_container(path) as container:
        film = _film(container, path)
        half = 0.5 / float(film.average_rate or rate)
        shown = start
        if start:  # from the key frame before it, with room for the rounding of time stamps
            container.seek(max(0, int((first + (start - 1) / rate) * av.time_base)))
        for frame in container.decode(film):
            until = (frame.time or 0.0) - first + half
            if shown / rate <= until:
                picture = _upright(frame)
            while shown / rate <= until:
                yield picture
                shown += 1


def _film(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    film = film_of(container)
    if film is None:
        raise _no_picture(path)
    return film


def _no_picture(path: Path) -> InputError:
    return InputError(f"{path} has no picture: give a video.")


def _upright(frame: av.VideoFrame) -> Frame:
    """RGB pixels, turned as the file says: phones film lying down."""
    picture = frame.to_ndarray(format="rgb24").astype(np.uint8)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture
