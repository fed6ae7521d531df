"""The second look at a video, once the motion space is known: motion vectors and mouth crops of its clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import CHIN
from sonic.motion.head import fit_head
from sonic.motion.mouth import lip_opening, mouth_width
from sonic.motion.space import MotionSpace
from sonic.train.prepare.clip_reader import frames_of
from sonic.train.prepare.crops import cut_crop, place_crops
from sonic.train.prepare.features import save_arrays
from sonic.train.prepare.shards import film_of
from sonic.train.prepare.tracks import Footage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from sonic.motion.head import Array
    from sonic.train.prepare.index import PreparedClip


@dataclass(frozen=True)
class VideoClips:
    """One video file with the clips that are made of it."""

    file: Path
    clips: tuple[PreparedClip, ...]


def encode_video(video: VideoClips, folder: Path) -> int:
    """Write `folder/clips/NAME.npz` for every clip of a video that has none yet; returns how many it has.

    The files hold motion vectors, mouth readings and the mouth crops as Motion JPEG.
    """
    missing = [clip for clip in video.clips if not _path(folder, clip).exists()]
    if missing:
        footage = Footage.load(folder / "tracks" / f"{missing[0].video}.npz")
        space = MotionSpace.load(folder / "space.safetensors")
        tracks = [landmarks_of(footage, clip) for clip in missing]
        films = _films(video.file, missing, [place_crops(track, space) for track in tracks])
        for clip, track, film in zip(missing, tracks, films, strict=True):
            arrays = {"motion": space.encode(track), "mouth": mouth_of(track, space)}
            save_arrays(_path(folder, clip), {**arrays, "film": np.frombuffer(film, np.uint8)})
    return len(video.clips)


def landmarks_of(footage: Footage, clip: PreparedClip) -> Array:
    """The landmarks of a clip, [T, 478, 3]."""
    track = footage.tracks[clip.track]
    return track.landmarks[clip.start - track.start :][: clip.frames]


def mouth_of(landmarks: Array, space: MotionSpace) -> Array:
    """Lip opening, mouth width and chin height of a track, IOD, [T, 3]."""
    _, points = fit_head(landmarks, space.template)
    return np.stack([lip_opening(points), mouth_width(points), points[:, CHIN, 1]], axis=1).astype(np.float32)


def _films(file: Path, clips: Sequence[PreparedClip], places: Sequence[Array]) -> list[bytes]:
    films: list[list[bytes]] = [[] for _ in clips]
    last = max(clip.start + clip.frames for clip in clips)
    for index, frame in enumerate(_first(frames_of(file)[0], last)):
        for clip, affines, film in zip(clips, places, films, strict=True):
            if clip.start <= index < clip.start + clip.frames:
                film.append(film_of([cut_crop(frame, affines[index - clip.start])]))
    return [b"".join(film) for film in films]


def _first(frames: Iterator[npt.NDArray[np.uint8]], count: int) -> Iterator[npt.NDArray[np.uint8]]:
    return (frame for _, frame in zip(range(count), frames, strict=False))


def _path(folder: Path, clip: PreparedClip) -> Path:
    return folder / "clips" / f"{clip.name}.npz"
