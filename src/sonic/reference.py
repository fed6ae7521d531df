"""Head movement and blinks of a person in another video, for a portrait to borrow."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import av

from sonic.errors import NoFaceError, VideoError
from sonic.face.landmarks import FaceTracker
from sonic.media.footage import frames_at
from sonic.media.source import describe, locate
from sonic.motion.controls import blur
from sonic.motion.resample import fill_gaps
from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

LONGEST = 60 * FRAME_RATE  # frames that are looked at; longer videos repeat them
SHORTEST = FRAME_RATE  # frames
LEAST_SEEN = 0.5  # share of the frames that must show the face
_CALM = 1.0  # frames; trackers tremble


def borrow_motion(video: str | os.PathLike[str], space: MotionSpace) -> Array:
    """Motion vectors [T, dim] of the main face in a video's first minute, at 25 Hz.

    Raises:
        VideoError: the file is missing, no video, or shorter than a second.
        NoFaceError: fewer than half of its frames show a face.
    """
    path = locate(video, VideoError, "reference video")
    assert not isinstance(path, bytes), "a path stays a path"
    tracks = _follow(path)
    seen = sum(track is not None for track in tracks)
    if len(tracks) < SHORTEST:
        raise VideoError(f"The reference video {describe(video)} is too short: give at least one second.")
    if seen < LEAST_SEEN * len(tracks):
        raise NoFaceError(
            f"The reference video {describe(video)} shows a face in {seen} of {len(tracks)} frames only: "
            "give one that shows it most of the time."
        )
    motion = space.encode(fill_gaps(tracks))
    head = space.groups["head"]
    motion[:, head] = blur(motion[:, head], _CALM)
    return motion


def _follow(path: Path) -> list[Array | None]:
    tracker = FaceTracker()
    try:
        frames, _ = frames_at(path, FRAME_RATE)
        return [tracker.track(frame)[0] for frame in itertools.islice(frames, LONGEST)]
    except (av.FFmpegError, OSError) as error:
        raise VideoError(f"The reference video '{path}' cannot be decoded: give an MP4.") from error
