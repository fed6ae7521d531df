"""The first look at a video: everything that later stages need to know of it, in one pass over its frames."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import av
import numpy as np

from sonic.clips import SAMPLES_PER_FRAME
from sonic.errors import InputError, NoAudioTrackError
from sonic.train.prepare.clip_reader import frames_of, sound_from
from sonic.train.prepare.faces import FaceFollower
from sonic.train.prepare.measures import measure
from sonic.train.prepare.tracks import SHORTEST, Footage, Track

if TYPE_CHECKING:
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.train.prepare.manifest import ClipRow

logger = logging.getLogger(__name__)

NOTHING = np.zeros(0, np.float32)


def prepare_video(row: ClipRow, folder: Path) -> str:
    """Watch one video and write `folder/tracks/NAME.npz`, unless that is done; returns the name.

    A video that cannot be used leaves a file too, which says why. Any number of processes and machines may do
    this for different rows of one folder.
    """
    path = folder / "tracks" / f"{row.name}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        watch(row.file).save(path)
    return row.name


def watch(path: Path) -> Footage:
    """Follow every face of a video and measure how good it is; what is wrong with it is in `problem`."""
    try:
        return _watch(path)
    except NoAudioTrackError as error:
        logger.warning("%s", error)
        return Footage(NOTHING, problem="no sound")
    except InputError as error:
        logger.warning("%s", error)
        return Footage(NOTHING, problem="no picture")
    except (av.FFmpegError, OSError) as error:
        logger.warning("%s cannot be decoded (%s); leave it out or convert it to MP4.", path, error)
        return Footage(NOTHING, problem="cannot be decoded")


def _watch(path: Path) -> Footage:
    follower = FaceFollower()
    frames, start = frames_of(path)
    sound = sound_from(path, start)
    count, size = 0, (0, 0)
    for frame in frames:
        follower.advance(frame)
        count, size = count + 1, (frame.shape[1], frame.shape[0])
    heard = [_heard(track, sound) for track in follower.finish()]
    tracks = tuple(_measured(track, sound, size) for track in heard if len(track.landmarks) >= SHORTEST)
    problem = "" if tracks else "no face for long enough"
    return Footage(sound, tracks, count, follower.cuts, problem, follower.thumbnail)


def _heard(track: Track, sound: Array) -> Track:
    """The part of a track that has sound."""
    frames = max(0, len(sound) // SAMPLES_PER_FRAME - track.start)
    return replace(track, landmarks=track.landmarks[:frames], score=track.score[:frames])


def _measured(track: Track, sound: Array, size: tuple[int, int]) -> Track:
    heard = sound[track.start * SAMPLES_PER_FRAME : track.end * SAMPLES_PER_FRAME]
    return replace(track, measures=measure(track, heard, size))
