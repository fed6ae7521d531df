"""Reads any video file: pictures at a steady rate, and the sound that goes with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import soxr

from sonic.errors import InputError, NoAudioTrackError
from sonic.media.source import CONTAINERS, ffmpeg_name

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
    with av.open(ffmpeg_name(path), options=CONTAINERS) as container:
        frame = next(container.decode(video=0), None) if container.streams.video else None
    if frame is None:
        raise InputError(f"{path} has no picture: give a video.")
    first = frame.time or 0.0
    return _paced(path, rate, first), first


def sound_after(path: Path, start: float, rate: int) -> Samples:
    """Mono sound `[N]` at `rate` Hz from `start` seconds on, silence where it begins later.

    Raises:
        NoAudioTrackError: there is no sound; FFmpegError: it cannot be decoded.
    """
    with av.open(ffmpeg_name(path), options=CONTAINERS) as container:
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


def _paced(path: Path, rate: float, first: float) -> Iterator[Frame]:
    with av.open(ffmpeg_name(path), options=CONTAINERS) as container:
        half = 0.5 / float(container.streams.video[0].average_rate or rate)
        shown = 0
        for frame in container.decode(video=0):
            until = (frame.time or 0.0) - first + half
            if shown / rate <= until:
                picture: Frame = frame.to_ndarray(format="rgb24").astype(np.uint8)
            while shown / rate <= until:
                yield picture
                shown += 1
