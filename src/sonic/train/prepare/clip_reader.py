"""Pictures at 25 frames a second and the sound that goes with them, out of any video file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import soxr

from sonic.errors import InputError, NoAudioTrackError
from sonic.motion.space import FRAME_RATE
from sonic.train.prepare.tracks import SAMPLE_RATE, Track

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from sonic.face.landmarks import FaceTracker
    from sonic.motion.head import Array

    Frame = npt.NDArray[np.uint8]


def track_video(path: Path, tracker: FaceTracker) -> Track:
    """Follow the main face through a video.

    Raises:
        InputError: the file is no video; NoAudioTrackError if it is a silent one.
    """
    try:
        frames, start = frames_of(path)
        tracked = [tracker.track(frame) for frame in frames]
        sound = sound_from(path, start)
    except av.FFmpegError as error:
        raise InputError(f"{path} cannot be decoded ({error}); leave it out or convert it to MP4.") from error
    lost = np.full((478, 3), np.nan, np.float32)
    landmarks = np.array([lost if points is None else points for points, _ in tracked], np.float32)
    return Track(landmarks, np.array([score for _, score in tracked], np.float32), sound)


def frames_of(path: Path) -> tuple[Iterator[Frame], float]:
    """RGB frames at 25 a second, repeated or left out to fit, and when the first is shown, seconds."""
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).time or 0.0
    return _paced(path, first), first


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
    samples = soxr.resample(np.concatenate(blocks), frames[0].sample_rate, SAMPLE_RATE).astype(np.float32)
    late = round(((frames[0].time or 0.0) - start) * SAMPLE_RATE)
    return np.pad(samples, (late, 0)) if late > 0 else samples[-late:]
