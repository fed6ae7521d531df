"""The person in another video: watched for a minute; a portrait borrows head movement and blinks."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import av

from sonic.errors import NoFaceError, VideoError
from sonic.face.landmarks import FaceTracker
from sonic.media.footage import frames_at, look_at
from sonic.media.source import describe, locate
from sonic.motion.resample import fill_gaps
from sonic.motion.smoothing import blur
from sonic.motion.space import FRAME_RATE

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace
    from sonic.progress import Reporter

LONGEST = 60 * FRAME_RATE  # frames that are looked at; longer videos repeat them
SHORTEST = FRAME_RATE  # frames
LEAST_SEEN = 0.5  # share of the frames that must show the face
_CALM = 1.0  # frames; trackers tremble


def borrow_motion(video: str | os.PathLike[str], space: MotionSpace, reporter: Reporter) -> Array:
    """Motion vectors [T, dim] of the main face in a video's first minute, at 25 Hz.

    Raises:
        VideoError: the file is missing, no video, or shorter than a second.
        NoFaceError: fewer than half of its frames show a face.
    """
    path = locate(video, VideoError, "reference video")
    assert not isinstance(path, bytes), "a path stays a path"
    motion = space.encode(watch_face(path, "reference video", reporter))
    head = space.groups["head"]
    motion[:, head] = blur(motion[:, head], _CALM)
    return motion


def watch_face(path: Path, noun: str, reporter: Reporter) -> Array:
    """Landmarks [T, 478, 3] of the main face in a video's first minute, at 25 Hz, gaps filled.

    Raises:
        VideoError: the file is no video, or shorter than a second.
        NoFaceError: fewer than half of its frames show a face.
    """
    tracks = _follow(path, noun, reporter)
    seen = sum(track is not None for track in tracks)
    if len(tracks) < SHORTEST:
        raise VideoError(f"The {noun} {describe(path)} is too short: give at least one second.")
    if seen < LEAST_SEEN * len(tracks):
        raise NoFaceError(
            f"The {noun} {describe(path)} shows a face in {seen} of {len(tracks)} frames only: "
            "give one that shows it most of the time."
        )
    return fill_gaps(tracks)


def _follow(path: Path, noun: str, reporter: Reporter) -> list[Array | None]:
    tracker, tracks = FaceTracker(), []
    try:
        reporter.begin("video", min(LONGEST, max(1, round(look_at(path).duration * FRAME_RATE))))
        for frame in itertools.islice(frames_at(path, FRAME_RATE)[0], LONGEST):
            tracks.append(tracker.track(frame)[0])
            reporter.step(len(tracks))
    except (av.FFmpegError, OSError) as error:
        raise VideoError(f"The {noun} '{path}' cannot be decoded: give an MP4.") from error
    return tracks
