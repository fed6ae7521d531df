"""Pictures at 25 frames a second and the sound that goes with them, out of any video file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import soxr

from sonic.clips import SAMPLE_RATE
from sonic.errors import InputError, NoAudioTrackError
from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from sonic.motion.head import Array

    Frame = npt.NDArray[np.uint8]


def frames_of(path: Path) -> tuple[Iterator[Frame], float]:
    """RGB frames at 25 a second, repeated or left out to fit, and when the first is shown, seconds."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0), None) if container.streams.video else None
    if frame is None:
        raise InputError(f"{path} has no picture; training needs videos of people talking.")
    return _paced(path, frame.time or 0.0), frame.time or 0.0


def _paced(path: Path, first: float) -> Iterator[Frame]:
    with av.open(str(path)) as container:
        half = 0.5 / float(container.streams.video[0].average_rate or FRAME_RATE)
        shown = 0
        for frame in container.decode(video=0):
            until = (frame.time or 0.0) - first + half
            if shown / FRAME_RATE <= until:
                picture: Frame = frame.to_ndarray(format="rgb24").astype(np.uint8)
            while shown / FRAME_RATE <= until:
                yield picture
                shown += 1


def sound_from(path: Path, start: float) -> Array:
    """Mono sound at 16 kHz from `start` seconds on, silence where it begins later."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            raise NoAudioTrackError(f"{path} has no sound; training needs videos of people talking.")
        mono = av.AudioResampler("flt", "mono")
        frames = list(container.decode(audio=0))
        blocks = [block.to_ndarray().ravel() for frame in frames for block in mono.resample(frame)]
    if not frames:
        raise NoAudioTrackError(f"{path} has an empty sound track; training needs videos of people talking.")
    samples = soxr.resample(np.concatenate(blocks), frames[0].sample_rate, SAMPLE_RATE).astype(np.float32)
    late = round(((frames[0].time or 0.0) - start) * SAMPLE_RATE)
    return np.pad(samples, (late, 0)) if late > 0 else samples[-late:]
